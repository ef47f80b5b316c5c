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
    /// y = x Wᵀ of rounded rows, or added to y; the finished sums times the factors <paramref name="after"/> [outputs] where they are not
    /// null.
    /// </summary>
    private ProductCall Int8CallOf(
        byte* rounded, nint rows, float* y, nint yRow, bool accumulate, WorkerPool pool, int terms, float* after)
    {
        var format = (Int8Panels)_format;
        var rowBytes = Int8Rows.RowBytes(Inputs, terms);
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
        return new() { Kind = ProductKind.Int8, Int8 = call, Share = call.Share, Parts = parts };
    }

    // Terms of rounded rows: integers, bfloat16, or none where the rows are read as they are.
    private static int RoundedTerms(Precision precision) =>
        precision.Terms() is > 0 and var terms ? terms : precision == Precision.Bf16 && Bf16Dot.IsSupported ? Bf16Terms : 0;

    /// <summary>
    /// Rows as products in a precision read them, rounded into this thread's memory; null where they are read as they are.
    /// </summary>
    private static byte* Rounded(float* x, nint rows, nint xRow, nint columns, int terms, float* factors, Tensor? source, WorkerPool pool)
    {
        const nint WorthWhile = 20_000;
        var job = RoundingOf(x, rows, xRow, columns, terms, factors, source);
        if (job.Rows == 0) return job.Target;
        job.Parts = rows * columns < WorthWhile ? 1 : (int)Math.Min(rows, 4 * pool.Threads);
        pool.Run(job.Parts, &job, &RoundPart, terms == Bf16Terms ? "rounding to bfloat16" : "rounding to integers");
        return job.Target;
    }

    /// <summary>
    /// What rounds the rows of this input for products in a precision: no rows where they are read as they are, or are those that this
    /// thread has rounded last. What comes before the next rounding may read them once it has run.
    /// </summary>
    internal RoundJob RoundingOf(Tensor x, Precision precision) =>
        RoundingOf(x.Data, x.Rows, x.Columns, Inputs, RoundedTerms(precision), null, x);

    private static RoundJob RoundingOf(float* x, nint rows, nint xRow, nint columns, int terms, float* factors, Tensor? source)
    {
        if (terms == 0) return default;
        var rowBytes = terms == Bf16Terms ? Bf16Dot.RowBytes(columns) : Int8Rows.RowBytes(columns, terms);
        var target = (byte*)Scratch.Floats(ScratchUse.RoundedRows, rows * rowBytes / sizeof(float));
        if (source is { Kept: true } && _t_rounded == (source, source.Life, terms)) rows = 0;
        _t_rounded = (source, source?.Life ?? 0, terms);
        return new()
        {
            X = x, Target = target, Factors = factors, Rows = rows, Row = xRow, Columns = columns, RowBytes = rowBytes, Terms = terms,
        };
    }

    private static void RoundPart(RoundJob* job, int part)
    {
        var (first, end) = Ops.RowJobs.Range(job->Rows, job->Parts, part);
        for (var r = first; r < end; r++) RoundRow(job, r);
    }

    /// <summary>One row of the rounding.</summary>
    internal static void RoundRow(RoundJob* job, nint row)
    {
        var x = job->X + (row * job->Row);
        if (job->Factors != null)
        {
            var scaled = Scratch.Floats(ScratchUse.Panel, job->Columns);
            RowKernels.Mul(scaled, x, job->Factors, job->Columns);
            x = scaled;
        }

        var target = job->Target + (row * job->RowBytes);
        if (job->Terms == Bf16Terms) Bf16Dot.Round(x, job->Columns, target);
        else RowKernels.RoundToInt8(x, job->Columns, job->Terms, target);
    }

    /// <summary>The rounding of an input's rows.</summary>
    internal struct RoundJob
    {
        public float* X, Factors;
        public byte* Target;
        public nint Rows, Row, Columns, RowBytes;
        public int Terms, Parts;
    }
}
