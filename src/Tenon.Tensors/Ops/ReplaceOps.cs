using Tenon.Tensors.Kernels;

namespace Tenon.Tensors.Ops;

/// <summary>Rows and columns that a trained tensor puts in place of frozen ones.</summary>
public static unsafe class ReplaceOps
{
    /// <summary>y[t] = rows[places[t]] where that is not negative, else table[ids[t]]; table [vocabulary, n], rows [k, n].</summary>
    public static Tensor EmbedReplacing(this Tape tape, FrozenMatrix table, Parameter rows, int[] places, int[] ids)
    {
        var y = tape.Embed(table, ids);
        var n = rows.Columns;
        for (var t = 0; t < ids.Length; t++)
            if (places[t] >= 0) Buffer.MemoryCopy(rows.Row(places[t]), y.Row(t), n * sizeof(float), n * sizeof(float));
        if (tape.Needs(rows))
            tape.Record(y, () =>
            {
                var grad = tape.GradZeroed(rows);
                for (var t = 0; t < places.Length; t++)
                    if (places[t] >= 0) RowKernels.Add(grad.Row(places[t]), y.Grad!.Row(t), n);
            });
        return y;
    }

    /// <summary>
    /// Sets y[:, columns[i]] = from[:, sources[i]] in place, y the fresh result of another op; what stood there gets no gradient.
    /// </summary>
    public static Tensor ReplaceColumns(this Tape tape, Tensor y, Tensor from, int[] columns, int[] sources)
    {
        Shapes.Require(columns.Length == sources.Length
            && y.Rows == from.Rows, "replaced columns", $"{columns.Length} columns of {y.Rows} rows", $"{sources.Length} of {from.Rows}");
        for (nint r = 0; r < y.Rows; r++)
            for (var i = 0; i < columns.Length; i++) y.Row(r)[columns[i]] = from.Row(r)[sources[i]];
        if (tape.Needs(from) || tape.Needs(y))
            tape.RecordInPlace(y, () =>
            {
                if (y.Grad is not { } dy) return;
                var grad = from.RequiresGrad ? tape.GradZeroed(from) : null;
                for (nint r = 0; r < y.Rows; r++)
                    for (var i = 0; i < columns.Length; i++)
                    {
                        if (grad is not null) grad.Row(r)[sources[i]] += dy.Row(r)[columns[i]];
                        dy.Row(r)[columns[i]] = 0;
                    }
            });
        return y;
    }

    /// <summary>y[t, k] = a[k, ids[t]]: the columns of a [r, vocabulary] that the ids name, as rows [tokens, r].</summary>
    public static Tensor EmbedColumns(this Tape tape, Parameter a, int[] ids)
    {
        var y = tape.New(ids.Length, a.Rows);
        for (var t = 0; t < ids.Length; t++)
        {
            Shapes.Require(ids[t] >= 0 && ids[t] < a.Columns, $"token id looked up in '{a.Name}'", $"0 to {a.Columns - 1}", $"{ids[t]}");
            for (nint k = 0; k < a.Rows; k++) y.Row(t)[k] = a.Row(k)[ids[t]];
        }

        if (tape.Needs(a))
            tape.Record(y, () =>
            {
                var grad = tape.GradZeroed(a);
                for (var t = 0; t < ids.Length; t++)
                    for (nint k = 0; k < a.Rows; k++) grad.Row(k)[ids[t]] += y.Grad!.Row(t)[k];
            });
        return y;
    }
}
