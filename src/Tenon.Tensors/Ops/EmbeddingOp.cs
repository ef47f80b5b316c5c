using Tenon.Tensors.Kernels;

namespace Tenon.Tensors.Ops;

/// <summary>
/// Rows of a table by token id: y[t] = table[ids[t]]; table [vocabulary, n], y [tokens, n]. The gradient scatters in token order.
/// </summary>
public static unsafe class EmbeddingOp
{
    /// <summary>Rows of a frozen table.</summary>
    public static Tensor Embed(this Tape tape, FrozenMatrix table, ReadOnlySpan<int> ids)
    {
        var y = tape.New(ids.Length, table.Inputs);
        for (var t = 0; t < ids.Length; t++)
        {
            RequireId(ids[t], table.Outputs, table.Name);
            table.CopyRows(ids[t], new Span<float>(y.Row(t), (int)table.Inputs));
        }

        return y;
    }

    /// <summary>Rows of a trained table that is the head as well: its gradient waits until the head's is complete.</summary>
    public static Tensor Embed(this Tape tape, DeferredRows rows, int[] ids)
    {
        var y = Copy(tape, rows.Table, ids);
        if (tape.Needs(rows.Table)) tape.Record(y, () => rows.Hold(ids, y.Grad!));
        return y;
    }

    private static Tensor Copy(Tape tape, Parameter table, int[] ids)
    {
        var n = table.Columns;
        var y = tape.New(ids.Length, n);
        for (var t = 0; t < ids.Length; t++)
        {
            RequireId(ids[t], table.Rows, table.Name);
            Buffer.MemoryCopy(table.Row(ids[t]), y.Row(t), n * sizeof(float), n * sizeof(float));
        }

        return y;
    }

    /// <summary>Rows of a trained table.</summary>
    public static Tensor Embed(this Tape tape, Parameter table, int[] ids)
    {
        var n = table.Columns;
        var y = Copy(tape, table, ids);
        if (tape.Needs(table))
            tape.Record(y, () =>
            {
                var grad = tape.GradZeroed(table);
                for (var t = 0; t < ids.Length; t++) RowKernels.Add(grad.Row(ids[t]), y.Grad!.Row(t), n);
            });
        return y;
    }

    private static void RequireId(int id, nint vocabulary, string name)
    {
        // The texts of the fault are made for a fault alone: this is once a token.
        if (id < 0 || id >= vocabulary) Shapes.Require(false, $"token id looked up in '{name}'", $"0 to {vocabulary - 1}", $"{id}");
    }
}
