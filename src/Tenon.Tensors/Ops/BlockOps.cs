using Tenon.Tensors.Kernels;

namespace Tenon.Tensors.Ops;

/// <summary>
/// Products and moves of equal blocks of columns: what structured adapters are made of. No sum depends on the cut of the rows.
/// </summary>
public static unsafe class BlockOps
{
    /// <summary>
    /// y_j = x_j M_j for each block: x [tokens, k p], blocks [k, p, q] (one parameter), y [tokens, k q]. The gradient of a block sums over
    /// tokens in their order on top of what it holds.
    /// </summary>
    public static Tensor BlockMatMul(this Tape tape, Tensor x, Parameter blocks)
    {
        var (k, p, q) = Sizes(blocks);
        Shapes.Require(x.Columns == k * p, $"block product with '{blocks.Name}'", $"inputs of {k * p} columns", $"{x.Columns}");
        var y = tape.New(x.Rows, k * q);
        Forward(tape, x, blocks, y, accumulate: false);
        if (tape.Needs(x, blocks)) tape.Record(y, () => Backward(tape, x, blocks, y.Grad!));
        return y;
    }

    /// <summary>y_j += x_j M_j in place, y the fresh result of another op.</summary>
    public static Tensor BlockMatMulInto(this Tape tape, Tensor x, Parameter blocks, Tensor y)
    {
        var (k, p, q) = Sizes(blocks);
        Shapes.Require(x.Columns == k * p && y.Columns == k * q
            && x.Rows == y.Rows, $"block product with '{blocks.Name}' added to a tensor", $"[{x.Rows}, {k * p}] and [{x.Rows}, {k * q}]",
            $"[{x.Rows}, {x.Columns}] and [{y.Rows}, {y.Columns}]");
        Forward(tape, x, blocks, y, accumulate: true);
        if (tape.Needs(x, blocks))
            tape.RecordInPlace(y, () =>
            {
                if (y.Grad is { } dy) Backward(tape, x, blocks, dy);
            });
        return y;
    }

    private static void Forward(Tape tape, Tensor x, Parameter blocks, Tensor y, bool accumulate)
    {
        var (k, p, q) = Sizes(blocks);
        for (nint j = 0; j < k; j++)
            Gemm.MultiplyParallel(tape.Pool, x.Rows, q, p, x.Data + j * p, x.Columns, 1, blocks.Data + j * p * q, q, y.Data + j * q,
                y.Columns, accumulate);
    }

    private static void Backward(Tape tape, Tensor x, Parameter blocks, Tensor dy)
    {
        var (k, p, q) = Sizes(blocks);
        if (blocks.RequiresGrad)
        {
            var db = tape.GradZeroed(blocks);
            for (nint j = 0; j < k; j++)
                Gemm.MultiplyParallel(tape.Pool, p, q, x.Rows, x.Data + j * p, 1, x.Columns, dy.Data + j * q, dy.Columns,
                    db.Data + j * p * q, q, accumulate: true);
        }

        if (!x.RequiresGrad) return;
        var dx = tape.GradOf(x, out var fresh);
        var mark = tape.Mark();
        var turned = tape.New(k * q, p);
        for (nint j = 0; j < k; j++) Transpose.Blocked(blocks.Data + j * p * q, p, q, turned.Row(j * q));
        for (nint j = 0; j < k; j++)
            Gemm.MultiplyParallel(tape.Pool, x.Rows, p, q, dy.Data + j * q, dy.Columns, 1, turned.Row(j * q), p, dx.Data + j * p,
                dx.Columns, accumulate: !fresh);
        tape.Release(mark, null);
    }

    private static (nint K, nint P, nint Q) Sizes(Parameter blocks)
    {
        Shapes.Require(blocks.Dimensions.Count == 3, $"blocks '{blocks.Name}'", "three dimensions", $"{blocks.Dimensions.Count}");
        return ((nint)blocks.Dimensions[0], (nint)blocks.Dimensions[1], (nint)blocks.Dimensions[2]);
    }

    /// <summary>
    /// y[t, (j k + n) c + i] = x[t, (n k + j) c + i]: the transposition of a k x k grid of chunks of c columns; its own inverse.
    /// </summary>
    public static Tensor TransposeChunks(this Tape tape, Tensor x, int k)
    {
        Shapes.Require(x.Columns % (k * k) == 0, "transposed chunks", $"a multiple of {k * k} columns", $"{x.Columns}");
        var chunk = x.Columns / (k * k);
        var y = tape.New(x.Rows, x.Columns);
        Move(x, y, k, chunk, accumulate: false);
        if (tape.Needs(x))
            tape.Record(y, () =>
            {
                var dx = tape.GradOf(x, out var fresh);
                Move(y.Grad!, dx, k, chunk, accumulate: !fresh);
            });
        return y;
    }

    private static void Move(Tensor from, Tensor to, int k, nint chunk, bool accumulate)
    {
        for (nint r = 0; r < from.Rows; r++)
            for (nint n = 0; n < k; n++)
                for (nint j = 0; j < k; j++)
                {
                    var source = from.Row(r) + (n * k + j) * chunk;
                    var target = to.Row(r) + (j * k + n) * chunk;
                    if (accumulate) RowKernels.Add(target, source, chunk);
                    else Buffer.MemoryCopy(source, target, chunk * sizeof(float), chunk * sizeof(float));
                }
    }

    /// <summary>
    /// y[t, c width + i] = x[t, sources[c] width + i]: chunks of <paramref name="width"/> columns in another order;
    /// <paramref name="sources"/> holds each chunk once.
    /// </summary>
    public static Tensor MoveChunks(this Tape tape, Tensor x, int[] sources, nint width)
    {
        Shapes.Require(x.Columns == sources.Length * width, "moved chunks", $"{sources.Length * width} columns", $"{x.Columns}");
        var y = tape.New(x.Rows, x.Columns);
        for (nint r = 0; r < x.Rows; r++)
            for (var c = 0; c < sources.Length; c++)
                Buffer.MemoryCopy(x.Row(r) + sources[c] * width, y.Row(r) + c * width, width * sizeof(float), width * sizeof(float));
        if (tape.Needs(x))
            tape.Record(y, () =>
            {
                var dx = tape.GradZeroed(x);
                for (nint r = 0; r < x.Rows; r++)
                    for (var c = 0; c < sources.Length; c++)
                        RowKernels.Add(dx.Row(r) + sources[c] * width, y.Grad!.Row(r) + c * width, width);
            });
        return y;
    }

    /// <summary>
    /// y[t, c] = sum over j of x[t, j width + c]: the columns of x laid over each other, the last piece short where width does not divide
    /// (MiSS).
    /// </summary>
    public static Tensor Fold(this Tape tape, Tensor x, int width)
    {
        Shapes.Require(width >= 1 && width <= x.Columns, "folded columns", $"a width from 1 to {x.Columns}", $"{width}");
        var y = tape.New(x.Rows, width);
        for (nint r = 0; r < x.Rows; r++)
        {
            var row = x.Row(r);
            var sum = y.Row(r);
            Buffer.MemoryCopy(row, sum, width * sizeof(float), width * sizeof(float));
            for (nint c = width; c < x.Columns; c += width) RowKernels.Add(sum, row + c, Math.Min(width, x.Columns - c));
        }

        if (tape.Needs(x))
            tape.Record(y, () =>
            {
                var dx = tape.GradZeroed(x);
                for (nint r = 0; r < x.Rows; r++)
                    for (nint c = 0; c < x.Columns; c += width)
                        RowKernels.Add(dx.Row(r) + c, y.Grad!.Row(r), Math.Min(width, x.Columns - c));
            });
        return y;
    }
}
