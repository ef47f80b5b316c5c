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
internal sealed class ShardedGradient(int shards, IGradientWorkers workers)
{
    /// <summary>Groups that the last gradient had no pass for.</summary>
    public int IdleGroups { get; private set; }

    /// <summary>
    /// Sets the adapter's gradients to those of the step and fills in the window's log-probabilities and entropies; gives the report.
    /// </summary>
    public MetricValues Accumulate(IReadOnlyList<RolloutGroup> groups, AdapterSet adapter, ObjectiveSettings objective, PolicyWindow window,
        LossPlan plan, long update)
    {
        GradientShard[] parts = [.. Enumerable.Range(0, shards).Select(s => GradientShard.Of(groups, window, objective, s, shards))
            .Where(part => part.Groups.Count > 0)];
        IdleGroups = groups.Count - parts.Sum(part => part.Groups.Count);
        var trainable = adapter.Trainable;
        float[][]? sums = null;
        var next = 0;
        foreach (var gradient in workers.Compute(new GradientRequest(adapter, objective, window, plan, update, parts)))
        {
            Put(window, parts[next++].Rows, gradient);
            if (sums is null) sums = gradient.Sums;
            else
                for (var p = 0; p < sums.Length; p++) Add(sums[p], gradient.Sums[p]);
        }

        for (var p = 0; sums is not null && p < sums.Length; p++) sums[p].CopyTo(trainable[p].GradientOrZero());
        return Report(objective, window, plan, [.. parts.SelectMany(part => part.Rows).Order()]);
    }

    private static void Add(float[] sum, float[] other)
    {
        for (var i = 0; i < sum.Length; i++) sum[i] += other[i];
    }

    private static void Put(PolicyWindow window, IReadOnlyList<int> rows, ShardGradient gradient)
    {
        var next = 0;
        foreach (var row in rows)
        {
            var (start, length) = (window.RowStarts[row], window.RowStarts[row + 1] - window.RowStarts[row]);
            gradient.Logps.AsSpan(next, length).CopyTo(window.Logps.AsSpan(start));
            if (window.Entropies is { } entropies) gradient.Entropies.AsSpan(next, length).CopyTo(entropies.AsSpan(start));
            if (window.Divergences is { } divergences) gradient.Divergences.AsSpan(next, length).CopyTo(divergences.AsSpan(start));
            next += length;
        }
    }

    private static MetricValues Report(ObjectiveSettings objective, PolicyWindow window, LossPlan plan, int[] rows)
    {
        var totals = new LossTotals(objective);
        var (gradLogps, gradEntropies) = (new double[window.Mask.Length], new double[window.Mask.Length]);
        foreach (var row in rows) PolicyLoss.Accumulate(objective, window, plan, row, row + 1, gradLogps, gradEntropies, totals);
        return totals.Report();
    }
}
