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

    // Stands for bfloat16 where the others are numbers of integers.
    private const int Bf16Terms = -1;

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
        var rounded = Rounded(x, rows, xRow, Inputs, rowBytes, terms, before, source, pool);
        // Rows so long that the cache holds few of them all go in one part with few panels: the weights are then read once.
        var atOnce = Int8Kernels.Best.RowsAtOnce(rowBytes);
        var stretch = atOnce >= 96 ? Math.Min(rows, atOnce) : rows;
        var stretches = (rows + stretch - 1) / stretch;
        var share = PartShare.Of(stretch, SharePanels(stretch, Inputs, Panels, stretches, pool), Panels);
        var parts = (int)stretches * share.PartsOfRows;
        var call = new Int8Call
        {
            Panels = _memory.Pointer, Rows = rounded, Output = y, PanelBytes = PanelBytes, BlockBytes = format.BlockBytes,
            Blocks = Int8Panels.Blocks(Inputs), RowCount = rows, RowBytes = rowBytes, OutputRow = yRow, Outputs = Outputs,
            Share = share, Terms = terms, Offsets = format.Offsets, Accumulate = accumulate, Scale = after,
            Ahead = Follow(share, parts, pool),
        };
        WorkProfile.Next(Inputs, Outputs, rows, Traffic(rows));
        pool.Run(parts, &call, &Int8Kernels.Multiply, what);
        GC.KeepAlive(this);
    }

    // The rows in this thread's memory, in as many terms: integers, or bfloat16.
    private static byte* Rounded(float* x, nint rows, nint xRow, nint columns, nint rowBytes, int terms, float* factors, Tensor? source,
        WorkerPool pool)
    {
        const nint WorthWhile = 20_000;
        var target = (byte*)Scratch.Floats(ScratchUse.RoundedRows, rows * rowBytes / sizeof(float));
        if (source is { Kept: true } && _t_rounded == (source, source.Life, terms)) return target;
        var parts = rows * columns < WorthWhile ? 1 : (int)Math.Min(rows, 4 * pool.Threads);
        var job = new RoundJob
        {
            X = x, Target = target, Factors = factors, Rows = rows, Row = xRow, Columns = columns, RowBytes = rowBytes, Terms = terms,
            Parts = parts,
        };
        pool.Run(parts, &job, &RoundPart, terms == Bf16Terms ? "rounding to bfloat16" : "rounding to integers");
        _t_rounded = (source, source?.Life ?? 0, terms);
        return target;
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

            var target = job->Target + (r * job->RowBytes);
            if (job->Terms == Bf16Terms) Bf16Dot.Round(x, job->Columns, target);
            else RowKernels.RoundToInt8(x, job->Columns, job->Terms, target);
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
