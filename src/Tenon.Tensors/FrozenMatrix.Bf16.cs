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

    /// <summary>y = x Wᵀ; finished sums times <paramref name="after"/> [outputs] where it is not null.</summary>
    private void MultiplyBf16(float* x, nint rows, nint xRow, float* y, nint yRow, WorkerPool pool, float* after, Tensor? source)
    {
        var call = new Bf16Call { Matrix = View, Output = y, RowCount = rows, OutputRow = yRow, Scale = after, Terms = Inputs };
        RoundRows(&call, x, xRow, pool, null, source);
        call.Share = ShareOf(rows, Inputs, Panels, pool, 1, out var parts);
        WorkProfile.Next(Inputs, Outputs, rows, Traffic(rows));
        pool.Run(parts, &call, &MultiplyBf16Part, "frozen product");
        GC.KeepAlive(this);
    }

    /// <summary>dx = dy W, or added to dx; dy times <paramref name="before"/> [outputs] first where it is not null.</summary>
    private void MultiplyTransposedBf16(
        float* dy, nint rows, nint dyRow, float* dx, nint dxRow, bool accumulate, WorkerPool pool, float* before)
    {
        var call = new Bf16Call
        {
            Matrix = View, Output = dx, RowCount = rows, OutputRow = dxRow, Terms = Outputs, Accumulate = accumulate,
        };
        RoundRows(&call, dy, dyRow, pool, before, null);
        call.Share = ShareOfGradient(rows, pool, out var parts);
        WorkProfile.Next(Outputs, Inputs, rows, Traffic(rows));
        pool.Run(parts, &call, &MultiplyTransposedBf16Part, "frozen product, gradient");
        GC.KeepAlive(this);
    }

    // Products of one tensor that follow each other share its rounded rows, as those of integers do; one rounded term stands for bfloat16.
    private static void RoundRows(Bf16Call* call, float* x, nint xRow, WorkerPool pool, float* factors, Tensor? source)
    {
        const int Bf16 = -1;
        const nint WorthWhile = 20_000;
        call->RowBytes = Bf16Dot.RowBytes(call->Terms);
        call->Rows = (byte*)Scratch.Floats(ScratchUse.RoundedRows, call->RowCount * call->RowBytes / sizeof(float));
        if (source is { Kept: true } && _t_rounded == (source, source.Life, Bf16)) return;
        _t_rounded = (source, source?.Life ?? 0, Bf16);
        var parts = call->RowCount * call->Terms < WorthWhile ? 1 : (int)Math.Min(call->RowCount, 4 * pool.Threads);
        var job = new RoundBf16Job
        {
            X = x, Target = call->Rows, Factors = factors, Rows = call->RowCount, Row = xRow, Columns = call->Terms,
            RowBytes = call->RowBytes, Parts = parts,
        };
        pool.Run(parts, &job, &RoundBf16Part, "rounding to bfloat16");
    }

    private static void RoundBf16Part(RoundBf16Job* job, int part)
    {
        var (first, end) = Ops.RowJobs.Range(job->Rows, job->Parts, part);
        for (var r = first; r < end; r++)
            Bf16Dot.Round(job->X + (r * job->Row), job->Columns, job->Factors, job->Target + (r * job->RowBytes));
    }

    private static void MultiplyBf16Part(Bf16Call* call, int part)
    {
        var w = call->Matrix;
        var (rows, panel, end) = call->Share.Of(part, call->RowCount, (w.Outputs + PanelWidth - 1) / PanelWidth);
        var tile = Scratch.Floats(ScratchUse.Tile, rows.Count * PanelWidth);
        for (; panel < end; panel++)
        {
            var count = Math.Min(PanelWidth, w.Outputs - (panel * PanelWidth));
            Bf16Columns(call, rows, (w.Inputs + 1) / 2, 0, w.Data + (panel * w.PanelBytes), panel * PanelWidth, count, tile, false);
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
        Bf16Call* call, (nint First, nint Count) rows, nint pairs, nint from, byte* w, nint first, nint count, float* tile, bool accumulate)
    {
        var x = call->Rows + (rows.First * call->RowBytes) + (from * sizeof(ushort));
        var y = call->Output + (rows.First * call->OutputRow) + first;
        if (count == PanelWidth)
        {
            Bf16Dot.Multiply(rows.Count, pairs, x, call->RowBytes, w, y, call->OutputRow, accumulate);
            return;
        }

        for (nint r = 0; r < rows.Count && accumulate; r++)
            new Span<float>(y + (r * call->OutputRow), (int)count).CopyTo(new Span<float>(tile + (r * PanelWidth), (int)count));
        Bf16Dot.Multiply(rows.Count, pairs, x, call->RowBytes, w, tile, PanelWidth, accumulate);
        for (nint r = 0; r < rows.Count; r++)
            new Span<float>(tile + (r * PanelWidth), (int)count).CopyTo(new Span<float>(y + (r * call->OutputRow), (int)count));
    }

    private struct Bf16Call
    {
        public FrozenView Matrix;
        public byte* Rows;
        public float* Output, Scale;
        public nint RowCount, RowBytes, OutputRow, Terms;
        public PartShare Share;
        public bool Accumulate;
    }

    private struct RoundBf16Job
    {
        public float* X, Factors;
        public byte* Target;
        public nint Rows, Row, Columns, RowBytes;
        public int Parts;
    }
}
