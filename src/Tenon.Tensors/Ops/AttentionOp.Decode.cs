using Tenon.Tensors.Kernels;
using Tenon.Tensors.Memory;

namespace Tenon.Tensors.Ops;

/// <content>
/// Runs of one token: rows of a tile are the query heads of one key/value head, of all sequences of the tile. Pages that the sequences
/// share are multiplied by all rows at once, so that they are read once a step; each sequence's own pages by its heads alone. An output is
/// the same sum in the same order as in a tile of its own.
/// </content>
public static unsafe partial class AttentionOp
{
    private static void DecodePart(Context* context, int part)
    {
        var layout = context->Runs;
        var store = context->Pages;
        var job = context->Job;
        var (run, count, shared) = layout.Decodes[part / store.KeyValueHeads];
        var head = part % store.KeyValueHeads;
        // As many sequences at a time as give a full tile of rows.
        var most = Math.Max(1, AttentionLayout.QueryTile / (job->Heads / store.KeyValueHeads));
        for (var i = 0; i < count; i += most) DecodeTile(context, layout, store, run + i, Math.Min(most, count - i), shared, head);
    }

    private static void DecodeTile(Context* context, AttentionLayout layout, KvPages store, int first, int count, int shared, int head)
    {
        const int page = AttentionLayout.PageSize;
        var job = context->Job;
        var size = store.HeadSize;
        var group = job->Heads / store.KeyValueHeads;
        var rows = count * group;
        var longest = 0;
        for (var i = 0; i < count; i++) longest = Math.Max(longest, layout.Runs[first + i].Position + 1);

        // Rows lie one cache line off a multiple of a page's, so that they do not all fall on the same lines of the cache.
        var stride = PaddedKeys(longest) + 16;
        var q = Scratch.Floats(ScratchUse.Op, rows * (stride + 2 * size));
        var o = q + rows * size;
        var scores = o + rows * size;
        var bytes = (nint)group * size * sizeof(float);
        for (var i = 0; i < count; i++)
        {
            var from = job->Q + layout.Runs[first + i].Start * job->QRow + (nint)head * group * size;
            Buffer.MemoryCopy(from, q + i * group * size, bytes, bytes);
            // The page that the token's key is written to, a column of it, a line of the cache for each number.
            store.AskKeys(LastPage(layout, first + i), head);
        }

        for (var p = 0; p < shared; p++)
        {
            store.AskKeys(layout.Pages[first][Math.Min(p + 1, shared - 1)], head);
            store.Scores(rows, q, size, layout.Pages[first][p], head, scores + p * page, stride);
        }

        for (var i = 0; i < count && layout.IsCached; i++)
        {
            if (i + 1 < count) store.AskKeys(LastPage(layout, first + i + 1), head, near: true);
            WriteRun(context, layout, store, first + i, head);
        }

        for (var i = 0; i < count; i++)
        {
            var (keys, pages, at) = (layout.Runs[first + i].Position + 1, layout.Pages[first + i], i * group);
            // Two pages at a time.
            for (var p = shared; p * page < keys; p += 2)
            {
                var two = (p + 1) * page < keys;
                for (var read = p; read <= (two ? p + 1 : p); read++)
                    if (Next(layout, first + i, i + 1 < count, read, shared) is var next and >= 0) store.AskKeys(next, head);
                float* from = q + at * size, to = scores + at * stride + p * page;
                if (two) store.Scores(group, from, size, (pages[p], pages[p + 1]), head, to, stride);
                else store.Scores(group, from, size, pages[p], head, to, stride);
            }
        }

        var inverse = new RowSums();
        for (var r = 0; r < rows; r++)
            inverse[r] = Exponentials(scores + r * stride, layout.Runs[first + r / group].Position + 1, job->Scale);

        for (var p = 0; p < shared; p++)
        {
            store.AskValues(layout.Pages[first][Math.Min(p + 1, shared - 1)], head);
            store.Weigh(rows, page, scores + p * page, stride, layout.Pages[first][p], head, o, size, accumulate: p > 0);
        }

        for (var i = 0; i < count; i++)
        {
            var (keys, pages, at) = (layout.Runs[first + i].Position + 1, layout.Pages[first + i], i * group);
            for (var p = shared; p * page < keys; p++)
            {
                if (Next(layout, first + i, i + 1 < count, p, shared) is var next and >= 0) store.AskValues(next, head);
                store.Weigh(group, Math.Min(page, keys - p * page), scores + at * stride + p * page, stride, pages[p], head,
                    o + at * size, size, accumulate: p > 0);
            }

            for (var h = 0; h < group; h++) RowKernels.Scale(o + (at + h) * size, inverse[at + h], size);
            var to = job->O + layout.Runs[first + i].Start * job->QRow + (nint)head * group * size;
            Buffer.MemoryCopy(o + at * size, to, bytes, bytes);
        }
    }

    private static int LastPage(AttentionLayout layout, int run) =>
        layout.Pages[run][layout.Runs[run].Position / AttentionLayout.PageSize];

    // The page after p of a run's own pages, or the first own one of the run behind it; -1 where there is none.
    private static int Next(AttentionLayout layout, int run, bool more, int p, int shared)
    {
        if ((p + 1) * AttentionLayout.PageSize <= layout.Runs[run].Position) return layout.Pages[run][p + 1];
        return more ? layout.Pages[run + 1][shared] : -1;
    }

    /// <summary>Scores to e^(scale score - largest) in place; gives one over their sum.</summary>
    private static float Exponentials(float* row, nint seen, float scale) =>
        1f / RowKernels.ExpSum(row, seen, RowKernels.ScaleMax(row, scale, seen), row);
}
