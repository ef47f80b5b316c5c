using System.Buffers;
using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Extraction;

/// <summary>
/// What a sentence says behind the number that was taken from it, where that changes the value: a known unit ("12 m", "60 radians",
/// "$\boxed{5}$ cents"), a power of ten ("2.5 million"), degrees.
/// </summary>
internal static class UnitBehind
{
    private const int Longest = 60;
    private const int MostWords = 4;

    private static readonly SearchValues<char> Ends = SearchValues.Create("\n,;:!?()=");

    // Words that are units elsewhere and prose here, and symbols of one letter that are units only where the sentence ends.
    private static readonly string[] NoUnits = ["in", "a", "an", "at", "times", "bar", "bars", "won"];

    private static readonly string[] BehindSymbols =
        ["from", "long", "tall", "wide", "high", "deep", "away", "above", "below", "of", "in", "to", "after", "before"];

    // "10 dollars a day": the unit goes on in words.
    private static readonly string[] Rates = ["per", "a", "an", "each", "every", "for", "apiece"];

    /// <summary>The words right behind a value without signs of markup, or null where none stand there.</summary>
    public static string? Of(ReadOnlySpan<char> rest)
    {
        if (rest.Length > Longest) rest = rest[..Longest];
        rest = rest.TrimStart(" $*\\,~;})");
        if (rest.Length == 0) return null;
        if (rest[0] is '°' || rest.StartsWith("^\\circ") || rest.StartsWith("^{\\circ}")) return "degrees";
        if (!char.IsAsciiLetter(rest[0]) || rest[0] is 'a' && rest.StartsWith("and ")) return null;
        var text = rest.ToString();
        if (text.AsSpan().IndexOfAny("$*{}\\") >= 0)
            foreach (var command in (ReadOnlySpan<string>)["text{", "\\text{", "mathrm{", "\\mathrm{", "$", "*", "}", "{", "\\"])
                if (text.Contains(command, StringComparison.Ordinal)) text = text.Replace(command, "", StringComparison.Ordinal);
        if (text.Contains(".m", StringComparison.Ordinal))
            text = text.Replace("p.m", "pm", StringComparison.Ordinal).Replace("a.m", "am", StringComparison.Ordinal);
        if (text.AsSpan().IndexOfAny('²', '³') >= 0)
            text = text.Replace("²", "^2", StringComparison.Ordinal).Replace("³", "^3", StringComparison.Ordinal);
        text = text.Trim();
        var end = text.AsSpan().IndexOfAny(Ends);
        if (end >= 0) text = text[..end];
        if (text.IndexOf(". ", StringComparison.Ordinal) is > 0 and var stop) text = text[..stop];
        return text.Length == 0 ? null : text.TrimEnd('.', ' ');
    }

    /// <summary>
    /// The value with what stands behind it, in the ways that may be meant; empty where that is nothing known.
    /// <paramref name="bare"/> tells whether the number alone may be meant too.
    /// </summary>
    public static List<string> Readings(string value, string behind, out bool bare)
    {
        bare = true;
        var found = new List<string>();
        var words = behind.Split(' ', MostWords + 2, StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0) return found;
        if (Power(words[0]) is { } power)
        {
            found.Add($"{value} \\cdot 10^{{{power}}}");
            return found;
        }

        if (words[0] is "degree" or "degrees")
        {
            if (words.Length == 1 || words[1].ToLowerInvariant() is not ("celsius" or "fahrenheit" or "c" or "f"))
                found.Add(value + "^\\circ");
            else
            {
                found.Add($"{value}^\\circ \\text{{{char.ToUpperInvariant(words[1][0])}}}");
                bare = false;
            }

            return found;
        }

        if (Array.Exists(NoUnits, w => w.Equals(words[0], StringComparison.OrdinalIgnoreCase))) return found;
        if (words.Length > 1 && words[0].Length == 1)
        {
            // "1200 m from his house", "5 m long"
            if (words[0] is not ("m" or "g" or "L" or "s") || Array.IndexOf(BehindSymbols, words[1]) < 0) return found;
            words = [words[0]];
        }

        for (var n = Math.Min(MostWords, words.Length); n > 0; n--)
        {
            var unit = string.Join(' ', words, 0, n);
            Units.TryConvert(unit, unit, out _, out var known);
            if (!known && !Units.IsPound(unit)) continue;
            if (found.Count == 0 && n < words.Length && Array.IndexOf(Rates, words[n]) >= 0) return found;
            found.Add($"{value} \\text{{ {unit}}}");
        }

        bare = found.Count == 0;
        return found;
    }

    /// <summary>True for "million dollars": a power of ten stands first.</summary>
    public static bool IsPower(string behind) => Power(behind.Split(' ')[0]) is not null;

    private static int? Power(string word) => word.ToLowerInvariant() switch
    {
        "hundred" => 2,
        "thousand" => 3,
        "million" => 6,
        "billion" => 9,
        "trillion" => 12,
        _ => null,
    };
}
