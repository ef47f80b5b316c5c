using System.Text.RegularExpressions;
using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Extraction;

/// <summary>A gold in words ("even", "Saturday") that the last sentence of a text says: "Hence the function is even."</summary>
internal static partial class StatedWords
{
    private const int LongestGold = 60;
    private const int LongestSentence = 300;
    private const int LongestText = 4000;

    private static readonly string[] Verbs = [" is ", " are ", " was ", " falls on ", " fall on ", " be ", " called ", " on ", " has ",
        " have "];

    /// <summary>True where the last sentence is whole, doubts nothing, offers no choice, and ends in the gold behind its last
    /// verb.</summary>
    public static bool Say(string gold, string text)
    {
        if (IsEmptySet(gold)) return NoneIn(text);
        if (gold.Trim().Trim('.').ToLowerInvariant() is "yes" or "no" && YesOrNo(text) is { } said)
            return said == gold.Trim()[0] is 'y' or 'Y';
        if (Dates.Of(gold) is { } date) return LastSentence(text) is { } s && s.Length <= LongestSentence
                && !AnswerExtractor.Holds(s, AnswerWords.Doubt) && !AnswerWords.BeginsStep(s)
                    && !s.Contains(" not ", StringComparison.Ordinal)
                && Dates.In(s) is { } named && Dates.Same(date, named);
        var wanted = Reading.Strip(gold).Replace("\\text", "", StringComparison.Ordinal).Trim(' ', '{', '}', '$');
        if (wanted.Length is < 2 or > LongestGold || !wanted.All(c => char.IsLetter(c) || c is ' ' or '-')) return false;
        if (LastSentence(text) is not { } sentence || sentence.Length > LongestSentence
            || sentence.Contains(" or ", StringComparison.OrdinalIgnoreCase)
            || sentence.StartsWith("If ", StringComparison.OrdinalIgnoreCase)
            || sentence.StartsWith("let ", StringComparison.OrdinalIgnoreCase)) return false;
        var (at, length) = (-1, 0);
        foreach (var verb in Verbs)
            if (sentence.LastIndexOf(verb, StringComparison.OrdinalIgnoreCase) is var found && found > at) (at, length) =
                (found, verb.Length);
        // "The claim is false." denies nothing where that is the gold.
        return at > 0 && !AnswerExtractor.Holds(sentence.AsSpan(0, at + length), AnswerWords.Doubt)
            && (Words(sentence[(at + length)..]) is var words && words == Words(wanted) || words == Words(wanted) + "solutions");
    }

    private static string? LastSentence(string text)
    {
        var end = text.AsSpan().TrimEnd(" *\"”\n");
        if (end.Length == 0 || end[^1] is not ('.' or '!')) return null;
        var start = end[..^1].LastIndexOfAny(['.', '\n', '!', '?']) + 1;
        return end[start..^1].Trim().ToString();
    }

    // "Yes, they are congruent.": what the sentences begin with, where they agree; null where none says so or one doubts.
    private static bool? YesOrNo(string text)
    {
        bool? found = null;
        if (text.Length > LongestText || text.Contains("wait", StringComparison.OrdinalIgnoreCase)) return null;
        foreach (Match word in Opening().Matches(text))
        {
            var yes = word.Groups[1].ValueSpan[0] is 'Y' or 'y';
            if (found is { } before && before != yes) return null;
            found = yes;
        }

        return found;
    }

    [GeneratedRegex(@"(?:^|[.!\n])[ *]{0,6}(?:(?:so|therefore|thus|hence),? )?\*{0,2}(yes|no)(?=[,.!:*\n]|$)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Opening();

    // The gold is "no solution" or the empty set in signs.
    private static bool IsEmptySet(string gold)
    {
        var s = Reading.Strip(gold);
        return s is "\\emptyset" or "\\varnothing" or "\\{\\}" or "∅" or "\\{ \\}"
            || s.Length < 40 && WordAnswers.Find(s) is { Kind: ExprKind.Set, Args.Length: 0 };
    }

    // "Hence the equation has no real solutions.", "..., so the solution set is empty.": the last clause of the last sentence.
    private static bool NoneIn(string text)
    {
        var end = text.AsSpan().TrimEnd(" *$\"”\n");
        if (end.Length == 0 || end[^1] is not ('.' or '!')) return false;
        var start = end[..^1].LastIndexOfAny(['.', '\n', '!', '?']) + 1;
        var sentence = end[start..^1].Trim().ToString();
        if (sentence.Length >= LongestSentence || None().Match(sentence) is not { Success: true } none) return false;
        // "Since 0 = 5 is a contradiction, the system has no solution.": the reason before it may deny what it likes.
        var reasoned = none.Index > 0 && (sentence.StartsWith("Since ", StringComparison.OrdinalIgnoreCase)
            || sentence.StartsWith("Because ", StringComparison.OrdinalIgnoreCase)
            || sentence.StartsWith("As ", StringComparison.OrdinalIgnoreCase));
        return reasoned ? !AnswerExtractor.Holds(sentence.AsSpan(none.Index), AnswerWords.Uncertainty)
            : !AnswerExtractor.Holds(sentence, AnswerWords.Uncertainty) && !AnswerWords.BeginsStep(sentence);
    }

    [GeneratedRegex(@"(?:^|, |\b(?:so|thus|hence|therefore|means|that|conclude)\b,? )(?:that )?(?:the )?"
        + @"(?:solution set (?:is|must be) (?:the )?empty(?: set)?"
        + @"|(?:(?:given |original )?(?:equation|inequality|system|problem|it)(?: of equations)? (?:has|have)"
        + @"|there (?:is|are|exists?)|we have) no (?:(?:real|integer|valid|possible|such) )*(?:solutions?|roots?|numbers?|values?|integers?)"
        + @"(?: (?:that|which) satisf(?:y|ies) (?:this|it|both|the (?:equation|inequality|system|conditions?)|both conditions))?)\z",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex None();

    private static string Words(string text) => TextForm.Words(WordAnswers.DropArticle(text.Replace("$", "", StringComparison.Ordinal)
        .Replace("\\text", "", StringComparison.Ordinal).Trim(' ', '*', '{', '}')));
}
