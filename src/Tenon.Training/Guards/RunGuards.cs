using Tenon.Rollouts;
using Tenon.Runs;
using Tenon.Training.Settings;

namespace Tenon.Training.Guards;

/// <summary>
/// What watches over a run: bounds of divergence and what is done about them, steps without problems to learn
/// from, the doctor, the best checkpoint and patience.
/// </summary>
internal sealed class RunGuards
{
    private const int MostSetbacks = 3;
    private readonly TrainingSetup _setup;
    private readonly RunFolder _folder;
    private readonly Action<TrainingEvent> _events;
    private readonly AdapterOptimizer _optimizer;
    private readonly FrozenPolicies _frozen;
    private readonly DoctorWatch _doctor;
    private int _skipped;

    public RunGuards(TrainingSetup setup, RunFolder folder, Action<TrainingEvent> events, BatchUpdate update)
    {
        (_setup, _folder, _events, _optimizer, _frozen) = (setup, folder, events, update.Optimizer, update.Frozen);
        _doctor = new DoctorWatch(SettingsJson.Write(setup.Settings));
        Bounds = new DivergenceGuard(setup.Settings.Divergence, setup.Model.Config.VocabSize);
        Empty = new EmptyStepGuard(setup.Settings.Rollout, folder, Say);
        folder.Remark = Say;
    }

    /// <summary>The bounds.</summary>
    public DivergenceGuard Bounds { get; }

    /// <summary>Steps that had too little to train on.</summary>
    public EmptyStepGuard Empty { get; }

    private EarlyStopSettings EarlyStop => _setup.Settings.EarlyStop;

    /// <summary>Reads the steps that are logged, so that a run that goes on decides as one that was never stopped.</summary>
    public TrainerState Begin(TrainerState state)
    {
        Bounds.Load(_folder.MetricsFile);
        _doctor.Load(_folder.MetricsFile);
        state = state with { BestStep = null, BestAccuracy = double.NaN, SinceBest = 0 };
        if (!File.Exists(_folder.MetricsFile)) return state;
        return SharedFile.ReadLines(_folder.MetricsFile).Select(MetricsLog.Read).OfType<StepMetrics>()
            .Aggregate(state, (so, step) => BestCheckpoint.After(so, step, EarlyStop));
    }

    /// <summary>What the batch itself shows, before anything is trained on.</summary>
    public Divergence? OfBatch(StepMetrics metrics, RolloutBatch drawn)
    {
        var found = Bounds.OfBatch(metrics, drawn.Groups, drawn.Statistics.RewardOf);
        // A batch that was sampled beside the step before shows the policy of the checkpoint ahead of that.
        return found is { Since: { } since } && _setup.Settings.Rollout.Overlap ? found with { Since = since - 1 } : found;
    }

    /// <summary>True where the step that was done is the best so far and gets a checkpoint.</summary>
    public bool IsBest(TrainerState state) => _setup.Settings.Checkpoint.Best && state.BestStep == state.Step && state.Step > 0;

    /// <summary>True where patience is used up.</summary>
    public bool Ends(TrainerState state) => BestCheckpoint.Ends(state, EarlyStop);

    /// <summary>Why a stop rule ends the run; null where it goes on.</summary>
    public string? EndReason(TrainerState state) => Ends(state)
        ? $"{state.SinceBest} evaluations without a better held-out accuracy than that of step {state.BestStep} (early-stop.patience)"
        : null;

    /// <summary>
    /// After a step was logged: what the doctor has to say, whether it is the best step so far.
    /// </summary>
    /// <exception cref="TenonException"><paramref name="end"/>, where there is one.</exception>
    public TrainerState After(TrainerState state, StepMetrics metrics, TenonException? end)
    {
        Bounds.Remember(metrics);
        foreach (var text in _doctor.After(metrics)) Say(text);
        if (end is not null) throw end;
        state = BestCheckpoint.After(state, metrics, EarlyStop);
        if (EndReason(state) is { } reason && state.Step < _setup.Settings.Steps)
            Say($"step {state.Step}: {reason}: the run ends");
        return state;
    }

    /// <summary>
    /// Does about a step that has diverged what the recipe says, before an evaluation: that is of what the step leaves behind, and a run
    /// that ends here has nothing new to evaluate. <paramref name="end"/> is the error that ends it once the step is logged, where it is to
    /// stop or cannot go on.
    /// </summary>
    public TrainerState Handle(TrainerState state, Divergence? found, out TenonException? end)
    {
        end = null;
        if (found is null) return state;
        var samples = _folder.KeepAside(found.Step);
        var action = _setup.Settings.OnDivergence;
        // An update that was made cannot be left out any more, only taken back.
        if (action == DivergenceAction.Skip && !found.IsMade)
        {
            if (int.IsPow2(++_skipped))
                Say(
                    $"{found}: the update is left out; its completions are kept in {samples}{(_skipped > 1 ? $" ({_skipped} such steps "
                    + $"so far)" : "")}");
            return state;
        }

        var unsound = _folder.CheckpointSteps().Where(step => step >= found.SoundBefore(state)).ToHashSet();
        if (action == DivergenceAction.Stop || _folder.NewestCheckpoint(unsound).Step is not { } back || state.Setbacks >= MostSetbacks)
        {
            end = found.ToException(_folder, state, samples, _optimizer.LearningRate);
            return state;
        }

        Checkpoint.Load(_folder.CheckpointFolder(back), _setup.Adapter, _optimizer, _frozen);
        Say(
            $"{found}: adapter and optimizer are those of step {back} again, the run goes on with other problems; its completions are "
            + $"kept in {samples}");
        return state with { Setbacks = state.Setbacks + 1, WentBackAt = found.Step, WentBackTo = back };
    }

    private void Say(string text) => _events(new Remark(text));
}
