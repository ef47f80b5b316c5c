using Tenon.Tensors.Kernels;
using Tenon.Tensors.Memory;
using Tenon.Tensors.Panels;
using Tenon.Tensors.Threads;

namespace Tenon.Tensors;

/// <content>
/// Products in bfloat16 where the processor has them (<see cref="Bf16Dot"/>): rows are rounded, multiplied by the panels as they lie, and
/// for the input's gradient by blocks of the weight whose outputs are turned to pairs.
/// </content>
public sealed unsafe partial class FrozenMatrix
{
    // Outputs of a turned block.
    private const nint TurnedTerms = 512;

    /// <summary>y = x Wᵀ of rounded rows; finished sums times <paramref name="after"/> [outputs] where it is not null.</summary>
    private ProductCall Bf16CallOf(byte* rounded, nint rows, float* y, nint yRow, WorkerPool pool, float* after)
    {
        var call = new Bf16Call
        {
            Matrix = View, Rows = rounded, RowBytes = Bf16Dot.RowBytes(Inputs), RowCount = rows, Output = y, OutputRow = yRow,
            Scale = after, Share = ShareOf(rows, Inputs, Panels, pool, 1, out var parts),
        };
        call.Ahead = Follow(call.Share, parts, pool);
        return new() { Kind = ProductKind.Bf16, Bf16 = call, Share = call.Share, Parts = parts };
    }

    /// <summary>dx = dy W, or added to dx; dy times <paramref name="before"/> [outputs] first where it is not null.</summary>
    private void MultiplyTransposedBf16(
        float* dy, nint rows, nint dyRow, float* dx, nint dxRow, bool accumulate, WorkerPool pool, float* before)
    {
        var rowBytes = Bf16Dot.RowBytes(Outputs);
        var call = new Bf16Call
        {
            Matrix = View, Rows = Rounded(dy, rows, dyRow, Outputs, Bf16Terms, before, null, pool), RowBytes = rowBytes,
            RowCount = rows, Output = dx, OutputRow = dxRow, Accumulate = accumulate,
            Share = ShareOfGradient(rows, pool, out var parts),
        };
        WorkProfile.Next(Outputs, Inputs, rows, Traffic(rows));
        pool.Run(parts, &call, &MultiplyTransposedBf16Part, "frozen product, gradient");
        GC.KeepAlive(this);
    }

    internal static void MultiplyBf16Part(Bf16Call* call, int part)
    {
        var w = call->Matrix;
        var (rows, panel, end) = call->Share.Of(part, call->RowCount, (w.Outputs + PanelWidth - 1) / PanelWidth);
        var tile = Scratch.Floats(ScratchUse.Tile, rows.Count * PanelWidth);
        var behind = call->Ahead.Behind(call->Share, part, end);
        for (; panel < end; panel++)
        {
            var count = Math.Min(PanelWidth, w.Outputs - (panel * PanelWidth));
            var data = w.Data + (panel * w.PanelBytes);
            var ahead = rows.Count > Bf16Dot.MostRows ? (nint)((panel + 1 < end ? data + w.PanelBytes : behind) - data) : 0;
            Bf16Columns(call, rows, (w.Inputs + 1) / 2, 0, data, panel * PanelWidth, count, tile, false, ahead);
            for (nint r = 0; r < rows.Count && call->Scale != null; r++)
            {
                var line = call->Output + ((rows.First + r) * call->OutputRow) + (panel * PanelWidth);
                RowKernels.Mul(line, line, call->Scale + (panel * PanelWidth), count);
            }
        }
    }

    private static void MultiplyTransposedBf16Part(Bf16Call* call, int part)
    {
        var w = call->Matrix;
        var (rows, first, end) = call->Share.Of(part, call->RowCount, (w.Inputs + PanelWidth - 1) / PanelWidth);
        var tile = Scratch.Floats(ScratchUse.Tile, rows.Count * PanelWidth);
        var block = (byte*)Scratch.Floats(ScratchUse.Panel, TurnedTerms / 2 * PanelWidth);
        // A block of the rows stays in the cache while all columns pass.
        for (nint from = 0; from < w.Outputs; from += TurnedTerms)
        {
            var terms = Math.Min(TurnedTerms, w.Outputs - from);
            for (var column = first; column < end; column++)
            {
                for (nint t = 0; t < terms; t += PanelWidth)
                    PanelTranspose.Bf16Pairs((uint*)(w.Data + ((from + t) / PanelWidth * w.PanelBytes)), column * PanelWidth, w.Inputs,
                        (uint*)block + (t / 2 * PanelWidth));
                Bf16Columns(call, rows, (terms + 1) / 2, from, block, column * PanelWidth,
                    Math.Min(PanelWidth, w.Inputs - (column * PanelWidth)), tile, call->Accumulate || from > 0);
            }
        }
    }

    // The rows of a part by 32 outputs, through a tile of their own where there are fewer of them.
    private static void Bf16Columns(
        Bf16Call* call, (nint First, nint Count) rows, nint pairs, nint from, byte* w, nint first, nint count, float* tile, bool accumulate,
        nint ahead = 0)
    {
        var x = call->Rows + (rows.First * call->RowBytes) + (from * sizeof(ushort));
        var y = call->Output + (rows.First * call->OutputRow) + first;
        if (count == PanelWidth)
        {
            Bf16Dot.Multiply(rows.Count, pairs, x, call->RowBytes, w, y, call->OutputRow, accumulate, ahead);
            return;
        }

        for (nint r = 0; r < rows.Count && accumulate; r++)
            new Span<float>(y + (r * call->OutputRow), (int)count).CopyTo(new Span<float>(tile + (r * PanelWidth), (int)count));
        Bf16Dot.Multiply(rows.Count, pairs, x, call->RowBytes, w, tile, PanelWidth, accumulate);
        for (nint r = 0; r < rows.Count; r++)
            new Span<float>(tile + (r * PanelWidth), (int)count).CopyTo(new Span<float>(y + (r * call->OutputRow), (int)count));
    }

    /// <summary>One product in bfloat16, as its threads see it.</summary>
    internal struct Bf16Call
    {
        public FrozenView Matrix;
        public byte* Rows;
        public float* Output, Scale;
        public nint RowCount, RowBytes, OutputRow;
        public PartShare Share;
        public bool Accumulate;
        public PanelsAhead Ahead;
    }
}
