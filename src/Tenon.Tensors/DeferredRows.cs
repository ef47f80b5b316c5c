using Tenon.Tensors.Kernels;

namespace Tenon.Tensors;

/// <summary>
/// A trained table [vocabulary, n] as an embedding looks it up where the same matrix is also the head: row gradients are kept and added, in
/// token order, when somebody reads
/// the table's gradient. So the sum is the head's over all tokens and then the embedding's, whatever the cut into batches. Holds n values a
/// token until then.
/// </summary>
public sealed unsafe class DeferredRows : IGradientHolder
{
    private readonly List<(int[] Ids, float[] Rows)> _held = [];

    /// <summary>Lookups in a table that is trained in another place too.</summary>
    public DeferredRows(Parameter table)
    {
        Table = table;
        table.Follow(this);
    }

    /// <summary>The table.</summary>
    public Parameter Table { get; }

    internal void Hold(int[] ids, Tensor gradient) => _held.Add((ids, gradient.ToArray()));

    void IGradientHolder.Settle()
    {
        if (_held.Count == 0) return;
        var n = (int)Table.Columns;
        fixed (float* sum = Table.GradientSum)
            foreach (var (ids, rows) in _held)
                fixed (float* row = rows)
                    for (var t = 0; t < ids.Length; t++)
                        RowKernels.Add(sum + (nint)ids[t] * n, row + (nint)t * n, n);
        _held.Clear();
    }

    void IGradientHolder.Forget() => _held.Clear();
}
