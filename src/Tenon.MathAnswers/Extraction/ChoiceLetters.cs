using System.Buffers;

namespace Tenon.MathAnswers.Extraction;

/// <summary>
/// The letter of a multiple choice that a text settles on: "the answer is C because ...", "Answer: not B, so D". Letters that are named as
/// wrong
/// do not count; two that are left decide nothing.
/// </summary>
internal static class ChoiceLetters
{
    private const int MostSentences = 12;
    private const int LongestTail = 4000;

    private static readonly SearchValues<string> Announcements = SearchValues.Create(
        ["answer", "option", "choice", "correct", "choose", "pick", "select", "leaves", "left with", "namely", "must be", "remain",
            "go with",
            "going with",
        "settle on", "right one", "best one", "is right", "only one", "appropriate", "match", "true", "satisf", "consistent with",
        "вариант", "варіант", "选项", "選項", "選択肢",
        "선택지", "보기", "الخيار",
        "विकल्प", "opción", "opção",
        "opzione", "seçenek", "phương án", "pilihan", "ตัวเลือก"],
        StringComparison.OrdinalIgnoreCase);

    private static readonly SearchValues<string> Conclusions = SearchValues.Create(
        ["so ", "therefore", "thus", "hence", "leaves", "leaving", "must be", "but ", "it is ", "it's ", "that is ", "is "],
        StringComparison.OrdinalIgnoreCase);

    private static readonly SearchValues<string> Rejections = SearchValues.Create(
        ["not", "n't", "never", "rather than", "instead of", "eliminat", "exclud", "rule out", "rules out", "ruled out", "ruling out",
            "neither", "nor ",
        "unlike", "reject", "discard", "than"],
        StringComparison.OrdinalIgnoreCase);

    private static readonly SearchValues<string> Wrong = SearchValues.Create(
        ["wrong", "incorrect", "not ", "n't", "false", "fail", "ruled out", "impossible", "eliminated", "excluded", "too "],
        StringComparison.OrdinalIgnoreCase);

    private static readonly SearchValues<string> WrongElsewhere = SearchValues.Create(
        ["不符合", "错误", "不正确", "不对", "不成立", "誤り", "正しくない", "неверн", "неправильн", "ошибочн"], StringComparison.Ordinal);

    private static readonly SearchValues<string> Doubts = SearchValues.Create(
        ["might", "maybe", "perhaps", "could be", "may be", "not sure", "unsure", "don't know", "do not know", "cannot decide", "guess",
        "let me", "let's", "let us",
        "look at option", "often", "usually", "not able", "unable", "coin flip", "can't tell", "cannot tell", "can't decide", "otherwise",
        "depend", " either ",
        "可能", "может быть", "かもしれ"], StringComparison.OrdinalIgnoreCase);

    private static readonly string[] AfterArticle = ["because", "since", "as", "and", "or", "is", "was", "for", "due", "which", "the"];

    private readonly record struct Letter(char Name, int Start, int End, bool Marked);

    /// <summary>The letter that a gold is nothing but (C, (C), \text{C}), or null.</summary>
    public static char? IsLetter(string text)
    {
        if (text.Length is 0 or > 14) return null;
        var bare = Bare(text);
        return bare.Length == 1 && bare[0] is >= 'A' and <= 'J' ? bare[0] : null;
    }

    /// <summary>
    /// True where an extracted answer is a choice already: a letter, alone or with its text behind a bracket, stop or colon.
    /// </summary>
    public static bool IsChoice(string text)
    {
        if (text.Length == 0) return false;
        var bare = Bare(text);
        return bare.Length > 0 && char.IsAsciiLetter(bare[0]) && (bare.Length == 1 || bare[1] is ')' or '.' or ':' or '}')
            && !SaysOfIt(bare[1..]) && !Initials.Holds(bare, 0);
    }

    /// <summary>"(A) is incorrect because ...": a sentence about a choice, and not the choice with its text.</summary>
    public static bool SaysOfIt(ReadOnlySpan<char> behind)
    {
        behind = behind.TrimStart(" ).:}*$");
        foreach (var verb in (ReadOnlySpan<string>)["is ", "isn't ", "was ", "cannot ", "can't ", "does ", "doesn't ", "fails ", "would "])
            if (behind.StartsWith(verb, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }

    private static ReadOnlySpan<char> Bare(string text) =>
        (text.Contains('\\') ? text.Replace("\\textbf", "", StringComparison.Ordinal).Replace("\\text", "", StringComparison.Ordinal)
        .Replace("\\mathrm", "", StringComparison.Ordinal)
            .Replace("\\mathbf", "", StringComparison.Ordinal) : text).AsSpan().Trim(" ${}().*");

    /// <summary>The letter that the last announcement of a text names, or null where there is none or two are left.</summary>
    public static char? Announced(string text)
    {
        var tail = text.Length > LongestTail ? text[^LongestTail..] : text;
        tail = ChoiceLines.Joined(Latin(tail));
        if ((Alone(tail) ?? LastLabel(tail)) is { } alone) return alone;
        var sentences = tail.Split(['\n', '。', ';'], StringSplitOptions.RemoveEmptyEntries).SelectMany(Sentences).ToList();
        var rejected = new HashSet<char>();
        for (var i = sentences.Count - 1; i >= 0 && i >= sentences.Count - MostSentences; i--)
        {
            var s = sentences[i];
            var start = s.AsSpan().IndexOfAny(Announcements);
            if (start < 0) start = s.TrimStart().StartsWith("Only ", StringComparison.Ordinal) ? 0
                : AnswerWords.Answer.IndexIn(s.AsSpan());
            var last = i == sentences.Count - 1;
            if (start < 0
                && !(last
                && (AnswerWords.Conclusion.IndexIn(s.AsSpan()) >= 0 || s.StartsWith("So", StringComparison.Ordinal)
                || s.Contains(" so ", StringComparison.Ordinal) || s.Trim().Length <= 8 || s.TrimEnd(' ', '.', '!', '*').EndsWith(" it is",
                StringComparison.Ordinal)))) continue;
            if (s.TrimEnd().EndsWith('?') || Clauses.WithoutAside(s).AsSpan().IndexOfAny(Doubts) >= 0 || IsSupposition(s)) return null;
            if (GoesOn(s)) continue;
            var letters = Letters(s);
            // "If we pick A, we get a contradiction": only what it comes to may settle it.
            if (s.TrimStart().StartsWith("If ", StringComparison.OrdinalIgnoreCase)
                && s.IndexOf(',', StringComparison.Ordinal) is > 0 and var comma)
                letters.RemoveAll(l => l.Start < comma);
            if (letters.Count == 0) continue;
            // A sentence that only says which are wrong leaves it to the one before.
            if (letters.Where((_, k) => !IsRejected(s, letters, k)).Any() && !SpeaksOfSeveral(s))
                return Settle(s, letters, Math.Max(0, start)) is { } settled && !rejected.Contains(settled) ? settled : null;
            foreach (var letter in letters) rejected.Add(letter.Name);
        }

        return null;
    }

    // "Now consider option C.": a step that settles nothing.
    private static bool GoesOn(string s)
    {
        var t = s.AsSpan().TrimStart(" *-#");
        foreach (var word in (ReadOnlySpan<string>)["now ", "now,", "next", "consider ", "first", "we need", "to find", "recall", "note "])
            if (t.StartsWith(word, StringComparison.OrdinalIgnoreCase))
                return t.IndexOf("answer", StringComparison.OrdinalIgnoreCase) < 0
                    && t.IndexOf("correct", StringComparison.OrdinalIgnoreCase) < 0;
        return false;
    }

    // "Options A, B and C confuse speed and velocity": what is said of several chooses none.
    private static bool SpeaksOfSeveral(string s)
    {
        var t = s.AsSpan().TrimStart(" *-");
        if (t.StartsWith("the other ", StringComparison.OrdinalIgnoreCase)) t = t["the other ".Length..];
        return (t.StartsWith("options ", StringComparison.OrdinalIgnoreCase) || t.StartsWith("choices ", StringComparison.OrdinalIgnoreCase)
            || t.StartsWith("answers ", StringComparison.OrdinalIgnoreCase)) && !s.Contains("correct", StringComparison.OrdinalIgnoreCase)
            && !s.Contains(" so ", StringComparison.Ordinal) && !s.Contains("leav", StringComparison.Ordinal);
    }

    /// <summary>True for "A. The cell membrane", a line break, "B. The nucleus": the question's choices, and none of them chosen.</summary>
    public static bool ListsMore(string text)
    {
        for (var at = text.IndexOf('\n', StringComparison.Ordinal); at >= 0; at = text.IndexOf('\n', at + 1))
            if (text.AsSpan(at + 1).TrimStart(" *(-") is [>= 'B' and <= 'J', ')' or '.' or ':', ..]) return true;
        return text.Length < 400 && text.Contains(" B. ", StringComparison.Ordinal) && text.Contains("A. ", StringComparison.Ordinal)
            && text.Contains(" C. ", StringComparison.Ordinal);
    }

    // "Final decision: B", "All of the above (D)": a label and a letter, or a short text and its letter, as the last line.
    private static char? LastLabel(string text)
    {
        var s = text.AsSpan().TrimEnd(" \n*.");
        s = s[(s.LastIndexOf('\n') + 1)..].TrimStart(" *#-");
        if (s.Length is < 4 or > 60 || s.ContainsAny('?', '=')) return null;
        var close = s[^1] == ')';
        var at = close ? s.Length - 2 : s.Length - 1;
        if (s[at] is < 'A' or > 'J' || close && s[at - 1] != '(' || s[..at].IndexOfAny(Doubts) >= 0) return null;
        var before = s[..(close ? at - 1 : at)];
        if (close && before.EndsWith(" ") && text.AsSpan().Trim().IndexOf('\n') < 0 && before.IndexOfAny(Rejections) < 0
            && before.IndexOfAnyInRange('0', '9') < 0 && before.Length > 8) return s[at];
        var label = before.TrimEnd(" *");
        if (label.Length < 5 || label[^1] != ':' || label[..^1].IndexOfAny(":,.") >= 0) return null;
        foreach (var word in (ReadOnlySpan<string>)["final", "decision", "verdict", "result", "solution", "selection", "response",
            "conclusion",
            "choose", "pick"])
            if (label.Contains(word, StringComparison.OrdinalIgnoreCase)) return s[at];
        return null;
    }

    // "A) 45 degrees", "**B: Paris**": a single line that is a choice with its text, and names no other.
    private static char? Alone(string text)
    {
        var s = text.AsSpan().Trim().TrimStart(" *(").TrimEnd(" *");
        if (s.Length is < 4 or > 200 || s[0] is < 'A' or > 'J' || s[1] is not (')' or ':') || s.ContainsAny('\n', '?')
            || SaysOfIt(s[1..])) return null;
        for (var i = 2; i + 1 < s.Length; i++)
            if (s[i] is >= 'A' and <= 'J' && s[i + 1] is ')' or ':' && !char.IsLetterOrDigit(s[i - 1])) return null;
        return s[0];
    }

    /// <summary>The letters that a gold is nothing but a list of ("A, C"), or null.</summary>
    public static string? AreLetters(string text)
    {
        if (text.Length is < 3 or > 40) return null;
        var letters = new SortedSet<char>();
        foreach (var part in text.Replace("\\text", "", StringComparison.Ordinal).Replace(" and ", ",", StringComparison.Ordinal)
            .Split([',', ';', '，', '、']))
        {
            var bare = part.AsSpan().Trim(" ${}().");
            if (bare.Length != 1 || bare[0] is < 'A' or > 'J') return null;
            letters.Add(bare[0]);
        }

        return letters.Count > 1 ? string.Concat(letters) : null;
    }

    /// <summary>The letters that the last announcing sentence names, none of them rejected; empty where there is none.</summary>
    public static string AnnouncedAll(string text)
    {
        var tail = Latin(text.Length > LongestTail ? text[^LongestTail..] : text);
        var s = tail.Split(['\n', '。'], StringSplitOptions.RemoveEmptyEntries).SelectMany(Sentences).LastOrDefault() ?? "";
        if (s.Trim().Length > 20 && s.AsSpan().IndexOfAny(Announcements) < 0 && AnswerWords.Answer.IndexIn(s.AsSpan()) < 0) return "";
        if (s.TrimEnd().EndsWith('?') || s.AsSpan().IndexOfAny(Doubts) >= 0 || IsSupposition(s)
            || s.Contains(" or ", StringComparison.OrdinalIgnoreCase)) return "";
        var letters = Letters(s);
        return string.Concat(letters.Where((_, k) => !IsRejected(s, letters, k)).Select(l => l.Name).Distinct().Order());
    }

    // Choices of a Cyrillic text: letters that look like ours, and Б and Г by their place.
    private static string Latin(string text)
    {
        if (text.AsSpan().IndexOfAny("АБВГСЕН") < 0) return text;
        var letters = text.ToCharArray();
        for (var i = 0; i < letters.Length; i++)
        {
            var alone = (i == 0 || !char.IsLetter(text[i - 1])) && (i + 1 == text.Length || !char.IsLetter(text[i + 1]));
            var at = alone && i > 0 ? "АБВГСЕН".IndexOf(text[i], StringComparison.Ordinal) : -1;
            if (at >= 0) letters[i] = "ABBDCEH"[at];
        }

        return new string(letters);
    }

    // "If the answer were B, then ..." settles on nothing.
    private static bool IsSupposition(string s) =>
        s.TrimStart().StartsWith("If ", StringComparison.OrdinalIgnoreCase) && s.Contains(" were ", StringComparison.Ordinal)
        || s.Contains(" would be ", StringComparison.OrdinalIgnoreCase) && s.Contains(" if ", StringComparison.OrdinalIgnoreCase);

    private static IEnumerable<string> Sentences(string line)
    {
        var from = 0;
        for (var i = 1; i + 1 < line.Length; i++)
        {
            // "B. Paris" and "by A. Einstein" are no ends of sentences.
            if (line[i] is not ('.' or '!' or '?') || line[i + 1] != ' ' || line[i] == '.' && Initials.Holds(line, i - 1)
                || (char.IsAsciiLetterUpper(line[i - 1]) && (i < 2 || !char.IsLetter(line[i - 2])) && i + 2 < line.Length && i - from < 4))
                continue;
            yield return line[from..(i + 1)];
            from = i + 2;
        }

        if (from < line.Length) yield return line[from..];
    }

    private static char? Settle(string s, List<Letter> letters, int announced)
    {
        // "Options: A) 3 B) 4 C) 5" lists them.
        if (letters.Count(l => l.End < s.Length && s[l.End] == ')' && l.Start > 0 && s[l.Start - 1] != '(') > 2) return null;
        var left = letters.Where((l, k) => !IsRejected(s, letters, k)).ToList();
        if (left.Count == 0) return null;
        if (left.TrueForAll(l => l.Name == left[0].Name)) return left[0].Name;
        // "is C because A ...": the first right behind the announcement, where no other is joined to it.
        var first = left.FirstOrDefault(l => l.Start > announced);
        if (first.Name != '\0' && !s.AsSpan(announced, first.Start - announced).Contains("except", StringComparison.OrdinalIgnoreCase)
            && Direct(s.AsSpan(announced, first.Start - announced)) && !Joined(s.AsSpan(first.End))) return first.Name;
        // "..., so D": the last behind a conclusion, joined to none before it.
        var last = left[^1];
        var before = left[^2];
        var between = s.AsSpan(before.End, last.Start - before.End);
        return between.IndexOfAny(Conclusions) >= 0 && !between.Contains(" or ", StringComparison.OrdinalIgnoreCase) ? last.Name : null;
    }

    // Nothing but small words between the announcement and the letter.
    private static bool Direct(ReadOnlySpan<char> between)
    {
        var words = 0;
        foreach (var range in between.SplitAny(" :*($\"'\\{}"))
            if (!between[range].IsEmpty) words++;
        return words <= 7;
    }

    private static bool Joined(ReadOnlySpan<char> rest)
    {
        rest = rest.TrimStart(" )*}$");
        if (rest.StartsWith("\\text{")) rest = rest["\\text{".Length..].TrimStart(' ');
        return rest.StartsWith("or ", StringComparison.OrdinalIgnoreCase) || rest.StartsWith("and ", StringComparison.OrdinalIgnoreCase)
            || rest.StartsWith("/") || rest.StartsWith("&")
            || (rest.StartsWith(",") && rest.Length > 3 && char.IsAsciiLetterUpper(rest.TrimStart(" ,(")[0])
            && !char.IsLetter(rest.TrimStart(" ,(")[1]));
    }

    private static bool IsRejected(string s, List<Letter> letters, int k)
    {
        var letter = letters[k];
        var from = k == 0 ? 0 : letters[k - 1].End;
        var before = s.AsSpan(from, letter.Start - from);
        // A comma or a turn ends what the "not" before it rejects.
        var turn = -1;
        foreach (var word in (ReadOnlySpan<string>)[", so ", ", only ", " but ", ". ", "leaving ", "leaves ", "left with ", "left is ",
            "therefore", "thus ", "hence ", "must be ", "remains ", "remaining "])
            turn = Math.Max(turn, before.LastIndexOf(word, StringComparison.OrdinalIgnoreCase));
        if (turn >= 0) before = before[turn..];
        if (before.IndexOfAny(Rejections) >= 0) return true;
        if (AnswerExtractor.Holds(before, AnswerWords.Negation) && !AnswerExtractor.Holds(before, AnswerWords.Instead)) return true;
        // "not A or B", "eliminate A, B and C": what is joined to a rejected letter is rejected with it.
        if (k > 0 && before.Trim(" ,/()*$&").ToString().ToLowerInvariant() is "" or "and" or "or" or "nor" or ", and"
            && IsRejected(s, letters, k - 1) && !IsWrongBehind(s, letters, k - 1)) return true;
        return IsWrongBehind(s, letters, k);
    }

    private static bool IsWrongBehind(string s, List<Letter> letters, int k)
    {
        // "A and B are wrong" says it of both.
        var last = k;
        while (last + 1 < letters.Count
            && s.AsSpan(letters[last].End, letters[last + 1].Start - letters[last].End).Trim(" ,/()*$&").ToString().ToLowerInvariant() is ""
            or "and" or "or") last++;
        var end = last + 1 < letters.Count ? letters[last + 1].Start : s.Length;
        var behind = s.AsSpan(letters[last].End, end - letters[last].End);
        var verb = behind.TrimStart(" )*}$\"'");
        var words = behind.IndexOfAny(",，.;；");
        if ((words < 0 ? behind : behind[..words]).IndexOfAny(WrongElsewhere) >= 0) return true;
        if (verb.StartsWith("isn't") || verb.StartsWith("aren't") || verb.StartsWith("wasn't") || verb.StartsWith("won't")) return true;
        if (!(verb.StartsWith("is ") || verb.StartsWith("are ") || verb.StartsWith("was ") || verb.StartsWith("does")
            || verb.StartsWith("do ") || verb.StartsWith("fail") || verb.StartsWith("can"))) return false;
        var stop = verb.IndexOfAny(",.;");
        return (stop < 0 ? verb : verb[..stop]).IndexOfAny(Wrong) >= 0;
    }

    private static List<Letter> Letters(string s)
    {
        var found = new List<Letter>();
        for (var i = 0; i < s.Length && found.Count < 32; i++)
        {
            if (s[i] is >= 'a' and <= 'j' && IsMarkedSmall(s, i)) found.Add(new Letter(char.ToUpperInvariant(s[i]), i, i + 1, true));
            if (s[i] is < 'A' or > 'J') continue;
            if (i > 0 && (char.IsAsciiLetterOrDigit(s[i - 1]) || s[i - 1] is '\\' or '_' or '^' or '=')) continue;
            var next = i + 1 < s.Length ? s[i + 1] : ' ';
            var quoted = i > 0 && s[i - 1] is '\'' or '‘' && next is '\'' or '’';
            if (i > 0 && s[i - 1] == '\'' && !quoted || Initials.Holds(s, i)) continue;
            if (!quoted && next is '\'' or '’') continue;
            if (char.IsAsciiLetterOrDigit(next) || next is '_' or '^' or '=' or '+' or '-' || Reckons(s.AsSpan(i + 1))) continue;
            var marked = quoted || i > 0 && s[i - 1] is '(' or '*' or '{' or '[' or '"' or '“' || next is ')' or '*';
            marked |= i > 1 && s[i - 1] == ' ' && NamesChoice(s.AsSpan(0, i - 1));
            if (!marked && next == ' ' && i + 2 < s.Length && IsWord(s.AsSpan(i + 2), s[i])) continue;
            found.Add(new Letter(s[i], i, i + 1, marked));
        }

        return found;
    }

    // "C - 1", "A + B"
    private static bool Reckons(ReadOnlySpan<char> behind) =>
        behind is [' ', '+' or '-' or '*' or '/' or '=' or '<' or '>', ' ', var next, ..]
        && (behind[1] != '-' || char.IsAsciiDigit(next) || behind.Length == 4 || !char.IsLetter(behind[4]));

    private static bool NamesChoice(ReadOnlySpan<char> before) =>
        before.EndsWith("option", StringComparison.OrdinalIgnoreCase) || before.EndsWith("choice", StringComparison.OrdinalIgnoreCase)
        || before.EndsWith("statement", StringComparison.OrdinalIgnoreCase)
        || before.EndsWith("answer", StringComparison.OrdinalIgnoreCase);

    // "option (c)", "answer: (c)"; not f(c), and not "part (c) of the question".
    private static bool IsMarkedSmall(string s, int i)
    {
        // "Correct option: b" at the end
        if (i > 1 && s[i - 1] == ' ' && s[i - 2] == ':' && s.AsSpan(i + 1).Trim(" .*").IsEmpty
            && (s.AsSpan(0, i - 2).EndsWith("option") || s.AsSpan(0, i - 2).EndsWith("choice") || s.AsSpan(0, i - 2).EndsWith("nswer")))
            return true;
        if (i < 2 || i + 1 >= s.Length || s[i - 1] != '(' || s[i + 1] != ')') return false;
        var before = s.AsSpan(0, i - 1).TrimEnd(" :*");
        foreach (var word in
            (ReadOnlySpan<string>)["option", "choice", "answer", "answer is", "option is", "choice is", "correct", "select", "choose",
            "pick"])
            if (before.EndsWith(word, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }

    // "A train", "I think": an article, a pronoun; "A because" is a choice.
    private static bool IsWord(ReadOnlySpan<char> rest, char letter)
    {
        if (letter is not ('A' or 'I')) return false;
        var end = 0;
        while (end < rest.Length && char.IsLetter(rest[end])) end++;
        if (end == 0 || !char.IsLower(rest[0])) return letter == 'I';
        if (letter == 'I') return true;
        foreach (var word in AfterArticle)
            if (rest[..end].Equals(word, StringComparison.OrdinalIgnoreCase)) return false;
        return true;
    }
}
