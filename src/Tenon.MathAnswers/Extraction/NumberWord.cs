using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Extraction;

/// <summary>A count in words that a last sentence without digits states: "Therefore there are exactly four such integers."</summary>
internal static class NumberWord
{
    private const int Shortest = 8, Longest = 300, MostWords = 8;
    private static readonly string[] S_before =
    [
        "is", "are", "exactly", "only", "has", "have", "equals", "remain", "remains", "leaves", "made", "makes", "earned", "earns", "costs",
        "cost", "pays", "paid", "gets", "got", "needs", "sold", "sells", "takes", "took", "spent", "spends", "weighs", "saves", "saved",
    ];

    /// <summary>The words; null where there are none, or more than one count.</summary>
    public static Extracted? Closing(string text)
    {
        text = text.Trim();
        if (text.Length is < Shortest or > Longest || text[^1] is not ('.' or '!') || text.AsSpan().IndexOfAnyInRange('0', '9') >= 0
            || text.AsSpan().IndexOfAny("$\\\n") >= 0) return null;
        var sentence = text[(text.LastIndexOf(". ", text.Length - 2, StringComparison.Ordinal) + 1)..].Trim();
        if (AnswerWords.BeginsStep(sentence) || AnswerWords.OnlyGives(sentence) || AnswerExtractor.Holds(sentence, AnswerWords.Doubt))
            return null;
        var words = sentence.TrimEnd('.', '!').ToLowerInvariant().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (ClockWords.Closing(sentence) is { } time) return time;
        (string Words, int End)? found = null;
        for (var i = 0; i < words.Length; i++)
        {
            if (words[i] == "or") return null;
            if (words[i] is "no" or "a" || Run(words, i) is not (> 0 and var run) || (run == 1 && words[i] == "one")) continue;
            if (found is { } first && words[i - 1] == "and" && i == first.End + 2 && i + run < words.Length
                && Units.TryConvert(words[first.End], words[i + run], out _, out _)) return InTwoUnits(words, first, i, run);
            if (found is not null || i == 0 || Array.IndexOf(S_before, words[i - 1]) < 0 && !TakesThem(words, i)) return null;
            found = (string.Join(' ', words, i, run), i + run);
            i += run - 1;
        }

        if (found is not { } count) return null;
        // "half a kilogram", "three quarters of an hour"
        var behind = count.End + 1 < words.Length && words[count.End] == "of" && words[count.End + 1] is "a" or "an" ? count.End + 1
            : count.End;
        if (behind < words.Length && words[behind] is "a" or "an") behind++;
        return new Extracted(count.Words, "closing") { Behind = UnitBehind.Of(string.Join(' ', words[behind..])) };
    }

    // "takes the pipe half an hour", "costs her ten dollars": the verb, at most two words, the count.
    private static bool TakesThem(string[] words, int at)
    {
        for (var back = 2; back <= 3 && at - back >= 0; back++)
            if (words[at - back] is "takes" or "took" or "take" or "cost" or "costs" or "gives" or "leaves" or "saves" or "earns"
                && words[at - 1] is not ("of" or "to" or "in" or "by" or "for" or "from")) return true;
        return false;
    }

    // "seven dollars and twenty-five cents"
    private static Extracted? InTwoUnits(string[] words, (string Words, int End) first, int at, int run) =>
        WordAnswers.Find(first.Words) is { IsNumber: true } large
            && WordAnswers.Find(string.Join(' ', words, at, run)) is { IsNumber: true } small
            ? new Extracted($"{large.Value} \\text{{ {words[first.End]} and }} {small.Value} \\text{{ {words[at + run]}}}",
                "closing") : null;

    // How many words from here on are one number: "two hundred and five", "ten thousand".
    private static int Run(string[] words, int from)
    {
        for (var n = Math.Min(MostWords, words.Length - from); n > 0; n--)
            if (WordAnswers.Find(string.Join(' ', words, from, n)) is { IsNumber: true }) return n;
        return 0;
    }
}
