using System.Collections.Concurrent;
using System.Text;

namespace Tenon.Text.Tokenizers;

/// <summary>
/// Byte-pair merges of one piece: symbols start as single bytes, and the adjacent pair of lowest rank (leftmost among equals) is joined until none is
/// known. Pairs wait in a heap over a linked list, so a long piece costs n log n. Results of short pieces are kept.
/// </summary>
internal sealed class BpeMerger
{
    private const int CachedLength = 48;
    private const int CachedPieces = 1 << 16;

    private readonly Dictionary<long, (int Rank, int Id)> merges;
    private readonly int[] byteIds = new int[256];
    private readonly Dictionary<string, int>? wholes;
    private readonly int? unknown;
    private readonly ConcurrentDictionary<string, int[]> cache = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> cacheBySpan;

    /// <summary>Takes the vocabulary, merges by rank, and whether a piece that is a token as a whole is taken without merging.</summary>
    public BpeMerger(Dictionary<string, int> vocabulary, IEnumerable<(string Left, string Right)> merges, bool ignoreMerges, int? unknown, string where)
    {
        this.unknown = unknown;
        this.merges = [];
        var rank = 0;
        foreach (var (left, right) in merges)
        {
            if (!vocabulary.TryGetValue(left, out var a) || !vocabulary.TryGetValue(right, out var b) || !vocabulary.TryGetValue(left + right, out var whole))
                throw new TenonException($"merge {rank} of {where}", "parts and result in the vocabulary", $"'{left}' + '{right}'", "the file is damaged");
            this.merges.TryAdd(Key(a, b), (rank++, whole));
        }

        for (var i = 0; i < 256; i++) byteIds[i] = vocabulary.TryGetValue(ByteAlphabet.Of((byte)i).ToString(), out var id) ? id : -1;
        wholes = ignoreMerges ? vocabulary : null;
        cacheBySpan = cache.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    private static long Key(int left, int right) => ((long)left << 32) | (uint)right;

    /// <summary>Appends the ids of a piece.</summary>
    public void Encode(ReadOnlySpan<char> piece, List<int> ids)
    {
        if (piece.Length <= CachedLength)
        {
            if (!cacheBySpan.TryGetValue(piece, out var known))
            {
                known = Merge(piece);
                if (cache.Count < CachedPieces) cache.TryAdd(piece.ToString(), known);
            }

            ids.AddRange(known);
            return;
        }

        ids.AddRange(Merge(piece));
    }

    private int[] Merge(ReadOnlySpan<char> piece)
    {
        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(piece.Length)];
        var count = Encoding.UTF8.GetBytes(piece, bytes);
        if (wholes is not null)
        {
            var symbols = new char[count];
            for (var i = 0; i < count; i++) symbols[i] = ByteAlphabet.Of(bytes[i]);
            if (wholes.TryGetValue(new string(symbols), out var whole)) return [whole];
        }

        // A byte without a token is an unknown token, or vanishes where there is none: merging goes on as if it were not there.
        var ids = new int[count];
        var n = 0;
        for (var i = 0; i < count; i++)
            if (byteIds[bytes[i]] is var id and >= 0) ids[n++] = id;
            else if (unknown is { } unk) ids[n++] = unk;
        return n < 2 ? ids[..n] : Join(ids.AsSpan(0, n));
    }

    private int[] Join(Span<int> ids)
    {
        var n = ids.Length;
        var next = new int[n];
        var previous = new int[n];
        var heap = new PriorityQueue<(int Left, int LeftId, int RightId), (int Rank, int Position)>();
        for (var i = 0; i < n; i++)
        {
            next[i] = i + 1 < n ? i + 1 : -1;
            previous[i] = i - 1;
        }

        for (var i = 0; i + 1 < n; i++) Push(heap, ids, i, i + 1);
        while (heap.TryDequeue(out var pair, out _))
        {
            var left = pair.Left;
            var right = ids[left] < 0 ? -1 : next[left];
            // A pair that has changed since it was pushed is stale.
            if (right < 0 || ids[left] != pair.LeftId || ids[right] != pair.RightId) continue;
            ids[left] = merges[Key(pair.LeftId, pair.RightId)].Id;
            ids[right] = -1;
            next[left] = next[right];
            if (next[left] >= 0) previous[next[left]] = left;
            if (previous[left] >= 0) Push(heap, ids, previous[left], left);
            if (next[left] >= 0) Push(heap, ids, left, next[left]);
        }

        var result = new List<int>(n);
        for (var i = 0; i >= 0; i = next[i]) result.Add(ids[i]);
        return [.. result];
    }

    private void Push(PriorityQueue<(int, int, int), (int, int)> heap, Span<int> ids, int left, int right)
    {
        if (merges.TryGetValue(Key(ids[left], ids[right]), out var merge)) heap.Enqueue((left, ids[left], ids[right]), (merge.Rank, left));
    }
}
