using System.Diagnostics;
using Tenon.Rollouts;
using Tenon.Runs;
using Tenon.Tensors;
using Tenon.Training.Guards;
using Tenon.Training.Objectives;

namespace Tenon.Training;

/// <summary>
/// Reinforcement learning with verifiable rewards: each step draws judged groups, turns rewards into advantages, and updates the adapter.
/// All that decides the next step lies in <see cref="TrainerState"/>, so that a run goes on from a checkpoint to the same bits.
/// </summary>
public sealed class RlvrTrainer
{
    private readonly TrainingSetup _setup;
    private readonly RunFolder _folder;
    private readonly Action<TrainingEvent> _events;
    private readonly BatchPipeline _batches;
    private readonly BatchUpdate _update;
    private readonly RunEvaluations _evaluations;
    private readonly RunGuards _guards;
    private readonly double[] _weights;
    private TrainerState _state = new();
    private Divergence? _diverged;

    /// <summary>What sampling keeps for training; null where it keeps nothing.</summary>
    internal KeptProducts? Kept { get; }

    /// <summary>A trainer that writes to a run folder; the folder's <c>run.json</c> stands already.</summary>
    /// <param name="setup">What the run needs.</param>
    /// <param name="folder">Where it is kept.</param>
    /// <param name="events">Is told what happens.</param>
    /// <param name="rollouts">Where rollouts come from; null for this process.</param>
    /// <param name="gradients">Where gradients are computed; null for this process. The trainer ends it with the run.</param>
    public RlvrTrainer(TrainingSetup setup, RunFolder folder, Action<TrainingEvent> events, IRolloutSource? rollouts = null,
        IGradientWorkers? gradients = null)
    {
        (_setup, _folder, _events) = (setup, folder, events);
        Kept = rollouts is null && gradients is null ? MemoryPlan.Kept(setup) : null;
        _batches = new BatchPipeline(setup, folder, Say, rollouts, Kept);
        _update = new BatchUpdate(setup, gradients, Kept);
        _evaluations = new RunEvaluations(setup, folder, events);
        _guards = new RunGuards(setup, folder, events, _update);
        _weights = [.. setup.Rewards.Select(r => r.Weight)];
    }

    /// <summary>Goes on from the folder's last checkpoint; without one it starts at step 0.</summary>
    public void Resume()
    {
        _state = Checkpoint.Resume(_folder, _setup.Adapter, _update.Optimizer, Say, _update.Frozen, _batches.Sampler);
        _setup.Adapter.Version = _state.Step;
    }

    /// <summary>
    /// Runs to the last step, or until <paramref name="stop"/> asks for an end after the step at hand; an evaluation is given up and made
    /// when the run goes on.
    /// </summary>
    /// <exception cref="TenonException">So many steps in a row that the recipe says had no group to train on.</exception>
    public void Run(CancellationToken stop = default, CancellationToken abort = default)
    {
        using (_update)
        using (_batches) Steps(stop, abort);
    }

    private void Steps(CancellationToken stop, CancellationToken abort)
    {
        var clock = Stopwatch.StartNew();
        var settings = _setup.Settings;
        _events(new RunStarted(
            _folder.Folder, settings.Model, _setup.Adapter.Method.Name, settings.Steps, _state.Step, _setup.Adapter.TrainableCount,
            _setup.Model.ParameterCount)
        { Shown = LoggedMetrics.Shown(_setup.Objective) });
        var evaluated = _evaluations.RunPending(_state.Step, stop);
        _state = _guards.Begin(_state);
        using var log = new MetricsLog(_folder.MetricsFile);
        // The checkpoint was written without the figures of its own evaluation: it becomes what an unbroken run would have written.
        if (evaluated) Save(log);
        while (_state.Step < settings.Steps && !stop.IsCancellationRequested && !_guards.Ends(_state))
        {
            var metrics = Step(_state.Step + 1, abort);
            (var setbacks, _state) = (_state.Setbacks, _guards.Handle(_state, _diverged, out var end));
            if (end is null) _evaluations.Run(metrics, stop);
            log.Append(metrics);
            _events(new StepDone(metrics));
            _state = _guards.After(_state, metrics, end);
            if (_state.Setbacks > setbacks) _batches.Again(_state.Step + 1, _state.Rollouts);
            var empty = _guards.Empty.Ends(_state);
            if (empty) _state = _state with { EmptySteps = 0 };
            if (empty || _guards.IsBest(_state) || _state.Step == settings.Steps
                || (settings.Checkpoint.Every > 0 && _state.Step % settings.Checkpoint.Every == 0)) Save(log);
            if (empty) throw _guards.Empty.Fault(_state);
        }

        if (_state.Step < settings.Steps && !_folder.CheckpointSteps().Contains(_state.Step) && _state.Step > 0) Save(log);
        if (_state.Step == settings.Steps || _guards.Ends(_state)) _batches.Forget(int.MaxValue);
        var adapter = _state.Step > 0 ? _folder.CheckpointFolder(_state.Step) : "";
        var early = _state.Step < settings.Steps ? _guards.EndReason(_state) : null;
        var stopped = _state.Step < settings.Steps && early is null;
        _events(new RunEnded(_state.Step, settings.Steps, stopped, adapter, clock.Elapsed.TotalSeconds)
        {
            Early = early,
            EvaluateArguments = RunEvaluations.Arguments(settings, _folder.Folder),
        });
    }

    private void Say(string text) => _events(new Remark(text));

    private void Save(MetricsLog log)
    {
        // The checkpoint of a step that has diverged holds nothing new.
        if (_diverged is null) _state = _state with { Setbacks = 0 };
        var (model, settings) = (_setup.Settings.Model, _setup.Settings.Checkpoint);
        _events(new CheckpointWritten(_state.Step,
            Checkpoint.Write(_folder, log, settings.Keep, _state, _setup.Adapter, _update.Optimizer, model, settings.Best,
                _update.Frozen, _batches.Sampler)));
        _batches.Forget(_state.Step);
    }

    private StepMetrics Step(int step, CancellationToken abort)
    {
        var clock = new StepClock(_events);
        clock.Begin(StepPhase.Sampling);
        var drawn = _batches.Next(step, _state.Rollouts, share => _events(new PhaseMoved(StepPhase.Sampling, share)), abort);
        _batches.Ahead(step + 1, drawn.State);
        if (SampleLines.Shown(step, drawn.Statistics, _setup.Rewards) is { } shown) _events(shown);
        _guards.Empty.Drawn(step, drawn);

        clock.Begin(StepPhase.Scoring);
        var batch = PolicyBatch.Of(drawn.Groups, drawn.Statistics, _setup.Objective);
        if (drawn.Groups.Count > 0) batch = _update.Score(drawn.Groups, batch, step);
        var advantages = batch.Advantages(_setup.Objective, _weights);
        _folder.WriteSamples(step, SampleLines.Of(step, drawn, batch.RowAdvantages(advantages), _setup.Encoder));

        clock.Begin(StepPhase.Training);
        var metrics = new StepMetrics(step);
        RolloutMetrics.Fill(metrics, drawn, _setup.Settings.Rollout.DynamicSampling);
        metrics[StepMetric.Masked] = batch.MaskedShare;
        batch.Teacher?.Fill(metrics);
        _diverged = _guards.OfBatch(metrics, drawn);
        var entropy =
            _update.Run(metrics, drawn.Groups, batch, advantages, _state.Entropy, _guards.Bounds, ref _diverged, _batches.IsFresh,
            share => _events(new PhaseMoved(StepPhase.Training, share)));
        _state = EmptyStepGuard.Count(_state, drawn) with { Step = step, Rollouts = drawn.State, Entropy = entropy };
        _setup.Adapter.Version = step;
        _update.Frozen.After(step);
        clock.WriteTo(metrics, _batches.Sampler is null ? null : _batches.Seconds);
        return metrics;
    }
}
