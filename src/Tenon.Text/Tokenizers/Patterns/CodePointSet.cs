using System.Runtime.CompilerServices;

namespace Tenon.Text.Tokenizers.Patterns;

/// <summary>An immutable set of Unicode code points: sorted ranges, with a bitmap for the first 65,536.</summary>
internal sealed class CodePointSet
{
    private const int Last = 0x10FFFF;
    private readonly ulong[] _low = new ulong[1024];
    private readonly (int First, int Last)[] _ranges;
    private readonly int _firstHigh;

    private CodePointSet((int First, int Last)[] ranges)
    {
        _ranges = ranges;
        _firstHigh = ranges.Length;
        for (var i = 0; i < ranges.Length; i++)
        {
            var (first, last) = ranges[i];
            if (last > 0xFFFF && i < _firstHigh) _firstHigh = i;
            for (var c = first; c <= last && c <= 0xFFFF; c++) _low[c >> 6] |= 1UL << (c & 63);
        }
    }

    /// <summary>The set of no code points.</summary>
    public static CodePointSet Empty { get; } = new([]);

    /// <summary>Sorted, disjoint, not adjacent.</summary>
    public IReadOnlyList<(int First, int Last)> Ranges => _ranges;

    /// <summary>The set of the given ranges (both ends included), in any order, overlapping or not.</summary>
    public static CodePointSet Of(IEnumerable<(int First, int Last)> ranges)
    {
        var merged = new List<(int First, int Last)>();
        foreach (var (first, last) in ranges.OrderBy(r => r.First))
        {
            if (merged.Count > 0 && first <= merged[^1].Last + 1)
                merged[^1] = (merged[^1].First, Math.Max(merged[^1].Last, last));
            else
                merged.Add((first, last));
        }
        return new([.. merged]);
    }

    /// <summary>The set of one code point.</summary>
    public static CodePointSet Of(int codePoint) => Of([(codePoint, codePoint)]);

    /// <summary>Everything in any of the sets.</summary>
    public static CodePointSet Union(params IEnumerable<CodePointSet> sets) => Of(sets.SelectMany(s => s._ranges));

    /// <summary>Everything that is not in this set.</summary>
    public CodePointSet Complement()
    {
        var result = new List<(int, int)>();
        var next = 0;
        foreach (var (first, last) in _ranges)
        {
            if (first > next) result.Add((next, first - 1));
            next = last + 1;
        }
        if (next <= Last) result.Add((next, Last));
        return new([.. result]);
    }

    /// <summary>True where the two sets share a code point.</summary>
    public bool Overlaps(CodePointSet other)
    {
        for (int i = 0, j = 0; i < _ranges.Length && j < other._ranges.Length;)
        {
            if (_ranges[i].Last < other._ranges[j].First) i++;
            else if (other._ranges[j].Last < _ranges[i].First) j++;
            else return true;
        }
        return false;
    }

    /// <summary>True where the code point (0 to 0x10FFFF) is in the set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Contains(int codePoint) =>
    codePoint <= 0xFFFF ? (_low[codePoint >> 6] >> (codePoint & 63) & 1) != 0 : ContainsHigh(codePoint);

    private bool ContainsHigh(int codePoint)
    {
        int low = _firstHigh, high = _ranges.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) >> 1;
            if (codePoint < _ranges[middle].First) high = middle - 1;
            else if (codePoint > _ranges[middle].Last) low = middle + 1;
            else return true;
        }
        return false;
    }
}
