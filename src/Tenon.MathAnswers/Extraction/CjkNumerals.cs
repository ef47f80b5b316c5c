using System.Globalization;
using System.Text.RegularExpressions;

namespace Tenon.MathAnswers.Extraction;

/// <summary>Whole numbers in the numerals of Chinese and Japanese where a text states them: 答案是二十四。</summary>
internal static partial class CjkNumerals
{
    private const string Digits = "零一二三四五六七八九";

    /// <summary>The number that stands alone behind the word for "answer", with what it counts; null for other texts.</summary>
    public static Extracted? Alone(string text) =>
        text.AsSpan().IndexOfAnyInRange('一', '鿿') >= 0 && Only().Match(text) is { Success: true } match
            && Value(match.Groups[1].Value) is { } n
            ? new Extracted(n.ToString(CultureInfo.InvariantCulture), "answer-is") : null;

    /// <summary>The number that a concluding sentence without figures ends in; null where there is none.</summary>
    public static Extracted? Closing(string text)
    {
        if (text.Length is < 4 or > 200 || text.AsSpan().IndexOfAnyInRange('0', '9') >= 0 || text.AsSpan().IndexOfAnyInRange('一', '鿿') < 0)
            return null;
        var sentence = text.TrimEnd(' ', '.', '!', '\n', '*');
        var start = sentence.AsSpan().LastIndexOfAny(".\n!?");
        sentence = sentence[(start + 1)..].Trim();
        return AnswerExtractor.Holds(sentence, AnswerWords.Conclusion) && !AnswerExtractor.Holds(sentence, AnswerWords.Doubt)
            && !AnswerExtractor.Holds(sentence, AnswerWords.Negation) && !AnswerWords.OnlyGives(sentence)
            && Last().Match(sentence) is { Success: true } match && Value(match.Groups[1].Value) is { } n
            ? new Extracted(n.ToString(CultureInfo.InvariantCulture), "closing") : null;
    }

    // 二十四, 一百零五, 三千
    private static int? Value(string numeral)
    {
        var (total, digit) = (0, 0);
        foreach (var c in numeral)
        {
            if (c is '十' or '百' or '千')
            {
                total += Math.Max(1, digit) * (c == '十' ? 10 : c == '百' ? 100 : 1000);
                digit = 0;
            }
            else if (digit != 0) return null;
            else digit = c is '两' or '兩' ? 2 : Math.Max(0, Digits.IndexOf(c, StringComparison.Ordinal));
        }

        return total + digit;
    }

    [GeneratedRegex(@"\A(?:案|え|果)?[\s:：*]*(?:是|为|為|は|等于|等於|应该是|应为)?[\s:：*]*([零一二两兩三四五六七八九十百千]{1,8})\p{L}{0,2}[\s.!*]*\z")]
    private static partial Regex Only();

    [GeneratedRegex(@"(?:共有|一共|等于|等於|为|為|是|有|得到|は|で)([零一二两兩三四五六七八九十百千]{1,8})\p{L}{0,3}\z")]
    private static partial Regex Last();
}
