using Tenon.Tensors.Kernels;

namespace Tenon.Tensors.Ops;

/// <summary>
/// The product of two matrices, y = a b, a [m, k], b [k, n]; da = dy bᵀ, db = aᵀ dy. For what is computed from parameters, not for tokens.
/// </summary>
public static unsafe class ProductOp
{
    /// <summary>y = xᵀ.</summary>
    public static Tensor Turned(this Tape tape, Tensor x)
    {
        var y = tape.New(x.Columns, x.Rows);
        Transpose.Blocked(x.Data, x.Rows, x.Columns, y.Data);
        if (tape.Needs(x))
            tape.Record(y, () =>
            {
                var back = tape.New(x.Rows, x.Columns);
                Transpose.Blocked(y.Grad!.Data, y.Rows, y.Columns, back.Data);
                RowKernels.Add(tape.GradZeroed(x).Data, back.Data, back.Length);
            });
        return y;
    }

    /// <summary>y = a b.</summary>
    public static Tensor Product(this Tape tape, Tensor a, Tensor b)
    {
        Shapes.Require(a.Columns == b.Rows, "product", $"{a.Columns} rows", $"{b.Rows}");
        var y = tape.New(a.Rows, b.Columns);
        Gemm.MultiplyParallel(tape.Pool, a.Rows, b.Columns, a.Columns, a.Data, a.Columns, 1, b.Data, b.Columns, y.Data, y.Columns,
            accumulate: false);
        if (!tape.Needs(a, b)) return y;
        tape.Record(y, () =>
        {
            var dy = y.Grad!;
            if (b.RequiresGrad)
            {
                var db = tape.GradZeroed(b);
                Gemm.MultiplyParallel(tape.Pool, b.Rows, b.Columns, a.Rows, a.Data, 1, a.Columns, dy.Data, dy.Columns, db.Data, db.Columns,
                    accumulate: true);
            }

            if (!a.RequiresGrad) return;
            var turned = tape.New(b.Columns, b.Rows);
            Transpose.Blocked(b.Data, b.Rows, b.Columns, turned.Data);
            var da = tape.GradZeroed(a);
            Gemm.MultiplyParallel(tape.Pool, a.Rows, a.Columns, b.Columns, dy.Data, dy.Columns, 1, turned.Data, turned.Columns, da.Data,
                da.Columns, accumulate: true);
        });
        return y;
    }
}
