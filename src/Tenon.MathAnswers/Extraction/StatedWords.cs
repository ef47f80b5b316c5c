using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Extraction;

/// <summary>A gold in words ("even", "Saturday") that the last sentence of a text says: "Hence the function is even."</summary>
internal static class StatedWords
{
    private const int LongestGold = 60;
    private const int LongestSentence = 300;

    private static readonly string[] Verbs = [" is ", " are ", " was ", " falls on ", " fall on ", " be ", " called "];

    /// <summary>True where the last sentence is whole, doubts nothing, offers no choice, and ends in the gold behind its last
    /// verb.</summary>
    public static bool Say(string gold, string text)
    {
        var wanted = Reading.Strip(gold).Replace("\\text", "", StringComparison.Ordinal).Trim(' ', '{', '}', '$');
        if (wanted.Length is < 2 or > LongestGold || !wanted.All(c => char.IsLetter(c) || c is ' ' or '-')) return false;
        var end = text.AsSpan().TrimEnd(" *\"”\n");
        if (end.Length == 0 || end[^1] is not ('.' or '!')) return false;
        var start = end[..^1].LastIndexOfAny(['.', '\n', '!', '?']) + 1;
        var sentence = end[start..^1].Trim().ToString();
        if (sentence.Length > LongestSentence || AnswerExtractor.Holds(sentence, AnswerWords.Doubt)
            || sentence.Contains(" or ", StringComparison.OrdinalIgnoreCase)
                || sentence.StartsWith("If ", StringComparison.OrdinalIgnoreCase)
            || sentence.StartsWith("let ", StringComparison.OrdinalIgnoreCase)) return false;
        var (at, length) = (-1, 0);
        foreach (var verb in Verbs)
            if (sentence.LastIndexOf(verb, StringComparison.OrdinalIgnoreCase) is var found && found > at) (at, length) =
                (found, verb.Length);
        return at > 0 && Words(sentence[(at + length)..]) == Words(wanted);
    }

    private static string Words(string text) => TextForm.Words(WordAnswers.DropArticle(text.Replace("$", "", StringComparison.Ordinal)
        .Replace("\\text", "", StringComparison.Ordinal).Trim(' ', '*', '{', '}')));
}
