using System.Collections.Frozen;

namespace Tenon.MathAnswers.Parsing;

/// <summary>
/// Answers in words that mean a value: "twenty-one", "no solution", "all real numbers"; and the labels that stand before an answer.
/// </summary>
internal static class WordAnswers
{
    private const int MaxChars = 60;

    private static readonly Expr Empty = new(ExprKind.Set, "", []);
    private static readonly Expr DoesNotExist = new(ExprKind.Text, "does not exist", []);

    private static readonly FrozenDictionary<string, Expr> Meanings = new Dictionary<string, Expr>
    {
        ["nosolution"] = Empty, ["nosolutions"] = Empty, ["norealsolution"] = Empty, ["norealsolutions"] = Empty, ["emptyset"] = Empty,
        ["theemptyset"] = Empty,
        ["allrealnumbers"] = Expr.Sym("Reals"), ["allreals"] = Expr.Sym("Reals"), ["realnumbers"] = Expr.Sym("Reals"),
        ["allrealx"] = Expr.Sym("Reals"), ["anyrealnumber"] = Expr.Sym("Reals"),
        ["dne"] = DoesNotExist, ["doesnotexist"] = DoesNotExist, ["thelimitdoesnotexist"] = DoesNotExist,
        ["limitdoesnotexist"] = DoesNotExist,
        ["infinity"] = Expr.Infinity, ["positiveinfinity"] = Expr.Infinity,
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, int> Numbers = new Dictionary<string, int>
    {
        ["zero"] = 0, ["one"] = 1, ["two"] = 2, ["three"] = 3, ["four"] = 4, ["five"] = 5, ["six"] = 6, ["seven"] = 7, ["eight"] = 8,
        ["nine"] = 9, ["ten"] = 10, ["eleven"] = 11, ["twelve"] = 12,
        ["thirteen"] = 13, ["fourteen"] = 14, ["fifteen"] = 15, ["sixteen"] = 16, ["seventeen"] = 17, ["eighteen"] = 18, ["nineteen"] = 19,
        ["twenty"] = 20, ["thirty"] = 30, ["forty"] = 40, ["fifty"] = 50, ["sixty"] = 60, ["seventy"] = 70, ["eighty"] = 80,
        ["ninety"] = 90,
    }.ToFrozenDictionary();

    private static readonly string[] Labels = ["final answer:", "answer:", "the answer is", "ans:"];

    /// <summary>The value that the words mean; null for all other texts.</summary>
    public static Expr? Find(string text)
    {
        if (text.Length is < 3 or > MaxChars || !(char.IsAsciiLetter(text[0]) || text.StartsWith("\\text", StringComparison.Ordinal)))
            return null;
        var words = text;
        if (text[0] == '\\')
        {
            var open = text.IndexOf('{', StringComparison.Ordinal);
            if (open < 0 || text[^1] != '}' || text.IndexOf('}', StringComparison.Ordinal) != text.Length - 1) return null;
            words = text[(open + 1)..^1];
        }
        foreach (var c in words) if (!(char.IsAsciiLetter(c) || c is ' ' or '-' or '.')) return null;
        words = words.Trim(' ', '.').ToLowerInvariant();
        return Number(words) is { } number ? Expr.Int(number)
            : Meanings.TryGetValue(words.Replace(" ", "", StringComparison.Ordinal), out var meant) ? meant : null;
    }

    /// <summary>A whole number below a hundred in words, or "one hundred"; null otherwise.</summary>
    public static int? Number(string words)
    {
        if (Numbers.TryGetValue(words, out var whole)) return whole;
        if (words is "hundred" or "one hundred") return 100;
        var cut = words.IndexOfAny(['-', ' ']);
        return cut > 0 && Numbers.TryGetValue(words[..cut], out var tens) && tens >= 20
            && Numbers.TryGetValue(words[(cut + 1)..], out var ones) && ones is > 0 and < 10 ? tens + ones : null;
    }

    /// <summary>"a parabola" is "parabola".</summary>
    public static string DropArticle(string words)
    {
        foreach (var article in (ReadOnlySpan<string>)["a ", "an ", "the "])
            if (words.Length > article.Length + 2 && words.StartsWith(article, StringComparison.OrdinalIgnoreCase))
                return words[article.Length..];
        return words;
    }

    /// <summary>The answer without "Answer:" or "The answer is" in front of it.</summary>
    public static string DropLabel(string text)
    {
        if (text.Length < 5 || text[0] is not ('A' or 'a' or 'F' or 'f' or 'T' or 't')) return text;
        foreach (var label in Labels)
            if (text.Length > label.Length && text.StartsWith(label, StringComparison.OrdinalIgnoreCase))
                return Reading.Strip(text[label.Length..]);
        return text;
    }
}
