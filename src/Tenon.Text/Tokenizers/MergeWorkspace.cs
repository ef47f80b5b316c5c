namespace Tenon.Text.Tokenizers;

/// <summary>
/// The merging of one piece, in arrays that a thread keeps: a linked list of symbols, the rank of the pair that begins at each, and a
/// binary heap of
/// (rank, position). The pair of lowest rank is joined first, the leftmost among equals, so a piece of n symbols costs n log n.
/// </summary>
internal sealed class MergeWorkspace
{
    // Below this many symbols a search through all ranks is quicker than a heap.
    private const int Small = 24;

    // Arrays for longer pieces than this are not kept.
    private const int Kept = 1 << 16;

    [ThreadStatic]
    private static MergeWorkspace? _shared;

    private int[] _next = new int[256];
    private int[] _previous = new int[256];
    private int[] _ranks = new int[256];
    private ulong[] _heap = new ulong[256];
    private int _waiting;

    /// <summary>Joins ids in place; returns how many are left, at the front.</summary>
    public static int Join(MergeTable table, Span<int> ids)
    {
        if (ids.Length < 2) return ids.Length;
        if (ids.Length > Kept) return new MergeWorkspace().Run(table, ids);
        return (_shared ??= new MergeWorkspace()).Run(table, ids);
    }

    private int Run(MergeTable table, Span<int> ids)
    {
        if (_ranks.Length < ids.Length) (_next, _previous, _ranks) = (new int[ids.Length], new int[ids.Length], new int[ids.Length]);
        return ids.Length <= Small ? Search(table, ids) : Heap(table, ids);
    }

    private int Search(MergeTable table, Span<int> ids)
    {
        var n = ids.Length;
        var ranks = _ranks.AsSpan(0, n);
        for (var i = 0; i + 1 < n; i++) ranks[i] = table.Rank(ids[i], ids[i + 1]);
        while (n > 1)
        {
            var best = 0;
            for (var i = 1; i + 1 < n; i++)
                if (ranks[i] < ranks[best]) best = i;
            if (ranks[best] == MergeTable.None) return n;
            ids[best] = table.Result(ranks[best]);
            ids[(best + 2)..n].CopyTo(ids[(best + 1)..]);
            n--;
            if (best + 1 < n)
            {
                ranks[(best + 2)..n].CopyTo(ranks[(best + 1)..]);
                ranks[best] = table.Rank(ids[best], ids[best + 1]);
            }
            if (best > 0) ranks[best - 1] = table.Rank(ids[best - 1], ids[best]);
        }
        return n;
    }

    private int Heap(MergeTable table, Span<int> ids)
    {
        var n = ids.Length;
        var (next, previous, ranks) = (_next, _previous, _ranks);
        _waiting = 0;
        for (var i = 0; i < n; i++) (next[i], previous[i]) = (i + 1, i - 1);
        for (var i = 0; i + 1 < n; i++) Set(i, table.Rank(ids[i], ids[i + 1]));
        ranks[n - 1] = MergeTable.None;
        while (_waiting > 0)
        {
            var top = Take();
            int rank = (int)(top >> 32), left = (int)(uint)top;
            // A pair that has changed since it was pushed is stale: ranks tell pairs apart.
            if (ranks[left] != rank) continue;
            var right = next[left];
            ids[left] = table.Result(rank);
            ranks[right] = MergeTable.None;
            var after = next[left] = next[right];
            if (after < n)
            {
                previous[after] = left;
                Set(left, table.Rank(ids[left], ids[after]));
            }
            else
            {
                ranks[left] = MergeTable.None;
            }
            if (previous[left] is var before and >= 0) Set(before, table.Rank(ids[before], ids[left]));
        }
        var count = 0;
        for (var i = 0; i < n; i = next[i]) ids[count++] = ids[i];
        return count;
    }

    private void Set(int position, int rank)
    {
        _ranks[position] = rank;
        if (rank == MergeTable.None) return;
        if (_waiting == _heap.Length) Array.Resize(ref _heap, _heap.Length * 2);
        var heap = _heap;
        var value = ((ulong)(uint)rank << 32) | (uint)position;
        var at = _waiting++;
        while (at > 0 && heap[(at - 1) >> 1] is var parent && parent > value)
        {
            heap[at] = parent;
            at = (at - 1) >> 1;
        }
        heap[at] = value;
    }

    private ulong Take()
    {
        var heap = _heap;
        var top = heap[0];
        var value = heap[--_waiting];
        int at = 0, child;
        while ((child = 2 * at + 1) < _waiting)
        {
            if (child + 1 < _waiting && heap[child + 1] < heap[child]) child++;
            if (heap[child] >= value) break;
            heap[at] = heap[child];
            at = child;
        }
        heap[at] = value;
        return top;
    }
}
