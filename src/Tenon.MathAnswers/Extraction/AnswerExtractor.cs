using System.Buffers;
using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Extraction;

/// <summary>
/// Finds the answer in a text. In this order: an answer tag; the last box (boxes that only separators join are one list); what stands
/// behind "final answer is", "answer is", "answer:", "####"; the whole text where it is an answer itself; the last formula; the last
/// number.
/// A think block never holds the answer. Every scan is linear.
/// </summary>
internal static partial class AnswerExtractor
{
    /// <summary>The answer of a completion.</summary>
    public static Extracted Answer(string text, in ExtractionRules rules)
    {
        if (ThinkBlocks.After(text, rules.OpenedBlock) is not { } rest) return new Extracted("", "unclosed-think");
        var open = rest.LastIndexOf("<answer>", StringComparison.Ordinal);
        if (open >= 0 && !rules.BoxedOnly)
        {
            var close = rest.IndexOf("</answer>", open, StringComparison.Ordinal);
            if (close < 0) return new Extracted("", "unclosed-answer");
            var inner = rest[(open + 8)..close];
            var boxed = Boxed(inner);
            if (boxed is { } b) return b;
            return Sentence(inner.Trim(), "answer-tag");
        }
        if (Boxed(rest) is { } box)
        {
            // Minerva's closing form, behind the box, is the later and more explicit statement.
            if (rules.BoxedOnly || rest.LastIndexOf("I hope it is correct", StringComparison.Ordinal) is not (> 0 and var hope)
                || hope < rest.LastIndexOf("\\boxed", StringComparison.Ordinal)) return box;
            var behind = rest[Math.Min(rest.Length, rest.LastIndexOf("\\boxed", StringComparison.Ordinal) + box.Text.Length)..];
            return behind.Contains("inal answer is", StringComparison.Ordinal) && Anchored(behind, rules.Lenient) is { Found: true } stated
                ? stated : box;
        }
        if (rules.BoxedOnly) return new Extracted("", "no-box");
        if (Anchored(rest, rules.Lenient) is { } anchored) return anchored;
        if (AnchoredInAnyLanguage(rest, rules.Lenient) is { } other) return other;
        if (ChosenOption(rest) is { } option) return new Extracted(option, "option");
        if (LastEquation(rest) is { } solved) return solved;
        if (Labelled(rest) is { } labelled && !Supposes(rest, rules.Lenient)) return labelled;
        if (rest.Length <= WorkBudget.MaxExpressionChars && IsAnswer(rest, out var whole) && !Supposes(rest, rules.Lenient))
            return new Extracted(rest.Trim(), "whole") { Reading = whole };
        if (rules.AnchoredOnly) return new Extracted("", "no-answer");
        if (rest.Length <= 200 && Reading.Strip(rest) is var words && WordSets.Find(words) is not null)
            return new Extracted(words, "whole");
        if (rules.Lenient)
        {
            if (Last(rest) is { } last) return last;
        }
        else if (Closing(rest, rules.Truncated) is { Found: true } closing) return closing;
        else if (!rules.Truncated && (NumberWord.Closing(rest) ?? CjkNumerals.Closing(rest)) is { } counted) return counted;
        return rest.Trim().Length is > 0 and <= 200 && (rules.Lenient || !HasValue(rest)
            && !ChoiceLetters.ListsMore(rest)) ? new Extracted(rest.Trim(), "whole")
            : new Extracted("", rules.Lenient ? "no-answer" : "no-statement");
    }

    // "x + 4 = 11", a line break, "x = 7": equations line by line, the last of which gives the unknown its value.
    private static Extracted? LastEquation(string text)
    {
        var s = text.AsSpan().Trim();
        if (s.Length > LongestSentence || s.IndexOf('\n') < 0) return null;
        var last = s[(s.LastIndexOf('\n') + 1)..].Trim().ToString();
        if (!Clauses.IsNamed(last) || char.IsAsciiDigit(last[0])) return null;
        foreach (var range in s.Split('\n'))
        {
            var line = s[range].Trim().ToString();
            if (line.Length > 0 && (line.IndexOf('=', StringComparison.Ordinal) < 0 || line.Contains('?', StringComparison.Ordinal)
                || Words(line, out _) > 0)) return null;
        }

        return new Extracted(last.TrimEnd('.'), "whole");
    }

    private static bool Supposes(string text, bool lenient) => !lenient
        && (IsForeign(text) && AnswerWords.BeginsStep(text) || text.Length < LongestSentence && HasValue(text)
        && Holds(text, AnswerWords.Doubt));

    /// <summary>The gold: a raw answer, an answer between dollars, or a worked solution that ends in one.</summary>
    public static Extracted Gold(string text)
    {
        if (text.Contains("\\boxed", StringComparison.Ordinal) && Boxed(text) is { Found: true } box) return box;
        if (text.Length > 200 || (text.Contains(". ", StringComparison.Ordinal) && text.Length > 60))
        {
            if (Anchored(text, lenient: true) is { } anchored) return anchored;
            if (!IsAnswer(text, out _))
            {
                if (Last(text) is { } last) return last;
            }
        }
        var hashes = text.LastIndexOf("####", StringComparison.Ordinal);
        return new Extracted((hashes >= 0 ? text[(hashes + 4)..] : text).Trim(), "whole");
    }

    private static Extracted? Boxed(string text)
    {
        var boxes = Boxes.Find(text, out var unclosed);
        if (unclosed) return new Extracted("", "unclosed-box");
        if (boxes.Count == 0) return null;
        var last = boxes[^1];
        var content = Inner(last.Content);
        var list = content;
        var (hedged, joined, or) = (false, false, false);
        for (var i = boxes.Count - 1; i > 0 && boxes.Count - i < 64; i--)
        {
            var between = text.AsSpan(boxes[i - 1].End, boxes[i].Start - boxes[i - 1].End);
            // "x = \boxed{1} and x = \boxed{-5}": the names are no words between the boxes.
            var (name, other) = (Named(text.AsSpan(0, boxes[i].Start)), Named(text.AsSpan(0, boxes[i - 1].Start)));
            if (name is { } own && other is not null && own.At > boxes[i - 1].End) between = between[..(own.At - boxes[i - 1].End)];
            else (name, other) = (null, null);
            if (Boxes.Separator(between, out or) is null) break;
            var before = Inner(boxes[i - 1].Content);
            hedged |= or;
            if (before == content && name?.Name == other?.Name) continue;
            if (name is { } n && other is { } o && n.Name != o.Name)
            {
                if (!joined) list = $"{n.Name} = {list}";
                before = $"{o.Name} = {before}";
            }

            joined = true;
            list = before + " , " + list;
        }
        if (content.Trim().Length == 0) return new Extracted("", "empty-box");
        // 20} percent: a percent sign may stand behind the box.
        if (!joined && PercentBehind(text.AsSpan(last.End))) list += "\\%";
        return new Extracted(list, joined ? "boxed-list" : "boxed", hedged && joined)
        { Behind = joined ? null : UnitBehind.Of(text.AsSpan(last.End)), Together = joined ? null : Together(text, boxes) };
    }

    /// <summary>A box in a box: the inner one.</summary>
    private static string Inner(string content)
    {
        for (var i = 0; i < 8 && content.Contains("\\boxed{", StringComparison.Ordinal); i++)
        {
            var inner = Boxes.Find(content, out var unclosed);
            if (unclosed || inner.Count == 0) break;
            content = inner[^1].Content;
        }
        return content;
    }

    private static bool PercentBehind(ReadOnlySpan<char> rest)
    {
        rest = rest.TrimStart(" $)\\");
        if (rest.StartsWith("%")) return true;
        foreach (var word in (ReadOnlySpan<string>)["percent", "pct"])
            if (rest.StartsWith(word, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }

    private static readonly string[] Anchors = ["final answer", "answer"];

    // Searched for with vectors, as a search from the end that ignores the case is not.
    private static readonly SearchValues<string> AnyAnchor = SearchValues.Create(["answer"], StringComparison.OrdinalIgnoreCase);

    private static readonly SearchValues<string> AnyOption = SearchValues.Create(["option", "choice"], StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// What stands behind the last "answer is", "answer:", "final answer ... is" or "####"; found or refused, null where nothing is
    /// announced.
    /// </summary>
    private static Extracted? Anchored(string text, bool lenient)
    {
        var hashes = text.LastIndexOf("####", StringComparison.Ordinal);
        if (hashes >= 0 && FirstLine(text[(hashes + 4)..]) is { Length: > 0 } line) return Sentence(line, "hashes");
        if (text.AsSpan().IndexOfAny(AnyAnchor) < 0) return null;
        var tail = text.Length > 20_000 ? text[^20_000..] : text;
        foreach (var anchor in Anchors)
        {
            var at = tail.Length;
            for (var tries = 0; tries < 8 && at > 0; tries++)
            {
                at = tail.LastIndexOf(anchor, at - 1, StringComparison.OrdinalIgnoreCase);
                if (at < 0) break;
                if (IsOther(tail.AsSpan(0, at)) || Behind(tail, at + anchor.Length) is not { } found) continue;
                var rule = anchor == "answer" ? "answer-is" : "final-answer";
                if (!lenient && Unstated(tail, at, at + anchor.Length) is { } refused) return new Extracted("", refused);
                if (SaysUnknown(found))
                    return new Extracted(found[..Math.Max(found.AsSpan().IndexOfAny("(,;:") is var cut and > 0 ? cut
                        : found.Length, 1)].Trim(), rule);
                return found.StartsWith("not ", StringComparison.OrdinalIgnoreCase) ? Instead(found, rule) : Sentence(found, rule);
            }
        }
        return null;
    }

    // "Rejected answers: B", "a wrong answer is 7": what is said of other answers.
    private static bool IsOther(ReadOnlySpan<char> before)
    {
        before = before.TrimEnd(" *");
        foreach (var word in (ReadOnlySpan<string>)["rejected", "wrong", "incorrect", "eliminated", "excluded", "discarded", "previous",
            "earlier", "initial", "partial"])
            if (before.EndsWith(word, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }

    // "Answer: unknown (the given speed is 40 km/h)": what is in brackets behind it is no answer.
    private static readonly string[] Unknowns =
        ["unknown", "unclear", "undetermined", "n/a", "not enough", "not given", "insufficient", "cannot ", "can't ", "unable",
            "impossible to"];

    private static bool SaysUnknown(ReadOnlySpan<char> answer)
    {
        foreach (var word in Unknowns)
            if (answer.StartsWith(word, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }

    /// <summary>"not 12 but 15", "not B, so D": what it is instead; nothing where it is not said.</summary>
    private static Extracted Instead(string negated, string rule)
    {
        foreach (var word in (ReadOnlySpan<string>)[" but rather ", " but ", ", so ", " so ", "; it is "])
            if (negated.IndexOf(word, StringComparison.OrdinalIgnoreCase) is > 0 and var at)
                return Sentence(negated[(at + word.Length)..].TrimStart(), rule);
        return new Extracted("", "negated");
    }

    /// <summary>Skips ": ", " is ", "** ", "of ... is" behind the anchor word; null where the word states nothing.</summary>
    private static string? Behind(string text, int at)
    {
        var rest = text.AsSpan(at);
        var stop = Sentence(rest);
        var sentence = rest[..stop];
        var colon = sentence.IndexOf(':');
        var equals = IndexOfWord(sentence, "is");
        int from;
        if (colon >= 0 && colon <= 4 && (equals < 0 || colon < equals))
        {
            from = colon + 1;
            // "Final Answer: The final answer is 5", "Final Answer: The largest n is 34"
            var inner = sentence[from..];
            var again = IndexOfWord(inner, "is");
            if (again >= 0 && StartsWithWords(inner[..again]) && !SaysUnknown(inner.TrimStart(" *"))) from += again + 2;
        }
        else if (equals >= 0 && equals <= 100) from = equals + 2;
        else if (Heading(text, at, stop) is > 0 and var line) from = line;
        else if (Dash(sentence.TrimStart(" *")) is > 0 and var dash) from = sentence.Length - sentence.TrimStart(" *").Length + dash;
        else if (sentence.StartsWith(" of ") && HasValue(sentence[..Math.Min(sentence.Length, 12)])) from = 4;
        else if (sentence.Length > 0 && sentence[0] == ' ' && sentence.TrimStart() is { Length: > 0 and < 60 } bare
            && (bare[0] is '$' or '\\' || char.IsAsciiDigit(bare[0]) || bare.Trim(" .()*").Length == 1)) from = 0;
        else return null;
        var answer = sentence[from..].TrimStart(" :*\n\r\t").ToString();
        while (Array.Exists(Adverbs, word => answer.StartsWith(word, StringComparison.OrdinalIgnoreCase)))
            answer = answer[(answer.IndexOf(' ') + 1)..];
        // "The answer is:" at the end of its line: what the next one says.
        if (answer.Length == 0 && stop < rest.Length && rest[stop] == '\n' && rest[(stop + 1)..].TrimStart() is { Length: > 0 } below)
            answer = below[..Sentence(below)].TrimStart(" :*\n\r\t").ToString();
        return answer.Trim(' ', '*', '\n', '\r', '"').Length == 0 ? null : answer.Trim(' ', '\n', '\r', '"');
    }

    // "**Answer**", "## Final answer" on a line of its own, with an answer or the last line of the text below: where that begins.
    private static int Heading(string text, int at, int stop)
    {
        var behind = text.AsSpan(at, stop);
        var rest = behind.TrimStart(" *_#");
        if (rest.Length == 0 || rest[0] != '\n') return 0;
        var line = text.AsSpan(0, at);
        line = line[(line.LastIndexOf('\n') + 1)..].Trim(" *_#");
        if (line.Length > "the final answer".Length) return 0;
        return text.AsSpan(at + stop).Trim(" .*\n").IsEmpty || IsAnswer(Reading.Strip(rest.ToString()), out _)
            ? behind.Length - rest.Length + 1 : 0;
    }

    private static readonly string[] Adverbs =
        ["simply ", "thus ", "therefore ", "then ", "hence ", "indeed ", "clearly ", "certainly ", "definitely ", "surely ", "obviously "];

    private static readonly string[] OptionWords = ["option is", "choice is", "option", "choice"];

    /// <summary>"The best option is (B).": one letter from A to J behind the word.</summary>
    private static string? ChosenOption(string text)
    {
        if (text.AsSpan().IndexOfAny(AnyOption) < 0) return null;
        foreach (var word in OptionWords)
        {
            var at = text.LastIndexOf(word, StringComparison.OrdinalIgnoreCase);
            if (at < 0) continue;
            var start = SentenceStart(text, at);
            if (AnswerWords.BeginsStep(text.AsSpan(start)) || Holds(text.AsSpan(start, at - start), AnswerWords.Doubt)
                || Clauses.EndsInRejection(text.AsSpan(start, at - start))) continue;
            var rest = text.AsSpan(at + word.Length).TrimStart(" :*($");
            if (rest.Length > 0 && rest[0] is >= 'A' and <= 'J' && (rest.Length == 1 || !char.IsLetterOrDigit(rest[1]))
                && rest.TrimEnd().Length < 6) return rest[..1].ToString();
        }
        return null;
    }

    private static bool StartsWithWords(ReadOnlySpan<char> s)
    {
        var t = s.TrimStart(" *\n");
        return t.Length > 1 && char.IsAsciiLetter(t[0]) && char.IsAsciiLetter(t[1]);
    }

    /// <summary>The end of the sentence or line: a full stop before a space, or a newline outside a formula.</summary>
    private static int Sentence(ReadOnlySpan<char> rest)
    {
        var dollars = 0;
        var display = 0;
        var seen = false;
        for (var i = 0; i < rest.Length && i < 2000; i++)
        {
            var c = rest[i];
            if (c == '$' && !IsMoney(rest, i))
            {
                dollars++;
                if (i + 1 < rest.Length && rest[i + 1] == '$') i++;
            }
            if (c == '\\' && i + 1 < rest.Length)
            {
                if (rest[i + 1] is '[' or '(') display++;
                if (rest[i + 1] is ']' or ')') display--;
            }
            if (c == '\n' && seen && (dollars & 1) == 0 && display <= 0) return i;
            if (c == '.' && seen && (dollars & 1) == 0 && display <= 0
                && (i + 1 == rest.Length || char.IsWhiteSpace(rest[i + 1]) || rest[i + 1] is '"' or '*')) return i;
            if (!char.IsWhiteSpace(c) && c is not (':' or '*')) seen = true;
        }
        return Math.Min(rest.Length, 2000);
    }

    private static int IndexOfWord(ReadOnlySpan<char> s, string word)
    {
        // The first letter in either case, which a search over many characters at once finds.
        var (lower, upper) = (word[0], char.ToUpperInvariant(word[0]));
        for (var i = 0; ; i++)
        {
            var next = s[i..].IndexOfAny(lower, upper);
            if (next < 0 || i + next + word.Length > s.Length) return -1;
            i += next;
            if ((i == 0 || !char.IsLetter(s[i - 1])) && (i + word.Length == s.Length || !char.IsLetter(s[i + word.Length]))
                && s[i..].StartsWith(word, StringComparison.OrdinalIgnoreCase)) return i;
        }
    }

    /// <summary>
    /// An answer sentence: all of it where it reads as an answer, else its formulas, else its first number; alternatives are kept.
    /// </summary>
    private static Extracted Sentence(string text, string rule)
    {
        // "7, not 8": what it is not is no part of it.
        var negated = text.IndexOf(", not ", StringComparison.Ordinal);
        var answer = Reading.Strip(negated > 0 ? text[..negated] : text);
        if (IsAnswer(answer, out var reading)) return new Extracted(answer, rule) { Reading = reading };
        // "B) 42", "(C) five": a choice with its text.
        if (answer.Length > 2 && answer.TrimStart('(') is [>= 'A' and <= 'J', ')', ..]) return new Extracted(answer, rule);
        var formula = FirstFormulas(answer);
        if (formula is not null) return new Extracted(formula, rule) { Behind = BehindFormula(answer) };
        if (WordSets.Find(answer) is not null) return new Extracted(answer, rule);
        // "12 because 3 + 9 = 12": the reason is no part of it either.
        var reason = AnswerWords.Reason.IndexIn(answer.AsSpan());
        if (reason > 0 && HasValue(answer.AsSpan(0, reason))) return Sentence(answer[..reason], rule);
        if (LastNumber(answer) is { } ending && answer.Contains("between ", StringComparison.OrdinalIgnoreCase) && IsBound(answer, ending))
            return new Extracted("", "no-statement");
        if (LeadingNumber(answer) is { } leading)
            return new Extracted(leading, rule) { Behind = BehindNumber(answer, leading, last: false) };
        if (LastNumber(answer) is { } number)
        {
            var list = Enumerated(answer, number);
            return new Extracted(list, rule) { Behind = list == number ? BehindNumber(answer, number, last: true) : null };
        }

        return new Extracted(answer.Length <= 400 ? answer : "", rule);
    }
}
