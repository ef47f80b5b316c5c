using System.Text.RegularExpressions;

namespace Tenon.MathAnswers.Extraction;

/// <summary>Quantities that a sentence ends in and that are more than its last number: two units, ratios, shares, halves.</summary>
internal static partial class AnswerExtractor
{
    // "7 and a half hours"
    private static string WithHalves(string sentence) =>
        sentence.Contains(" and a half", StringComparison.Ordinal) ? Halves().Replace(sentence, "$1.5") : sentence;

    [GeneratedRegex(@"(?<![\d.,/])(\d+) and a half\b")]
    private static partial Regex Halves();

    // "1 minute and 30 seconds": one quantity in two units.
    [GeneratedRegex(@"(?<![\d.,/$])(\d+) ([a-z]+),? (?:and )?(\d+) ([a-z]+)"
        + @"(?: (?:back|left|long|tall|altogether|in total|in all|total|each))?[.!*]*\z",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Compound();

    // "$3 and 50 cents"
    [GeneratedRegex(@"\$(\d+) and (\d{1,2}) cents?(?: (?:back|left|altogether|in total|in all|total|each))?[.!*]*\z")]
    private static partial Regex Cents();

    // "The ratio of boys to girls is 2 to 3."
    [GeneratedRegex(@"\b(?:ratio|odds)\b[^.]* (?:is|are) (?:\*\*)?(\d+) to (\d+)(?:\*\*)?[.!]?\z",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex RatioInWords();

    // "The probability is 7 out of 20."
    [GeneratedRegex(@"\b(?:probability|chances?|odds|fraction|proportion|likelihood)\b[^.]*?(?<![\d.,])(\d+) out of (\d+)[.!*]*\z",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex OutOf();

    // "The chance is 1 in 36."
    [GeneratedRegex(@"\b(?:probability|chances?|odds|likelihood)\b[^.]* (?:is|are|of) (\d+) in (\d+)[.!*]*\z",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex OneIn();

    // "It simplifies to 2 : 3."
    [GeneratedRegex(@"(?<![\d:] ?)(\d+(?: : \d+)+)[.!*]*\z")]
    private static partial Regex SpacedRatio();

    private const int LongestUnspaced = 16;

    // "ดังนั้น เธอทำเงินได้ 18 ดอลลาร์ต่อวัน", "所以一共有24种方法": scripts without spaces, whose writers leave the last stop out.
    private static bool EndsInUnspacedQuantity(string sentence)
    {
        var digit = sentence.AsSpan().LastIndexOfAnyInRange('0', '9');
        if (digit < 0 || !IsUnspaced(sentence[^1])) return false;
        var behind = sentence.AsSpan(digit + 1).Trim();
        if (behind.Length is 0 or > LongestUnspaced) return false;
        foreach (var c in behind)
            if (!IsUnspaced(c) && !IsMark(c) && c != ' ') return false;
        return !AnswerWords.GoesOnUnspaced.Holds(behind);
    }

    // "3." behind lines that begin with "1." and "2.": the next point of a list, with nothing in it.
    private static bool IsMarker(string sentence, ReadOnlySpan<char> before) =>
        sentence.Length is 2 or 3 && sentence[^1] is '.' or ')' && int.TryParse(sentence.AsSpan(0, sentence.Length - 1), out var number)
        && number > 1 && before.Contains(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{number - 1}{sentence[^1]} "),
            StringComparison.Ordinal);
}
