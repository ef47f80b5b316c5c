using Tenon.Tensors.Kernels;

namespace Tenon.Tensors.Ops;

/// <summary>
/// A row scale c that costs no pass over the activations: y = c o (W x + u) with c inside the frozen product and inside what is added to
/// it, so that nothing keeps the
/// unscaled sum. Backward: dx = (c o W)ᵀ dy, by lines of W as they are unpacked; c's gradient comes from y itself.
/// </summary>
public static unsafe class ScaledOps
{
    /// <summary>
    /// y = c o (x Wᵀ) by a frozen weight [out, in] and factors c [1, out]. The factors get no gradient here; see <see cref="ScaledBy"/>.
    /// </summary>
    public static Tensor MatMulScaled(this Tape tape, Tensor x, FrozenMatrix weight, Parameter scale)
    {
        Shapes.Require(x.Columns == weight.Inputs
            && scale.Length == weight.Outputs, $"scaled product with '{weight.Name}'",
            $"inputs of {weight.Inputs} columns and {weight.Outputs} factors", $"{x.Columns} and {scale.Length}");
        var y = tape.New(x.Rows, weight.Outputs);
        KeptRows.Multiply(tape, x, weight, y, scale.Data, source: null);
        if (tape.Needs(x))
            tape.Record(y, () =>
            {
                var dx = tape.GradOf(x, out var fresh);
                weight.MultiplyTransposed(y.Grad!.Data, y.Rows, y.Columns, dx.Data, dx.Columns, !fresh, tape.Pool, tape.Precision,
                    scale.Data);
            });
        return y;
    }

    /// <summary>
    /// Says that y [tokens, n] is c o (something that c is no part of), whatever ops it came from, and gives c [1, n] its gradient: dL/d ln
    /// c = sum over the tokens, in their order, of dy o y, which is
    /// c times the plain derivative. y's values stay until then, so that nothing else need be kept.
    /// </summary>
    public static Tensor ScaledBy(this Tape tape, Tensor y, Parameter scale)
    {
        Shapes.Require(scale.Length == y.Columns, "row scale", $"{y.Columns} factors", $"{scale.Length}");
        if (!tape.Needs(scale)) return y;
        tape.RecordInPlace(y, () =>
        {
            if (y.Grad is { } dy) AddProducts(tape, dy, y, tape.GradZeroed(scale));
        });
        y.Kept = true;
        return y;
    }

    /// <summary>The tensor itself, or, where the backward pass reads its values again, a copy that may be changed in place.</summary>
    internal static Tensor Writable(this Tape tape, Tensor x) => x.Kept ? tape.Copy(x) : x;

    /// <summary>
    /// y += c o (x Bᵀ) in place, y the fresh result of another op, B [out, r] not trained, c [1, out]. The product is made again in the
    /// backward pass rather than kept.
    /// </summary>
    public static Tensor MatMulScaledInto(this Tape tape, Tensor x, Parameter b, Parameter scale, Tensor y)
    {
        Shapes.Require(x.Columns == b.Columns && y.Columns == b.Rows && scale.Length == b.Rows && x.Rows == y.Rows
            && !b.RequiresGrad, $"scaled product with '{b.Name}'", $"[{x.Rows}, {b.Columns}], [{x.Rows}, {b.Rows}] and {b.Rows} factors",
            $"[{x.Rows}, {x.Columns}], [{y.Rows}, {y.Columns}] and {scale.Length}");
        var mark = tape.Mark();
        AddScaledRows(tape, Product(tape, x, b), scale, y, add: true);
        tape.Release(mark, null);
        if (tape.Needs(x, scale))
            tape.RecordInPlace(y, () =>
            {
                if (y.Grad is not { } dy) return;
                // What outlives this step is made before the mark.
                if (x.RequiresGrad) tape.GradZeroed(x);
                var inner = tape.Mark();
                var product = Product(tape, x, b);
                if (scale.RequiresGrad) AddProducts(tape, dy, product, tape.GradZeroed(scale));
                if (x.RequiresGrad)
                {
                    AddScaledRows(tape, dy, scale, product, add: false);
                    MatMulOp.Backward(tape, x, b, product);
                }

                tape.Release(inner, null);
            });
        return y;
    }

    private static Tensor Product(Tape tape, Tensor x, Parameter b)
    {
        var product = tape.New(x.Rows, b.Rows);
        MatMulOp.Forward(tape, x, b, product, accumulate: false);
        return product;
    }

    private static void AddScaledRows(Tape tape, Tensor from, Parameter scale, Tensor to, bool add)
    {
        var job =
            new RowJob
            {
                From = from.Data, Scale = scale.Data, To = to.Data, Rows = from.Rows, N = from.Columns, Add = add,
                Parts = RowJobs.Parts(tape.Pool, from.Rows, from.Columns)
            };
        tape.Pool.Run(job.Parts, &job, &ScaleRows, "factors of rows");
    }

    private struct RowJob
    {
        public float* From, Scale, To;
        public nint Rows, N;
        public bool Add;
        public int Parts;
    }

    private static void ScaleRows(RowJob* job, int part)
    {
        var (first, end) = RowJobs.Range(job->Rows, job->Parts, part);
        for (var r = first; r < end; r++)
            if (job->Add) RowKernels.MulAdd(job->To + r * job->N, job->From + r * job->N, job->Scale, job->N);
            else RowKernels.Mul(job->To + r * job->N, job->From + r * job->N, job->Scale, job->N);
    }

    /// <summary>sum += the rows' products a o b, in their order.</summary>
    private static void AddProducts(Tape tape, Tensor a, Tensor b, Tensor sum)
    {
        // Strips of columns for twice the threads: each walks down all rows, its piece of the sum in the first cache.
        var width = Math.Clamp((b.Columns + 2 * tape.Pool.Threads - 1) / (2 * tape.Pool.Threads), 32, 512);
        var job = new SumJob { Dy = a.Data, Y = b.Data, Sum = sum.Data, Rows = b.Rows, N = b.Columns, Width = width };
        tape.Pool.Run((int)((b.Columns + width - 1) / width), &job, &AddProductPart, "factors of rows, gradient");
    }

    private struct SumJob
    {
        public float* Dy, Y, Sum;
        public nint Rows, N, Width;
    }

    private static void AddProductPart(SumJob* job, int part)
    {
        var first = part * job->Width;
        var width = Math.Min(job->Width, job->N - first);
        for (nint r = 0; r < job->Rows; r++)
            RowKernels.MulAdd(job->Sum + first, job->Dy + r * job->N + first, job->Y + r * job->N + first, width);
    }
}
