namespace Tenon.MathAnswers.Extraction;

/// <summary>
/// The part of a sentence that states: what a denial concludes to ("it can't be 32, so it must be 33"), the main clause behind the work
/// that
/// leads to it ("adding these up, she has 8 left"), an announcement without the aside behind it ("B, not C as one might expect").
/// </summary>
internal static class Clauses
{
    private static readonly string[] Turns =
    [
        ", so ", "; so ", " and so ", "; therefore", ", therefore", "; thus", ", thus ", "; hence", ", hence ", ", which leaves ",
        ", leaving ",
        ", which means ", ", meaning ", " so it must be ", ", but ", ", making ", "; it must be ", ", it must be ",
    ];

    // Openings that tell how the value came about; "first", "let", "if" and the like only go on.
    private static readonly string[] Ways =
    [
        "since ", "because ", "as ", "after ", "using ", "by ", "adding", "subtract", "multiply", "divid", "substitut", "plug", "given ",
        "again, ", "also, ",
    ];

    private static readonly string[] Verbs =
    [
        "is", "are", "has", "have", "was", "were", "equals", "costs", "cost", "needs", "leaves", "remain", "remains", "earns", "pays",
        "takes",
        "must", "makes", "weighs", "gets", "spends", "sells", "travels", "owes", "saves", "lasts", "contains", "holds", "had", "will",
        "can",
    ];

    /// <summary>
    /// Where the part of a sentence begins that settles a doubt before it: "It might look like 8, but actually the answer is 9".
    /// </summary>
    public static int Settled(ReadOnlySpan<char> sentence)
    {
        var s = sentence.TrimStart(" *-•\t\"“(");
        foreach (var opening in (ReadOnlySpan<string>)["contrary to ", "despite ", "although ", "though ", "while ", "unlike "])
            if (s.StartsWith(opening, StringComparison.OrdinalIgnoreCase)
                && sentence.IndexOf(", ", StringComparison.Ordinal) is > 0 and var main) return main + 2;
        foreach (var turn in (ReadOnlySpan<string>)[", but ", "; but ", "; however, ", ", however, ", "; however "])
        {
            var at = sentence.LastIndexOf(turn, StringComparison.OrdinalIgnoreCase);
            if (at > 0 && AnswerExtractor.Holds(sentence[(at + turn.Length)..], AnswerWords.Settled)) return at + turn.Length;
        }

        return 0;
    }

    /// <summary>What a sentence that denies one value concludes to; null where it concludes nothing or doubts.</summary>
    public static string? Concluded(string sentence)
    {
        if (Settled(sentence) is > 0 and var settled)
            return HasDigit(sentence[settled..]) && !AnswerExtractor.Holds(sentence.AsSpan(settled), AnswerWords.Doubt)
                ? sentence[settled..] : null;
        if (AnswerExtractor.Holds(sentence, AnswerWords.Uncertainty)) return null;
        var (at, length) = (-1, 0);
        foreach (var turn in Turns)
            if (sentence.LastIndexOf(turn, StringComparison.OrdinalIgnoreCase) is var found && found > at) (at, length) =
                (found, turn.Length);
        if (at < 0) return null;
        var rest = sentence[(at + length)..].TrimStart(' ', ',');
        return HasDigit(rest) && !AnswerExtractor.Holds(rest, AnswerWords.Doubt) ? "It is " + rest : null;
    }

    /// <summary>The main clause behind how it came about; null for any other sentence.</summary>
    public static string? Main(string sentence)
    {
        var s = sentence.AsSpan().TrimStart(" *-•\t\"“(");
        var way = false;
        foreach (var opening in Ways) way |= s.StartsWith(opening, StringComparison.OrdinalIgnoreCase);
        var comma = sentence.LastIndexOf(", ", StringComparison.Ordinal);
        // "Subtract 5 from both sides: x = 7."
        if (sentence.LastIndexOf(": ", StringComparison.Ordinal) is > 0 and var colon && colon > comma
            && sentence[(colon + 2)..] is var result && IsNamed(result)) return result;
        if (comma < 0) return null;
        // "Now 2023 divided by 4 leaves 3, so the last digit is 3."
        if (sentence.LastIndexOf(", so ", StringComparison.Ordinal) is > 0 and var so && so >= comma - 1 && !Supposes(s)
            && sentence[(so + 5)..] is var then && HasDigit(then) && HasVerb(then) && !AnswerWords.BeginsStep(then)
            && !AnswerExtractor.Holds(then, AnswerWords.Doubt)) return then;
        // "Then 5x = 50, x = 10, and the longer piece is 40 meters."
        if (s.StartsWith("then ", StringComparison.OrdinalIgnoreCase) && sentence.AsSpan(0, comma).Contains('=')
            && sentence.AsSpan(comma).StartsWith(", and the ", StringComparison.Ordinal)) (way, comma) = (true, comma + 4);
        var clause = sentence[(comma + 2)..];
        if (clause.StartsWith("then ", StringComparison.OrdinalIgnoreCase)) clause = clause[5..];
        // "If she saves $4 a day for 5 days, she will have 4 * 5 = $20": worked out from what is given.
        if (s.StartsWith("if ", StringComparison.OrdinalIgnoreCase) && !HasWould(clause) && AnswerExtractor.WorksOut(clause)) way = true;
        if (!way) return null;
        if (!HasDigit(clause) || AnswerWords.BeginsStep(clause)) return null;
        if (clause.StartsWith("so ", StringComparison.OrdinalIgnoreCase) && clause.Contains('=')) return clause;
        // "After double-checking, I get 6.": with an equals sign it is a step like any other.
        if (!clause.Contains('=') && (clause.StartsWith("I get ", StringComparison.Ordinal)
            || clause.StartsWith("we get ", StringComparison.OrdinalIgnoreCase))) return clause;
        return HasVerb(clause) || AnswerExtractor.WorksOut(clause) ? clause : null;
    }

    private static bool HasWould(string clause) => clause.Contains("would", StringComparison.OrdinalIgnoreCase)
        || clause.Contains("could", StringComparison.OrdinalIgnoreCase);

    private static bool HasVerb(string clause)
    {
        foreach (var range in clause.AsSpan().SplitAny(' ', '.'))
            foreach (var verb in Verbs)
                if (clause.AsSpan()[range].Equals(verb, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }

    /// <summary>True for "x = 7.": a name and what it is, and nothing more.</summary>
    public static bool IsNamed(string clause) =>
        clause.TrimStart('$', '*', ' ') is [var name, ' ' or '=', ..] && char.IsAsciiLetter(name) && clause.Contains('=',
            StringComparison.Ordinal)
        && clause.Count(c => c == '=') == 1 && HasDigit(clause) && !clause.Any(c => c is '+' or '*' or '?');

    private static bool Supposes(ReadOnlySpan<char> s)
    {
        foreach (var opening in (ReadOnlySpan<string>)["first", "second", "third", "if ", "suppose", "let ", "let'", "assum", "imagine",
            "for ",
            "consider", "what ", "find ", "when ", "how "])
            if (s.StartsWith(opening, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }

    /// <summary>True for "C rather than", "and not the": what comes next is what it is not.</summary>
    public static bool EndsInRejection(ReadOnlySpan<char> before)
    {
        before = before.TrimEnd();
        if (before.EndsWith(" the", StringComparison.OrdinalIgnoreCase)) before = before[..^4].TrimEnd();
        foreach (var word in (ReadOnlySpan<string>)[" rather than", " instead of", " not", "n't", " over"])
            if (before.EndsWith(word, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }

    /// <summary>A sentence without what it says the answer is not, and what one might think.</summary>
    public static string WithoutAside(string sentence)
    {
        foreach (var aside in (ReadOnlySpan<string>)[", not ", ", rather than ", " rather than ", " instead of ", " as one might ",
            " as you might "])
        {
            var at = sentence.IndexOf(aside, StringComparison.OrdinalIgnoreCase);
            if (at <= 0) continue;
            var behind = sentence.AsSpan(at + aside.Length);
            if (!behind.StartsWith("sure", StringComparison.OrdinalIgnoreCase)
                && !behind.StartsWith("certain", StringComparison.OrdinalIgnoreCase)
                && !behind.StartsWith("quite", StringComparison.OrdinalIgnoreCase)) sentence = sentence[..at];
        }

        return sentence;
    }

    /// <summary>True for "Suppose the answer is 6", "If it is so": what stands before an announcement only supposes it.</summary>
    public static bool IsSupposed(string before)
    {
        var s = before.AsSpan().TrimStart(" *-•\t\"“(");
        foreach (var word in (ReadOnlySpan<string>)["suppose", "assum", "imagine", "let's say", "say the", "pretend", "假设", "假如", "如果",
            "もし", "仮に",
            "만약", "предположим", "допустим", "supongamos", "supposons", "angenommen", "suponha", "supponiamo"])
            if (s.StartsWith(word, StringComparison.OrdinalIgnoreCase)) return true;
        return s.StartsWith("if ", StringComparison.OrdinalIgnoreCase) && s.IndexOf(',') < 0
            && !s.Contains(" then ", StringComparison.OrdinalIgnoreCase);
    }

    private static bool HasDigit(string text) => text.AsSpan().IndexOfAnyInRange('0', '9') >= 0 || text.AsSpan().IndexOfAny("$\\π√∞") >= 0;
}
