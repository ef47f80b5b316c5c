using Tenon.Tensors.Kernels;

namespace Tenon.Tensors.Ops;

/// <summary>Consecutive columns of a tensor, read and added to.</summary>
public static unsafe class ColumnRangeOps
{
    /// <summary>y [rows, count] = columns first .. first + count - 1 of x.</summary>
    public static Tensor ColumnRange(this Tape tape, Tensor x, int first, int count)
    {
        Require(x, first, count);
        var y = tape.New(x.Rows, count);
        for (nint r = 0; r < x.Rows; r++) Buffer.MemoryCopy(x.Row(r) + first, y.Row(r), count * sizeof(float), count * sizeof(float));
        if (tape.Needs(x))
            tape.Record(y, () =>
            {
                var dx = tape.GradZeroed(x);
                for (nint r = 0; r < x.Rows; r++) RowKernels.Add(dx.Row(r) + first, y.Grad!.Row(r), count);
            });
        return y;
    }

    /// <summary>Adds u [rows, count] to columns first .. first + count - 1 of y in place, y the fresh result of another op.</summary>
    public static Tensor AddToColumnsInPlace(this Tape tape, Tensor y, Tensor u, int first)
    {
        Require(y, first, (int)u.Columns);
        for (nint r = 0; r < y.Rows; r++) RowKernels.Add(y.Row(r) + first, u.Row(r), u.Columns);
        if (tape.Needs(u))
            tape.RecordInPlace(y, () =>
            {
                if (y.Grad is not { } dy) return;
                var du = tape.GradZeroed(u);
                for (nint r = 0; r < y.Rows; r++) RowKernels.Add(du.Row(r), dy.Row(r) + first, u.Columns);
            });
        return y;
    }

    private static void Require(Tensor x, int first, int count) =>
        Shapes.Require(first >= 0 && count >= 0
        && first + count <= x.Columns, "range of columns", $"inside {x.Columns} columns", $"{first} to {first + count - 1}");
}
