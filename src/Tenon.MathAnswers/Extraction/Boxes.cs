namespace Tenon.MathAnswers.Extraction;

/// <summary>Finds \boxed{...} and \fbox{...} with balanced braces: one pass, linear in the text.</summary>
internal static class Boxes
{
    /// <summary>A box: its content, where it begins and where the text goes on.</summary>
    public readonly record struct Box(string Content, int Start, int End);

    /// <summary>The last boxes of a text, in order; <paramref name="unclosed"/> where the text ends inside a box.</summary>
    public static List<Box> Find(string text, out bool unclosed)
    {
        var found = new List<Box>();
        unclosed = false;
        var p = 0;
        while (p < text.Length)
        {
            var at = text.IndexOf("box", p, StringComparison.Ordinal);
            if (at < 0) break;
            p = at + 3;
            var start = -1;
            if (at >= 2 && text[at - 1] == 'f' && text[at - 2] == '\\') start = at - 2;
            else if (at >= 1 && text[at - 1] == '\\' && text.AsSpan(at).StartsWith("boxed")) (start, p) = (at - 1, at + 5);
            if (start < 0) continue;
            var q = p;
            while (q < text.Length && text[q] == ' ') q++;
            if (q >= text.Length) { unclosed = true; break; }
            if (text[q] != '{')
            {
                // \boxed5 and \boxed 42: the digits behind it.
                var r = q;
                while (r < text.Length && (char.IsAsciiDigit(text[r]) || (r == q && text[r] == '-'))) r++;
                if (r > q) found.Add(new Box(text[q..r], start, r));
                continue;
            }
            var end = Close(text, q);
            if (end < 0) { unclosed = true; break; }
            found.Add(new Box(text[(q + 1)..end], start, end + 1));
            p = end + 1;
        }
        return found;
    }

    /// <summary>The place of the brace that closes the one at <paramref name="open"/>, or -1.</summary>
    public static int Close(string text, int open)
    {
        var depth = 0;
        for (var i = open; i < text.Length; i++)
        {
            if (text[i] == '\\') i++;
            else if (text[i] == '{') depth++;
            else if (text[i] == '}' && --depth == 0) return i;
        }
        return -1;
    }

    /// <summary>What stands between two boxes of one list: nothing but separators. Null where there is more.</summary>
    public static string? Separator(ReadOnlySpan<char> between, out bool or)
    {
        or = false;
        if (between.Length > 60) return null;
        var words = between.ToString();
        foreach (var command in Spacing) words = words.Replace(command, " ", StringComparison.Ordinal);
        foreach (var part in words.Split(Blank, StringSplitOptions.RemoveEmptyEntries))
        {
            switch (part.ToLowerInvariant())
            {
                case "or": or = true; break;
                case "and" or "&" or "," or ";" or "," + "and" or "," + "or": break;
                default: return null;
            }
            if (part.EndsWith("or", StringComparison.OrdinalIgnoreCase)) or = true;
        }
        return ",";
    }

    private static readonly string[] Spacing =
        ["\\quad", "\\qquad", "\\text", "\\textbf", "\\mbox", "\\;", "\\,", "\\ ", "\\(", "\\)", "\\[", "\\]", "$", "{", "}", "**", "~"];
    private static readonly char[] Blank = [' ', '\n', '\r', '\t'];
}
