namespace Tenon.Tensors.Ops;

/// <summary>
/// A run of tokens of one sequence inside a flat batch: rows [Start, Start + Length), at positions Position, Position + 1, ... of the
/// sequence. Where
/// <paramref name="Prefix"/> names another run of the batch, that run (and its own prefix) holds the positions before: a shared prompt, a
/// long context in pieces.
/// </summary>
/// <param name="Start">First row in the batch.</param>
/// <param name="Length">Number of tokens, at least one.</param>
/// <param name="Position">Position of the first token in its sequence.</param>
/// <param name="Prefix">Index of the run that ends where this one begins, or -1.</param>
public readonly record struct TokenRun(int Start, int Length, int Position, int Prefix = -1);

/// <summary>
/// Where each run's keys and values lie: pages of <see cref="PageSize"/> positions counted from position 0 of the sequence. Full pages of a
/// prefix are
/// shared; a page that a prefix fills only in part is copied into the run's own. One layout serves all layers of a batch.
/// </summary>
public sealed class AttentionLayout
{
    /// <summary>Positions in a page; a score tile is one page wide.</summary>
    public const int PageSize = 32;

    /// <summary>Query tokens a tile holds; it bounds the scratch of scores, not the result.</summary>
    internal const int QueryTile = 24;

    /// <summary>Most sequences of a decode tile: with three heads a sequence it has <see cref="QueryTile"/> rows.</summary>
    private const int DecodeTile = 8;

    private AttentionLayout(TokenRun[] runs, int[][] pages, int pageCount, int[][] trees, bool cached)
    {
        Runs = runs;
        Pages = pages;
        PageCount = pageCount;
        Trees = trees;
        IsCached = cached;
        var tiles = new List<(int Run, int First)>();
        for (var r = 0; r < runs.Length; r++)
            for (var first = 0; first < runs[r].Length && runs[r].Length > 1; first += QueryTile)
                tiles.Add((r, first));
        Decodes = DecodeTiles(runs, pages);
        // Longest contexts first: the last parts handed to the workers are then short ones.
        tiles.Sort((a, b) => (runs[b.Run].Position + b.First).CompareTo(runs[a.Run].Position + a.First));
        Tiles = [.. tiles];
    }

    /// <summary>The runs, in row order.</summary>
    public IReadOnlyList<TokenRun> AllRuns => Runs;

    internal TokenRun[] Runs { get; }

    /// <summary>
    /// Where a group is cut into several batches: the gradients of its prompt's keys and values, held from one part to the next.
    /// </summary>
    public HeldGradients? Held { get; init; }

    /// <summary>For each run, the page of every block of its sequence from position 0.</summary>
    internal int[][] Pages { get; }

    internal int PageCount { get; }

    /// <summary>True where the contexts lie in a cache: a run of one token then writes its own key and value.</summary>
    internal bool IsCached { get; }

    /// <summary>Runs that share prefixes, each tree in an order in which a prefix comes before what builds on it.</summary>
    internal int[][] Trees { get; }

    /// <summary>Tiles of the runs of several tokens.</summary>
    internal (int Run, int First)[] Tiles { get; }

    /// <summary>
    /// Neighbouring runs of one token each whose sequences begin with the same pages: these pages are read once for all of them.
    /// </summary>
    internal (int Run, int Count, int Shared)[] Decodes { get; }

    /// <summary>
    /// The layout of a batch that holds its whole context (training, scoring): pages are numbered from 0 for this batch alone.
    /// </summary>
    public static AttentionLayout ForBatch(TokenRun[] runs, HeldGradients? held = null)
    {
        var pages = new int[runs.Length][];
        var count = 0;
        var root = new int[runs.Length];
        Array.Fill(root, -1);
        var trees = new Dictionary<int, List<int>>();

        void Visit(int r)
        {
            if (pages[r] is not null) return;
            var run = runs[r];
            Shapes.Require(run.Length > 0 && run.Position >= 0, $"run {r}", "a positive length and a position of 0 or more", $"{run}");
            if (run.Prefix >= 0)
            {
                Visit(run.Prefix);
                var prefix = runs[run.Prefix];
                Shapes.Require(prefix.Position + prefix.Length == run.Position, $"prefix of run {r}", $"one that ends at {run.Position}",
                    $"{prefix.Position + prefix.Length}");
            }
            else
            {
                Shapes.Require(run.Position == 0, $"run {r} without a prefix", "position 0", $"{run.Position}");
            }

            var first = run.Position / PageSize;
            var total = (run.Position + run.Length + PageSize - 1) / PageSize;
            var own = new int[total];
            if (first > 0) Array.Copy(pages[run.Prefix], own, first);
            for (var p = first; p < total; p++) own[p] = count++;
            pages[r] = own;
            root[r] = run.Prefix >= 0 ? root[run.Prefix] : r;
            if (!trees.TryGetValue(root[r], out var list)) trees[root[r]] = list = [];
            list.Add(r);
        }

        for (var r = 0; r < runs.Length; r++) Visit(r);
        return new AttentionLayout(runs, pages, count, [.. trees.Values.Select(t => t.ToArray())], cached: false) { Held = held };
    }

    /// <summary>
    /// The layout of a sampling step: contexts lie in a cache, and each run brings the pages of its sequence (its own positions included).
    /// </summary>
    public static AttentionLayout ForCache(TokenRun[] runs, int[][] pages) =>
        new(runs, pages, 0, [.. Enumerable.Range(0, runs.Length).Where(r => runs[r].Length > 1).Select(r => new[] { r })],
            cached: true);

    private static (int Run, int Count, int Shared)[] DecodeTiles(TokenRun[] runs, int[][] pages)
    {
        var tiles = new List<(int Run, int Count, int Shared)>();
        for (var r = 0; r < runs.Length;)
        {
            if (runs[r].Length > 1)
            {
                r++;
                continue;
            }

            var (count, shared) = (1, 0);
            while (count < DecodeTile && r + count < runs.Length && runs[r + count].Length == 1)
            {
                var common = CommonPages(runs, pages, r, r + count);
                if (common == 0) break;
                shared = count == 1 ? common : Math.Min(shared, common);
                count++;
            }

            tiles.Add((r, count, shared));
            r += count;
        }

        return [.. tiles];
    }

    // Pages that both sequences begin with and that lie whole before their tokens.
    private static int CommonPages(TokenRun[] runs, int[][] pages, int a, int b)
    {
        var most = Math.Min(runs[a].Position, runs[b].Position) / PageSize;
        var common = 0;
        while (common < most && pages[a][common] == pages[b][common]) common++;
        return common;
    }
}
