namespace Tenon.MathAnswers.Parsing;

/// <summary>
/// Words behind an answer that say something of it and are no part of it: "5 (the only solution)", "7 \text{ because ...}".
/// </summary>
internal static class Remarks
{
    private static readonly string[] Wrappers = ["\\text{", "\\mbox{", "\\textrm{", "\\textit{", "\\mathrm{"];

    private static readonly string[] Conjunctions = ["because ", "since ", "as ", "where ", "when ", "with ", "for ", "which ", "so "];

    // Remarks that take the value before them back.
    private static readonly string[] Refusals = ["reject", "extraneous", "not ", "invalid", "wrong", "discard", "incorrect", "impossible"];

    /// <summary>The text in front of the remark; null where there is none.</summary>
    public static string? Without(string text)
    {
        if (text.Length < 8) return null;
        foreach (var wrapper in Wrappers)
        {
            for (var at = text.IndexOf(wrapper, 1, StringComparison.Ordinal); at > 0;
                at = text.IndexOf(wrapper, at + 1, StringComparison.Ordinal))
                if (IsRemark(text.AsSpan(at + wrapper.Length))) return Front(text.AsSpan(0, at));
        }

        if (text[^1] == ')' && text.LastIndexOf(" (", StringComparison.Ordinal) is > 0 and var open && IsRemark(text.AsSpan(open)))
            return Front(text.AsSpan(0, open));
        return null;
    }

    private static string? Front(ReadOnlySpan<char> front)
    {
        front = front.TrimEnd(" ,;~");
        while (front.EndsWith("\\quad") || front.EndsWith("\\qquad") || front.EndsWith("\\") || front.EndsWith("\\;"))
            front = front[..front.LastIndexOf('\\')].TrimEnd(" ,;~");
        return front.Length == 0 || front.Count('{') != front.Count('}') ? null : front.ToString();
    }

    private static bool IsRemark(ReadOnlySpan<char> rest)
    {
        rest = rest.TrimStart(" ,~");
        var bracket = rest is ['(', ..];
        if (bracket) rest = rest[1..].TrimStart(" ");
        foreach (var word in Refusals)
            if (rest.StartsWith(word, StringComparison.OrdinalIgnoreCase) && !rest.StartsWith("rejecting")) return false;
        if (!bracket)
        {
            foreach (var word in Conjunctions)
                if (rest.StartsWith(word, StringComparison.OrdinalIgnoreCase)) return true;
            return false;
        }

        var letters = 0;
        while (letters < rest.Length && char.IsLetter(rest[letters])) letters++;
        return letters > 2 && !rest.StartsWith("mod") && !Units.IsWord(rest[..letters].ToString());
    }
}
