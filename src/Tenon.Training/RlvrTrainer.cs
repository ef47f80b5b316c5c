using System.Diagnostics;
using Tenon.Models.Generation;
using Tenon.Runs;
using Tenon.Tensors;
using Tenon.Training.Objectives;
using Tenon.Training.Rollouts;

namespace Tenon.Training;

/// <summary>
/// Reinforcement learning with verifiable rewards: each step draws prompts, samples groups, has them judged, turns rewards into advantages, and updates the
/// adapter. All that decides the next step lives in <see cref="TrainerState"/>, so that a run goes on from a checkpoint to the same bits.
/// </summary>
public sealed class RlvrTrainer
{
    private readonly TrainingSetup setup;
    private readonly RunFolder folder;
    private readonly ITrainingObserver observer;
    private readonly RolloutCollector collector;
    private readonly PolicyUpdater updater;
    private readonly AdapterOptimizer optimizer;
    private readonly HeldOutEvaluator evaluator;
    private TrainerState state = new();

    /// <summary>A trainer that writes to a run folder; the folder's <c>run.json</c> stands already.</summary>
    public RlvrTrainer(TrainingSetup setup, RunFolder folder, ITrainingObserver observer)
    {
        this.setup = setup;
        this.folder = folder;
        this.observer = observer;
        var settings = setup.Settings;
        var precision = settings.Precision;
        var options = new GeneratorOptions
        {
            Sampling = new SamplingSettings { Temperature = settings.Rollout.Temperature },
            EndTokens = setup.EndTokens,
            Concurrency = settings.Rollout.Concurrency ?? Math.Min(128, settings.Rollout.Prompts * settings.Rollout.Group),
            SharePrompts = settings.Rollout.SharePrompts,
            Precision = precision,
        };
        collector = new RolloutCollector(setup.Model, setup.Encoder, setup.Rewards, options);
        var pass = new PassOptions(settings.Update.MicroBatchTokens, settings.Rollout.SharePrompts, settings.Update.Recompute ?? MemoryPlan.Recompute(setup),
            setup.Adapter.Dropout > 0 ? (ulong)settings.Seed : null);
        updater = new PolicyUpdater(setup.Model, settings.Rollout.Temperature, pass, new Tape(null, precision));
        optimizer = new AdapterOptimizer(setup.Adapter, settings.Optimizer, settings.Steps, UpdatesPerStep);
        evaluator = new HeldOutEvaluator(setup, options);
    }

    private int UpdatesPerStep => setup.Settings.Update.Epochs * setup.Settings.Update.Minibatches;

    /// <summary>Goes on from the folder's last checkpoint; without one it starts at step 0.</summary>
    public void Resume() => state = Checkpoint.Resume(folder, setup.Adapter, optimizer, observer.OnMessage);

    /// <summary>Runs to the last step, or until <paramref name="stop"/> asks for an end after the step at hand.</summary>
    public void Run(CancellationToken stop = default, CancellationToken abort = default)
    {
        var clock = Stopwatch.StartNew();
        var settings = setup.Settings;
        observer.OnStart(new RunStart(folder.Folder, settings.Model, setup.Adapter.Method.Name, settings.Steps, state.Step, setup.Adapter.TrainableCount, setup.Model.ParameterCount));
        using var log = new MetricsLog(folder.MetricsFile);
        if (state.Step == 0 && settings.Evaluate.Benchmarks.Count > 0) EvaluateStart(stop);
        while (state.Step < settings.Steps && !stop.IsCancellationRequested)
        {
            var metrics = Step(state.Step + 1, abort);
            var last = state.Step == settings.Steps;
            var due = settings.Evaluate.Every > 0 && state.Step % settings.Evaluate.Every == 0;
            if (settings.Evaluate.Benchmarks.Count > 0 && (due || last)) Evaluate(metrics, abort);
            log.Append(metrics);
            observer.OnStep(metrics);
            if (last || (settings.Checkpoint.Every > 0 && state.Step % settings.Checkpoint.Every == 0)) Save(log);
        }

        if (state.Step < settings.Steps && !folder.CheckpointSteps().Contains(state.Step) && state.Step > 0) Save(log);
        var adapter = state.Step > 0 ? folder.CheckpointFolder(state.Step) : "";
        observer.OnEnd(new RunEnd(state.Step, settings.Steps, state.Step < settings.Steps, adapter, clock.Elapsed.TotalSeconds));
    }

    private void Save(MetricsLog log) =>
        observer.OnCheckpoint(state.Step, Checkpoint.Write(folder, log, setup.Settings.Checkpoint.Keep, state, setup.Adapter, optimizer, setup.Settings.Model));

    private StepMetrics Step(int step, CancellationToken abort)
    {
        var clock = Stopwatch.StartNew();
        observer.OnPhase(StepPhase.Sampling, 0);
        var statistics = new BatchStatistics(setup.Rewards);
        var groups = Sample(step, statistics, abort);
        var sampled = clock.Elapsed.TotalSeconds;
        ShowSample(step, statistics);

        observer.OnPhase(StepPhase.Scoring, 0);
        var batch = PolicyBatch.Of(groups, statistics, setup.Objective);
        if (groups.Count > 0 && setup.Objective.NeedsReference) batch = batch with { RefLogps = updater.Score(groups, null).Logps };
        var advantages = batch.Advantages(setup.Objective, setup.Rewards.Select(r => r.Weight).ToArray());
        WriteSamples(step, groups, statistics, batch.RowAdvantages(advantages));
        var scored = clock.Elapsed.TotalSeconds;

        observer.OnPhase(StepPhase.Training, 0);
        var metrics = new StepMetrics(step);
        statistics.Fill(metrics);
        metrics[StepMetric.GroupsKept] = groups.Count;
        metrics[StepMetric.Masked] = batch.MaskedShare;
        Update(metrics, groups, batch, advantages);
        state = state with { Step = step };
        setup.Adapter.Version = step;
        var end = clock.Elapsed.TotalSeconds;
        metrics[StepMetric.Time] = end;
        metrics[StepMetric.SampleTime] = sampled;
        metrics[StepMetric.ScoreTime] = scored - sampled;
        metrics[StepMetric.TrainTime] = end - scored;
        metrics[StepMetric.SampleSpeed] = metrics[StepMetric.TokensSampled] / Math.Max(1e-9, sampled);
        metrics[StepMetric.TrainSpeed] = metrics[StepMetric.TokensTrained] / Math.Max(1e-9, end - scored);
        metrics[StepMetric.Memory] = ProcessMemory.PeakBytes() / 1e9;
        return metrics;
    }

    private void WriteSamples(int step, List<RolloutGroup> groups, BatchStatistics statistics, double[] rowAdvantages)
    {
        var byRollout = new Dictionary<object, double>(ReferenceEqualityComparer.Instance);
        foreach (var (rollout, advantage) in groups.SelectMany(g => g.Rollouts).Zip(rowAdvantages)) byRollout[rollout] = advantage;
        folder.WriteSamples(step, SampleLines.Of(step, statistics, rollout => byRollout.GetValueOrDefault(rollout, double.NaN)));
    }

    /// <summary>Draws groups in order; with dynamic sampling, until the batch holds only groups with both outcomes or the rounds are used up.</summary>
    private List<RolloutGroup> Sample(int step, BatchStatistics statistics, CancellationToken abort)
    {
        var rollout = setup.Settings.Rollout;
        var kept = new List<RolloutGroup>();
        var draw = 0;
        var rounds = rollout.DynamicSampling ? rollout.MaxRounds : 1;
        for (var round = 0; round < rounds && kept.Count < rollout.Prompts; round++)
        {
            var prompts = new List<DrawnPrompt>();
            var attempts = 0;
            while (prompts.Count < rollout.Prompts - kept.Count)
            {
                var problem = setup.Problems.At(state.Cursor);
                state = state with { Cursor = state.Cursor + 1 };
                var ids = Settings.Prompts.Encode(setup.Encoder, setup.Settings.Data.Prompt, problem, setup.Settings.Data.System);
                if (ids.Length <= rollout.MaxPromptTokens && ids.Length + rollout.MaxNewTokens <= setup.Model.MaxLength) prompts.Add(new DrawnPrompt(problem, draw++, ids));
                else
                {
                    statistics.Skip("prompt-too-long");
                    if (++attempts >= Math.Max(1000, setup.Problems.Count ?? 0))
                    {
                        var room = setup.Model.MaxLength - rollout.MaxNewTokens;
                        throw new TenonException("problems of the run", $"prompts of at most {Math.Min(rollout.MaxPromptTokens, room)} tokens", $"{attempts} longer ones in a row",
                            room < rollout.MaxPromptTokens ? $"the model's context of {setup.Model.MaxLength} tokens holds prompt and completion: lower rollout.max-new-tokens, or take a model with a longer context" : "raise rollout.max-prompt-tokens");
                    }
                }
            }

            var place = new RandomPlace((ulong)setup.Settings.Seed, RandomPurpose.Sampling, step);
            var groups = collector.Collect(prompts, rollout.Group, rollout.MaxNewTokens, place, setup.Adapter, share => observer.OnPhase(StepPhase.Sampling, share), abort);
            foreach (var group in groups)
            {
                statistics.Add(group);
                if (!rollout.DynamicSampling || statistics.IsMixed(group)) kept.Add(group);
            }
        }

        return kept;
    }

    private void ShowSample(int step, BatchStatistics statistics)
    {
        if (statistics.Drawn.Count == 0) return;
        var group = statistics.Drawn[^1];
        var rollout = group.Rollouts[^1];
        var index = Math.Max(0, setup.Rewards.ToList().FindIndex(r => r.Reward.IsOutcome));
        observer.OnSample(new SampleShown(step, group.Problem.Text, rollout.Text, group.Problem.Answer, rollout.Verdicts[index], rollout.Sampled.Ids.Length, rollout.IsTruncated));
    }

    /// <summary>All optimizer steps over one batch: epochs times minibatches, each a contiguous share of the groups.</summary>
    private void Update(StepMetrics metrics, List<RolloutGroup> groups, PolicyBatch batch, double[] advantages)
    {
        var (report, step) = (new UpdateMetrics(), metrics.Step);
        var clock = (step - 1L) * UpdatesPerStep;
        optimizer.Clock = clock;
        metrics[StepMetric.LearningRate] = optimizer.LearningRate;
        if (groups.Count == 0) return;
        var logged = LoggedMetrics.Of(setup.Objective);
        var update = setup.Settings.Update;
        var count = Math.Min(update.Minibatches, groups.Count);
        for (var epoch = 0; epoch < update.Epochs; epoch++)
            for (var m = 0; m < count; m++)
            {
                optimizer.Clock = clock + (long)epoch * update.Minibatches + m;
                var first = groups.Count * m / count;
                var end = groups.Count * (m + 1) / count;
                var part = groups[first..end];
                var window = batch.Window(first, end, advantages);
                if (setup.Objective.NeedsFirstPass)
                {
                    // Masks that read the whole step decide by the policy as it stands now, before the first gradient.
                    var (logps, entropies) = updater.Score(part, setup.Adapter);
                    window = window with { Logps = logps, Entropies = entropies };
                }
                var plan = LossPlan.Of(setup.Objective, window, setup.Settings.Rollout.MaxNewTokens, state.Entropy?.Effective(setup.Objective),
                    n => new RandomKey((ulong)setup.Settings.Seed).Permutation(n, RandomPurpose.DataOrder, step, uint.MaxValue, (uint)(epoch * count + m)));
                var isFirst = epoch == 0 && m == 0;
                // With dropout the gradient pass is another function than the sampler on purpose: what must be equal is a pass without it.
                var scored = isFirst && setup.Adapter.Dropout > 0 ? updater.Score(part, setup.Adapter).Logps : null;
                var loss = updater.Accumulate(part, setup.Adapter, setup.Objective, window, plan, optimizer.Updates);
                if (isFirst) report.Add(StepMetric.LogpDifference, batch.LargestDifference(scored ?? window.Logps, first));
                var (norm, change, rate) = optimizer.Step((name, value) => report.Add(StepMetric.Method[name], value));
                if (setup.Objective.HasEntropyBonus)
                    state = state with { Entropy = (state.Entropy ?? new EntropyController(setup.Objective.EntropyBonus)).After(setup.Objective, loss[StepMetric.BonusEntropy]) };
                foreach (var metric in logged) report.Add(metric, loss[metric]);
                report.Add(StepMetric.GradNorm, norm);
                report.Add(StepMetric.UpdateNorm, change);
                report.Add(StepMetric.LearningRate, rate);
                observer.OnPhase(StepPhase.Training, (epoch * count + m + 1.0) / (update.Epochs * count));
            }

        report.WriteTo(metrics);
    }

    // A run that is asked to stop before its first step has nothing to keep: the evaluation is made again when it goes on.
    private void EvaluateStart(CancellationToken stop)
    {
        try
        {
            Evaluate(null, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            observer.OnMessage("the evaluation before the first step was not finished");
        }
    }

    private void Evaluate(StepMetrics? metrics, CancellationToken abort)
    {
        observer.OnPhase(StepPhase.Evaluating, 0);
        foreach (var heldOut in setup.HeldOut)
        {
            var (shown, json) = evaluator.Run(state.Step, heldOut, abort);
            folder.WriteEvaluation(heldOut.Name, state.Step, json);
            observer.OnEvaluation(shown);
            if (metrics is not null) metrics[StepMetric.Evaluation[heldOut.Name]] = shown.Accuracy;
        }
    }
}
