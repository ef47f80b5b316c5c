namespace Tenon.MathAnswers.Extraction;

/// <summary>
/// Sentences whose last number is no result: the text goes on behind it ("... is 55, but we need only the odd ones"), it is worked
/// with next ("we multiply both sides by 9"), or it only names something ("part 5", "the 13 found above").
/// </summary>
internal static class Continuation
{
    private const int NearBehind = 40;

    private static readonly WordList Turns = new("but ", "however");
    private static readonly WordList Duties = new("must ", "need to ", "have to ", "still must ", "still need to ", "still have to ",
        "then must ", "then need to ", "then have to ");
    private static readonly WordList Tasks = new("to consider", "to check", "to examine", "to look at", "to rule out", "to be checked");
    private static readonly WordList Persons = new("we ", "you ", "i ");
    private static readonly WordList Multiples = new("is twice", "is half", "is double", "is triple", "is three times", "is four times",
        "has twice", "has half", "has double", "has triple", "has three times", "has four times", "have twice", "have half", "was twice",
        "was half", "had twice", "had half", "had three times");
    private static readonly WordList Finds = new("found", "above", "appear", "mentioned", "given", "obtained", "from ", "in the problem");
    private static readonly WordList Earlier = new("before ", "without ", "prior to ");
    private static readonly WordList Subjects = new("the ", "we ", "now ", "then ", "he ", "she ", "it ", "they ");
    private static readonly WordList Names = new("part ", "step ", "question ", "problem ", "case ", "equation ", "section ", "figure ",
        "exercise ");
    private static readonly WordList Operations = new("multiply ", "divide ", "subtract ", "add ", "square ", "double ", "halve ",
        "compute ", "calculate ", "simplify ", "substitute ", "plug ");
    private static readonly WordList Dealings = new("take ", "convert ", "use ", "list ", "consider ", "count ", "look ", "set ");
    private static readonly WordList Outcomes = new("is ", "are ", "give", "get", "equal", "yield", "make", "making", "has ", "have ",
        "leave", "obtain", "find", "giving", "as ");

    /// <summary>True where the last number of the sentence is none that it states.</summary>
    public static bool GoesOn(ReadOnlySpan<char> sentence)
    {
        var digit = sentence.LastIndexOfAnyInRange('0', '9');
        if (digit < 0) return false;
        var behind = sentence[(digit + 1)..];
        return behind.Length > 5 && GoesOnBehind(sentence, digit, behind) || IsName(sentence, digit, behind) || IsPlan(sentence);
    }

    private static bool GoesOnBehind(ReadOnlySpan<char> sentence, int digit, ReadOnlySpan<char> behind)
    {
        var comma = behind.IndexOfAny(',', ';');
        if (comma >= 0 && comma + 2 < behind.Length && behind[comma + 1] == ' ')
        {
            var next = behind[(comma + 2)..];
            if (comma <= NearBehind && Turns.Begins(next))
            {
                var rest = next[(next[0] is 'b' or 'B' ? 4 : 7)..].TrimStart(" ,");
                if (!rest.StartsWith("that", StringComparison.OrdinalIgnoreCase)
                    && !rest.StartsWith("not ", StringComparison.OrdinalIgnoreCase))
                    return true;
            }

            if (next.StartsWith("of which ", StringComparison.OrdinalIgnoreCase)
                || next.StartsWith("some of ", StringComparison.OrdinalIgnoreCase)
                || next.StartsWith("of them ", StringComparison.OrdinalIgnoreCase)) return true;
            if (next.StartsWith("and ", StringComparison.OrdinalIgnoreCase) && Subjects.Begins(next[4..])) return true;
            if ((next.StartsWith("which is ", StringComparison.OrdinalIgnoreCase)
                || next.StartsWith("which was ", StringComparison.OrdinalIgnoreCase))
                && Earlier.Holds(next)) return true;
        }

        if (Tasks.Holds(behind)) return true;
        // "..., so we still have to double it", "and Bob is twice as old as Alice"
        if (Persons.Next(behind, 0) is >= 0 and var person && (behind[..person].Contains("but ", StringComparison.OrdinalIgnoreCase)
            || behind[..person].Contains("so ", StringComparison.OrdinalIgnoreCase))
            && Duties.Begins(behind[(behind[person..].IndexOf(' ') + person + 1)..]))
            return true;
        if (behind.IndexOf("and ") is >= 0 and var and && Multiples.Next(behind, and) is > 0 and var many
            && behind[(and + 4)..many].Trim().IndexOf(' ') < 0) return true;
        var before = sentence[..digit];
        while (before.Length > 0 && (char.IsAsciiDigit(before[^1]) || before[^1] is '.' or ',')) before = before[..^1];
        return behind[0] == ' ' && (before.EndsWith("the ", StringComparison.OrdinalIgnoreCase)
            || before.EndsWith("number ", StringComparison.OrdinalIgnoreCase)) && Finds.Begins(behind[1..]);
    }

    private static bool IsName(ReadOnlySpan<char> sentence, int digit, ReadOnlySpan<char> behind)
    {
        if (!behind.Trim(").!").IsEmpty) return false;
        var before = sentence[..digit];
        while (before.Length > 0 && char.IsAsciiDigit(before[^1])) before = before[..^1];
        if (before.Length > 0 && before[^1] == '(') before = before[..^1];
        if (before.Length < 5 || before[^1] != ' ') return false;
        var word = before[..^1].LastIndexOf(' ') + 1;
        return Names.Begins(before[word..]) || IsAcronym(before[word..^1]);
    }

    // "the 2012 AMC 12": a title, and no currency.
    private static bool IsAcronym(ReadOnlySpan<char> word)
    {
        if (word.Length is < 3 or > 5 || word is "USD" or "EUR" or "GBP" or "INR" or "CNY" or "RMB" or "JPY" or "AUD" or "CAD" or "TOTAL")
            return false;
        foreach (var c in word)
            if (!char.IsAsciiLetterUpper(c)) return false;
        return true;
    }

    // "We have to multiply this by 9.": no equals sign before it, and nothing that comes out behind it.
    private static bool IsPlan(ReadOnlySpan<char> sentence)
    {
        for (var from = 0; Operations.Next(sentence, from) is >= 0 and var at; from = at + 1)
        {
            var before = sentence[..at].TrimEnd();
            if ((before.EndsWith(" to", StringComparison.OrdinalIgnoreCase) || Ends(before, "we") || Ends(before, "then"))
                && ComesToNothing(before, sentence[at..])) return true;
        }

        for (var from = 0; Dealings.Next(sentence, from) is >= 0 and var at; from = at + 1)
        {
            var before = sentence[..at].TrimEnd();
            // "we need to", "we still have to"
            if (before.EndsWith(" to", StringComparison.Ordinal))
                before = before[..Math.Max(0, before[..^3].TrimEnd().LastIndexOf(' '))].TrimEnd();
            if (before.EndsWith(" still", StringComparison.Ordinal)) before = before[..^6];
            if (Ends(before, "we") && ComesToNothing(before, sentence[at..])) return true;
        }

        return false;
    }

    private static bool Ends(ReadOnlySpan<char> text, string word) =>
        text.EndsWith(word, StringComparison.OrdinalIgnoreCase) && (text.Length == word.Length || !char.IsLetter(text[^(word.Length + 1)]));

    private static bool ComesToNothing(ReadOnlySpan<char> before, ReadOnlySpan<char> rest) =>
        before.IndexOf('=') < 0 && rest.IndexOf('=') < 0 && !Outcomes.Holds(rest);
}
