using System.Collections.Frozen;

namespace Tenon.MathAnswers.Extraction;

/// <summary>
/// Capital letters that are no choices because they belong to a name or an abbreviation: "A. Lincoln", "D. J. Trump", "E. coli", "B.C.",
/// "vitamin C".
/// </summary>
internal static class Initials
{
    // Species that are written with the first letter of their genus.
    private static readonly FrozenSet<string> Epithets = Words(
        "coli elegans melanogaster thaliana subtilis difficile perfringens botulinum tetani anthracis cerevisiae albicans "
        + "jejuni trachomatis diphtheriae burgdorferi pertussis rerio histolytica dioica familiaris lupus sapiens erectus "
        + "habilis musculus domesticus gallus taurus bacteriovorus radiodurans japonica fumigatus niger africana afarensis "
        + "cereus burnetii briggsae immitis neoformans canis pseudoobscura simulans discoideum faecalis faecium aegypti gambiae "
        + "mellifera tumefaciens baumannii pylori influenzae bovis");

    private static readonly FrozenSet<string> Titles = Words(
        "by president scientist physicist author professor dr mr mrs ms prof sir judge senator inventor mathematician general "
        + "captain engineer chemist economist philosopher poet writer named called after");

    private static readonly string[] Letters =
        ["vitamin", "vitamins", "hepatitis", "influenza", "plan", "blood type", "appendix", "vitamine"];

    private static readonly FrozenSet<string> Announcing = Words(
        "answer option choice correct only select choose pick so thus therefore hence final is the statement solution result "
        + "letter and or not but");

    // What a sentence begins with, and no surname.
    private static readonly FrozenSet<string> Openers = Words(
        "the this that these those it so thus therefore hence we in if all only because since but and option options choice "
        + "choices note here there however also an as for when while to by with other others each none both my our your let now "
        + "then finally explanation reason answer correct they its from using statement not");

    private static readonly FrozenSet<string> Deeds = Words(
        "said wrote argued discovered invented proposed published claimed showed proved developed introduced won became died "
        + "believed thought observed founded played married signed led lived painted composed served once famously formulated "
        + "taught noted suggested explained");

    /// <summary>True where the capital letter at a place is part of a name or an abbreviation.</summary>
    public static bool Holds(ReadOnlySpan<char> text, int at)
    {
        var before = text[..at];
        if (!char.IsAsciiLetterUpper(text[at]) || before is [.., var previous] && char.IsLetter(previous)) return false;
        // "U.S.A.", "B.C."
        if (at > 1 && text[at - 1] == '.' && char.IsAsciiLetter(text[at - 2])) return true;
        foreach (var letter in Letters)
            if (before.EndsWith(" ") && EndsInWord(before[..^1], letter)) return true;
        if (at + 2 >= text.Length || text[at + 1] != '.') return false;
        if (char.IsAsciiLetter(text[at + 2])) return at + 3 == text.Length || !char.IsLetter(text[at + 3]);
        if (text[at + 2] != ' ') return false;
        var rest = text[(at + 3)..].TrimStart(' ');
        var word = Word(rest);
        if (word.Length == 0) return false;
        if (char.IsAsciiLetterLower(word[0])) return Epithets.Contains(word.ToString());
        var name = char.IsAsciiLetterUpper(word[0]) && word.Length > 2 && char.IsLower(word[1]) && !Openers.Contains(word.ToString());
        // "D. J. Trump": an initial before or behind
        if (word.Length == 1 && rest is [_, '.', ' ', ..]) return Word(rest[3..]) is { Length: > 2 } second && char.IsLower(second[1])
            && !Openers.Contains(second.ToString());
        if (!name) return false;
        if (before is [.., >= 'A' and <= 'Z', '.', ' '] && (at == 3 || text[at - 4] == ' ')) return true;
        return IsPerson(before, rest[word.Length..]);
    }

    // "by A. Einstein", "Thomas A. Edison", "A. Lincoln's", "B. Franklin said", "A. Lincoln ... his"
    private static bool IsPerson(ReadOnlySpan<char> before, ReadOnlySpan<char> rest)
    {
        if (before.EndsWith(" ") || before.EndsWith(". "))
        {
            var title = before.TrimEnd(' ').TrimEnd('.');
            title = title[(title.LastIndexOfAny(" \n(*") + 1)..];
            if (Titles.Contains(title.ToString())) return true;
            if (title.Length > 2 && char.IsAsciiLetterUpper(title[0]) && char.IsAsciiLetterLower(title[^1]) && before[^2] != '.'
                && !Announcing.Contains(title.ToString())) return true;
        }

        if (rest.StartsWith("'s ") || rest.StartsWith("’s ")) return true;
        var verb = Word(rest.TrimStart(' '));
        if (Deeds.Contains(verb.ToString()) || rest.StartsWith(" was born")) return true;
        foreach (var pronoun in (ReadOnlySpan<string>)[" he ", " his ", " she ", " her ", " him "])
            if (rest.Contains(pronoun, StringComparison.Ordinal)) return true;
        return false;
    }

    private static bool EndsInWord(ReadOnlySpan<char> text, string word) =>
        text.EndsWith(word, StringComparison.OrdinalIgnoreCase)
        && (text.Length == word.Length || !char.IsLetter(text[text.Length - word.Length - 1]));

    private static FrozenSet<string> Words(string words) => words.Split(' ').ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static ReadOnlySpan<char> Word(ReadOnlySpan<char> text)
    {
        var end = 0;
        while (end < text.Length && char.IsLetter(text[end])) end++;
        return text[..end];
    }
}
