using Tenon.Models.Generation;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Models.Layers;

/// <summary>
/// A flat batch: token ids without padding, cut into runs that may name other runs (or a cache) as what comes before them. It also says
/// which adapter each
/// run goes through, so that one batch can mix the policy, other adapters and the base model.
/// </summary>
public sealed class TokenBatch
{
    private TokenBatch(int[] ids, int[] positions, AttentionLayout layout)
    {
        Ids = ids;
        Positions = positions;
        Layout = layout;
    }

    /// <summary>Token ids, row by row.</summary>
    public int[] Ids { get; }

    /// <summary>Position of each token in its sequence.</summary>
    public int[] Positions { get; }

    /// <summary>Runs, prefixes and pages.</summary>
    public AttentionLayout Layout { get; }

    /// <summary>The adapter that all runs go through: null for the base model. <see cref="RunAdapters"/> overrides it.</summary>
    public IAdapter? Adapter { get; init; }

    /// <summary>Where runs differ, one adapter (or null for the base model) for each run.</summary>
    public IReadOnlyList<IAdapter?>? RunAdapters { get; init; }

    /// <summary>Rows in which the tokens' frozen products are kept; null where none are.</summary>
    public KeptRows? Kept { get; set; }

    /// <summary>The cache that holds the runs' contexts; null where the batch holds them itself.</summary>
    internal KvCache? Cache { get; init; }

    /// <summary>Number of tokens.</summary>
    public int Count => Ids.Length;

    /// <summary>
    /// A batch of runs that holds its whole context; <paramref name="ids"/> row by row as <paramref name="runs"/> cut them.
    /// </summary>
    public static TokenBatch Of(int[] ids, TokenRun[] runs, IAdapter? adapter = null, HeldGradients? held = null)
    {
        var total = runs.Sum(r => r.Length);
        if (total != ids.Length) throw new TenonException("token batch", $"{total} ids for its runs", $"{ids.Length}");
        return new TokenBatch(ids, PositionsOf(runs, ids.Length), AttentionLayout.ForBatch(runs, held)) { Adapter = adapter };
    }

    /// <summary>A batch of whole, unrelated sequences, one after the other.</summary>
    public static TokenBatch Of(IReadOnlyList<int[]> sequences, IAdapter? adapter = null)
    {
        var runs = new TokenRun[sequences.Count];
        var start = 0;
        for (var i = 0; i < runs.Length; i++)
        {
            runs[i] = new TokenRun(start, sequences[i].Length, 0);
            start += sequences[i].Length;
        }

        return Of([.. sequences.SelectMany(s => s)], runs, adapter);
    }

    internal static TokenBatch ForCache(int[] ids, TokenRun[] runs, int[][] pages, KvCache cache, IAdapter? adapter,
        IReadOnlyList<IAdapter?>? runAdapters) =>
        new(ids, PositionsOf(runs, ids.Length), AttentionLayout.ForCache(runs, pages))
        {
            Cache = cache, Adapter = adapter,
            RunAdapters = runAdapters
        };

    private static int[] PositionsOf(TokenRun[] runs, int count)
    {
        var positions = new int[count];
        foreach (var run in runs)
            for (var t = 0; t < run.Length; t++)
                positions[run.Start + t] = run.Position + t;
        return positions;
    }
}
