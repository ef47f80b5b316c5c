using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Extraction;

/// <summary>A count in words that a last sentence without digits states: "Therefore there are exactly four such integers."</summary>
internal static class NumberWord
{
    private const int Shortest = 8, Longest = 300;
    private static readonly string[] S_before = ["is", "are", "exactly", "only", "has", "have", "equals", "remain", "remains", "leaves"];

    /// <summary>The word; null where there is none, or more than one.</summary>
    public static string? Closing(string text)
    {
        text = text.Trim();
        if (text.Length is < Shortest or > Longest || text[^1] is not ('.' or '!') || text.AsSpan().IndexOfAnyInRange('0', '9') >= 0
            || text.AsSpan().IndexOfAny("$\\\n") >= 0) return null;
        var sentence = text[(text.LastIndexOf(". ", text.Length - 2, StringComparison.Ordinal) + 1)..].Trim();
        if (AnswerWords.BeginsStep(sentence) || AnswerExtractor.Holds(sentence, AnswerWords.Doubt)) return null;
        var words = sentence.TrimEnd('.', '!').ToLowerInvariant().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string? found = null;
        for (var i = 0; i < words.Length; i++)
        {
            if (words[i] == "or") return null;
            if (words[i] is "one" or "no" or "a" || WordAnswers.Find(words[i]) is not { IsNumber: true }) continue;
            if (found is not null || i == 0 || Array.IndexOf(S_before, words[i - 1]) < 0) return null;
            found = words[i];
        }

        return found;
    }
}
