using Tenon.Adapters;
using Tenon.Rollouts;
using Tenon.Tensors.Ops;
using Tenon.Training.Objectives;

namespace Tenon.Training;

/// <summary>
/// Where the gradients of an optimizer step's shards are computed. A shard's gradient follows from the adapter's values, its groups, the
/// window and the plan alone, so it has the same bits whoever computes it, wherever and in whatever order.
/// </summary>
public interface IGradientWorkers : IDisposable
{
    /// <summary>How many shards are computed at the same time.</summary>
    int Count { get; }

    /// <summary>The gradients of the request's shards, one each, in their order; the adapter's own gradients are zero afterwards.</summary>
    IEnumerable<ShardGradient> Compute(GradientRequest request);
}

/// <summary>One optimizer step as its workers are asked for it.</summary>
/// <param name="Adapter">The weights that every shard is computed with.</param>
/// <param name="Objective">The objective.</param>
/// <param name="Window">All tokens of the step. Workers leave it as it is.</param>
/// <param name="Plan">What is normalised and masked over the whole step.</param>
/// <param name="Update">Number of the update, which dropout's masks belong to.</param>
/// <param name="Shards">The shards, each with something to train on.</param>
public sealed record GradientRequest(
    AdapterSet Adapter, ObjectiveSettings Objective, PolicyWindow Window, LossPlan Plan, long Update, IReadOnlyList<GradientShard> Shards)
{
    /// <summary>SHA-256 of the adapter's values: a worker elsewhere computes with these, or refuses.</summary>
    public string AdapterFingerprint => Adapter.Sha256();
}

/// <summary>Groups of an optimizer step whose gradients are summed together.</summary>
/// <param name="Groups">The groups, as drawn.</param>
/// <param name="Rows">The rows of the window that are their completions, ascending.</param>
public sealed record GradientShard(IReadOnlyList<RolloutGroup> Groups, IReadOnlyList<int> Rows)
{
    /// <summary>
    /// The groups at the places g of a step with g mod <paramref name="shards"/> = <paramref name="shard"/> that have something to train
    /// on.
    /// </summary>
    public static GradientShard Of(
        IReadOnlyList<RolloutGroup> groups, PolicyWindow window, ObjectiveSettings objective, int shard = 0, int shards = 1)
    {
        var (kept, rows, first) = (new List<RolloutGroup>(), new List<int>(), 0);
        for (var g = 0; g < groups.Count; g++)
        {
            var end = first + groups[g].Rollouts.Count;
            if (g % shards == shard
                && (objective.TrainsWithoutAdvantage || HasAdvantage(window, first, end) || HasTeacher(window, first, end)))
            {
                kept.Add(groups[g]);
                rows.AddRange(Enumerable.Range(first, end - first));
            }

            first = end;
        }

        return new GradientShard(kept, rows);
    }

    private static bool HasTeacher(PolicyWindow window, int firstRow, int endRow) => window.Teacher is { } teacher
        && Enumerable.Range(firstRow, endRow - firstRow).Any(row => teacher.Has(row) && window.LossTokens(row) > 0);

    private static bool HasAdvantage(PolicyWindow window, int firstRow, int endRow)
    {
        for (var t = window.RowStarts[firstRow]; t < window.RowStarts[endRow]; t++)
            if (window.Mask[t] && window.Advantages[t] != 0)
                return true;
        return false;
    }
}

/// <summary>What a shard gives.</summary>
/// <param name="Sums">Gradient of each trainable parameter, in the adapter's order.</param>
/// <param name="Logps">Log-probability of every token of the shard's rows, in their order.</param>
/// <param name="Entropies">Entropy there; empty where the window holds none.</param>
public sealed record ShardGradient(float[][] Sums, double[] Logps, double[] Entropies)
{
    /// <summary>Divergence from the teacher there; empty where the window holds none.</summary>
    public TokenDivergence[] Divergences { get; init; } = [];
}
