using Tenon.Tensors.Kernels;

namespace Tenon.Tensors.Ops;

/// <summary>
/// Cosines and sines of the rotary embedding (Su et al. 2021) for positions 0 to length - 1: angle = position * inverse frequency, both in
/// float64,
/// rounded once; multiplied by the attention factor that yarn asks for.
/// </summary>
public sealed unsafe class RotaryTable
{
    private RotaryTable(Tensor cos, Tensor sin)
    {
        Cos = cos;
        Sin = sin;
    }

    internal Tensor Cos { get; }

    internal Tensor Sin { get; }

    /// <summary>Number of positions.</summary>
    public nint Length => Cos.Rows;

    /// <summary>A table of <paramref name="length"/> positions from head-size / 2 inverse frequencies.</summary>
    public static RotaryTable Create(ReadOnlySpan<double> inverseFrequencies, double attentionFactor, int length)
    {
        var half = inverseFrequencies.Length;
        var cos = Tensor.Zeros(length, half);
        var sin = Tensor.Zeros(length, half);
        for (var p = 0; p < length; p++)
            for (var i = 0; i < half; i++)
            {
                var angle = p * inverseFrequencies[i];
                cos.Row(p)[i] = (float)(ExactMath.Cos(angle) * attentionFactor);
                sin.Row(p)[i] = (float)(ExactMath.Sin(angle) * attentionFactor);
            }

        return new RotaryTable(cos, sin);
    }
}

/// <summary>
/// Rotates the halves of every head by its position, in place on a fresh result: (a, b) to (a cos - b sin, b cos + a sin). x [tokens, heads
/// * size].
/// </summary>
public static unsafe class RotaryOp
{
    private struct Job
    {
        public float* X, Cos, Sin;
        public int* Positions;
        public nint Rows, Columns, Half;
        public int Parts;
    }

    /// <summary>
    /// Rotates <paramref name="x"/> by the positions of its tokens. The backward pass rotates the gradient back, also in place.
    /// </summary>
    public static Tensor RotateInPlace(this Tape tape, Tensor x, int[] positions, RotaryTable table)
    {
        var half = table.Cos.Columns;
        Shapes.Require(positions.Length == x.Rows
            && x.Columns % (2 * half) == 0, "rotary", $"{positions.Length} tokens of heads of {2 * half}", $"[{x.Rows}, {x.Columns}]");
        // The texts of the fault are made for a fault alone: this is once a token and layer.
        foreach (var position in positions)
            if (position < 0 || position >= table.Length)
                Shapes.Require(false, "rotary position", $"0 to {table.Length - 1} (the run's maximum length)", $"{position}");
        x = tape.Writable(x);
        Run(tape, x, positions, table, &Forward);
        if (tape.Needs(x)) Record(tape, x, positions, table);
        return x;
    }

    private static void Record(Tape tape, Tensor x, int[] positions, RotaryTable table) =>
        tape.RecordInPlace(x, () =>
        {
            if (x.Grad is { } dx) Run(tape, dx, positions, table, &Backward);
        });

    private static void Run(Tape tape, Tensor x, int[] positions, RotaryTable table, delegate*<Job*, int, void> body)
    {
        fixed (int* p = positions)
        {
            var job = new Job
            {
                X = x.Data, Cos = table.Cos.Data, Sin = table.Sin.Data, Positions = p, Rows = x.Rows, Columns = x.Columns,
                Half = table.Cos.Columns,
                Parts = RowJobs.Parts(tape.Pool, x.Rows, x.Columns),
            };
            tape.Pool.Run(job.Parts, &job, body, "rotary positions");
        }
    }

    private static void Forward(Job* job, int part)
    {
        var (first, end) = RowJobs.Range(job->Rows, job->Parts, part);
        for (var r = first; r < end; r++)
        {
            var at = job->Positions[r] * job->Half;
            for (nint c = 0; c < job->Columns; c += 2 * job->Half)
                RowKernels.Rotate(job->X + r * job->Columns + c, job->Cos + at, job->Sin + at, job->Half);
        }
    }

    private static void Backward(Job* job, int part)
    {
        var (first, end) = RowJobs.Range(job->Rows, job->Parts, part);
        for (var r = first; r < end; r++)
        {
            var at = job->Positions[r] * job->Half;
            for (nint c = 0; c < job->Columns; c += 2 * job->Half)
                RowKernels.RotateBack(job->X + r * job->Columns + c, job->Cos + at, job->Sin + at, job->Half);
        }
    }
}
