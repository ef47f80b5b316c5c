using System.Runtime.InteropServices;
using Tenon.Tensors.Kernels;
using Tenon.Tensors.Memory;

namespace Tenon.Tensors.Ops;

/// <summary>
/// Causal grouped-query attention: softmax(q kᵀ / sqrt(size)) v for each head, heads of q sharing the key/value head floor(h * kvHeads /
/// heads).
/// q [tokens, heads * size]; k, v [tokens, kvHeads * size]; rotary already applied. One routine serves a decode step, a prefill and a
/// training pass: a score has one
/// accumulator (size ascending), the softmax of a row sums position i into partial i mod 16, an output has one accumulator over positions
/// ascending.
/// Scores are never stored: the backward pass (<see cref="AttentionBackward"/>) computes them again.
/// </summary>
public static unsafe partial class AttentionOp
{
    internal struct Job
    {
        public float* Q, K, V, O;
        public nint QRow, KRow;
        public int Heads, KvHeads, Size;
        public float Scale;
    }

    /// <summary>
    /// Attention of a batch that holds its whole context; recorded where q, k or v need a gradient. <paramref name="layer"/> tells held
    /// gradients apart.
    /// </summary>
    public static Tensor Attention(this Tape tape, Tensor q, Tensor k, Tensor v, int heads, int keyValueHeads, AttentionLayout layout,
        int layer = 0)
    {
        var size = CheckShapes(q, k, v, heads, keyValueHeads);
        var o = tape.New(q.Rows, q.Columns);
        var mark = tape.Mark();
        var store = KvPages.OfBatch(tape, layout.PageCount, keyValueHeads, size);
        Run(tape, q, k, v, o, heads, layout, store);
        tape.Release(mark, null);
        if (tape.Recording && (q.RequiresGrad || k.RequiresGrad || v.RequiresGrad))
            tape.Record(o, () => AttentionBackward.Run(tape, q, k, v, o, heads, keyValueHeads, layout, layer));
        return o;
    }

    /// <summary>
    /// Attention of a sampling step: new keys and values are written to the cache, then each token attends to its sequence's pages. Never
    /// recorded.
    /// </summary>
    public static Tensor AttentionCached(this Tape tape, Tensor q, Tensor k, Tensor v, int heads, AttentionLayout layout, KvPages cache)
    {
        var size = CheckShapes(q, k, v, heads, cache.KeyValueHeads);
        Shapes.Require(size == cache.HeadSize
            && !tape.Recording, "cached attention", $"heads of {cache.HeadSize}, not recorded", $"{size}, recording {tape.Recording}");
        var o = tape.New(q.Rows, q.Columns);
        Run(tape, q, k, v, o, heads, layout, cache);
        return o;
    }

    private static int CheckShapes(Tensor q, Tensor k, Tensor v, int heads, int keyValueHeads)
    {
        var size = q.Columns / heads;
        Shapes.Require(q.Columns == size * heads && heads % keyValueHeads == 0 && k.Columns == size * keyValueHeads
            && v.Columns == k.Columns && k.Rows == q.Rows && v.Rows == q.Rows,
            "attention", $"q [n, {heads} heads x size], k and v [n, {keyValueHeads} heads x size]",
            $"q [{q.Rows}, {q.Columns}], k [{k.Rows}, {k.Columns}], v [{v.Rows}, {v.Columns}]");
        return (int)size;
    }

    private static void Run(Tape tape, Tensor q, Tensor k, Tensor v, Tensor o, int heads, AttentionLayout layout, KvPages store)
    {
        var job =
            new Job
            {
                Q = q.Data, K = k.Data, V = v.Data, O = o.Data, QRow = q.Columns, KRow = k.Columns, Heads = heads,
                KvHeads = store.KeyValueHeads, Size = store.HeadSize, Scale = ScaleOf(store.HeadSize)
            };
        var kv = store.KeyValueHeads;
        // Jobs are plain memory: they reach the managed layout and store through handles.
        using var layoutHandle = new GCHandle<AttentionLayout>(layout);
        using var storeHandle = new GCHandle<KvPages>(store);
        var context = new Context { Job = &job, Layout = layoutHandle, Store = storeHandle };
        tape.Pool.Run(layout.Trees.Length * kv, &context, &WritePart, "attention, keys and values");
        tape.Pool.Run(layout.Tiles.Length * kv, &context, &ForwardPart, "attention");
        tape.Pool.Run(layout.Decodes.Length * kv, &context, &DecodePart, "attention, one token");
    }

    internal static float ScaleOf(int size) => 1f / MathF.Sqrt(size);

    internal struct Context
    {
        public Job* Job;
        public GCHandle<AttentionLayout> Layout;
        public GCHandle<KvPages> Store;

        public readonly AttentionLayout Runs => Layout.Target;

        public readonly KvPages Pages => Store.Target;
    }

    private static void WritePart(Context* context, int part)
    {
        var layout = context->Runs;
        var store = context->Pages;
        var tree = layout.Trees[part / store.KeyValueHeads];
        var head = part % store.KeyValueHeads;
        foreach (var r in tree) WriteRun(context, layout, store, r, head);
    }

    private static void WriteRun(Context* context, AttentionLayout layout, KvPages store, int r, int head)
    {
        const int page = AttentionLayout.PageSize;
        var job = context->Job;
        var run = layout.Runs[r];
        var pages = layout.Pages[r];
        var size = store.HeadSize;
        if (run.Prefix >= 0 && run.Position % page != 0)
        {
            var from = layout.Pages[run.Prefix][run.Position / page];
            var to = pages[run.Position / page];
            store.CopyPage(from, to, head);
        }

        // What lies on one page goes there at once.
        for (int t = 0, count; t < run.Length; t += count)
        {
            var position = run.Position + t;
            count = Math.Min(run.Length - t, page - (position % page));
            var from = ((run.Start + t) * job->KRow) + (head * size);
            store.Write(pages[position / page], head, position % page, count, job->K + from, job->V + from, job->KRow);
        }
    }

    private static void ForwardPart(Context* context, int part)
    {
        var layout = context->Runs;
        var store = context->Pages;
        var job = context->Job;
        var (r, first) = layout.Tiles[part / store.KeyValueHeads];
        var kvHead = part % store.KeyValueHeads;
        var run = layout.Runs[r];
        var group = job->Heads / store.KeyValueHeads;
        var tokens = Math.Min(AttentionLayout.QueryTile, run.Length - first);
        var size = store.HeadSize;
        var limit = run.Position + first + 1;
        var at = (run.Start + first) * job->QRow + kvHead * group * size;
        var scores = Scratch.Floats(ScratchUse.Op, tokens * PaddedKeys(limit + tokens - 1));
        for (var h = 0; h < group; h++)
            Tile(job->Q + at + h * size, job->QRow, job->O + at + h * size, job->QRow, tokens, 1, limit, store, layout.Pages[r], kvHead,
                job->Scale, scores);
    }

    internal static nint PaddedKeys(int keys) =>
        (keys + AttentionLayout.PageSize - 1) / AttentionLayout.PageSize * AttentionLayout.PageSize;

    /// <summary>M rows of queries against the pages of one key/value head; row m sees limit + m * step keys.</summary>
    private static void Tile(float* q, nint qRow, float* o, nint oRow, int m, int step, int limit, KvPages store, int[] pages, int kvHead,
        float scale, float* scores)
    {
        const int page = AttentionLayout.PageSize;
        var size = store.HeadSize;
        var keys = limit + (m - 1) * step;
        var padded = PaddedKeys(keys);
        Softmax(q, qRow, m, step, limit, store, pages, kvHead, scale, scores, out var inverse);
        for (var p = 0; p * page < keys; p++)
            store.Weigh(m, Math.Min(page, keys - p * page), scores + p * page, padded, pages[p], kvHead, o, oRow, accumulate: p > 0);
        for (var i = 0; i < m; i++) RowKernels.Scale(o + i * oRow, inverse[i], size);
    }

    /// <summary>exp(score - max) of each row, zero beyond its limit, and one over each row's sum.</summary>
    internal static void Softmax(float* q, nint qRow, int m, int step, int limit, KvPages store, int[] pages, int kvHead, float scale,
        float* scores, out RowSums inverse)
    {
        const int page = AttentionLayout.PageSize;
        var size = store.HeadSize;
        var keys = limit + (m - 1) * step;
        var padded = PaddedKeys(keys);
        for (var p = 0; p * page < keys; p++)
            store.Scores(m, q, qRow, pages[p], kvHead, scores + p * page, padded);
        inverse = default;
        for (var i = 0; i < m; i++)
        {
            var row = scores + i * padded;
            var seen = limit + i * step;
            inverse[i] = Exponentials(row, seen, scale);
            new Span<float>(row + seen, (int)(padded - seen)).Clear();
        }
    }
}

/// <summary>
/// One number for each row of a query tile (a decode tile has a row a head, so it bounds the heads that share a key/value head).
/// </summary>
[System.Runtime.CompilerServices.InlineArray(64)]
internal struct RowSums
{
    private float _first;
}
