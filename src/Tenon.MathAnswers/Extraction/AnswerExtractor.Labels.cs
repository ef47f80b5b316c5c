using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Extraction;

/// <summary>"Result: 36", "Итого: 36": a line that is a label and a value.</summary>
internal static partial class AnswerExtractor
{
    private const int LongestLabel = 30;

    // Labels of what is only tried or given.
    private static readonly string[] NoLabels =
        ["hint", "attempt", "estimate", "note", "case", "step", "example", "input", "given", "guess", "approx", "trial", "question",
            "rejected", "wrong", "incorrect",
        "eliminated", "excluded", "discarded", "possible", "candidate"];

    private static Extracted? Labelled(string text)
    {
        var s = text.Trim();
        var colon = s.AsSpan().IndexOfAny(':', '：');
        if (colon is < 2 or > LongestLabel || s.Length > 200 || s.Contains('\n', StringComparison.Ordinal)) return null;
        var label = s.AsSpan(0, colon).Trim(" *");
        if (label.Length < 2 || label.Length < 4 && char.IsAsciiLetterUpper(label[1]) || label.Count(' ') > 2
            || AnswerWords.BeginsStep(label)) return null;
        foreach (var c in label)
            if (!char.IsLetter(c) && c != ' ' && !IsMark(c)) return null;
        foreach (var word in NoLabels)
            if (label.StartsWith(word, StringComparison.OrdinalIgnoreCase)) return null;
        var value = Reading.Strip(s[(colon + 1)..].TrimStart(' ', '*'));
        return value.Length > 0 && HasValue(value) && IsAnswer(value, out var reading) ? new Extracted(value, "whole") { Reading = reading }
            : null;
    }
}
