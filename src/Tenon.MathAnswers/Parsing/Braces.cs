namespace Tenon.MathAnswers.Parsing;

/// <summary>LaTeX groups as raw text.</summary>
internal static class Braces
{
    /// <summary>
    /// The group that begins at <paramref name="place"/> (blanks before it are passed over), without its braces, and the place after it;
    /// null, and no move, where there is none.
    /// </summary>
    public static string? Argument(string text, ref int place)
    {
        var start = place;
        while (start < text.Length && char.IsWhiteSpace(text[start])) start++;
        if (start >= text.Length || text[start] != '{') return null;
        var depth = 0;
        for (var r = start; r < text.Length; r++)
        {
            if (text[r] == '\\') r++;
            else if (text[r] == '{') depth++;
            else if (text[r] == '}' && --depth == 0)
            {
                place = r + 1;
                return text[(start + 1)..r];
            }
        }
        return null;
    }
}
