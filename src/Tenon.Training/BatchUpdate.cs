using Tenon.Models.Layers;
using Tenon.Rollouts;
using Tenon.Runs;
using Tenon.Tensors;
using Tenon.Tensors.Memory;
using Tenon.Tensors.Threads;
using Tenon.Training.Guards;
using Tenon.Training.Objectives;
using Tenon.Training.Settings;

namespace Tenon.Training;

/// <summary>
/// All optimizer steps over one batch: epochs times minibatches, in the first pass contiguous shares of the groups, in each later one
/// another cut. A step that
/// passes a bound is not applied.
/// </summary>
internal sealed class BatchUpdate : IDisposable
{
    private readonly TrainingSetup _setup;
    private readonly PolicyUpdater _updater;
    private readonly TeacherPass? _teacher;
    private readonly IGradientWorkers? _workers;
    private readonly ShardedGradient? _shards;
    private readonly WorkerPool? _pool;
    private readonly KeptProducts? _kept;

    public BatchUpdate(TrainingSetup setup, IGradientWorkers? workers = null, KeptProducts? kept = null)
    {
        _setup = setup;
        _kept = kept;
        var settings = setup.Settings;
        var pass =
            new PassOptions(MemoryPlan.MicroBatchTokens(setup), settings.Rollout.SharePrompts, settings.Update.Recompute
            ?? MemoryPlan.Recompute(setup),
            setup.Adapter.Dropout > 0 ? (ulong)settings.Seed : null, settings.Update.SkipIdle);
        // Beside a sampler that runs on half of the threads; without one, on all.
        if (settings.Rollout.Overlap) _pool = new WorkerPool((WorkerPool.Default.Threads + 1) / 2);
        _updater = new PolicyUpdater(setup.Model, settings.Rollout.Temperature, pass, new Tape(_pool, setup.Precision));
        if (workers is not null || settings.Update.Shards > 1)
        {
            _workers = workers ?? new LocalGradientWorkers(setup, _updater, pass, settings.Update.Workers, _pool ?? WorkerPool.Default);
            _shards = new ShardedGradient(settings.Update.Shards, _workers, pass.SkipIdle);
        }

        Frozen = new FrozenPolicies(setup.Objective, setup.Adapter);
        if (setup.Objective.Teacher != Teacher.None) _teacher = new TeacherPass(setup, _updater, pass, Frozen);
        Optimizer =
            new AdapterOptimizer(setup.Adapter, settings.Optimizer, settings.Steps, settings.Update.Epochs * settings.Update.Minibatches);
    }

    public AdapterOptimizer Optimizer { get; }

    /// <summary>The copies of the adapter that the run compares itself with.</summary>
    public FrozenPolicies Frozen { get; }

    /// <summary>The batch with what its objective asks of further passes: reference, squared probabilities, teacher.</summary>
    public PolicyBatch Score(IReadOnlyList<RolloutGroup> groups, PolicyBatch batch, int step)
    {
        var objective = _setup.Objective;
        if (objective.NeedsReference)
        {
            // A penalty in the reward is over whole completions, and moves the baseline of their group.
            double[] Score(IAdapter? adapter) => objective.RewardKl != 0 ? _updater.Score(groups, adapter).Logps
                : ScoreLossTokens(groups, adapter, batch.RowStarts, batch.Mask, batch.SampledLogps).Logps;
            var logps = Frozen.Reference is { } reference ? reference.Under(() => Score(_setup.Adapter)) : Score(null);
            batch = batch with { RefLogps = logps };
        }

        if (objective.Advantage == AdvantageEstimator.OptimalToken)
            batch = batch with { SumSquaredProbabilities = _updater.SumSquaredProbabilities(groups, _setup.Adapter) };
        return _teacher is null ? batch : batch.Taught(_teacher.Score(groups, batch), objective, step);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _workers?.Dispose();
        _pool?.Dispose();
        _kept?.Dispose();
    }

    /// <summary>
    /// Trains on the batch and fills the step's metrics; gives the entropy controller as it then stands. <paramref name="diverged"/> comes
    /// with what the batch
    /// itself shows (then nothing is applied) and leaves with the first bound that was passed. <paramref name="isFresh"/> is true where the
    /// groups drawn for this step were sampled by the weights as they stand.
    /// </summary>
    public EntropyController? Run(
        StepMetrics metrics, IReadOnlyList<RolloutGroup> groups, PolicyBatch batch, double[] advantages, EntropyController? entropy,
        DivergenceGuard bounds,
        ref Divergence? diverged, bool isFresh, Action<double> progress)
    {
        var clock = (metrics.Step - 1L) * _setup.Settings.Update.Epochs * _setup.Settings.Update.Minibatches;
        Optimizer.Clock = clock;
        metrics[StepMetric.LearningRate] = Optimizer.LearningRate;
        if (groups.Count == 0) return entropy;
        var (report, step, objective) = (new UpdateMetrics(), metrics.Step, _setup.Objective);
        var logged = LoggedMetrics.Of(objective);
        var update = _setup.Settings.Update;
        var count = Math.Min(update.Minibatches, groups.Count);
        if (_kept is not null) _kept.MayTake = isFresh;
        var (isBad, goesOn) = (diverged is not null, _setup.Settings.OnDivergence == DivergenceAction.Skip);
        for (var epoch = 0; epoch < update.Epochs; epoch++)
            for (var m = 0; m < count; m++)
            {
                if (diverged is not null && !goesOn)
                {
                    report.Add(StepMetric.UpdatesSkipped, 1);
                    continue;
                }

                Optimizer.Clock = clock + (long)epoch * update.Minibatches + m;
                var chosen = Minibatch(step, epoch, m, count, groups.Count);
                RolloutGroup[] part = [.. chosen.Select(g => groups[g])];
                var window = batch.Window(chosen, advantages);
                if (objective.NeedsFirstPass)
                {
                    // Masks that read the whole step decide by the policy as it stands now, before the first gradient.
                    var (logps, entropies) = ScoreLossTokens(part, _setup.Adapter, window.RowStarts, window.Mask, window.Logps);
                    window = window with { Logps = logps, Entropies = entropies };
                }

                var plan = LossPlan.Of(objective, window, _setup.Settings.Rollout.MaxNewTokens, entropy?.Effective(objective.Entropy),
                    n => new RandomKey((ulong)_setup.Settings.Seed)
                    .Permutation(n, RandomPurpose.DataOrder, step, uint.MaxValue, (uint)(epoch * count + m)));
                var isFirst = epoch == 0 && m == 0;
                // With dropout the gradient pass is another function than the sampler on purpose: what must be equal is a pass without it.
                var scored = isFirst && _setup.Adapter.Dropout > 0 ? _updater.Score(part, _setup.Adapter).Logps : null;
                // What the sampler or the first pass said is what the gradient pass gives, unless it drops inputs.
                window = window with
                {
                    IsForeseen = _setup.Adapter.Dropout == 0 && (objective.NeedsFirstPass || (isFirst && isFresh)),
                };
                var rows = StepRows.Of(objective, window, plan);
                var loss = Accumulate(part, window, plan, rows);
                // The products of the next optimizer step have other inputs.
                _kept?.Drop();
                if (!objective.HasGradientWithoutAdvantage) report.Add(StepMetric.GroupsIdle, rows.IdleGroups(window));
                report.Add(StepMetric.CompletionsIdle, rows.Idle);
                // A group that was carried over was sampled by an older policy: only the fresh ones must agree.
                if (isFirst && isFresh)
                    report.Add(StepMetric.LogpDifference,
                        batch.LargestDifference(scored ?? window.Logps, chosen[0], g => groups[g].Step == step));
                void Report(string name, double value) => report.Add(StepMetric.Method[name], value);
                var norm = Optimizer.Prepare(Report);
                foreach (var metric in logged) report.Add(metric, loss[metric]);
                report.Add(StepMetric.GradNorm, norm);
                if ((isBad ? diverged : bounds.OfUpdate(step, loss, norm, Optimizer.ClippedNorm(norm), window, part)) is { } found)
                {
                    diverged ??= found;
                    Optimizer.Discard();
                    report.Add(StepMetric.UpdatesSkipped, 1);
                    continue;
                }

                var (change, rate) = Optimizer.Apply(norm, Report);
                diverged ??= DivergenceGuard.OfChange(step, norm, change, rate);
                if (objective.HasEntropyBonus)
                    entropy = (entropy ?? new EntropyController(objective.EntropyBonus))
                        .After(objective.Entropy, loss[StepMetric.BonusEntropy]);
                report.Add(StepMetric.UpdateNorm, change);
                report.Add(StepMetric.LearningRate, rate);
                report.Add(StepMetric.WeightNorm, Optimizer.WeightNorm);
                progress((epoch * count + m + 1.0) / (update.Epochs * count));
            }

        _kept?.Drop();
        // What the runtime's compiler worked with in this step is free again.
        NativeHeap.TrimNowAndThen();
        report.WriteTo(metrics);
        return entropy;
    }

    // The gradient of one optimizer step, whole or in shards.
    private MetricValues Accumulate(IReadOnlyList<RolloutGroup> part, PolicyWindow window, LossPlan plan, StepRows rows)
    {
        var (adapter, objective, updates) = (_setup.Adapter, _setup.Objective, Optimizer.Updates);
        return _shards is null ? _updater.Accumulate(part, adapter, objective, window, plan, rows, updates)
            : _shards.Accumulate(part, adapter, objective, window, plan, rows, updates);
    }

    // Completions without loss tokens keep what they were sampled with: no mask of the plan and no divergence reads it.
    private (double[] Logps, double[] Entropies) ScoreLossTokens(
        IReadOnlyList<RolloutGroup> groups, IAdapter? adapter, int[] starts, bool[] mask, double[] sampled)
    {
        var passed = new bool[starts.Length - 1];
        for (var row = 0; row < passed.Length; row++)
            passed[row] = !_setup.Settings.Update.SkipIdle || mask.AsSpan(starts[row]..starts[row + 1]).Contains(true);
        var part = GradientShard.Of(groups, passed);
        var (logps, entropies) = ((double[])sampled.Clone(), new double[sampled.Length]);
        var (scored, spread) = _updater.Score(part.Groups, adapter);
        part.Scatter(starts, scored, logps);
        part.Scatter(starts, spread, entropies);
        return (logps, entropies);
    }

    // By its place: a pure function of the run's seed, the step and the pass. The groups of a share stay in the order they were drawn.
    private int[] Minibatch(int step, int epoch, int m, int count, int groups)
    {
        var (first, end) = (groups * m / count, groups * (m + 1) / count);
        if (epoch == 0) return [.. Enumerable.Range(first, end - first)];
        return [.. new RandomKey((ulong)_setup.Settings.Seed)
            .Permutation(groups, RandomPurpose.DataOrder, step, uint.MaxValue - 1, (uint)epoch)[first..end].Order()];
    }
}
