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

    private static void Rows(Job* job, int part)
    {
        var (first, end) = RowJobs.Range(job->Rows, job->Parts, part);
        var (i, last) = (first * job->N, end * job->N);
        for (; i <= last - Vector<float>.Count; i += Vector<float>.Count)
            Vector.Store(Vector.Load(job->Y + i) + (Vector.Load(job->U + i) - Vector.Load(job->V + i)), job->Y + i);
        for (; i < last; i++) job->Y[i] += job->U[i] - job->V[i];
    }
}
