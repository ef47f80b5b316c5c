using Tenon.Tensors.Kernels;
using Tenon.Tensors.Memory;
using Tenon.Tensors.Panels;
using Tenon.Tensors.Threads;

namespace Tenon.Tensors;

/// <content>
/// Products with integers: rows are rounded (<see cref="Int8Rows"/>), multiplied by the panels' integers (<see cref="Int8Kernels"/>), and
/// the same in the
/// other direction with a second copy of the weight, rounded along its outputs, which exists from the first gradient on.
/// </content>
public sealed unsafe partial class FrozenMatrix
{
    // What this thread's rounded rows are of: products of the same input that follow each other share them.
    [ThreadStatic]
    private static (Tensor? Source, int Life, int Terms) _t_rounded;

    private readonly Lock _turning = new();
    private FrozenMatrix? _turned;

    /// <summary>Wᵀ as a matrix of integers of its own, made when it is first asked for.</summary>
    private FrozenMatrix Turned(WorkerPool pool)
    {
        lock (_turning) return _turned ??= Pack(Name, Inputs, Outputs, WeightStorage.Int8, ReadColumns, pool);
    }

    // Columns of the weight from one of a multiple of 32 on, each as a row.
    private void ReadColumns(long first, Span<float> rows)
    {
        var count = rows.Length / Outputs;
        var lines = Scratch.Floats(ScratchUse.Panel, PanelWidth * (PanelWidth + 1));
        for (nint panel = 0; panel < Panels; panel++)
        {
            var block = _format.Unpack(Panel(panel), (nint)first, count, lines);
            var lanes = (int)Math.Min(PanelWidth, Outputs - (panel * PanelWidth));
            for (nint j = 0; j < count; j++)
                new Span<float>(block + (j * PanelWidth), lanes).CopyTo(rows[(int)((j * Outputs) + (panel * PanelWidth))..]);
        }
    }

    /// <summary>
    /// y = x Wᵀ, or added to y; x times the factors <paramref name="before"/> [inputs] and the finished sums times <paramref name="after"/>
    /// [outputs] where they
    /// are not null.
    /// </summary>
    private void MultiplyInt8(
        float* x, nint rows, nint xRow, float* y, nint yRow, bool accumulate, WorkerPool pool, int terms,
        float* before, float* after, string what, Tensor? source = null)
    {
        var format = (Int8Panels)_format;
        var rowBytes = Int8Rows.RowBytes(Inputs, terms);
        var rounded = (byte*)Scratch.Floats(ScratchUse.RoundedRows, rows * rowBytes / sizeof(float));
        if (source is not { Kept: true } || _t_rounded != (source, source.Life, terms))
            Round(x, rows, xRow, pool, terms, before, rounded, rowBytes);
        _t_rounded = (source, source?.Life ?? 0, terms);
        // Rows so long that the cache holds few of them all go in one part with few panels: the weights are then read once.
        var atOnce = Int8Kernels.Best.RowsAtOnce(rowBytes);
        var stretch = atOnce >= 96 ? Math.Min(rows, atOnce) : rows;
        var stretches = (rows + stretch - 1) / stretch;
        var perPart = SharePanels(stretch, Inputs, Panels, stretches, pool);
        var partsOfRows = (int)((Panels + perPart - 1) / perPart);
        var call = new Int8Call
        {
            Panels = _memory.Pointer, Rows = rounded, Output = y, PanelBytes = PanelBytes, BlockBytes = format.BlockBytes,
            Blocks = Int8Panels.Blocks(Inputs), RowCount = rows, RowBytes = rowBytes, OutputRow = yRow, Outputs = Outputs,
            PerPart = perPart, RowsPerPart = stretch, PartsOfRows = partsOfRows,
            Terms = terms, Offsets = format.Offsets, Accumulate = accumulate, Scale = after,
        };
        WorkProfile.Next(Inputs, Outputs, rows, Traffic(rows));
        pool.Run((int)stretches * partsOfRows, &call, &Int8Kernels.Multiply, what);
        GC.KeepAlive(this);
    }

    private void Round(float* x, nint rows, nint xRow, WorkerPool pool, int terms, float* factors, byte* target, nint rowBytes)
    {
        const nint WorthWhile = 20_000;
        var parts = rows * Inputs < WorthWhile ? 1 : (int)Math.Min(rows, 4 * pool.Threads);
        var job = new RoundJob
        {
            X = x, Target = target, Factors = factors, Rows = rows, Row = xRow, Columns = Inputs, RowBytes = rowBytes, Terms = terms,
            Parts = parts,
        };
        pool.Run(parts, &job, &RoundPart, "rounding to integers");
    }

    private static void RoundPart(RoundJob* job, int part)
    {
        var (first, end) = Ops.RowJobs.Range(job->Rows, job->Parts, part);
        for (var r = first; r < end; r++)
        {
            var x = job->X + (r * job->Row);
            if (job->Factors != null)
            {
                var scaled = Scratch.Floats(ScratchUse.Panel, job->Columns);
                RowKernels.Mul(scaled, x, job->Factors, job->Columns);
                x = scaled;
            }

            RowKernels.RoundToInt8(x, job->Columns, job->Terms, job->Target + (r * job->RowBytes));
        }
    }

    private struct RoundJob
    {
        public float* X, Factors;
        public byte* Target;
        public nint Rows, Row, Columns, RowBytes;
        public int Terms, Parts;
    }
}
