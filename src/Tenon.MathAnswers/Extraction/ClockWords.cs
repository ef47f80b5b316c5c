using System.Globalization;
using System.Text.RegularExpressions;
using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Extraction;

/// <summary>A time of day in words at the end of a sentence: "at a quarter to four in the afternoon" is 3:45 PM.</summary>
internal static partial class ClockWords
{
    /// <summary>The time as figures, with AM or PM where the words say so; null where the sentence ends in none.</summary>
    public static Extracted? Closing(string sentence)
    {
        if (sentence.AsSpan().IndexOfAny(Signals) < 0 || Time().Match(sentence) is not { Success: true } match
            || !match.Groups["minutes"].Success && !match.Groups["clock"].Success) return null;
        var (hour, minute) = (Hour(match.Groups["hour"].Value), 0);
        if (match.Groups["minutes"] is { Success: true, Value: var spoken })
        {
            minute = spoken.ToLowerInvariant() switch { "quarter" => 15, "half" => 30, var words => Number(words) ?? 60 };
            if (match.Groups["way"].Value is "to" or "before" or "till") (hour, minute) = (hour == 1 ? 12 : hour - 1, 60 - minute);
        }

        if (hour is < 1 or > 12 || minute is < 0 or > 59) return null;
        var half = match.Groups["half"].Value.ToLowerInvariant().Replace(".", "", StringComparison.Ordinal) switch
        {
            "in the morning" or "am" => " \\text{ AM}",
            "" => "",
            _ => " \\text{ PM}",
        };
        return new Extracted(string.Create(CultureInfo.InvariantCulture, $"{hour}:{minute:00}{half}"), "closing");
    }

    private static int Hour(string word) => Number(word) ?? 0;

    private static int? Number(string words) => int.TryParse(words, NumberStyles.None, CultureInfo.InvariantCulture, out var figure)
        ? figure
        : WordAnswers.Number(words.ToLowerInvariant());

    private static readonly System.Buffers.SearchValues<string> Signals =
        System.Buffers.SearchValues.Create(["o'clock", "o’clock", "quarter", "half past", "minutes to", "minutes past", "minutes before",
        "minutes after"], StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex(@"\b(?:is|at|says|shows|reads|by|until) (?:exactly )?(?:(?:a )?(?<minutes>quarter|half|[a-z]+(?:-[a-z]+)?|\d{1,2})"
        + @"(?: minutes)? (?<way>past|after|to|before|till) )?(?<hour>[a-z]+|\d{1,2})(?<clock> o['’]clock)?,?"
        + @"(?: (?<half>in the morning|in the afternoon|in the evening|at night|[ap]\.?m\.?))?[.!*]*\z",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Time();
}
