using System.Numerics;

namespace Tenon.Tensors.Ops;

/// <summary>The difference of two products added to a third: what an adapter adds whose start is subtracted. Where both are equal bit for bit, nothing changes.</summary>
public static unsafe class DifferenceOp
{
    private struct Job
    {
        public float* Y, U, V;
        public nint Rows, N;
        public int Parts;
    }

    /// <summary>y += u - v in place, y the fresh result of another op; all of one shape. Backward: du += dy, dv -= dy.</summary>
    public static Tensor AddDifferenceInPlace(this Tape tape, Tensor y, Tensor u, Tensor v)
    {
        foreach (var other in new[] { u, v })
            Shapes.Require(y.Rows == other.Rows && y.Columns == other.Columns, "added difference", $"[{y.Rows}, {y.Columns}]", $"[{other.Rows}, {other.Columns}]");
        var job = new Job { Y = y.Data, U = u.Data, V = v.Data, Rows = y.Rows, N = y.Columns, Parts = RowJobs.Parts(tape.Pool, y.Rows, y.Columns) };
        tape.Pool.Run(job.Parts, &job, &Rows);
        if (tape.Needs(u, v))
            tape.RecordInPlace(y, () =>
            {
                if (y.Grad is not { } dy) return;
                ElementwiseOps.AddGrad(tape, u, dy, 1);
                ElementwiseOps.AddGrad(tape, v, dy, -1);
            });
        return y;
    }

    /// <summary>
    /// y += a Bᵀ - a0 B0ᵀ in place, y the fresh result of another op; a, a0 [tokens, r], B, B0 [out, r], the latter not trained. Equal factors leave y as it is. Neither product is kept.
    /// </summary>
    public static Tensor AddProductDifference(this Tape tape, Tensor y, Tensor a, Parameter b, Tensor a0, Parameter b0)
    {
        Shapes.Require(!b0.RequiresGrad, "subtracted product", "a factor that is not trained", b0.Name);
        var recording = tape.Recording;
        tape.Recording = false;
        var mark = tape.Mark();
        tape.AddDifferenceInPlace(y, tape.MatMul(a, b), tape.MatMul(a0, b0));
        tape.Release(mark, null);
        tape.Recording = recording;
        if (tape.Needs(a, b) || tape.Needs(a0))
            tape.RecordInPlace(y, () =>
            {
                if (y.Grad is not { } dy) return;
                MatMulOp.Backward(tape, a, b, dy);
                if (!a0.RequiresGrad) return;
                // -dy B0, by a negated copy of what is narrow.
                var da = tape.GradZeroed(a0);
                var inner = tape.Mark();
                var product = tape.New(a0.Rows, a0.Columns);
                Kernels.Gemm.MultiplyParallel(tape.Pool, a0.Rows, a0.Columns, b0.Rows, dy.Data, dy.Columns, 1, b0.Data, b0.Columns, product.Data, product.Columns, accumulate: false);
                Kernels.RowKernels.Axpy(da.Data, product.Data, -1, product.Length);
                tape.Release(inner, null);
            });
        return y;
    }

    private static void Rows(Job* job, int part)
    {
        var (first, end) = RowJobs.Range(job->Rows, job->Parts, part);
        var (i, last) = (first * job->N, end * job->N);
        for (; i <= last - Vector<float>.Count; i += Vector<float>.Count)
            Vector.Store(Vector.Load(job->Y + i) + (Vector.Load(job->U + i) - Vector.Load(job->V + i)), job->Y + i);
        for (; i < last; i++) job->Y[i] += job->U[i] - job->V[i];
    }
}
