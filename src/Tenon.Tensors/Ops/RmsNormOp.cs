using Tenon.Tensors.Kernels;

namespace Tenon.Tensors.Ops;

/// <summary>y = x / sqrt(mean(x^2) + eps) * w, row by row (Zhang and Sennrich 2019). x [tokens, n], w [1, n].</summary>
public static unsafe class RmsNormOp
{
    private struct Job
    {
        public float* X, W, Y, Dy, Dx, Inverse;
        public nint Rows, N;
        public float Eps;
        public int Parts;
        public bool Fresh;
    }

    /// <summary>
    /// Normalises each row of <paramref name="x"/> and scales it by <paramref name="weight"/>; each group of weight-length columns counts
    /// as a row (heads).
    /// </summary>
    public static Tensor RmsNorm(this Tape tape, Tensor x, Tensor weight, float eps)
    {
        Shapes.Require(x.Columns % weight.Length == 0, "rms-norm", $"rows of a multiple of {weight.Length}", $"{x.Columns}");
        var n = weight.Length;
        var rows = x.Rows * (x.Columns / n);
        var y = tape.New(x.Rows, x.Columns);
        var needed = tape.Needs(x, weight);
        var inverse = tape.New(1, rows);
        var job =
            new Job
            {
                X = x.Data, W = weight.Data, Y = y.Data, Inverse = inverse.Data, Rows = rows, N = n, Eps = eps,
                Parts = RowJobs.Parts(tape.Pool, rows, n)
            };
        tape.Pool.Run(job.Parts, &job, &Forward, "norm");
        if (tape.Recording) Record(tape, x, weight, eps, y, inverse, needed);
        return y;
    }

    // Apart, so that sampling makes no closures.
    private static void Record(Tape tape, Tensor x, Tensor weight, float eps, Tensor y, Tensor inverse, bool needed)
    {
        var (n, rows) = (weight.Length, inverse.Length);
        y.Remake = () =>
        {
            var again =
                new Job
                {
                    X = x.Data, W = weight.Data, Y = y.Data, Inverse = inverse.Data, Rows = rows, N = n, Eps = eps,
                    Parts = RowJobs.Parts(tape.Pool, rows, n)
                };
            tape.Pool.Run(again.Parts, &again, &Forward, "norm, again");
        };
        if (needed)
            tape.Record(y, () =>
            {
                var dy = y.Grad!;
                if (weight.RequiresGrad)
                {
                    // One weight gradient sums over all rows, in their order: columns could be split over threads, but norms are small.
                    var dw = tape.GradZeroed(weight);
                    for (nint r = 0; r < rows; r++)
                        RowKernels.RmsNormWeightGradient(x.Data + r * n, dy.Data + r * n, inverse.Data[r], dw.Data, n);
                }

                if (!x.RequiresGrad) return;
                var dx = tape.GradOf(x, out var fresh);
                var back =
                    new Job
                    {
                        X = x.Data, W = weight.Data, Dy = dy.Data, Dx = dx.Data, Inverse = inverse.Data, Rows = rows, N = n,
                        Fresh = fresh, Parts = RowJobs.Parts(tape.Pool, rows, n)
                    };
                tape.Pool.Run(back.Parts, &back, &Backward, "norm, gradient");
            });
    }

    private static void Forward(Job* job, int part)
    {
        var (first, end) = RowJobs.Range(job->Rows, job->Parts, part);
        for (var r = first; r < end; r++)
            job->Inverse[r] = RowKernels.RmsNorm(job->X + r * job->N, job->W, job->Y + r * job->N, job->N, job->Eps);
    }

    private static void Backward(Job* job, int part)
    {
        var (first, end) = RowJobs.Range(job->Rows, job->Parts, part);
        for (var r = first; r < end; r++)
        {
            var dx = job->Dx + r * job->N;
            if (job->Fresh) new Span<float>(dx, (int)job->N).Clear();
            RowKernels.RmsNormBackward(job->X + r * job->N, job->W, job->Dy + r * job->N, job->Inverse[r], dx, job->N);
        }
    }
}
