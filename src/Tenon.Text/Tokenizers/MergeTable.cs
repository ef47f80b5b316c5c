using System.Numerics;
using System.Runtime.CompilerServices;

namespace Tenon.Text.Tokenizers;

/// <summary>
/// Which pairs of tokens merge: from (left, right) to the merge's rank, in a table with open addressing, and from the rank to the token
/// that the
/// merge makes. Lower ranks go first.
/// </summary>
internal sealed class MergeTable
{
    /// <summary>The rank of a pair that does not merge.</summary>
    public const int None = int.MaxValue;

    private readonly ulong[] _keys;
    private readonly int[] _ranks;
    private readonly int[] _results;
    private readonly int _shift;
    private readonly int _mask;

    /// <summary>Takes the merges in the order of their ranks; a pair that stands twice keeps its first rank.</summary>
    public MergeTable(IReadOnlyList<(int Left, int Right, int Result)> merges)
    {
        var size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(4, merges.Count * 2));
        (_keys, _ranks, _results) = (new ulong[size], new int[size], new int[merges.Count]);
        (_mask, _shift) = (size - 1, 64 - BitOperations.Log2((uint)size));
        Array.Fill(_keys, ulong.MaxValue);
        for (var rank = 0; rank < merges.Count; rank++)
        {
            var (left, right, result) = merges[rank];
            _results[rank] = result;
            var key = Key(left, right);
            var at = Start(key);
            while (_keys[at] != ulong.MaxValue && _keys[at] != key) at = (at + 1) & _mask;
            if (_keys[at] == key) continue;
            (_keys[at], _ranks[at]) = (key, rank);
        }
    }

    /// <summary>The rank of a pair, or <see cref="None"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Rank(int left, int right)
    {
        var key = Key(left, right);
        var at = Start(key);
        while (true)
        {
            var found = _keys[at];
            if (found == key) return _ranks[at];
            if (found == ulong.MaxValue) return None;
            at = (at + 1) & _mask;
        }
    }

    /// <summary>The token that a merge makes.</summary>
    public int Result(int rank) => _results[rank];

    private static ulong Key(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    // Fibonacci hashing: the high bits of a product with 2^64 / golden ratio.
    private int Start(ulong key) => (int)((key * 0x9E3779B97F4A7C15UL) >> _shift);
}
