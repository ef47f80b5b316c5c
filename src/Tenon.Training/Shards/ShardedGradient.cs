// update.shards: S. The groups at the places g of an optimizer step with g mod S = s are one shard; each shard's gradient is summed by
// itself, and the S sums are added in order. So any number of workers gives the bits that one worker gives with S shards. What an objective
// normalises by stands in the plan, which covers the whole step, and the report is taken over its rows in order: neither knows of shards.
using Tenon.Adapters;
using Tenon.Rollouts;
using Tenon.Runs;
using Tenon.Training.Objectives;

namespace Tenon.Training;

/// <summary>The gradient of an optimizer step as the sum of its shards.</summary>
/// <param name="shards">Shards of a step.</param>
/// <param name="workers">Who computes them.</param>
/// <param name="skipIdle">Make no pass over completions that no gradient can come from.</param>
internal sealed class ShardedGradient(int shards, IGradientWorkers workers, bool skipIdle)
{
    /// <summary>
    /// Sets the adapter's gradients to those of the step and fills in the window's log-probabilities and entropies; gives the report.
    /// </summary>
    public MetricValues Accumulate(IReadOnlyList<RolloutGroup> groups, AdapterSet adapter, ObjectiveSettings objective, PolicyWindow window,
        LossPlan plan, StepRows rows, long update)
    {
        var passed = rows.Passed(skipIdle);
        GradientShard[] parts = [.. Enumerable.Range(0, shards).Select(s => GradientShard.Of(groups, passed, s, shards))
            .Where(part => part.Groups.Count > 0)];
        var trainable = adapter.Trainable;
        float[][]? sums = null;
        var next = 0;
        foreach (var gradient in workers.Compute(new GradientRequest(adapter, objective, window, plan, update, parts)))
        {
            Put(window, parts[next++], gradient);
            if (sums is null) sums = gradient.Sums;
            else
                for (var p = 0; p < sums.Length; p++) Add(sums[p], gradient.Sums[p]);
        }

        for (var p = 0; sums is not null && p < sums.Length; p++) sums[p].CopyTo(trainable[p].GradientOrZero());
        return PolicyLoss.Report(objective, window, plan, rows.Reported);
    }

    private static void Add(float[] sum, float[] other)
    {
        for (var i = 0; i < sum.Length; i++) sum[i] += other[i];
    }

    private static void Put(PolicyWindow window, GradientShard shard, ShardGradient gradient)
    {
        shard.Scatter(window.RowStarts, gradient.Logps, window.Logps);
        if (window.Entropies is { } entropies) shard.Scatter(window.RowStarts, gradient.Entropies, entropies);
        if (window.Divergences is { } divergences) shard.Scatter(window.RowStarts, gradient.Divergences, divergences);
    }
}
