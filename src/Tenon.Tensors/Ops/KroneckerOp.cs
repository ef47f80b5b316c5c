using Tenon.Tensors.Kernels;

namespace Tenon.Tensors.Ops;

/// <summary>
/// A product with a Kronecker product of two small matrices (LoKr), without the large one: for w1 [l, m] and w2 [k, n] a token's x as [m,
/// n] becomes y = w1 (x w2ᵀ) as [l, k]: in k + out m
/// multiplications where the large matrix takes in out.
/// </summary>
public static unsafe class KroneckerOp
{
    private struct Job
    {
        /// <summary>z = x w2ᵀ, a token [m, k], or turned [k, m]; y or dy, a token [l, k]; w1 [l, m] or its gradient.</summary>
        public float* Z, Y, First;

        public nint Tokens, L, M, K;
        public int Parts;
    }

    /// <summary>
    /// Adds scale (first x second) x to y [tokens, l k] in place, the fresh result of another op; x [tokens, m n], first [l, m], second [k,
    /// n].
    /// </summary>
    public static Tensor KroneckerInto(this Tape tape, Tensor x, Parameter first, Parameter second, float scale, Tensor y)
    {
        var (l, m, k, n) = (first.Rows, first.Columns, second.Rows, second.Columns);
        Shapes.Require(x.Columns == m * n && y.Columns == l * k
            && x.Rows == y.Rows, $"Kronecker product of '{first.Name}' and '{second.Name}'", $"[{x.Rows}, {m * n}] and [{x.Rows}, {l * k}]",
            $"[{x.Rows}, {x.Columns}] and [{y.Rows}, {y.Columns}]");
        var mark = tape.Mark();
        var z = Narrow(tape, x, second, m, scale);
        Run(tape, z, y, first, first.Data, &Widen, x.Rows);
        tape.Release(mark, null);
        if (tape.Recording && (x.RequiresGrad || first.RequiresGrad || second.RequiresGrad))
            tape.RecordInPlace(y, () =>
            {
                if (y.Grad is { } dy) Backward(tape, x, first, second, scale, dy);
            });
        return y;
    }

    private static void Backward(Tape tape, Tensor x, Parameter first, Parameter second, float scale, Tensor dy)
    {
        var (m, k, n) = (first.Columns, second.Rows, second.Columns);
        var dx = x.RequiresGrad ? tape.GradOf(x, out var fresh) : Nothing(out fresh);
        var mark = tape.Mark();
        var dz = tape.New(x.Rows, m * k);
        if (first.RequiresGrad)
        {
            var turned = tape.New(x.Rows, m * k);
            var z = Narrow(tape, x, second, m, scale);
            Run(tape, z, turned, first, null, &Turn, x.Rows);
            Run(tape, turned, dy, first, tape.GradZeroed(first).Data, &AddToFirst, first.Rows);
        }

        Run(tape, dz, dy, first, first.Data, &NarrowBack, x.Rows);
        if (scale != 1) RowKernels.Scale(dz.Data, scale, dz.Length);
        if (second.RequiresGrad)
        {
            var dw = tape.GradZeroed(second);
            Gemm.MultiplyParallel(tape.Pool, k, n, x.Rows * m, dz.Data, 1, k, x.Data, n, dw.Data, n, accumulate: true);
        }

        if (dx is not null)
            Gemm.MultiplyParallel(tape.Pool, x.Rows * m, n, k, dz.Data, k, 1, second.Data, n, dx.Data, n, accumulate: !fresh);
        tape.Release(mark, null);
    }

    private static Tensor? Nothing(out bool fresh)
    {
        fresh = false;
        return null;
    }

    /// <summary>scale x w2ᵀ, a token [m, k].</summary>
    private static Tensor Narrow(Tape tape, Tensor x, Parameter second, nint m, float scale)
    {
        var (k, n) = (second.Rows, second.Columns);
        var z = tape.New(x.Rows, m * k);
        Gemm.MultiplyParallel(tape.Pool, x.Rows * m, k, n, x.Data, n, 1, second.Transposed().Data, k, z.Data, k, accumulate: false);
        if (scale != 1) RowKernels.Scale(z.Data, scale, z.Length);
        return z;
    }

    private static void Run(Tape tape, Tensor z, Tensor y, Parameter first, float* values, delegate*<Job*, int, void> body, nint units)
    {
        var (l, m) = (first.Rows, first.Columns);
        var job =
            new Job
            {
                Z = z.Data, Y = y.Data, First = values, Tokens = z.Rows, L = l, M = m, K = z.Columns / m,
                Parts = RowJobs.Parts(tape.Pool, units, z.Rows * z.Columns / Math.Max(1, units) * 4)
            };
        tape.Pool.Run(job.Parts, &job, body, "Kronecker factors");
    }

    /// <summary>y_t += w1 z_t.</summary>
    private static void Widen(Job* job, int part)
    {
        var (first, end) = RowJobs.Range(job->Tokens, job->Parts, part);
        for (var t = first; t < end; t++)
            Gemm.Multiply(job->L, job->K, job->M, job->First, job->M, 1, job->Z + t * job->M * job->K, job->K, job->Y + t * job->L * job->K,
                job->K, accumulate: true);
    }

    /// <summary>dz_t = w1ᵀ dy_t.</summary>
    private static void NarrowBack(Job* job, int part)
    {
        var (first, end) = RowJobs.Range(job->Tokens, job->Parts, part);
        for (var t = first; t < end; t++)
            Gemm.Multiply(job->M, job->K, job->L, job->First, 1, job->M, job->Y + t * job->L * job->K, job->K, job->Z + t * job->M * job->K,
                job->K, accumulate: false);
    }

    /// <summary>Each token's z [m, k] as [k, m], into Y.</summary>
    private static void Turn(Job* job, int part)
    {
        var (first, end) = RowJobs.Range(job->Tokens, job->Parts, part);
        for (var t = first; t < end; t++) Transpose.Blocked(job->Z + t * job->M * job->K, job->M, job->K, job->Y + t * job->M * job->K);
    }

    /// <summary>Some rows of dw1 += dy_t z_tᵀ, token by token; Z holds the turned z.</summary>
    private static void AddToFirst(Job* job, int part)
    {
        var (first, end) = RowJobs.Range(job->L, job->Parts, part);
        for (nint t = 0; t < job->Tokens; t++)
            Gemm.Multiply(end - first, job->M, job->K, job->Y + (t * job->L + first) * job->K, job->K, 1, job->Z + t * job->M * job->K,
                job->M, job->First + first * job->M, job->M, accumulate: true);
    }
}
