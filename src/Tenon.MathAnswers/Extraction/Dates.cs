using System.Globalization;
using System.Text.RegularExpressions;

namespace Tenon.MathAnswers.Extraction;

/// <summary>Dates with the month in words, in the orders that English writes: March 14, 14 March 2021, the 14th of March.</summary>
internal static partial class Dates
{
    private static readonly string[] Months =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

    /// <summary>The month, the day and the year (0 where none is said) of a text that is a date; null for all others.</summary>
    public static (int Month, int Day, int Year)? Of(string text)
    {
        if (text.Length is < 5 or > 60 || !text.AsSpan().ContainsAnyInRange('0', '9')) return null;
        var plain = Plain(text);
        return Date().Match(plain) is { Success: true } match && match.Length == plain.Length ? Parts(match) : null;
    }

    /// <summary>The one date that a sentence names; null where it names none or several.</summary>
    public static (int Month, int Day, int Year)? In(string sentence)
    {
        (int, int, int)? found = null;
        foreach (Match match in Date().Matches(Plain(sentence)))
        {
            if (Parts(match) is not { } date) continue;
            if (found is not null && found != date) return null;
            found = date;
        }

        return found;
    }

    /// <summary>True where two dates are the same day; a year that only one of them says does not count.</summary>
    public static bool Same((int Month, int Day, int Year) a, (int Month, int Day, int Year) b) =>
        a.Month == b.Month && a.Day == b.Day && (a.Year == b.Year || a.Year == 0 || b.Year == 0);

    private static string Plain(string text) => Marks().Replace(text, "").Replace("  ", " ", StringComparison.Ordinal).Trim(' ', '.', ',');

    private static (int, int, int)? Parts(Match match)
    {
        var month = Array.IndexOf(Months, match.Groups["month"].Value[..3].ToLowerInvariant()) + 1;
        var day = match.Groups["day"] is { Success: true, Value: var before } ? before : match.Groups["later"].Value;
        return day.Length == 0 || Figure(day) is not (>= 1 and <= 31) ? null : (month, Figure(day), Figure(match.Groups["year"].Value));
    }

    private static int Figure(string digits) => digits.Length == 0 ? 0 : int.Parse(digits, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\\text(?:bf|rm)?|\\mathrm|\\[ ,;]|[{}$*]|\^")]
    private static partial Regex Marks();

    [GeneratedRegex(@"\b(?:(?<day>\d{1,2})(?:st|nd|rd|th)?(?: of)? )?"
        + @"(?<month>Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
        + @"|Nov(?:ember)?|Dec(?:ember)?)\b\.?(?: (?:the )?(?<later>\d{1,2})(?:st|nd|rd|th)?\b)?(?:,? (?<year>\d{4})\b)?",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Date();
}
