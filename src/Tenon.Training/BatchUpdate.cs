using Tenon.Rollouts;
using Tenon.Runs;
using Tenon.Tensors;
using Tenon.Training.Objectives;

namespace Tenon.Training;

/// <summary>All optimizer steps over one batch: epochs times minibatches, each a contiguous share of the groups.</summary>
internal sealed class BatchUpdate
{
    private readonly TrainingSetup _setup;
    private readonly PolicyUpdater _updater;

    public BatchUpdate(TrainingSetup setup)
    {
        _setup = setup;
        var settings = setup.Settings;
        var pass = new PassOptions(settings.Update.MicroBatchTokens, settings.Rollout.SharePrompts, settings.Update.Recompute ?? MemoryPlan.Recompute(setup),
            setup.Adapter.Dropout > 0 ? (ulong)settings.Seed : null);
        _updater = new PolicyUpdater(setup.Model, settings.Rollout.Temperature, pass, new Tape(null, setup.Precision));
        Optimizer = new AdapterOptimizer(setup.Adapter, settings.Optimizer, settings.Steps, settings.Update.Epochs * settings.Update.Minibatches);
    }

    public AdapterOptimizer Optimizer { get; }

    /// <summary>Log-probabilities of the groups' completions under the reference.</summary>
    public double[] Reference(IReadOnlyList<RolloutGroup> groups) => _updater.Score(groups, null).Logps;

    /// <summary>Trains on the batch and fills the step's metrics; gives the entropy controller as it then stands.</summary>
    public EntropyController? Run(StepMetrics metrics, IReadOnlyList<RolloutGroup> groups, PolicyBatch batch, double[] advantages, EntropyController? entropy, Action<double> progress)
    {
        var clock = (metrics.Step - 1L) * _setup.Settings.Update.Epochs * _setup.Settings.Update.Minibatches;
        Optimizer.Clock = clock;
        metrics[StepMetric.LearningRate] = Optimizer.LearningRate;
        if (groups.Count == 0) return entropy;
        var (report, step, objective) = (new UpdateMetrics(), metrics.Step, _setup.Objective);
        var logged = LoggedMetrics.Of(objective);
        var update = _setup.Settings.Update;
        var count = Math.Min(update.Minibatches, groups.Count);
        for (var epoch = 0; epoch < update.Epochs; epoch++)
            for (var m = 0; m < count; m++)
            {
                Optimizer.Clock = clock + (long)epoch * update.Minibatches + m;
                var first = groups.Count * m / count;
                var end = groups.Count * (m + 1) / count;
                RolloutGroup[] part = [.. groups.Skip(first).Take(end - first)];
                var window = batch.Window(first, end, advantages);
                if (objective.NeedsFirstPass)
                {
                    // Masks that read the whole step decide by the policy as it stands now, before the first gradient.
                    var (logps, entropies) = _updater.Score(part, _setup.Adapter);
                    window = window with { Logps = logps, Entropies = entropies };
                }

                var plan = LossPlan.Of(objective, window, _setup.Settings.Rollout.MaxNewTokens, entropy?.Effective(objective),
                    n => new RandomKey((ulong)_setup.Settings.Seed).Permutation(n, RandomPurpose.DataOrder, step, uint.MaxValue, (uint)(epoch * count + m)));
                var isFirst = epoch == 0 && m == 0;
                // With dropout the gradient pass is another function than the sampler on purpose: what must be equal is a pass without it.
                var scored = isFirst && _setup.Adapter.Dropout > 0 ? _updater.Score(part, _setup.Adapter).Logps : null;
                var loss = _updater.Accumulate(part, _setup.Adapter, objective, window, plan, Optimizer.Updates);
                // A group that was carried over was sampled by an older policy: only the fresh ones must agree.
                if (isFirst) report.Add(StepMetric.LogpDifference, batch.LargestDifference(scored ?? window.Logps, first, g => groups[g].Step == step));
                var (norm, change, rate) = Optimizer.Step((name, value) => report.Add(StepMetric.Method[name], value));
                if (objective.HasEntropyBonus) entropy = (entropy ?? new EntropyController(objective.EntropyBonus)).After(objective, loss[StepMetric.BonusEntropy]);
                foreach (var metric in logged) report.Add(metric, loss[metric]);
                report.Add(StepMetric.GradNorm, norm);
                report.Add(StepMetric.UpdateNorm, change);
                report.Add(StepMetric.LearningRate, rate);
                progress((epoch * count + m + 1.0) / (update.Epochs * count));
            }

        report.WriteTo(metrics);
        return entropy;
    }
}
