using System.Buffers;
using System.Text.RegularExpressions;
using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Extraction;

/// <summary>
/// What counts as stating an answer without a box: the word "answer" in any language with a value beside it, or a last sentence that is
/// whole and
/// says a value. Guesses, questions, suppositions, steps of a reckoning and what is taken back again state nothing.
/// </summary>
internal static partial class AnswerExtractor
{
    private const int LongestTail = 20_000;
    private const int LongestSentence = 600;

    /// <summary>Why the sentence around an announcement states nothing, or null.</summary>
    private static string? Unstated(string text, int at, int after)
    {
        var start = SentenceStart(text, at);
        var end = Math.Min(text.Length, after + Sentence(text.AsSpan(after)));
        if (Clauses.Settled(text.AsSpan(start, end - start)) is > 0 and var settled && start + settled <= at) start += settled;
        if (IsQuestion(text, end)) return "question";
        if (Clauses.IsSupposed(text[start..at]) || Holds(Clauses.WithoutAside(text[start..end]), AnswerWords.NoStatement))
            return "no-statement";
        return Holds(text.AsSpan(end), AnswerWords.Retraction) ? "taken-back" : null;
    }

    /// <summary>Behind, or else before, the last word for "answer" in another language.</summary>
    private static Extracted? AnchoredInAnyLanguage(string text, bool lenient)
    {
        var tail = text.Length > LongestTail ? text[^LongestTail..] : text;
        var (at, from) = (-1, 0);
        for (var next = AnswerWords.Answer.Next(tail, 0); next >= 0; next = AnswerWords.Answer.Next(tail, from))
        {
            from = next + 1;
            while (from < tail.Length && char.IsLetter(tail[from]) && !IsUnspaced(tail[next])
                && !AnswerWords.Answer.Begins(tail.AsSpan(from))) from++;
            if (!IsRefused(tail.AsSpan(0, next))) at = next;
        }

        if (at < 0) return null;
        if (!lenient && Unstated(tail, at, from) is { } refused) return new Extracted("", refused);
        var behind = tail.Substring(from, Sentence(tail.AsSpan(from)));
        if (CjkNumerals.Alone(behind) is { } numeral) return numeral;
        if (Value(behind) is { Found: true } said)
        {
            var value = behind.IndexOf(said.Text, StringComparison.Ordinal);
            var lead = value < 0 ? behind : behind[..value];
            said = said with { PointsGroup = !HasOtherScript(tail.AsSpan(at)) };
            if (Holds(lead, AnswerWords.Negation) && !Holds(lead, AnswerWords.Instead)) return new Extracted("", "negated");
            return value >= 0 && IsNegatedBehind(behind.AsSpan(value + said.Text.Length)) ? new Extracted("", "negated") : said;
        }
        // "Правильный ответ: Б."
        if (behind.AsSpan().Trim(" :：.()*«»\"'$") is [> '\u024f' and var letter] && char.IsLetter(letter))
            return new Extracted(letter.ToString(), "answer-is");
        var start = SentenceStart(tail, at);
        return Value(tail[start..at]) is not { Found: true } before ? null
            : IsNegatedBehind(behind) ? new Extracted("", "negated") : before;
    }

    // "不选", "不能选": the verb that chooses is denied.
    private static bool IsRefused(ReadOnlySpan<char> before) => before is [.., '不' or '别']
        || before.EndsWith("不能") || before.EndsWith("不应") || before.EndsWith("不该") || before.EndsWith("不可") || before.EndsWith("不会");

    // "答えは9ではありません", "Cevap 18 değildir": the verb behind the value denies it.
    private static bool IsNegatedBehind(ReadOnlySpan<char> rest) =>
        AnswerWords.NegationBehind.IndexIn(rest) >= 0 && !Holds(rest, AnswerWords.Instead);

    // One value said in a sentence that may be of any language.
    private static Extracted Value(string sentence)
    {
        var reason = AnswerWords.Reason.IndexIn(sentence.AsSpan());
        if (reason > 0 && (HasValue(sentence.AsSpan(0, reason)) || ValueSpans.Of(sentence[..reason]).Count > 0))
            sentence = sentence[..reason];
        if (FirstFormulas(sentence) is { } formula) return new Extracted(formula, "answer-is");
        var last = ValueSpans.Last(sentence, "answer-is");
        return last.Found && last.Text.Length <= 400
            ? last with { Text = Reading.Strip(last.Text) + (PercentAfter(sentence, last.Text) ? "\\%" : "") }
            : new Extracted("", "no-answer");
    }

    private static bool PercentAfter(string sentence, string value)
    {
        var at = sentence.LastIndexOf(value, StringComparison.Ordinal);
        if (at < 0 || value.EndsWith('%')) return false;
        var rest = sentence.AsSpan(at + value.Length).TrimStart(" $)");
        foreach (var word in
            (ReadOnlySpan<string>)["percent", "процент", "パーセント", "퍼센트", "por ciento", "por cento", "pour cent", "prozent"])
            if (rest.StartsWith(word, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }

    // "Final answer — 90", "answer = 5": the length of what stands for a colon.
    private static int Dash(ReadOnlySpan<char> s) =>
        s.StartsWith("->") || s.StartsWith("=>") || s.StartsWith("- ") ? 2 : s is ['—' or '–' or '=' or '→', ..] ? 1 : 0;

    // Letters of scripts whose writers put a point before decimals.
    private static bool HasOtherScript(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
            if (c > '\u052f' && char.IsLetter(c) && c is not (>= '\u1e00' and <= '\u1fff' or 'ℝ')) return true;
        return false;
    }

    private static bool SaysIs(string sentence) =>
        IndexOfWord(sentence, "is") >= 0 || IndexOfWord(sentence, "are") >= 0 || IndexOfWord(sentence, "equals") >= 0
        || sentence.AsSpan().IndexOfAny("=:") >= 0 || IsForeign(sentence) || sentence.AsSpan().IndexOfAny(ComesTo) >= 0;

    private static readonly SearchValues<string> ComesTo = SearchValues.Create(
        [" comes to ", " comes out to ", " come to ", " amounts to ", " adds up to ", " add up to ", " come out to "],
        StringComparison.OrdinalIgnoreCase);

    private static bool EndsInValue(string sentence) =>
        char.IsAsciiDigit(sentence[^1]) || sentence[^1] is '%' or '}' or ')' or '°' or 'π' || char.IsAsciiLetterUpper(sentence[^1]);

    /// <summary>"12, 15 or 18": numbers on both sides of an "or".</summary>
    private static bool OffersAlternatives(string sentence)
    {
        var at = sentence.IndexOf(" or ", StringComparison.Ordinal);
        if (at < 0) at = sentence.IndexOf(" OR ", StringComparison.Ordinal);
        return at > 0 && HasValue(sentence.AsSpan(0, at)) && HasValue(sentence.AsSpan(at));
    }

    /// <summary>A sentence without words that works something out: "6^2 = 36." No name gets a value in it.</summary>
    private static bool IsReckoning(string sentence)
    {
        var s = sentence.AsSpan().TrimStart(" *$\\([");
        if (s.StartsWith("so ", StringComparison.OrdinalIgnoreCase) || s.StartsWith("and ", StringComparison.OrdinalIgnoreCase))
            s = s[(s.IndexOf(' ') + 1)..].TrimStart(" ,$\\([");
        if (Words(s.ToString(), out _) > 0 || IsForeign(sentence)) return false;
        var equals = s.IndexOf('=');
        if (equals < 0) return false;
        var name = s[..equals].Trim();
        return name.Length == 0 || !char.IsAsciiLetter(name[0]) || name.IndexOfAnyInRange('0', '9') >= 0 && name.IndexOfAny("+-*/^") >= 0;
    }

    private static bool IsForeign(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
            if (c > 127 && char.IsLetter(c) && c is not ('π' or (>= 'α' and <= 'ω') or (>= 'Α' and <= 'Ω') or 'ℝ')) return true;
        return false;
    }

    // Words of languages that write without letters of their own: two of them make a sentence of such a language.
    private static readonly WordList OtherWords = new(
        "die ", "der ", "das ", "ist ", "sind ", "und ", "betragen ", "beträgt ", "kostet ", "kosten ", "also ", "insgesamt ",
        "el ", "los ", "las ", "es ", "son ", "por ", "hay ", "il ", "gli ", "sono ", "costa ", "le ", "les ", "est ", "des ",
        "donc ", "het ", "een ", "zijn ", "os ", "custa ", "euro", "pesos ", "de ");

    private static bool SpeaksOther(string sentence)
    {
        var count = 0;
        for (var at = OtherWords.Next(sentence, 0); at >= 0; at = OtherWords.Next(sentence, at + 2)) count++;
        return count > 1;
    }

    // "x = 1 or x = 4": two roots, and no hesitation.
    [GeneratedRegex(@"\b([A-Za-z])\s*=\s*(-?[\d./]+)\$?,?\s+or\s+\$?\1\s*=\s*(-?[\d./]*\d)\$?[.!]?\z")]
    private static partial Regex Roots();

    private static bool HasValue(ReadOnlySpan<char> text) => text.IndexOfAnyInRange('0', '9') >= 0 || text.IndexOfAny("$\\π√∞") >= 0;

    private static bool IsQuestion(string text, int end)
    {
        var sentence = text.AsSpan(0, Math.Min(end + 1, text.Length)).TrimEnd(" *\"”)\n");
        return sentence.Length > 0 && sentence[^1] == '?';
    }

    // A word of the list that begins where a word begins.
    internal static bool Holds(ReadOnlySpan<char> text, WordList words) => words.Holds(text);

    // Scripts that put no space between words.
    internal static bool IsUnspaced(char c) =>
        c is >= '\u0e00' and <= '\u0eff' or >= '\u1100' and <= '\u11ff' or >= '\u3040' and <= '\u9fff' or >= '\uac00' and <= '\ud7af'
        or >= '\u0600' and <= '\u06ff';

    // "Mrs. Cruz": no end of a sentence.
    private static bool IsAbbreviation(ReadOnlySpan<char> before) =>
        before.EndsWith("Mr") || before.EndsWith("Mrs") || before.EndsWith("Ms") || before.EndsWith("Dr") || before.EndsWith(" vs");

    /// <summary>Where the sentence that holds a place begins: behind a stop and a space, or a line break, outside formulas.</summary>
    private static int SentenceStart(string text, int place)
    {
        var from = Math.Max(0, place - 2 * LongestSentence);
        var (start, dollars, display) = (from, 0, 0);
        for (var i = from; i < place; i++)
        {
            var c = text[i];
            if (c == '$' && !IsMoney(text, i))
            {
                dollars++;
                if (i + 1 < text.Length && text[i + 1] == '$') i++;
            }
            else if (c == '\\' && i + 1 < text.Length)
            {
                if (text[i + 1] is '[' or '(') display++;
                if (text[i + 1] is ']' or ')') display--;
                i++;
            }
            else if ((dollars & 1) == 0 && display <= 0
                && !(c == '.' && IsAbbreviation(text.AsSpan(from, i - from))) && (c == '\n'
                || (c is '.' or '!' or '?' && i + 1 < text.Length && (char.IsWhiteSpace(text[i + 1]) || text[i + 1] is '*' or '"'))))
            {
                var next = i + 1;
                while (next < place && (char.IsWhiteSpace(text[next]) || text[next] is '*' or '"')) next++;
                if (next <= place && next < text.Length) start = next;
            }
        }

        return start;
    }

    private static readonly string[] NumberWords =
    [
        "times", "plus", "minus", "more", "less", "fewer", "out", "over", "divided", "multiplied", "of", "dozen", "to", "and", "or",
            "squared", "cubed", "hundred", "thousand",
        "million", "billion", "trillion", "halves", "thirds", "quarters", "fifths", "choose", "factorial", "mod", "modulo", "groups",
            "pairs", "percent", "per", "by",
    ];

    /// <summary>The number that an answer begins with, where nothing behind it reckons on: 15 of "15 eggs, 5 of them broken".</summary>
    private static string? LeadingNumber(string text)
    {
        var s = text.AsSpan().TrimStart(" $*");
        var end = s.Length > 0 && s[0] is '-' or '−' ? 1 : 0;
        var first = end;
        while (end < s.Length
            && (char.IsAsciiDigit(s[end])
            || (s[end] is '.' or ',' or '/' && end + 1 < s.Length && char.IsAsciiDigit(s[end + 1]) && end > first))) end++;
        if (end == first || end == s.Length) return null;
        var rest = s[end..];
        if (rest.IndexOfAny("=≈") >= 0
            || rest.TrimStart()[..1] is ['+' or '-' or '*' or '/' or '^' or '×' or '÷' or '·' or '%' or '\\' or '!' or '°' or ':'])
            return null;
        foreach (var word in (ReadOnlySpan<string>)[" is ", " gives ", " makes ", " equals ", " i.e", " total"])
            if (rest.IndexOf(word, StringComparison.OrdinalIgnoreCase) is >= 0 and var at && rest[at..].IndexOfAnyInRange('0', '9') >= 0)
                return null;
        var next = rest.TrimStart(" ,;.(");
        var length = 0;
        while (length < next.Length && char.IsLetter(next[length])) length++;
        if (length == 0) return null;
        foreach (var word in NumberWords)
            if (next[..length].Equals(word, StringComparison.OrdinalIgnoreCase)) return null;
        return s[..end].ToString();
    }
}
