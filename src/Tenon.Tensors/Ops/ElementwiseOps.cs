using Tenon.Tensors.Kernels;

namespace Tenon.Tensors.Ops;

/// <summary>Sums, products and scalings of whole tensors and of rows by a vector. Each backward stands under its forward.</summary>
public static unsafe class ElementwiseOps
{
    private struct Job
    {
        public float* A, B, Y;
        public nint Rows, N;
        public float Scale;
        public int Parts;
    }

    private static void Each(Tape tape, float* a, float* b, float* y, nint rows, nint n, float scale, delegate*<Job*, int, void> body)
    {
        var job = new Job { A = a, B = b, Y = y, Rows = rows, N = n, Scale = scale, Parts = RowJobs.Parts(tape.Pool, rows, n) };
        tape.Pool.Run(job.Parts, &job, body, "elementwise");
    }

    private static void SameShape(Tensor a, Tensor b, string op) =>
        Shapes.Require(a.Rows == b.Rows && a.Columns == b.Columns, op, $"[{a.Rows}, {a.Columns}]", $"[{b.Rows}, {b.Columns}]");

    /// <summary>y = a + b, same shape.</summary>
    public static Tensor Add(this Tape tape, Tensor a, Tensor b)
    {
        SameShape(a, b, "add");
        var y = tape.New(a.Rows, a.Columns);
        Each(tape, a.Data, b.Data, y.Data, a.Rows, a.Columns, 1, &AddRows);
        if (tape.Needs(a, b))
            tape.Record(y, () =>
            {
                AddGrad(tape, a, y.Grad!, 1);
                AddGrad(tape, b, y.Grad!, 1);
            });
        return y;
    }

    /// <summary>
    /// a + y in the memory of y, the fresh result of another op that nothing else reads (the residual stream takes a part's result in); a
    /// new tensor where y's values must stay.
    /// </summary>
    public static Tensor AddInto(this Tape tape, Tensor a, Tensor y)
    {
        SameShape(a, y, "add");
        if (y.Kept || y.Parent is not null || y.IsViewed || y.LiveIndex < 0 || (tape.Needs(a) && !y.RequiresGrad)) return tape.Add(a, y);
        Each(tape, null, a.Data, y.Data, a.Rows, a.Columns, 1, &SumRows);
        if (tape.Needs(a)) RecordSum(tape, a, y);
        return y;
    }

    private static void RecordSum(Tape tape, Tensor a, Tensor y) =>
        tape.RecordInPlace(y, () =>
        {
            if (y.Grad is { } dy) AddGrad(tape, a, dy, 1);
        });

    private static void SumRows(Job* job, int part)
    {
        var (first, end) = RowJobs.Range(job->Rows, job->Parts, part);
        RowKernels.Add(job->Y + first * job->N, job->B + first * job->N, (end - first) * job->N);
    }

    private static void AddRows(Job* job, int part)
    {
        var (first, end) = RowJobs.Range(job->Rows, job->Parts, part);
        var n = (end - first) * job->N;
        var at = first * job->N;
        Buffer.MemoryCopy(job->A + at, job->Y + at, n * sizeof(float), n * sizeof(float));
        RowKernels.Add(job->Y + at, job->B + at, n);
    }

    /// <summary>Adds scale * dy to a tensor's gradient where it wants one.</summary>
    internal static void AddGrad(Tape tape, Tensor target, Tensor dy, float scale)
    {
        if (!target.RequiresGrad) return;
        var grad = tape.GradOf(target, out var fresh);
        Each(tape, dy.Data, null, grad.Data, dy.Rows, dy.Columns, scale, fresh ? &ScaleRows : &AxpyRows);
    }

    /// <summary>y = s * x.</summary>
    public static Tensor Scale(this Tape tape, Tensor x, float scale)
    {
        var y = tape.New(x.Rows, x.Columns);
        Each(tape, x.Data, null, y.Data, x.Rows, x.Columns, scale, &ScaleRows);
        if (tape.Needs(x)) RecordScale(tape, x, scale, y);
        return y;
    }

    private static void RecordScale(Tape tape, Tensor x, float scale, Tensor y) =>
        tape.Record(y, () => AddGrad(tape, x, y.Grad!, scale));

    /// <summary>y = x in memory of its own.</summary>
    internal static Tensor Copy(this Tape tape, Tensor x)
    {
        var y = tape.New(x.Rows, x.Columns);
        Each(tape, x.Data, null, y.Data, x.Rows, x.Columns, 1, &ScaleRows);
        if (tape.Needs(x))
            tape.Record(y, () =>
            {
                if (CanHandOver(y, x)) (x.Grad, y.Grad) = (y.Grad, null);
                else AddGrad(tape, x, y.Grad!, 1);
            });
        return y;
    }

    /// <summary>
    /// True where the memory of y's gradient, which nobody else reads once y's backward runs, may become x's: nothing stands in x's yet,
    /// and y's does not lie in y itself.
    /// </summary>
    private static bool CanHandOver(Tensor y, Tensor x) =>
        x is { RequiresGrad: true, Grad: null, Parent: null } and not Parameter && !ReferenceEquals(y.Grad!.Buffer, y.Buffer);

    private static void ScaleRows(Job* job, int part)
    {
        var (first, end) = RowJobs.Range(job->Rows, job->Parts, part);
        var n = (end - first) * job->N;
        var at = first * job->N;
        Buffer.MemoryCopy(job->A + at, job->Y + at, n * sizeof(float), n * sizeof(float));
        if (job->Scale != 1) RowKernels.Scale(job->Y + at, job->Scale, n);
    }

    private static void AxpyRows(Job* job, int part)
    {
        var (first, end) = RowJobs.Range(job->Rows, job->Parts, part);
        var at = first * job->N;
        RowKernels.Axpy(job->Y + at, job->A + at, job->Scale, (end - first) * job->N);
    }

    /// <summary>y = a * b elementwise, same shape.</summary>
    public static Tensor Multiply(this Tape tape, Tensor a, Tensor b)
    {
        SameShape(a, b, "multiply");
        var y = tape.New(a.Rows, a.Columns);
        Each(tape, a.Data, b.Data, y.Data, a.Rows, a.Columns, 1, &MultiplyRows);
        if (tape.Needs(a, b))
            tape.Record(y, () =>
            {
                AddProductGrad(tape, a, y.Grad!, b);
                AddProductGrad(tape, b, y.Grad!, a);
            });
        return y;
    }

    private static void AddProductGrad(Tape tape, Tensor target, Tensor dy, Tensor other)
    {
        if (!target.RequiresGrad) return;
        var grad = tape.GradOf(target, out var fresh);
        Each(tape, dy.Data, other.Data, grad.Data, dy.Rows, dy.Columns, 1, fresh ? &MultiplyRows : &MultiplyAddRows);
    }

    private static void MultiplyRows(Job* job, int part)
    {
        var (first, end) = RowJobs.Range(job->Rows, job->Parts, part);
        var at = first * job->N;
        RowKernels.Mul(job->Y + at, job->A + at, job->B + at, (end - first) * job->N);
    }

    private static void MultiplyAddRows(Job* job, int part)
    {
        var (first, end) = RowJobs.Range(job->Rows, job->Parts, part);
        var at = first * job->N;
        RowKernels.MulAdd(job->Y + at, job->A + at, job->B + at, (end - first) * job->N);
    }

    /// <summary>y = x * v, each row of x [rows, n] by the vector v [1, n]. The vector's gradient sums over rows in their order.</summary>
    public static Tensor MultiplyRow(this Tape tape, Tensor x, Tensor vector)
    {
        Shapes.Require(vector.Length == x.Columns, "row product", $"a vector of {x.Columns}", $"{vector.Length}");
        var y = tape.New(x.Rows, x.Columns);
        Each(tape, x.Data, vector.Data, y.Data, x.Rows, x.Columns, 1, &RowProduct);
        if (tape.Needs(x, vector))
            tape.Record(y, () =>
            {
                var dv = vector.RequiresGrad ? tape.GradZeroed(vector) : null;
                var dy = y.Grad!;
                var taken = CanHandOver(y, x);
                var fresh = taken;
                var dx = taken ? dy : x.RequiresGrad ? tape.GradOf(x, out fresh) : null;
                var job = new RowGradJob
                {
                    Dy = dy.Data, X = x.Data, V = vector.Data, Dv = dv is null ? null : dv.Data, Dx = dx is null ? null
                    : dx.Data, Rows = x.Rows, N = x.Columns, Fresh = fresh,
                    Parts = (int)Math.Min(RowJobs.Parts(tape.Pool, x.Rows, x.Columns),
                    (x.Columns + RowGradJob.Block - 1) / RowGradJob.Block),
                };
                tape.Pool.Run(job.Parts, &job, &RowGrad, "elementwise, gradient");
                if (taken) (x.Grad, y.Grad) = (dy, null);
            });
        return y;
    }

    private struct RowGradJob
    {
        /// <summary>Columns that are walked down at once: their piece of the vector's gradient stays in the first cache.</summary>
        public const int Block = 512;

        public float* Dy, X, V, Dv, Dx;
        public nint Rows, N;
        public bool Fresh;
        public int Parts;
    }

    /// <summary>
    /// Blocks of columns, each down all rows in their order: the vector's gradient and x's from one reading of dy, which may be x's
    /// gradient itself.
    /// </summary>
    private static void RowGrad(RowGradJob* job, int part)
    {
        var (first, end) = RowJobs.Range((job->N + RowGradJob.Block - 1) / RowGradJob.Block, job->Parts, part);
        for (var block = first; block < end; block++)
        {
            var column = block * RowGradJob.Block;
            var width = Math.Min(RowGradJob.Block, job->N - column);
            for (nint r = 0; r < job->Rows; r++)
            {
                var at = r * job->N + column;
                if (job->Dv != null) RowKernels.MulAdd(job->Dv + column, job->Dy + at, job->X + at, width);
                if (job->Dx == null) continue;
                if (job->Fresh) RowKernels.Mul(job->Dx + at, job->Dy + at, job->V + column, width);
                else RowKernels.MulAdd(job->Dx + at, job->Dy + at, job->V + column, width);
            }
        }
    }

    private static void RowProduct(Job* job, int part)
    {
        var (first, end) = RowJobs.Range(job->Rows, job->Parts, part);
        for (var r = first; r < end; r++) RowKernels.Mul(job->Y + r * job->N, job->A + r * job->N, job->B, job->N);
    }

    /// <summary>
    /// x += b in place: the vector b [1, n] is added to each row of an op's fresh result x (a bias). Its gradient sums over rows in their
    /// order.
    /// </summary>
    public static Tensor AddRowInPlace(this Tape tape, Tensor x, Tensor vector)
    {
        Shapes.Require(vector.Length == x.Columns, "bias", $"a vector of {x.Columns}", $"{vector.Length}");
        x = tape.Writable(x);
        Each(tape, null, vector.Data, x.Data, x.Rows, x.Columns, 1, &RowSum);
        if (tape.Recording && vector.RequiresGrad) RecordBias(tape, x, vector);
        return x;
    }

    private static void RecordBias(Tape tape, Tensor x, Tensor vector) =>
        tape.RecordInPlace(x, () =>
        {
            if (x.Grad is not { } dx) return;
            var dv = tape.GradZeroed(vector);
            for (nint r = 0; r < x.Rows; r++) RowKernels.Add(dv.Data, dx.Row(r), x.Columns);
        });

    private static void RowSum(Job* job, int part)
    {
        var (first, end) = RowJobs.Range(job->Rows, job->Parts, part);
        for (var r = first; r < end; r++) RowKernels.Add(job->Y + r * job->N, job->B, job->N);
    }
}
