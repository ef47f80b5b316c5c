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

/// <summary>Completions of an optimizer step whose gradients are summed together.</summary>
/// <param name="Groups">Their groups, as drawn but for the completions that are left out.</param>
/// <param name="Rows">The rows of the window that these completions are, ascending.</param>
/// <param name="Samples">The number of each completion within its group as drawn, which dropout's masks belong to.</param>
public sealed record GradientShard(IReadOnlyList<RolloutGroup> Groups, IReadOnlyList<int> Rows, IReadOnlyList<int> Samples)
{
    /// <summary>
    /// The completions that <paramref name="passed"/> names by their rows, of the groups at the places g of a step with g mod
    /// <paramref name="shards"/> = <paramref name="shard"/>.
    /// </summary>
    public static GradientShard Of(IReadOnlyList<RolloutGroup> groups, IReadOnlyList<bool> passed, int shard = 0, int shards = 1)
    {
        var (kept, rows, samples, first) = (new List<RolloutGroup>(), new List<int>(), new List<int>(), 0);
        for (var g = 0; g < groups.Count; first += groups[g++].Rollouts.Count)
        {
            var group = groups[g];
            int[] chosen = g % shards == shard ? [.. Enumerable.Range(0, group.Rollouts.Count).Where(i => passed[first + i])] : [];
            if (chosen.Length == 0) continue;
            kept.Add(chosen.Length == group.Rollouts.Count ? group : group with { Rollouts = [.. chosen.Select(i => group.Rollouts[i])] });
            rows.AddRange(chosen.Select(i => first + i));
            samples.AddRange(chosen);
        }

        return new GradientShard(kept, rows, samples);
    }

    /// <summary>
    /// Puts what belongs to these completions' tokens, which lies one behind the other, to its places in a window whose rows begin at
    /// <paramref name="starts"/>.
    /// </summary>
    internal void Scatter<T>(int[] starts, T[] numbers, T[] window)
    {
        var next = 0;
        foreach (var row in Rows)
        {
            var length = starts[row + 1] - starts[row];
            numbers.AsSpan(next, length).CopyTo(window.AsSpan(starts[row]));
            next += length;
        }
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
