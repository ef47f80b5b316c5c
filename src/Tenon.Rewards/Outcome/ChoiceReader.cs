using System.Text.RegularExpressions;

namespace Tenon.Rewards.Outcome;

/// <summary>
/// Reads the one choice that a completion gives. In this order: the last box; the places that announce an answer (<c>Answer: B</c>, <c>the
/// correct
/// option is (B)</c>); the whole text or its last line; the one letter in brackets, <c>(B)</c>. The first of these that is there decides
/// alone.
/// Two choices, a letter with another choice's text and a negated letter are no answer: naming several never pays. Linear in the text.
/// </summary>
internal sealed class ChoiceReader(ChoiceList choices)
{
    private const int LongestAnswer = 1000;
    private const RegexOptions Linear = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;

    private static readonly Regex Announcement = new(
        @"\b(?i:answer|(?:correct|right|best|final|chosen)\s+(?:choice|option|letter))[*_]*\s*(?i:is|:|would be|must be|should be)\s*[*_]*:?", Linear);

    // B, (B), Option B; then the rest of the line.
    private static readonly Regex Labelled = new(
        @"^(?i:(?:the\s+)?(?:correct\s+)?(?:option|choice|answer|both|either)\s+)?(?<open>[(\[]?)(?<letter>[A-Za-z0-9])(?:[)\]]|\b)(?<rest>.*)$", Linear | RegexOptions.Singleline);

    private static readonly Regex JoinedLetter = new(
        @"^\s*(?:,|/|;|&|\+|\||(?:,\s*)?(?i:or|and|and/or)\b)\s*(?i:(?:option|choice|maybe|possibly|also)\s+)*[(\[]?(?<letter>[A-Z0-9])(?:[)\]]|\b)", Linear);

    private static readonly Regex InBrackets =
        new(@"(?<not>\b(?i:not|isn't|nor)\s+(?i:option\s+|choice\s+)?)?\((?<letter>[A-Z0-9])\)", Linear);

    private static readonly Regex NextWord = new(@"^\s+(?<word>[a-z]+)", Linear);

    // Markdown's and LaTeX's marks around a letter.
    private static readonly Regex Marks = new(@"\*+|_+|\$|`|\\(?:text|mathrm|textbf|mathbf)\{|\}", Linear);

    // Words that may follow "the answer is A"; before any other the A is an article.
    private static readonly string[] AfterLetter = ["because", "since", "as", "for", "due", "which", "and", "or"];

    /// <summary>
    /// The place of the choice with the reason <c>choice</c>; or null and why: <c>no-answer</c>, <c>several-answers</c> or a box's own
    /// fault.
    /// </summary>
    public int? Read(in Completion completion, out string reason)
    {
        if (BoxedAnswer.Find(completion, out reason) is { } box) return Whole(Plain(BoxedAnswer.Unwrap(box)), out reason);
        if (reason != "no-answer") return null;
        var text = completion.AfterThinking()!;
        foreach (var way in (Reading[])[Announced, WholeText, LastLine, Bracketed])
        {
            var place = way(text, out reason);
            if (reason != "no-answer") return place;
        }

        return null;
    }

    private delegate int? Reading(string text, out string reason);

    private int? Announced(string text, out string reason)
    {
        reason = "no-answer";
        int? found = null;
        foreach (Match match in Announcement.Matches(text))
        {
            var start = match.Index + match.Length;
            // So far and no further, so that many announcements on one line cost linear time.
            var line = text.AsSpan(start, Math.Min(LongestAnswer, text.Length - start));
            var end = line.IndexOf('\n');
            var place = Leading(Plain((end < 0 ? line : line[..end]).ToString()), out var why);
            if (why == "no-answer") continue;
            reason = place is null || (found is { } other && other != place) ? "several-answers" : "choice";
            if (reason != "choice") return null;
            found = place;
        }

        return found;
    }

    private int? WholeText(string text, out string reason) => Whole(Plain(text), out reason);

    private int? LastLine(string text, out string reason)
    {
        text = text.TrimEnd();
        return Whole(Plain(text[(text.LastIndexOf('\n') + 1)..]), out reason);
    }

    private int? Bracketed(string text, out string reason)
    {
        reason = "no-answer";
        int? found = null;
        foreach (Match match in InBrackets.Matches(text))
        {
            if (choices.Place(match.Groups["letter"].Value[0]) is not { } place) continue;
            reason = match.Groups["not"].Success || (found is { } other && other != place) ? "several-answers" : "choice";
            if (reason != "choice") return null;
            found = place;
        }

        return found;
    }

    // The text is nothing but the choice: B, (b), B. Paris, Option B, Paris.
    private int? Whole(string text, out string reason)
    {
        reason = "no-answer";
        if (text.Length is 0 or > LongestAnswer) return null;
        if (choices.ByText(text) is { } named) return Choice(named, out reason);
        if (!TryLabel(text, out var place, out var rest) || !Alone(place, rest, out reason)) return null;
        var own = rest.Trim(' ', '.', ':', ')', '-', ',');
        if (own.Length == 0 || choices.ByText(own) == place) return Choice(place, out reason);
        reason = "no-answer";
        // Where the data has no texts, "B) 42" is taken at its letter.
        return choices.Texts.Count == 0 && rest[0] is '.' or ')' or ':' && char.IsAsciiLetterUpper(text.TrimStart('(', '[')[0])
            ? Choice(place, out reason) : null;
    }

    // The text begins with the choice and goes on: B because ...
    private int? Leading(string text, out string reason)
    {
        var whole = Whole(text, out reason);
        if (reason != "no-answer") return whole;
        if (!TryLabel(text, out var place, out var rest)) return null;
        var letter = Labelled.Match(text).Groups;
        if (letter["open"].Length == 0)
        {
            if (!char.IsAsciiLetterUpper(letter["letter"].Value[0]) && !char.IsAsciiDigit(letter["letter"].Value[0])) return null;
            if (letter["letter"].Value is "A" or "I" && NextWord.Match(rest) is { Success: true } word
                && !AfterLetter.Contains(word.Groups["word"].Value)) return null;
        }

        return Alone(place, rest, out reason) ? Choice(place, out reason) : null;
    }

    private bool TryLabel(string text, out int place, out string rest)
    {
        var match = Labelled.Match(text);
        (place, rest) = (-1, match.Groups["rest"].Value);
        if (!match.Success || rest.StartsWith('\'') || choices.Place(match.Groups["letter"].Value[0]) is not { } found) return false;
        place = found;
        return true;
    }

    // No second letter is joined to this one, and a text behind it is not another choice's.
    private bool Alone(int place, string rest, out string reason)
    {
        reason = "several-answers";
        if (JoinedLetter.Match(rest) is { Success: true } join && choices.Place(join.Groups["letter"].Value[0]) is { } second
            && second != place) return false;
        if (choices.ByText(rest.Trim(' ', '.', ':', ')', '-', ',')) is { } named && named != place) return false;
        reason = "choice";
        return true;
    }

    private static int? Choice(int place, out string reason)
    {
        reason = "choice";
        return place;
    }

    private static string Plain(string text) => Marks.Replace(text, "").Trim();
}
