using Tenon.Tensors.Kernels;
using Tenon.Tensors.Panels;
using Tenon.Tensors.Threads;

namespace Tenon.Tensors;

/// <content>Products with the packed weight. Threads share panels (and, for many rows, blocks of rows): outputs, never a sum.</content>
public sealed unsafe partial class FrozenMatrix
{
    /// <summary>
    /// y [rows, outputs] = x [rows, inputs] Wᵀ, overwriting y; row i of x lies at x + i xRow, of y at y + i yRow. Each finished sum is
    /// multiplied by its output's factor where
    /// <paramref name="scale"/> [outputs] is not null.
    /// </summary>
    internal void Multiply(float* x, nint rows, nint xRow, float* y, nint yRow, WorkerPool pool, Precision precision =
        Precision.F32, float* scale = null)
    {
        if (rows <= 0) return;
        CheckPrecision(precision);
        if (precision.Terms() is > 0 and var terms)
        {
            MultiplyInt8(x, rows, xRow, y, yRow, accumulate: false, pool, terms, before: null, after: scale, "frozen product");
            return;
        }

        var panelsPerPart = SharePanels(rows, Inputs, Panels, pool);
        var call = new FrozenCall
        {
            Matrix = View, Input = x, Rows = rows, InputRow = xRow, Output = y, OutputRow = yRow, PerPart = panelsPerPart, Scale = scale,
        };
        WorkProfile.Next(Inputs, Outputs, rows, Traffic(rows));
        pool.Run((int)((Panels + panelsPerPart - 1) / panelsPerPart), &call, &MultiplyPart, "frozen product");
        GC.KeepAlive(this);
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
            Turned(pool).MultiplyInt8(
                dy, rows, dyRow, dx, dxRow, accumulate, pool, terms, before: scale, after: null, "frozen product, gradient");
            return;
        }

        var columns = (Inputs + PanelWidth - 1) / PanelWidth;
        var perPart = SharePanels(rows, Outputs, columns, pool);
        var call = new FrozenCall
        {
            Matrix = View, Input = dy, Rows = rows, InputRow = dyRow, Output = dx, OutputRow = dxRow, PerPart = perPart,
            Accumulate = accumulate, Scale = scale,
        };
        WorkProfile.Next(Outputs, Inputs, rows, Traffic(rows));
        pool.Run((int)((columns + perPart - 1) / perPart), &call, &MultiplyTransposedPart, "frozen product, gradient");
        GC.KeepAlive(this);
    }

    private FrozenView View => new()
    {
        Data = _memory.Pointer, PanelBytes = PanelBytes, Inputs = Inputs, Outputs = Outputs, Storage = Storage,
    };

    private static void MultiplyPart(FrozenCall* call, int part) => KernelSet.Best.FrozenMultiply(call, part);

    private static void MultiplyTransposedPart(FrozenCall* call, int part) => KernelSet.Best.FrozenMultiplyTransposed(call, part);

    // Bytes that a product must move at least: the weight, its rows and its results.
    private double Traffic(nint rows) => (Panels * PanelBytes) + (sizeof(float) * rows * (Inputs + Outputs));

    // Shares small enough to even out, large enough that handing them out costs nothing.
    private static nint SharePanels(nint rows, nint terms, nint panels, WorkerPool pool)
    {
        if (pool.Threads == 1) return panels;
        var smallest = Math.Max(1, 100_000 / Math.Max(1, rows * terms * PanelWidth));
        return Math.Max(smallest, panels / (4 * pool.Threads));
    }

    private void CheckPrecision(Precision precision)
    {
        if (precision == Precision.Bf16 && Storage != WeightStorage.BF16)
            throw new InvalidOperationException($"{Name}: bf16 products need bf16 storage");
        if (precision.Terms() > 0 && _format is not Int8Panels)
            throw new InvalidOperationException($"{Name}: int8 products need int8 storage");
    }
}
