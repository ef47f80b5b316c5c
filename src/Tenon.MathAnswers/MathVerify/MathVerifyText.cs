using System.Collections.Frozen;

namespace Tenon.MathAnswers.MathVerify;

/// <summary>
/// Math-Verify's normalisation of a LaTeX match, as far as it changes verdicts: wrappers, separators, units, malformed fractions.
/// </summary>
internal static class MathVerifyText
{
    private static readonly FrozenSet<string> UnitWords = new[]
    {
        "c", "d", "g", "h", "l", "m", "o", "s", "t", "ab", "am", "pm", "bc", "cc", "cm", "dm", "ft", "gm", "hr", "kg", "km", "lb", "lt",
        "mm", "mp", "mt", "rd", "rs", "st", "th", "yr", "sq", "by", "per", "men", "man", "way",
        "are", "less", "more", "rise", "gain", "loss", "meter", "metre", "mile", "inch", "feet", "foot", "yard", "liter", "litre", "gallon",
        "acre", "hectare", "day", "hour", "minute", "second", "month", "year", "week", "degree", "cent",
        "pound", "rupee", "unit", "square", "cubic", "student", "digit", "number", "apple", "coin", "point", "time", "people", "person",
        "gram", "side", "edge",
    }.ToFrozenSet();

    private static readonly (string From, string To)[] Replacements =
    [
        ("\\mathrm{T}", "T"), ("\\mathrm{d}", "d"), ("\\mathrm{th}", ""), ("\\text{}", ""), ("\\$", ""), ("$", ""), ("'", ""), ("\"", ""),
            ("\\displaystyle", ""), ("\\mathrm", "\\text"), ("\\mathit", "\\text"), ("\\mathbf", "\\text"),
        ("\\textbf", "\\text"), ("\\textit", "\\text"), ("\\textrm", "\\text"), ("\\textnormal", "\\text"), ("\\dfrac", "\\frac"),
            ("\\tfrac", "\\frac"), ("\\cfrac", "\\frac"), ("{,}", ","), ("\\\\ ", "\\\\"), ("\\ ", " "), ("~", " "),
        ("\\text{ and }", ","), ("\\text{ or }", ","), ("percentage", "\\%"), ("percent", "\\%"), ("pct", "\\%"), ("infinity", "\\infty"),
            (",\\ldots", " "), (", \\ldots", " "), ("\\ldots", " "), ("\n", " "), ("\t", " "),
    ];

    public static string Normalise(string text)
    {
        if (text.Length > WorkBudget.MaxExpressionChars) return "";
        var s = DropThin(text);
        foreach (var (from, to) in Replacements) s = s.Replace(from, to, StringComparison.Ordinal);
        s = Words(s).Trim();
        s = DropTextUnit(s);
        for (var i = 0; i < 2; i++) s = DropUnitWord(s);
        s = s.Trim();
        return s.StartsWith('.') ? "0" + s : s;
    }

    /// <summary>Notation that Math-Verify's reader fails on.</summary>
    public static bool IsUnreadable(string s) =>
        s.Contains("\\boldsymbol", StringComparison.Ordinal) || s.Contains("\\color", StringComparison.Ordinal)
        || s.Contains("\\underline", StringComparison.Ordinal) || s.Contains("\\cancel", StringComparison.Ordinal)
        || s.Contains("\\lg", StringComparison.Ordinal) || s.Contains("\\implies", StringComparison.Ordinal)
        || s.Contains("\\max\\{", StringComparison.Ordinal) || s.Contains("\\dots", StringComparison.Ordinal)
        || s.Contains("\\|", StringComparison.Ordinal)
        || s.Contains("\\binom n", StringComparison.Ordinal) || s.Contains("\\frac a", StringComparison.Ordinal)
        || s.Contains("\\frac\\", StringComparison.Ordinal) || s.Contains("\\,0", StringComparison.Ordinal)
        || s.Contains("0.\\overline", StringComparison.Ordinal)
        || s.Contains("...", StringComparison.Ordinal) || s.StartsWith(']')
        || s.Contains("exp(", StringComparison.Ordinal) && !s.Contains("\\exp", StringComparison.Ordinal);

    public static bool IsGroupedNumber(string s)
    {
        var (groups, run) = (0, 0);
        foreach (var c in s.AsSpan().TrimStart('-'))
        {
            if (char.IsAsciiDigit(c)) run++;
            else if (c == ',') { if (run is 0 or > 3 || (groups > 0 && run != 3)) return false; groups++; run = 0; }
            else if (c == '.') break;
            else return false;
        }
        return groups > 0;
    }

    private static string DropThin(string s)
    {
        var at = s.IndexOf("\\!", StringComparison.Ordinal);
        while (at >= 0)
        {
            var end = at + 2;
            while (end < s.Length && s[end] == ' ') end++;
            s = s.Remove(at, end - at);
            at = s.IndexOf("\\!", at, StringComparison.Ordinal);
        }
        return s;
    }

    /// <summary>The words and/or between values become commas.</summary>
    private static string Words(string s)
    {
        foreach (var word in (ReadOnlySpan<string>)["and", "or"])
            for (var at = s.IndexOf(word, StringComparison.Ordinal); at >= 0; at = s.IndexOf(word, at + 1, StringComparison.Ordinal))
            {
                var end = at + word.Length;
                if ((at > 0 && (char.IsLetter(s[at - 1]) || s[at - 1] == '\\')) || (end < s.Length && char.IsLetter(s[end]))) continue;
                var start = at;
                while (start > 0 && s[start - 1] == ' ') start--;
                if (start > 0 && s[start - 1] == ',') start--;
                s = s[..start] + "," + s[end..];
                at = start;
            }
        return s;
    }

    private static string DropTextUnit(string s)
    {
        var at = s.IndexOf("\\text{", StringComparison.Ordinal);
        var box = s.IndexOf("\\mbox{", StringComparison.Ordinal);
        if (at < 0 || (box >= 0 && box < at)) at = box;
        if (at <= 0) return s;
        var end = s.TrimEnd();
        if (end.Length > 2 && end[^2] == '^' && char.IsAsciiDigit(end[^1])) end = end[..^2];
        else if (end.Length > 4 && end[^1] == '}' && end[^3] == '{' && end[^4] == '^') end = end[..^4];
        if (!end.EndsWith('}')) return s;
        var rest = s[..at].TrimEnd();
        return rest.Length == 0 ? s : rest;
    }

    private static string DropUnitWord(string s)
    {
        s = s.TrimEnd();
        var start = s.Length;
        while (start > 0 && char.IsAsciiLetter(s[start - 1])) start--;
        if (start == s.Length || start == 0) return s;
        var word = s[start..].ToLowerInvariant();
        var known = UnitWords.Contains(word) || (word.EndsWith('s') && UnitWords.Contains(word[..^1]))
            || (word.EndsWith("es", StringComparison.Ordinal) && UnitWords.Contains(word[..^2]));
        return known && (char.IsAsciiDigit(s[start - 1]) || s[start - 1] is '}' or ' ') ? s[..start].TrimEnd() : s;
    }
}
