// Python's strings are sequences of code points. Here they are .NET strings (UTF-16); this file gives them Python's lengths, slices and
// white space.
using System.Text;

namespace Tenon.Text.Templates.Values;

/// <summary>Code-point views of UTF-16 strings. A surrogate that stands alone counts as one code point.</summary>
internal static class PyText
{
    /// <summary>True where every char is a code point of its own.</summary>
    internal static bool IsFlat(ReadOnlySpan<char> s) => s.IndexOfAnyInRange('\uD800', '\uDFFF') < 0;

    /// <summary>The number of code points.</summary>
    internal static int Length(string s)
    {
        RenderBudget.Charge(s.Length / 16);
        if (IsFlat(s)) return s.Length;
        var count = s.Length;
        for (var i = 1; i < s.Length; i++)
            if (char.IsSurrogatePair(s[i - 1], s[i])) count--;
        return count;
    }

    /// <summary>The code points, one string each.</summary>
    internal static IEnumerable<string> CodePoints(string s)
    {
        for (var i = 0; i < s.Length;)
        {
            var size = i + 1 < s.Length && char.IsSurrogatePair(s[i], s[i + 1]) ? 2 : 1;
            yield return s.Substring(i, size);
            i += size;
        }
    }

    /// <summary>The code points as numbers.</summary>
    internal static List<int> Scalars(string s)
    {
        RenderBudget.ChargeSize(s.Length);
        var result = new List<int>(s.Length);
        for (var i = 0; i < s.Length; i++)
        {
            if (i + 1 < s.Length && char.IsSurrogatePair(s[i], s[i + 1])) result.Add(char.ConvertToUtf32(s[i], s[++i]));
            else result.Add(s[i]);
        }
        return result;
    }

    /// <summary>Appends a code point, a lone surrogate included.</summary>
    internal static StringBuilder AppendScalar(this StringBuilder builder, int scalar) =>
        scalar > 0xFFFF ? builder.Append((char)(0xD800 + ((scalar - 0x10000) >> 10))).Append((char)(0xDC00 + ((scalar - 0x10000) & 0x3FF)))
        : builder.Append((char)scalar);

    /// <summary>One code point as a string.</summary>
    internal static string FromScalar(int scalar) => new StringBuilder(2).AppendScalar(scalar).ToString();

    /// <summary>The char offset of code point <paramref name="index"/>, which lies between 0 and the length.</summary>
    internal static int Offset(string s, int index)
    {
        if (IsFlat(s)) return index;
        var at = 0;
        for (; index > 0; index--) at += at + 1 < s.Length && char.IsSurrogatePair(s[at], s[at + 1]) ? 2 : 1;
        return at;
    }

    /// <summary>Code points from <paramref name="start"/> up to <paramref name="end"/>, both within the string.</summary>
    internal static string Substring(string s, int start, int end)
    {
        if (end <= start) return "";
        var from = Offset(s, start);
        return s[from..(IsFlat(s) ? end : from + Offset(s[from..], end - start))];
    }

    /// <summary>Python's white space (<c>str.isspace</c>), which also holds the separators U+001C to U+001F.</summary>
    internal static bool IsSpace(char c) => c is ' ' or (>= '\t' and <= '\r') or (>= '\x1c' and <= '\x1f') or '\x85' or '\xa0'
        || (c >= '\u1680'
        && (c == '\u1680' || c is (>= '\u2000' and <= '\u200a') or '\u2028' or '\u2029' or '\u202f' or '\u205f' or '\u3000'));

    /// <summary>Removes white space, or the code points of <paramref name="chars"/>, from the ends.</summary>
    internal static string Strip(string s, string? chars, bool left = true, bool right = true)
    {
        RenderBudget.Charge(s.Length / 16);
        int start = 0, end = s.Length;
        if (chars is not null && !(IsFlat(chars) && IsFlat(s)))
        {
            var set = Scalars(chars).ToHashSet();
            var scalars = Scalars(s);
            int a = 0, b = scalars.Count;
            while (left && a < b && set.Contains(scalars[a])) a++;
            while (right && b > a && set.Contains(scalars[b - 1])) b--;
            return Substring(s, a, b);
        }
        while (left && start < end && (chars is null ? IsSpace(s[start]) : chars.Contains(s[start]))) start++;
        while (right && end > start && (chars is null ? IsSpace(s[end - 1]) : chars.Contains(s[end - 1]))) end--;
        return s[start..end];
    }

    /// <summary>Lines as <c>str.splitlines</c> cuts them, with Python's set of line ends.</summary>
    internal static List<string> SplitLines(string s, bool keepEnds = false)
    {
        RenderBudget.ChargeSize(s.Length);
        var lines = new List<string>();
        for (int i = 0, start = 0; i < s.Length;)
        {
            while (i < s.Length && !IsLineEnd(s[i])) i++;
            var end = i;
            if (i < s.Length) i += s[i] == '\r' && i + 1 < s.Length && s[i + 1] == '\n' ? 2 : 1;
            lines.Add(s[start..(keepEnds ? i : end)]);
            start = i;
        }
        return lines;
    }

    private static bool IsLineEnd(char c) => c is (>= '\n' and <= '\r') or (>= '\x1c' and <= '\x1e') or '\x85' or '\u2028' or '\u2029';
}
