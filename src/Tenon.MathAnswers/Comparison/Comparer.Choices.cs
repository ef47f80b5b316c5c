using Tenon.MathAnswers.Extraction;
using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Comparison;

/// <summary>Choices by their letters.</summary>
internal sealed partial class Comparer
{
    /// <summary>Gold C, answer "(C) 5" or "C. 5" or "C: 5".</summary>
    private static bool Choice(Reading gold, Reading answer)
    {
        if (gold.Text.AsSpan().IndexOfAnyInRange('A', 'J') < 0) return false;
        var g = gold.Text.Replace("\\text", "", StringComparison.Ordinal).Replace("\\textbf", "", StringComparison.Ordinal).AsSpan()
            .Trim(" ${}().");
        if (g.Length != 1 || g[0] is < 'A' or > 'J') return false;
        var a = answer.Text.Replace("\\textbf", "", StringComparison.Ordinal).Replace("\\text", "", StringComparison.Ordinal)
            .Replace("\\mathrm", "", StringComparison.Ordinal).AsSpan().TrimStart(" ${}");
        var open = a.Length > 0 && a[0] == '(';
        a = a.TrimStart("({ ");
        if (a.Length == 0 || a[0] != g[0] || !open && Initials.Holds(a, 0)) return false;
        a = a[1..].TrimStart("} ");
        if (ChoiceLetters.SaysOfIt(a)) return false;
        if (NamesText(a)) return true;
        // (B)^2 and (B) - 1 are no choices.
        if (a.TrimStart(" )}") is [var sign, ..] && sign is '^' or '_' or '+' or '-' or '*' or '/' or '=' or '<' or '>' or '!' or '\\'
            && !(sign == '\\' && BeginsValue(a.TrimStart(" )}"), open && a.TrimStart(")}").StartsWith(" ")))) return false;
        return a.Length == 0 || a.Trim(" }$).").Length == 0 || (open ? a[0] == ')' : a[0] is ')' or '.' or ':') && a.Length < 200;
    }

    // What a choice says beside its letter: words, or behind "(E) " a value.
    private static bool BeginsValue(ReadOnlySpan<char> s, bool marked) =>
        s.StartsWith("\\text") || s.StartsWith("\\ ")
        || marked && (s.StartsWith("\\frac") || s.StartsWith("\\dfrac") || s.StartsWith("\\tfrac") || s.StartsWith("\\sqrt")
        || s.StartsWith("\\pi"));

    // "C (Paris)", "C - Paris", "C, Paris", "C \quad 42": the letter, a mark, and what the choice says.
    private static bool NamesText(ReadOnlySpan<char> behind)
    {
        if (behind.StartsWith("\\quad") || behind.StartsWith("\\qquad")) return true;
        var spaced = behind.TrimStart(" )}\\") is var rest && rest.Length > 1 && rest[0] is '(' or '-' or '–' or '—' or ',' or ';';
        if (!spaced) return false;
        rest = rest[1..].TrimStart(" -\\$({");
        foreach (var command in (ReadOnlySpan<string>)["text{", "mathrm{", "textbf{", "mbox{"])
            if (rest.StartsWith(command)) rest = rest[command.Length..].TrimStart(" (");
        var letters = 0;
        while (letters < rest.Length && char.IsLetter(rest[letters])) letters++;
        return letters > 2 && !rest.StartsWith("not ");
    }

    /// <summary>The letters of a text that names several choices and nothing else (AC, "A, C", "A and C"), in order; or null.</summary>
    private static string? SeveralChoices(string text)
    {
        if (text.Length is < 2 or > 60) return null;
        var plain = text.Replace("\\textbf", "", StringComparison.Ordinal).Replace("\\text", "", StringComparison.Ordinal)
            .Replace("\\mathrm", "", StringComparison.Ordinal).Replace(" and ", ",", StringComparison.Ordinal)
            .Replace("\\", " ", StringComparison.Ordinal);
        var letters = new SortedSet<char>();
        foreach (var c in plain)
            if (c is >= 'A' and <= 'J')
            {
                if (!letters.Add(c)) return null;
            }
            else if (!(c is ' ' or ',' or ';' or '&' or '{' or '}' or '(' or ')' or '$' or '.')) return null;
        return letters.Count > 1 ? string.Concat(letters) : null;
    }
}
