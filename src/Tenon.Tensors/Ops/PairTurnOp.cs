using Tenon.Tensors.Kernels;

namespace Tenon.Tensors.Ops;

/// <summary>
/// The outputs of a layer turned in pairs (RoAd): y_i = f_i x_i + s_i x_(i + h) in the first half of each group of g columns, y_i = f_i x_i
/// + s_i x_(i - h) in the second, h = g / 2. One pass forward; nothing but x is kept.
/// </summary>
public static unsafe class PairTurnOp
{
    private struct Job
    {
        /// <summary>x, or y's gradient, [rows, columns].</summary>
        public float* X;

        /// <summary>y or x's gradient, or y's gradient where the factors' are summed.</summary>
        public float* Y;

        public float* First, Second;
        public nint Rows, Columns, Half;
        public int Parts;
        public bool Accumulate;
    }

    /// <summary>y of x [tokens, n] by the factors f and s [1, n] and an even group that divides n.</summary>
    public static Tensor PairTurn(this Tape tape, Tensor x, Parameter first, Parameter second, int group)
    {
        Shapes.Require(group % 2 == 0 && x.Columns % group == 0 && first.Length == x.Columns
            && second.Length == x.Columns, "turn of pairs", $"an even group that divides {x.Columns}, and as many factors",
            $"{group}, {first.Length}, {second.Length}");
        var y = tape.New(x.Rows, x.Columns);
        Run(tape, x, y, first, second, group, accumulate: false, &Forward, RowJobs.Parts(tape.Pool, x.Rows, x.Columns));
        if (tape.Recording && (x.RequiresGrad || first.RequiresGrad || second.RequiresGrad))
            tape.Record(y, () =>
            {
                var dy = y.Grad!;
                if (first.RequiresGrad || second.RequiresGrad)
                    Run(tape, x, dy, tape.GradZeroed(first), tape.GradZeroed(second), group, accumulate: true, &Sums,
                        RowJobs.Parts(tape.Pool, x.Columns / group, group * x.Rows));
                if (!x.RequiresGrad) return;
                var dx = tape.GradOf(x, out var fresh);
                Run(tape, dy, dx, first, second, group, accumulate: !fresh, &Back, RowJobs.Parts(tape.Pool, x.Rows, x.Columns));
            });
        return y;
    }

    private static void Run(Tape tape, Tensor x, Tensor y, Tensor first, Tensor second, int group, bool accumulate, delegate*<Job*, int,
        void> body, int parts)
    {
        var job =
            new Job
            {
                X = x.Data, Y = y.Data, First = first.Data, Second = second.Data, Rows = x.Rows, Columns = x.Columns,
                Half = group / 2, Accumulate = accumulate, Parts = parts
            };
        tape.Pool.Run(parts, &job, body, "pair turns");
    }

    private static void Forward(Job* job, int part)
    {
        var (first, end) = RowJobs.Range(job->Rows, job->Parts, part);
        var h = job->Half;
        for (var r = first; r < end; r++)
        {
            var x = job->X + r * job->Columns;
            var y = job->Y + r * job->Columns;
            RowKernels.Mul(y, x, job->First, job->Columns);
            for (nint c = 0; c < job->Columns; c += 2 * h)
            {
                RowKernels.MulAdd(y + c, x + c + h, job->Second + c, h);
                RowKernels.MulAdd(y + c + h, x + c, job->Second + c + h, h);
            }
        }
    }

    /// <summary>dx_i = f_i dy_i + s_j dy_j, j the partner of i; X holds dy, Y takes dx.</summary>
    private static void Back(Job* job, int part)
    {
        var (first, end) = RowJobs.Range(job->Rows, job->Parts, part);
        var h = job->Half;
        for (var r = first; r < end; r++)
        {
            var dy = job->X + r * job->Columns;
            var dx = job->Y + r * job->Columns;
            if (job->Accumulate) RowKernels.MulAdd(dx, dy, job->First, job->Columns);
            else RowKernels.Mul(dx, dy, job->First, job->Columns);
            for (nint c = 0; c < job->Columns; c += 2 * h)
            {
                RowKernels.MulAdd(dx + c, dy + c + h, job->Second + c + h, h);
                RowKernels.MulAdd(dx + c + h, dy + c, job->Second + c, h);
            }
        }
    }

    /// <summary>
    /// df_i += dy_i x_i and ds_i += dy_i x_j for the part's groups, rows ascending; Y holds dy, First and Second the sums.
    /// </summary>
    private static void Sums(Job* job, int part)
    {
        var h = job->Half;
        var (first, end) = RowJobs.Range(job->Columns / (2 * h), job->Parts, part);
        for (nint r = 0; r < job->Rows; r++)
        {
            var x = job->X + r * job->Columns;
            var dy = job->Y + r * job->Columns;
            for (var c = first * 2 * h; c < end * 2 * h; c += 2 * h)
            {
                RowKernels.MulAdd(job->First + c, dy + c, x + c, 2 * h);
                RowKernels.MulAdd(job->Second + c, dy + c, x + c + h, h);
                RowKernels.MulAdd(job->Second + c + h, dy + c + h, x + c, h);
            }
        }
    }
}
