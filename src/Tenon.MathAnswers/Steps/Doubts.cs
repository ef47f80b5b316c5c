using System.Collections.Frozen;

namespace Tenon.MathAnswers.Steps;

/// <summary>Words around a sum that make a difference between its sides no fault: modifiers, suppositions, negations, questions.</summary>
internal static class Doubts
{
    private static readonly FrozenSet<string> Modifiers =
        Set("twice thrice double triple half third quarter quarters thirds halves fourth fifth tenth times time dozen hundred thousand "
        + "million billion plus minus less more than multiplied divided by over per percent squared cubed root square cube negative "
        + "and-a-half remainder mod modulo every each log ln sin cos tan sum product difference quotient about approximately around "
        + "nearly almost roughly another extra additional");

    private static readonly FrozenSet<string> Continuations =
        Set("times plus minus multiplied divided over hundred thousand million billion trillion dozen percent percents percentage "
        + "squared cubed mod modulo remainder r and-a-half k thousandths hundredths tenths to half th thirds quarters fifths sixths "
        + "eighths power base with-remainder o'clock pm am");

    // Words that end a run of unit words: a sum does not go on over them.
    private static readonly FrozenSet<string> Enders =
        Set("so thus therefore hence then and or but is are was were equals equal gives give get gets makes make which that this "
        + "because since if when while where we he she they it i you after before total altogether left remaining have has had means "
        + "mean plus minus times leaves leaving answer result let");

    private static readonly FrozenSet<string> Labelled =
        Set("day days week weeks month months year years step steps case cases part parts problem question page chapter figure line "
        + "room grade level number no equation eq class age round stage team group student person type option version section table bag box");

    // Anywhere in the sentence.
    private static readonly string[] Suppositions =
    [
        "suppose", "assum", "pretend", "whether", "wrong", "incorrect", "mistake", "false", "contradict", "impossible", "guess", "check if",
            "mod ", "modulo", "remainder", "approximately", "approx", "roughly", "rounded", "rounding", "round ", "nearest", "estimate",
                " base ",
        "no solution", "untrue", "≠", " let ", "define", "denote", "should be", "should equal",
    ];

    // Only right beside the statement.
    private static readonly string[] Nearby =
        [" not ", "n't ", " never ", " if ", " try ", "trying", "instead of", "rather than", " about ", "must equal", " must be ",
        "needs to be", " unless ", " claim", " want "];

    /// <summary>True for a word that changes the sum behind it (twice 3 + 4).</summary>
    public static bool Modifies(string word) => Modifiers.Contains(word.ToLowerInvariant());

    /// <summary>True for a word that changes the number before it (3 hundred).</summary>
    public static bool Continues(string word) => Continuations.Contains(word.ToLowerInvariant()) || word.Length == 1;

    /// <summary>True for a word whose number is a name: day 1 * 2, weeks 1-2.</summary>
    public static bool Labels(string word) => Labelled.Contains(word.ToLowerInvariant());

    /// <summary>True for a word that is no unit.</summary>
    public static bool Ends(string word) => Enders.Contains(word.ToLowerInvariant());

    /// <summary>True where the sentence around a statement supposes, negates, asks or rounds.</summary>
    public static bool Around(Statement s)
    {
        var before = " " + s.Before.ToLowerInvariant() + " ";
        var after = " " + s.After.ToLowerInvariant() + " ";
        if (s.After.Contains('?', StringComparison.Ordinal)) return true;
        var near = before.Length > 24 ? before[^24..] : before;
        var next = after.Length > 16 ? after[..16] : after;
        foreach (var word in Nearby)
            if (near.Contains(word, StringComparison.Ordinal) || next.Contains(word, StringComparison.Ordinal)) return true;
        foreach (var word in Suppositions)
            if (before.Contains(word, StringComparison.Ordinal) || after.Contains(word, StringComparison.Ordinal)) return true;
        return false;
    }

    private static readonly FrozenSet<string> Assigning =
        Set("for when at where with let take put setting choose choosing if try trying taking letting once");

    /// <summary>True where a value is only tried: "for x = 0".</summary>
    public static bool Assigns(string before)
    {
        var text = before.AsSpan().TrimEnd(" $\\(,");
        return Assigning.Contains(text[(text.LastIndexOf(' ') + 1)..].ToString().ToLowerInvariant());
    }

    private static readonly string[] Derivations =
    [
        "so", "thus", "therefore", "hence", "then", "gives", "give", "giving", "get", "gets", "implies", "yields", "obtain", "becomes",
            "means", "subtract", "divid", "add", "multipl", "both sides", "simplif", "solv", "rearrang", "leaves", "or", "which is",
    ];

    /// <summary>True where the words before a statement say that it follows from the one before.</summary>
    public static bool Derives(string before)
    {
        var text = before.Trim().ToLowerInvariant();
        if (text.Length == 0) return false;
        foreach (var word in Derivations)
        {
            var at = text.IndexOf(word, StringComparison.Ordinal);
            if (at >= 0 && (at == 0 || !char.IsLetter(text[at - 1]))) return true;
        }
        return false;
    }

    private static FrozenSet<string> Set(string words) => words.Split(' ').ToFrozenSet(StringComparer.Ordinal);
}
