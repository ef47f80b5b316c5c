using Tenon.Tensors.Ops;

namespace Tenon.Tensors;

/// <summary>
/// The kept rows of a batch's tokens: sampling writes what it computes into them, a pass that <paramref name="takes"/> reads them and
/// computes the tokens that have none, together and apart from the others.
/// </summary>
/// <param name="store">The store that holds the rows.</param>
/// <param name="count">Tokens of the batch.</param>
/// <param name="takes">True to read, false to write.</param>
public sealed unsafe class KeptRows(KeptProducts store, int count, bool takes)
{
    private readonly nint[] _rows = new nint[count];
    private int[]? _missing;

    /// <summary>Sets the row of a token; -1 for none.</summary>
    public void Set(int token, int row) => _rows[token] = row < 0 ? 0 : store.Address(row);

    /// <summary>
    /// y = x Wᵀ, times <paramref name="scale"/> [outputs] where it is not null: by way of the rows where the tape has some.
    /// </summary>
    internal static void Multiply(Tape tape, Tensor x, FrozenMatrix weight, Tensor y, float* scale, Tensor? source)
    {
        var kept = Of(tape, x);
        if (kept is { Takes: true } && kept.Offset(tape, weight) is >= 0 and var offset)
        {
            kept.Take(tape, y, offset);
            if (kept.Missing.Length > 0) kept.Compute(tape, x, weight, y, scale);
            return;
        }

        fixed (nint* addresses = kept is null ? default : kept.Addresses)
        {
            var tail = kept?.Tail(tape, weight, addresses) ?? default;
            weight.Multiply(x.Data, x.Rows, x.Columns, y.Data, y.Columns, tape.Pool, tape.Precision, scale, source, tail);
            if (tail.Kept != null) kept!.CountWritten(weight);
        }
    }

    /// <summary>The rows of the tokens of x, where the tape has some.</summary>
    internal static KeptRows? Of(Tape tape, Tensor x) => tape.Kept is { } kept && kept._rows.Length == x.Rows ? kept : null;

    /// <summary>True for a pass that reads the rows, false for one that writes them.</summary>
    internal bool Takes => takes;

    /// <summary>Where each token's row lies, 0 for none.</summary>
    internal ReadOnlySpan<nint> Addresses => _rows;

    /// <summary>
    /// What writes a matrix's product where this pass keeps it, with <see cref="Addresses"/> pinned; nothing where it does not. It counts
    /// once <see cref="CountWritten"/> is called behind the product: a pass that was given up has kept nothing.
    /// </summary>
    internal ProductTail Tail(Tape tape, FrozenMatrix weight, nint* addresses) =>
        !takes && Written > 0 && Offset(tape, weight) is >= 0 and var offset ? new() { Kept = addresses, KeptOffset = offset } : default;

    /// <summary>Counts a matrix's product as written.</summary>
    internal void CountWritten(FrozenMatrix weight) => store.CountWritten(weight, Written);

    /// <summary>Tokens without a row.</summary>
    private int[] Missing => _missing ??= [.. Enumerable.Range(0, _rows.Length).Where(token => _rows[token] == 0)];

    private int Written
    {
        get
        {
            var written = 0;
            foreach (var row in _rows)
                if (row != 0)
                    written++;
            return written;
        }
    }

    private nint Offset(Tape tape, FrozenMatrix weight)
    {
        // Dropout gives another input than sampling had.
        if (takes && (tape.Dropping is not null || !store.MayTake)) return -1;
        var offset = store.Offset(weight);
        return offset < 0 || (takes && !store.IsWhole(weight)) ? -1 : offset;
    }

    private void Take(Tape tape, Tensor y, nint offset)
    {
        fixed (nint* rows = _rows)
        {
            var job = new TakeJob
            {
                Rows = rows, Offset = offset, Y = y.Data, Count = y.Rows, Columns = y.Columns,
                Parts = RowJobs.Parts(tape.Pool, y.Rows, y.Columns),
            };
            tape.Pool.Run(job.Parts, &job, &TakePart, "kept products");
        }

        store.CountTaken(_rows.Length - Missing.Length);
    }

    /// <summary>The product of the tokens without a row: gathered, multiplied, and put in their places.</summary>
    private void Compute(Tape tape, Tensor x, FrozenMatrix weight, Tensor y, float* scale)
    {
        var mark = tape.Mark();
        var (from, to) = (tape.New(Missing.Length, x.Columns), tape.New(Missing.Length, y.Columns));
        for (var i = 0; i < Missing.Length; i++) CopyRow(x.Row(Missing[i]), from.Row(i), x.Columns);
        weight.Multiply(from.Data, from.Rows, from.Columns, to.Data, to.Columns, tape.Pool, tape.Precision, scale);
        for (var i = 0; i < Missing.Length; i++) CopyRow(to.Row(i), y.Row(Missing[i]), y.Columns);
        tape.Release(mark, null);
    }

    private static void CopyRow(float* from, float* to, nint columns) =>
        Buffer.MemoryCopy(from, to, columns * sizeof(float), columns * sizeof(float));

    private struct TakeJob
    {
        public nint* Rows;
        public float* Y;
        public nint Offset, Count, Columns;
        public int Parts;
    }

    private static void TakePart(TakeJob* job, int part)
    {
        var (first, end) = RowJobs.Range(job->Count, job->Parts, part);
        for (var r = first; r < end; r++)
            if (job->Rows[r] != 0) CopyRow((float*)(job->Rows[r] + job->Offset), job->Y + (r * job->Columns), job->Columns);
    }
}
