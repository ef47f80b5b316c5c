using System.Diagnostics;
using Tenon.Adapters;
using Tenon.Models;
using Tenon.Models.Generation;
using Tenon.Rewards;
using Tenon.Rollouts;
using Tenon.Runs;
using Tenon.Tensors;
using Tenon.Text.Prompting;
using Tenon.Training.Settings;

namespace Tenon.Training.Pretraining;

/// <summary>What a supervised run needs beside its settings.</summary>
/// <param name="Model">The model that is trained through the adapter.</param>
/// <param name="Adapter">Full training for a fresh model, any method for one that is there.</param>
/// <param name="Encoder">Tokenizer and template.</param>
/// <param name="EndToken">The id that every completion is taught to end with.</param>
/// <param name="Problems">Training problems, each with a worked solution.</param>
/// <param name="HeldOut">Problems of the stop rule.</param>
/// <param name="Checker">Judges sampled answers.</param>
public sealed record SupervisedSetup(
    CausalModel Model, AdapterSet Adapter, PromptEncoder Encoder, int EndToken, ProblemSource Problems, IReadOnlyList<Problem> HeldOut,
    IReward Checker);

/// <summary>
/// Cross-entropy on given completions: what makes a model that knows a task in part, and the cold start before reinforcement learning. As
/// in reinforcement learning, all that decides the next
/// step lies in adapter, optimizer and <see cref="TrainerState"/>, so that a run goes on from a checkpoint to the same bits.
/// </summary>
public sealed class SupervisedTrainer(SupervisedSetup setup, PretrainSettings settings, RunFolder folder)
{
    private readonly Precision _precision = settings.Precision;

    private readonly AdapterOptimizer _optimizer =
        new(setup.Adapter, settings.Optimizer.WithRate(PretrainSettings.DefaultRate), settings.Steps);
    private readonly ProblemPrompts _prompts = new(setup.Encoder, settings.Data.Prompt, settings.Data.System);
    private TrainerState _state = new();

    /// <summary>True where the last step is done or the stop rule has ended the run.</summary>
    public bool IsDone => _state.IsStopped || _state.Step >= settings.Steps;

    /// <summary>Goes on from the folder's last checkpoint; without one it starts at step 0.</summary>
    public void Resume(Action<string>? remark = null) => _state = Checkpoint.Resume(folder, setup.Adapter, _optimizer, remark);

    /// <summary>
    /// Trains to the last step, to the stop rule, or until <paramref name="stop"/> asks for an end after the step at hand; tells
    /// <paramref name="events"/> of each step and each checkpoint.
    /// </summary>
    public void Run(Action<TrainingEvent> events, CancellationToken stop = default)
    {
        using var log = new MetricsLog(folder.MetricsFile);
        var tape = new Tape(null, _precision);
        while (!IsDone && !stop.IsCancellationRequested)
        {
            var step = Step(tape, _state.Step + 1);
            log.Append(MetricsLog.Format(step, onlySet: true));
            events(new StepDone(step));
            if (IsDone || (settings.Checkpoint.Every > 0 && _state.Step % settings.Checkpoint.Every == 0)) Save(log, events);
        }

        if (!IsDone && _state.Step > 0 && !folder.CheckpointSteps().Contains(_state.Step)) Save(log, events);
    }

    private void Save(MetricsLog log, Action<TrainingEvent> events) => events(new CheckpointWritten(_state.Step,
        Checkpoint.Write(folder, log, settings.Checkpoint.Keep, _state, setup.Adapter, _optimizer, settings.Model ?? "fresh")));

    private StepMetrics Step(Tape tape, int step)
    {
        var clock = Stopwatch.StartNew();
        var groups = Enumerable.Range(0, settings.Batch).Select(i => Example(_state.Rollouts.Cursor + i, i)).ToList();
        var tokens = groups.Sum(g => (long)g.Rollouts[0].Sampled.Ids.Length);
        var loss = Accumulate(tape, groups, tokens, step);
        _optimizer.Clock = step - 1;
        var (norm, change, rate) = _optimizer.Step();
        setup.Adapter.Version = step;
        double? accuracy = null;
        if (setup.HeldOut.Count > 0 && (settings.Stop.Accuracy is not null && step % settings.Stop.Every == 0 || step == settings.Steps))
            accuracy = Accuracy();
        _state =
            _state
            with
            {
                Step = step,
                Rollouts = new RolloutState { Cursor = _state.Rollouts.Cursor + settings.Batch },
                IsStopped = accuracy >= settings.Stop.Accuracy
            };
        var seconds = clock.Elapsed.TotalSeconds;
        var metrics = new StepMetrics(step)
        {
            { StepMetric.Time, seconds },
            { StepMetric.TokensTrained, tokens },
            { StepMetric.TrainSpeed, tokens / Math.Max(1e-9, seconds) },
            { StepMetric.Memory, ProcessMemory.PeakBytes() / 1e9 },
            { StepMetric.Loss, loss },
            { StepMetric.GradNorm, norm },
            { StepMetric.LearningRate, rate },
            { StepMetric.UpdateNorm, change },
        };
        if (accuracy is { } measured) metrics[StepMetric.Accuracy] = measured;
        return metrics;
    }

    private double Accumulate(Tape tape, List<RolloutGroup> groups, long tokens, int step)
    {
        var loss = 0.0;
        foreach (var micro in MicroBatch.Cut(groups, settings.MicroBatchTokens, sharePrompts: true))
        {
            tape.Reset();
            tape.Recording = true;
            tape.Dropping = setup.Adapter.Dropout > 0 ? micro.Places(groups, (ulong)settings.Seed, step) : null;
            var batch = micro.ToBatch(setup.Adapter);
            var hidden = Tenon.Tensors.Ops.RowsOps.SelectRows(tape, setup.Model.Forward(tape, batch), micro.Layout.Rows);
            var head = setup.Model.LogProbabilities(tape, hidden, micro.Layout.Targets, batch);
            foreach (var logp in head.LogProbabilities) loss -= logp;
            var slope = new float[head.LogProbabilities.Length];
            Array.Fill(slope, (float)(-1.0 / tokens));
            head.Backward(slope);
        }

        tape.Reset();
        tape.Dropping = null;
        return loss / tokens;
    }

    /// <summary>A problem with its solution as a group of one completion.</summary>
    private RolloutGroup Example(long cursor, int draw)
    {
        var problem = setup.Problems.At(cursor);
        var solution = problem.Solution
            ?? throw new TenonException($"problem '{problem.Id}'", "a worked solution to learn from", "none",
            "name its column with data.solution-column, or choose a task that writes solutions");
        var prompt = _prompts.Of(problem, draw).Prompt;
        int[] ids = [.. setup.Encoder.Tokenizer.Encode(solution), setup.EndToken];
        if (prompt.Length + ids.Length > Math.Min(settings.MaxTokens, setup.Model.MaxLength))
            throw new TenonException($"problem '{problem.Id}'", $"at most {Math.Min(settings.MaxTokens, setup.Model.MaxLength)} tokens",
                $"{prompt.Length + ids.Length}", "raise max-tokens and the model's maximum length, or leave the problem out");
        return new RolloutGroup(problem, draw, prompt,
            [new Rollout(new GeneratedSample(0, 0, ids, [], [], FinishReason.Stop), solution, [])]);
    }

    /// <summary>Share of held-out problems that one sample at a temperature answers right.</summary>
    public double Accuracy(double temperature = 1)
    {
        if (setup.HeldOut.Count == 0) return double.NaN;
        var options = new GeneratorOptions
        {
            Sampling = new SamplingSettings { Temperature = temperature },
            EndTokens = new HashSet<int> { setup.EndToken }, Concurrency = 128, Precision = _precision,
        };
        var plan = new RolloutPlan
        {
            Prompts = setup.HeldOut.Count, Group = 1, MaxNewTokens = settings.Stop.MaxNewTokens, MaxPromptTokens = int.MaxValue,
            Seed = (ulong)settings.Seed, Purpose = RandomPurpose.Evaluation,
        };
        // Sampled by an engine of its own: its cache does not stay beside training.
        var batch = new LocalRollouts(setup.Model, _prompts, ProblemSource.Of(setup.HeldOut, plan.Seed, shuffle: false),
            [new WeightedReward(setup.Checker)], setup.Adapter, options, plan).Draw(0, new RolloutState());
        if (batch.State.Cursor > plan.Prompts)
            throw new TenonException("held-out problems of the stop rule",
                $"prompts that leave room for {plan.MaxNewTokens} tokens in a context of {setup.Model.MaxLength}", "a longer one",
                "raise max-tokens, or lower stop.max-new-tokens");
        return batch.Groups.Count(g => g.Rollouts[0].Verdicts[0].Correct == true) / (double)batch.Groups.Count;
    }
}
