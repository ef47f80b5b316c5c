using Tenon.Tensors.Kernels;
using Tenon.Tensors.Panels;
using Tenon.Tensors.Threads;

namespace Tenon.Tensors;

/// <content>Products with the packed weight. Threads share panels (and, for many rows, blocks of rows): outputs, never a sum.</content>
public sealed unsafe partial class FrozenMatrix
{
    // Terms of a sum from which on the gradient's rows are larger than the caches, and rows below which they are not.
    private const nint LongSum = 8192;
    private const nint FewRows = 8;

    // The product that this thread did last. Weak: nothing may live for it.
    [ThreadStatic]
    private static WeakReference<FrozenMatrix>? _t_last;

    // Where the product that came behind this one begins, and how far apart its parts are. An address alone: what lies there by now is
    // asked for and never read.
    private (nint Panels, nint Part) _follower;

    /// <summary>
    /// y [rows, outputs] = x [rows, inputs] Wᵀ, overwriting y; row i of x lies at x + i xRow, of y at y + i yRow. Each finished sum is
    /// multiplied by its output's factor where
    /// <paramref name="scale"/> [outputs] is not null. <paramref name="source"/> is the tensor that x is all of, where there is one:
    /// what is kept (<see cref="Tensor.Kept"/>) is rounded once for products that follow each other. <paramref name="tail"/> is done to the
    /// outputs once they are there.
    /// </summary>
    internal void Multiply(float* x, nint rows, nint xRow, float* y, nint yRow, WorkerPool pool, Precision precision =
        Precision.F32, float* scale = null, Tensor? source = null, ProductTail tail = default)
    {
        if (rows <= 0) return;
        var rounded = Rounded(x, rows, xRow, Inputs, RoundedTerms(precision), null, source, pool);
        var call = CallOf(x, rows, xRow, rounded, y, yRow, pool, precision, scale);
        call.Tail = tail;
        WorkProfile.Next(Inputs, Outputs, rows, Traffic(rows));
        pool.Run(call.Parts, &call, &ProductCall.Run, "frozen product");
        GC.KeepAlive(this);
    }

    /// <summary>
    /// <see cref="Multiply"/> as its threads see it; <paramref name="rounded"/> are the rows as the precision reads them, null in float32.
    /// </summary>
    internal ProductCall CallOf(
        float* x, nint rows, nint xRow, byte* rounded, float* y, nint yRow, WorkerPool pool, Precision precision, float* scale = null)
    {
        CheckPrecision(precision);
        var terms = RoundedTerms(precision);
        var call = terms > 0 ? Int8CallOf(rounded, rows, y, yRow, accumulate: false, pool, terms, scale)
            : terms < 0 ? Bf16CallOf(rounded, rows, y, yRow, pool, scale)
            : F32CallOf(x, rows, xRow, y, yRow, pool, scale);
        call.Output = y;
        (call.OutputRow, call.Outputs, call.Rows) = (yRow, Outputs, rows);
        return call;
    }

    private ProductCall F32CallOf(float* x, nint rows, nint xRow, float* y, nint yRow, WorkerPool pool, float* scale)
    {
        var call = new FrozenCall
        {
            Matrix = View, Input = x, Rows = rows, InputRow = xRow, Output = y, OutputRow = yRow, Scale = scale,
            Share = ShareOf(rows, Inputs, Panels, pool, 1, out var parts),
        };
        call.Ahead = Follow(call.Share, parts, pool);
        return new() { Kind = ProductKind.F32, F32 = call, Share = call.Share, Parts = parts };
    }

    /// <summary>
    /// dx [rows, inputs] = dy [rows, outputs] W, added to dx where <paramref name="accumulate"/> is set: the gradient of
    /// <see cref="Multiply"/> for its input. Where <paramref name="scale"/> is not
    /// null, the rows of W count times their factors.
    /// </summary>
    internal void MultiplyTransposed(
        float* dy, nint rows, nint dyRow, float* dx, nint dxRow, bool accumulate, WorkerPool pool, Precision precision =
        Precision.F32, float* scale = null)
    {
        if (rows <= 0) return;
        CheckPrecision(precision);
        if (precision.Terms() is > 0 and var terms)
        {
            var turned = Turned(pool);
            var product = turned.Int8CallOf(
                Rounded(dy, rows, dyRow, Outputs, terms, scale, null, pool), rows, dx, dxRow, accumulate, pool, terms, null);
            WorkProfile.Next(Outputs, Inputs, rows, turned.Traffic(rows));
            pool.Run(product.Parts, &product, &ProductCall.Run, "frozen product, gradient");
            GC.KeepAlive(this);
            return;
        }

        if (precision == Precision.Bf16 && Bf16Dot.IsSupported)
        {
            MultiplyTransposedBf16(dy, rows, dyRow, dx, dxRow, accumulate, pool, scale);
            return;
        }

        var call = new FrozenCall
        {
            Matrix = View, Input = dy, Rows = rows, InputRow = dyRow, Output = dx, OutputRow = dxRow,
            Accumulate = accumulate, Scale = scale,
        };
        call.Share = ShareOfGradient(rows, pool, out var parts);
        WorkProfile.Next(Outputs, Inputs, rows, Traffic(rows));
        pool.Run(parts, &call, &MultiplyTransposedPart, "frozen product, gradient");
        GC.KeepAlive(this);
    }

    // What is needed behind this product, as it was the last time; and, for the product before, that this one came behind it.
    private PanelsAhead Follow(PartShare share, int parts, WorkerPool pool)
    {
        var last = _t_last ??= new(this);
        if (last.TryGetTarget(out var before)) before._follower = ((nint)_memory.Pointer, share.PerPart * PanelBytes);
        last.SetTarget(this);
        // With many rows parts of other rows follow, and the weights are a small share of the time.
        return new()
        {
            Panels = _memory.Pointer, PanelBytes = PanelBytes, Threads = parts == share.PartsOfRows ? pool.Threads : 0,
            Next = (byte*)_follower.Panels, NextPart = _follower.Part,
        };
    }

    private FrozenView View => new()
    {
        Data = _memory.Pointer, PanelBytes = PanelBytes, Inputs = Inputs, Outputs = Outputs, Storage = Storage,
    };

    private static void MultiplyTransposedPart(FrozenCall* call, int part) => KernelSet.Best.FrozenMultiplyTransposed(call, part);

    /// <summary>Bytes that a product must move at least: the weight, its rows and its results.</summary>
    internal double Traffic(nint rows) => (Panels * PanelBytes) + (sizeof(float) * rows * (Inputs + Outputs));

    // Every part reads all of dy: few parts of many columns, so that the head's is not fetched again for each of them.
    private PartShare ShareOfGradient(nint rows, WorkerPool pool, out int parts)
    {
        var columns = (Inputs + PanelWidth - 1) / PanelWidth;
        var least = Outputs >= LongSum && rows > FewRows ? (columns + (2 * pool.Threads) - 1) / (2 * pool.Threads) : 1;
        return ShareOf(rows, Outputs, columns, pool, least, out parts);
    }

    // Rows in stretches that the second cache holds beside a panel, each by some panels, at least so many.
    private static PartShare ShareOf(nint rows, nint terms, nint panels, WorkerPool pool, nint least, out int parts)
    {
        const nint Stretch = 192;
        var stretches = (rows + Stretch - 1) / Stretch;
        var rowsPerPart = stretches == 1 ? rows : ((rows + stretches - 1) / stretches + 11) / 12 * 12;
        stretches = (rows + rowsPerPart - 1) / rowsPerPart;
        var share = PartShare.Of(rowsPerPart, Math.Max(least, SharePanels(rowsPerPart, terms, panels, stretches, pool)), panels);
        parts = (int)stretches * share.PartsOfRows;
        return share;
    }

    // Shares small enough to even out, large enough that handing them out costs nothing.
    private static nint SharePanels(nint rows, nint terms, nint panels, nint stretches, WorkerPool pool)
    {
        if (pool.Threads == 1) return panels;
        var smallest = Math.Max(1, 100_000 / Math.Max(1, rows * terms * PanelWidth));
        var wanted = Math.Min(panels, Math.Max(smallest, panels * stretches / (8 * pool.Threads)));
        return stretches > 1 ? wanted : Even(panels, wanted, pool.Threads);
    }

    // The number of panels nearest to the wanted one with which the threads end together, each having as many parts as the others.
    private static nint Even(nint panels, nint wanted, int threads)
    {
        var (best, least) = (wanted, nint.MaxValue);
        for (nint perPart = 1; perPart <= Math.Min(panels, 2 * wanted); perPart++)
        {
            var parts = (panels + perPart - 1) / perPart;
            var longest = (parts + threads - 1) / threads * perPart;
            if (longest > least || (longest == least && Math.Abs(perPart - wanted) > Math.Abs(best - wanted))) continue;
            (best, least) = (perPart, longest);
        }

        return best;
    }

    private void CheckPrecision(Precision precision)
    {
        if (precision == Precision.Bf16 && Storage != WeightStorage.BF16)
            throw new InvalidOperationException($"{Name}: bf16 products need bf16 storage");
        if (precision.Terms() > 0 && _format is not Int8Panels)
            throw new InvalidOperationException($"{Name}: int8 products need int8 storage");
    }
}
