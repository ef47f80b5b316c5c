using Tenon.Tensors.Kernels;

namespace Tenon.Tensors.Ops;

/// <summary>
/// A row scale c that costs no pass over the activations: y = c o (W x + u) with c inside the frozen product and inside what is added to it, so that nothing keeps the
/// unscaled sum. Backward: dx = (c o W)ᵀ dy, by lines of W as they are unpacked; c's gradient comes from y itself.
/// </summary>
public static unsafe class ScaledOps
{
    /// <summary>y = c o (x Wᵀ) by a frozen weight [out, in] and factors c [1, out]. The factors get no gradient here; see <see cref="ScaledBy"/>.</summary>
    public static Tensor MatMulScaled(this Tape tape, Tensor x, FrozenMatrix weight, Parameter scale)
    {
        Shapes.Require(x.Columns == weight.Inputs && scale.Length == weight.Outputs, $"scaled product with '{weight.Name}'", $"inputs of {weight.Inputs} columns and {weight.Outputs} factors", $"{x.Columns} and {scale.Length}");
        var y = tape.New(x.Rows, weight.Outputs);
        weight.Multiply(x.Data, x.Rows, x.Columns, y.Data, y.Columns, tape.Pool, tape.Precision, scale.Data);
        if (tape.Needs(x))
            tape.Record(y, () =>
            {
                var dx = tape.GradOf(x, out var fresh);
                weight.MultiplyTransposed(y.Grad!.Data, y.Rows, y.Columns, dx.Data, dx.Columns, !fresh, tape.Pool, tape.Precision, scale.Data);
            });
        return y;
    }

    /// <summary>
    /// Says that y [tokens, n] is c o (something that c is no part of), whatever ops it came from, and gives c [1, n] its gradient: dL/d ln c = sum over the tokens, in their order, of dy o y, which is
    /// c times the plain derivative. y's values stay until then, so that nothing else need be kept.
    /// </summary>
    public static Tensor ScaledBy(this Tape tape, Tensor y, Parameter scale)
    {
        Shapes.Require(scale.Length == y.Columns, "row scale", $"{y.Columns} factors", $"{scale.Length}");
        if (!tape.Needs(scale)) return y;
        tape.RecordInPlace(y, () =>
        {
            if (y.Grad is not { } dy) return;
            // Strips of columns for twice the threads: each walks down all rows, its piece of the sum in the first cache.
            var width = Math.Clamp((y.Columns + 2 * tape.Pool.Threads - 1) / (2 * tape.Pool.Threads), 32, 512);
            var job = new SumJob { Dy = dy.Data, Y = y.Data, Sum = tape.GradZeroed(scale).Data, Rows = y.Rows, N = y.Columns, Width = width };
            tape.Pool.Run((int)((y.Columns + width - 1) / width), &job, &AddProducts);
        });
        y.Kept = true;
        return y;
    }

    /// <summary>The tensor itself, or, where the backward pass reads its values again, a copy that may be changed in place.</summary>
    internal static Tensor Writable(this Tape tape, Tensor x) => x.Kept ? tape.Copy(x) : x;

    private struct SumJob
    {
        public float* Dy, Y, Sum;
        public nint Rows, N, Width;
    }

    private static void AddProducts(SumJob* job, int part)
    {
        var first = part * job->Width;
        var width = Math.Min(job->Width, job->N - first);
        for (nint r = 0; r < job->Rows; r++) RowKernels.MulAdd(job->Sum + first, job->Dy + r * job->N + first, job->Y + r * job->N + first, width);
    }
}
