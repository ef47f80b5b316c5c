using Tenon.Tensors.Kernels;

namespace Tenon.Tensors.Ops;

/// <summary>
/// Products with weights stored [out, in]: y = x Wᵀ, x [tokens, in], y [tokens, out]. Backward: dx = dy W; for a parameter dW = dyᵀ x,
/// summed over the
/// tokens in their order on top of what the gradient holds, so that any cut into micro-batches gives the same bits.
/// </summary>
public static unsafe class MatMulOp
{
    /// <summary>y = x Wᵀ by a frozen weight.</summary>
    public static Tensor MatMul(this Tape tape, Tensor x, FrozenMatrix weight)
    {
        Shapes.Require(x.Columns == weight.Inputs, $"product with '{weight.Name}'", $"inputs of {weight.Inputs} columns", $"{x.Columns}");
        var y = tape.New(x.Rows, weight.Outputs);
        KeptRows.Multiply(tape, x, weight, y, scale: null, source: x);
        if (tape.Needs(x)) Record(tape, x, weight, y);
        return y;
    }

    // Closures are made in methods of their own: where nothing is recorded, an op leaves no garbage.
    private static void Record(Tape tape, Tensor x, FrozenMatrix weight, Tensor y) =>
        tape.Record(y, () =>
        {
            var dx = tape.GradOf(x, out var fresh);
            weight.MultiplyTransposed(y.Grad!.Data, y.Rows, y.Columns, dx.Data, dx.Columns, !fresh, tape.Pool, tape.Precision);
        });

    private static void Record(Tape tape, Tensor x, Parameter weight, Tensor y) =>
        tape.Record(y, () => Backward(tape, x, weight, y.Grad!));

    private static void RecordInto(Tape tape, Tensor x, Parameter weight, Tensor y) =>
        tape.RecordInPlace(y, () =>
        {
            if (y.Grad is { } dy) Backward(tape, x, weight, dy);
        });

    /// <summary>y = x Wᵀ by a parameter [out, in].</summary>
    public static Tensor MatMul(this Tape tape, Tensor x, Parameter weight)
    {
        RequireShape(x, weight);
        var y = tape.New(x.Rows, weight.Rows);
        Forward(tape, x, weight, y, accumulate: false);
        if (tape.Needs(x, weight)) Record(tape, x, weight, y);
        return y;
    }

    /// <summary>y += x Wᵀ in place, y the fresh result of another op (what an adapter adds to its base).</summary>
    public static Tensor MatMulInto(this Tape tape, Tensor x, Parameter weight, Tensor y)
    {
        RequireShape(x, weight);
        Shapes.Require(y.Rows == x.Rows
            && y.Columns == weight.Rows, $"product with '{weight.Name}' added to a tensor", $"[{x.Rows}, {weight.Rows}]",
            $"[{y.Rows}, {y.Columns}]");
        Forward(tape, x, weight, y, accumulate: true);
        if (tape.Needs(x, weight)) RecordInto(tape, x, weight, y);
        return y;
    }

    private static void RequireShape(Tensor x, Parameter weight) =>
        Shapes.Require(x.Columns == weight.Columns, $"product with '{weight.Name}'", $"inputs of {weight.Columns} columns", $"{x.Columns}");

    /// <summary>y = x Wᵀ, or y += x Wᵀ.</summary>
    internal static void Forward(Tape tape, Tensor x, Parameter weight, Tensor y, bool accumulate)
    {
        var transposed = weight.Transposed();
        Gemm.MultiplyParallel(tape.Pool, x.Rows, weight.Rows, x.Columns, x.Data, x.Columns, 1, transposed.Data, weight.Rows, y.Data,
            y.Columns, accumulate);
    }

    /// <summary>dW += dyᵀ x and dx += dy W, where they are asked for.</summary>
    internal static void Backward(Tape tape, Tensor x, Parameter weight, Tensor dy)
    {
        if (weight.RequiresGrad)
        {
            var dw = tape.GradZeroed(weight);
            Gemm.MultiplyParallel(tape.Pool, weight.Rows, weight.Columns, x.Rows, dy.Data, 1, dy.Columns, x.Data, x.Columns, dw.Data,
                dw.Columns, accumulate: true);
        }

        if (!x.RequiresGrad) return;
        var dx = tape.GradOf(x, out var fresh);
        Gemm.MultiplyParallel(tape.Pool, x.Rows, x.Columns, weight.Rows, dy.Data, dy.Columns, 1, weight.Data, weight.Columns, dx.Data,
            dx.Columns, accumulate: !fresh);
    }
}
