namespace Tenon.Tensors.Ops;

/// <summary>
/// Moving rows: a selection of rows, and tensors stacked on top of each other. They only copy; gradients go back to the rows they came
/// from.
/// </summary>
public static unsafe class RowsOps
{
    /// <summary>y[i] = x[rows[i]]; rows distinct.</summary>
    public static Tensor SelectRows(this Tape tape, Tensor x, int[] rows)
    {
        var y = tape.New(rows.Length, x.Columns);
        var bytes = x.Columns * sizeof(float);
        for (var i = 0; i < rows.Length; i++)
        {
            Shapes.Require(rows[i] >= 0 && rows[i] < x.Rows, "selected row", $"0 to {x.Rows - 1}", $"{rows[i]}");
            Buffer.MemoryCopy(x.Row(rows[i]), y.Row(i), bytes, bytes);
        }

        if (tape.Needs(x))
            tape.Record(y, () =>
            {
                var dx = tape.GradZeroed(x);
                for (var i = 0; i < rows.Length; i++) Kernels.RowKernels.Add(dx.Row(rows[i]), y.Grad!.Row(i), x.Columns);
            });
        return y;
    }

    /// <summary>The rows of several tensors of equal width, one after the other.</summary>
    public static Tensor Stack(this Tape tape, IReadOnlyList<Tensor> parts)
    {
        var columns = parts[0].Columns;
        nint total = 0;
        foreach (var part in parts)
        {
            Shapes.Require(part.Columns == columns, "stack of rows", $"{columns} columns", $"{part.Columns}");
            total += part.Rows;
        }

        var y = tape.New(total, columns);
        nint at = 0;
        var needed = false;
        foreach (var part in parts)
        {
            Buffer.MemoryCopy(part.Data, y.Row(at), part.Length * sizeof(float), part.Length * sizeof(float));
            at += part.Rows;
            needed |= part.RequiresGrad;
        }

        if (needed && tape.Recording)
            tape.Record(y, () =>
            {
                nint row = 0;
                foreach (var part in parts)
                {
                    ElementwiseOps.AddGrad(tape, part, tape.Rows(y.Grad!, row, part.Rows), 1);
                    row += part.Rows;
                }
            });
        return y;
    }
}
