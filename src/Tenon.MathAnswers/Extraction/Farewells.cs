namespace Tenon.MathAnswers.Extraction;

/// <summary>
/// What stands behind an answer and says nothing of it: "I hope this helps!", "This completes the solution.", "Let me know if you have
/// further questions.", "This satisfies all conditions."
/// </summary>
internal static class Farewells
{
    private const int MostSentences = 4;
    private const int Longest = 200;

    private static readonly WordList Openings = new(
        "i hope this", "i hope that", "hope this", "hope that", "let me know", "please let me", "please feel", "feel free",
        "this completes",
        "that completes", "this concludes", "that concludes", "and we are done", "and we're done", "we are done", "we're done", "done!",
        "done.", "q.e.d", "qed", "if you have any", "if you need", "if you'd like", "if you would like", "happy to", "i'm happy", "thank",
        "good luck", "great job", "is there anything", "would you like", "do you want", "do you have any", "does this help",
        "does that help",
        "does this make", "keep practicing", "happy learning", "happy problem", "have a great", "enjoy", "best of luck", "any questions",
        "希望", "如果您", "如果你有", "如有", "祝你", "祝您", "ご不明", "お役に立", "도움이", "궁금한", "если у вас", "надеюсь", "удачи", "espero que",
        "si tienes", "si necesitas", "j'espère", "n'hésite", "ich hoffe", "wenn du noch", "falls du", "espero ter", "spero che");

    // Openings of sentences that only confirm the answer before them.
    private static readonly WordList Confirmations = new(
        "this satisfies", "this matches", "this agrees", "this checks", "this confirms", "this is consistent", "this is the only",
        "this is correct", "this is our", "this is the answer", "this is the final", "this is the desired", "this makes sense",
        "this result", "this answer", "this solution", "this value", "it satisfies", "it checks", "which matches", "both satisfy",
        "all conditions", "all the conditions", "everything checks", "the answer checks", "the check", "this verifies",
        "so the answer is verified",
        "and that is our", "and that's our", "that is our", "that's our", "that is the answer", "that's the answer", "and that's it",
        "that's it",
        "that's all", "we have verified", "we've verified", "this means the answer is correct", "so this is correct", "this gives us our",
        "this is exactly what", "we can double", "we can check", "we can verify", "you can check", "you can verify");

    // What a sentence speaks of that finds nothing wrong with it: "The result is consistent."
    private static readonly WordList Results = new("the result", "the answer is co", "the answer is re", "the answer ma", "the answer ag",
        "the answer sa", "the solution is co", "the solution sa", "the calculation", "the total ma", "the total is co", "the totals",
        "the numbers", "the values", "our answer", "our result", "our solution", "both conditions", "both equations", "both sides",
        "so the result is co", "so the answer is co", "so our answer", "the math", "the arithmetic", "the verification", "the sum ma");

    // How sentences begin that give the reason for what is concluded before them.
    private static readonly WordList Explanations = new("this is because", "this follows", "the reasoning", "the reason", "explanation",
        "reasoning:", "reason:", "note that", "note:", "remark", "here's why", "here is why", "**explanation", "**note", "**reason");

    // Labels of a check behind the answer.
    private static readonly WordList Checks = new("check:", "verification:", "verify:", "to verify", "let's verify", "let us verify",
        "we can verify", "let's check", "let us check", "to check", "double-check", "checking", "we check", "we verify", "**check",
        "**verif");

    private static readonly System.Buffers.SearchValues<string> Passed = System.Buffers.SearchValues.Create(
        ["✓", "✔", "✅", "works", "correct", "matches", "match ", "match.", "consistent", "agree",
            "verified", "confirm", "reasonable", "satisf", "true", "holds", "as expected", "checks out", "as required", "as given"],
        StringComparison.OrdinalIgnoreCase);

    private static readonly WordList Takes = new(
        "not ", "n't", "but", "however", "wrong", "unless", "wait", "though", "only if", "half", "twice", "doubled", "double it",
        "double the", "must", "need", "has to",
        "have to", "still", "next", "then", "only partial", "except", "contradict", "too ", "if ", "assum", "guess", "oops", "no,",
        "no!", "hold on",
        "stop", "sorry", "mistake");

    /// <summary>
    /// The text without the signs around it ("✅", "🎉") and the sentences at its end that only take leave of the reader, confirm what
    /// stands before them, or check it.
    /// </summary>
    public static string Without(string text)
    {
        var s = Bare(text);
        var before = s.Length;
        for (var i = 0; i < MostSentences; i++)
        {
            var start = Start(s);
            if (start <= 0 || s.Length - start > Longest) break;
            var sentence = s[start..].TrimStart(" *_-#>¡\n");
            if (sentence.Length == 0 || !TakesLeave(sentence) && !IsCheck(sentence) && !Explains(sentence, s[..start])) break;
            s = Bare(s[..start]);
        }

        return s.Length < before || before + 1 < text.AsSpan().Trim().Length ? s.ToString() : text;
    }

    private static bool TakesLeave(ReadOnlySpan<char> sentence)
    {
        if (sentence.IndexOfAnyInRange('0', '9') >= 0 || sentence.IndexOfAny("$\\=") >= 0) return false;
        if (Openings.Begins(sentence)) return !sentence.StartsWith("I hope it is correct");
        if (Takes.Holds(sentence)) return false;
        return Confirmations.Begins(sentence) || Results.Begins(sentence) && sentence.IndexOfAny(Passed) >= 0
            || sentence[^1] == '!' && sentence.Length < 30 && sentence.Count(' ') < 4
            && char.IsAsciiLetterUpper(sentence[0]) && !NumberWords.Holds(sentence);
    }

    private static readonly WordList NumberWords = new("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven",
        "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty", "thirty", "forty", "fifty",
        "sixty", "seventy", "eighty", "ninety", "hundred", "thousand", "yes", "true", "false");

    // "Check: 2*7 + 1 = 15 ✓": it found nothing wrong and concludes to nothing new.
    private static bool IsCheck(ReadOnlySpan<char> sentence) =>
        Checks.Begins(sentence) && sentence.IndexOfAny("≠?✗✘❌") < 0 && !Takes.Holds(sentence) && !AnswerWords.Conclusion.Holds(sentence)
        && sentence.IndexOf("answer", StringComparison.OrdinalIgnoreCase) < 0 && sentence.IndexOf(", so ") < 0
        && (sentence.IndexOfAny(Passed) >= 0 || (sentence.IndexOf(':') is > 0 and < 16 || sentence.IndexOf(", ") is > 0 and < 20)
        && sentence.Contains('='));

    // "Therefore there are 24 ways. This is because each seat ...": behind a sentence that concludes.
    private static bool Explains(ReadOnlySpan<char> sentence, ReadOnlySpan<char> before)
    {
        if (!Explanations.Begins(sentence) || sentence[^1] != '.' || sentence.Contains('=') || Takes.Holds(sentence)
            || AnswerWords.Conclusion.Holds(sentence) || sentence.IndexOf("answer", StringComparison.OrdinalIgnoreCase) >= 0) return false;
        before = before.TrimEnd();
        return before.Length > 0 && before[Math.Max(0, Start(before))..].TrimStart(" *\n") is var last
            && (AnswerWords.Conclusion.Begins(last) || last.StartsWith("So ")) && last.Length > 0 && last[^1] is '.' or '$';
    }

    private static ReadOnlySpan<char> Bare(ReadOnlySpan<char> s)
    {
        s = s.Trim();
        while (s.Length > 1 && SignLength(s, s.Length - 1, back: true) is > 0 and var behind) s = s[..^behind].TrimEnd();
        while (s.Length > 1 && SignLength(s, 0, back: false) is > 0 and var front) s = s[front..].TrimStart();
        return s;
    }

    // Pictures and check marks; crosses and question marks say something of what they stand beside.
    private static int SignLength(ReadOnlySpan<char> s, int at, bool back)
    {
        var c = s[at];
        if (c is '\ufe0f' or '\u200d' || c is >= '\u2600' and <= '\u2775' and not ('❌' or '✗' or '✘' or '❓' or '❔') || c == '⭐') return 1;
        var high = back ? at - 1 : at;
        return high >= 0 && high + 1 < s.Length && char.IsSurrogatePair(s[high], s[high + 1])
            && char.ConvertToUtf32(s[high], s[high + 1]) is >= 0x1f300 and <= 0x1faff ? 2 : 0;
    }

    // Where the last sentence begins, in the last few lines.
    private static int Start(ReadOnlySpan<char> s)
    {
        for (var i = s.Length - 2; i > 0 && s.Length - i <= Longest + 1; i--)
        {
            if (s[i] is '\n' or '。' or '！') return i + 1;
            if (s[i] is '.' or '!' or '?' or '$' or '*' or ')' or ']' && s[i + 1] is ' ' or '*' && i + 2 < s.Length
                && (char.IsUpper(s[i + 2]) || s[i + 2] > 127)) return i + 1;
        }

        return 0;
    }
}
