using System.Text.RegularExpressions;

namespace Tenon.MathAnswers.Extraction;

/// <summary>"The correct option is:", a line break, "D) 7": the announcement and the choice in one line.</summary>
internal static partial class ChoiceLines
{
    /// <summary>The text with such a choice behind its announcement; as it is where the lines below list more than one choice.</summary>
    public static string Joined(string text)
    {
        if (!text.Contains(":", StringComparison.Ordinal) || !text.Contains('\n', StringComparison.Ordinal)) return text;
        var match = Announced().Match(text);
        if (!match.Success) return text;
        var choice = text.AsSpan(match.Index + match.Length);
        foreach (var range in choice.Split('\n'))
        {
            var line = choice[range].TrimStart(" *-(");
            if (range.Start.Value > 0 && line is [>= 'A' and <= 'J', ')' or '.' or ':', ..]) return text;
        }

        return string.Concat(text.AsSpan(0, match.Index), match.Groups[1].Value + ": ", choice);
    }

    [GeneratedRegex(@"((?:correct|right|best|final|matching)\b[^\n:]{0,40}|answer(?: is)?|we choose|i choose)\s*:\**\s*\n\s*"
        + @"(?=[*\-(\s$\\]*(?:text(?:bf)?\{\(?)?[A-J](?:[).:*}]|\s*(?:\z|\n)))",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.RightToLeft)]
    private static partial Regex Announced();
}
