using Tenon.Tensors.Kernels;

namespace Tenon.Tensors.Ops;

/// <summary>Values and gradients taken apart: for methods whose reference sends another gradient back than the derivative.</summary>
public static unsafe class GradientOps
{
    /// <summary>The same values, through which no gradient flows.</summary>
    public static Tensor Detach(this Tape tape, Tensor x)
    {
        ArgumentNullException.ThrowIfNull(tape);
        return new Tensor(x.Buffer, x.Data, x.Rows, x.Columns);
    }

    /// <summary>y itself; in the backward pass dx += dy W as if y were x Wᵀ, W [out, in] held constant.</summary>
    public static Tensor GradientThrough(this Tape tape, Tensor x, Parameter weight, Tensor y)
    {
        Shapes.Require(y.Columns == weight.Rows && x.Columns == weight.Columns, $"gradient through '{weight.Name}'", $"[{weight.Rows}, {weight.Columns}]", $"[{y.Columns}, {x.Columns}]");
        if (tape.Needs(x))
            tape.RecordInPlace(y, () =>
            {
                if (y.Grad is not { } dy) return;
                var dx = tape.GradOf(x, out var fresh);
                Gemm.MultiplyParallel(tape.Pool, x.Rows, x.Columns, weight.Rows, dy.Data, dy.Columns, 1, weight.Data, weight.Columns, dx.Data, dx.Columns, accumulate: !fresh);
            });
        return y;
    }
}
