using System.Buffers;
using System.Collections.Frozen;
using Tenon.MathAnswers.Numbers;

namespace Tenon.MathAnswers.Parsing;

/// <summary>
/// Answers in words that mean a value: "twenty-one", "no solution", "all real numbers"; and the labels that stand before an answer.
/// </summary>
internal static class WordAnswers
{
    private const int MaxChars = 60;

    private static readonly Expr Empty = new(ExprKind.Set, "", []);
    private static readonly Expr Many = new(ExprKind.Text, "infinitely many", []);
    private static readonly Expr DoesNotExist = new(ExprKind.Text, "does not exist", []);

    private static readonly FrozenDictionary<string, Expr> Meanings = new Dictionary<string, Expr>
    {
        ["nosolution"] = Empty, ["nosolutions"] = Empty, ["norealsolution"] = Empty, ["norealsolutions"] = Empty, ["emptyset"] = Empty,
        ["norealroots"] = Empty, ["nosuchx"] = Empty,
        ["theemptyset"] = Empty, ["none"] = Empty, ["norealvalues"] = Empty, ["nosuchvalues"] = Empty, ["nosuchvalue"] = Empty,
        ["nointegersolutions"] = Empty, ["nosuchnumber"] = Empty, ["nosuchnumbers"] = Empty, ["nosuchintegers"] = Empty,
        ["nosuchinteger"] = Empty, ["nosolutionexists"] = Empty, ["nosolutionsexist"] = Empty, ["novalues"] = Empty, ["norealx"] = Empty,
        ["infinitelymany"] = Many, ["infinitelymanysolutions"] = Many, ["infinitesolutions"] = Many, ["infinitelymanyvalues"] = Many,
        ["infinitenumberofsolutions"] = Many, ["aninfinitenumberofsolutions"] = Many, ["thereareinfinitelymanysolutions"] = Many,
        ["infinite"] = Many, ["aninfinitenumber"] = Many, ["undefined"] = DoesNotExist, ["isundefined"] = DoesNotExist,
        ["notdefined"] = DoesNotExist, ["itdoesnotexist"] = DoesNotExist,
        ["allrealnumbers"] = Expr.Sym("Reals"), ["allreals"] = Expr.Sym("Reals"), ["realnumbers"] = Expr.Sym("Reals"),
        ["allrealx"] = Expr.Sym("Reals"), ["anyrealnumber"] = Expr.Sym("Reals"),
        ["dne"] = DoesNotExist, ["doesnotexist"] = DoesNotExist, ["thelimitdoesnotexist"] = DoesNotExist,
        ["limitdoesnotexist"] = DoesNotExist,
        ["first"] = Expr.Int(1), ["second"] = Expr.Int(2), ["third"] = Expr.Int(3), ["fourth"] = Expr.Int(4), ["fifth"] = Expr.Int(5),
        ["sixth"] = Expr.Int(6), ["seventh"] = Expr.Int(7), ["eighth"] = Expr.Int(8), ["ninth"] = Expr.Int(9), ["tenth"] = Expr.Int(10),
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

    private static readonly string[] Labels =
    [
        "final answer:", "answer:", "the answer is", "ans:", "the final answer is", "the correct answer is", "correct answer:",
        "the correct option is", "the correct choice is", "answer is", "correct option:", "correct choice:",
    ];

    private static readonly string[] Wrappers = ["\\text{", "\\textbf{", "\\mathrm{", "\\mbox{", "\\textrm{"];

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
        foreach (var opening in (ReadOnlySpan<string>)["there is ", "there are ", "it has ", "the equation has ", "the system has ",
            "the inequality has "])
            if (words.StartsWith(opening + "no ", StringComparison.Ordinal)) words = words[opening.Length..];
        if (Fraction(words) is { } part) return Expr.Num(part);
        // seven and a half, two and three quarters
        if (words.IndexOf(" and ", StringComparison.Ordinal) is > 0 and var and && Number(words[..and]) is { } count
            && Fraction(words[(and + 5)..]) is { } rest && rest < Rational.One) return Expr.Num(new Rational(count) + rest);
        return Number(words) is { } number ? Expr.Int(number)
            : Meanings.TryGetValue(words.Replace(" ", "", StringComparison.Ordinal), out var meant) ? meant : null;
    }

    /// <summary>A whole number in words, up to the millions ("two hundred and five", "one million"); null for other texts.</summary>
    public static int? Number(string words)
    {
        if (Numbers.TryGetValue(words, out var whole)) return whole;
        var (total, group, last) = (0L, 0L, 0);
        foreach (var word in words.Split([' ', '-'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (word == "and" && group + total > 0) continue;
            if (word == "hundred" && group is >= 0 and < 100) group = Math.Max(1, group) * 100;
            else if (word is "thousand" or "million" && group > 0)
            {
                if (last == 3) return null;
                (total, group) = (total + (group * (word == "million" ? 1_000_000 : 1000)), 0);
                last = word == "million" ? 2 : 3;
            }
            else if (Numbers.TryGetValue(word, out var part) && part > 0
                && (group % 100 == 0 || (group % 10 == 0 && group % 100 >= 20 && part < 10))) group += part;
            else return null;
            if (total + group > 999_999_999) return null;
        }

        return total + group > 0 ? (int)(total + group) : null;
    }

    private const int MostNouns = 3;

    private static readonly SearchValues<char> BeginsNumber = SearchValues.Create("oOtTfFsSeEnNzZ");

    // Words behind a number that reckon with it, or that make it part of something else.
    private static readonly FrozenSet<string> Reckoning = new[]
    {
        "times", "plus", "minus", "more", "less", "fewer", "out", "over", "divided", "multiplied", "of", "to", "and", "or", "squared",
        "cubed", "halves", "thirds", "quarters", "fifths", "choose", "factorial", "mod", "modulo", "per", "by", "is", "are", "was", "if",
        "because", "since", "half", "third", "quarter", "dozen", "million", "thousand", "hundred", "billion", "that", "who", "than", "way",
        "hand", "side", "another", "for", "such", "as", "in", "at", "can", "should", "could", "cannot",
    }.ToFrozenSet();

    /// <summary>"three ducks", "twenty-five percent" with the number in digits; null for all other texts.</summary>
    public static string? Counted(string text)
    {
        if (text.Length is < 5 or > MaxChars) return null;
        if (text[0] == '\\')
        {
            if (!text.StartsWith("\\text{", StringComparison.Ordinal) || text.LastIndexOf('{') != 5
                || text.IndexOf('}', StringComparison.Ordinal) != text.Length - 1) return null;
            text = text[6..^1].Trim();
        }

        if (text.Length == 0 || !BeginsNumber.Contains(text[0])) return null;
        var first = text.AsSpan();
        var end = first.IndexOfAny(" -");
        if (end < 3 || !Numbers.ContainsKey(first[..end].ToString().ToLowerInvariant())) return null;
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        for (var n = Math.Min(words.Length - 1, 8); n > 0; n--)
        {
            if (words.Length - n > MostNouns || Number(string.Join(' ', words, 0, n).ToLowerInvariant()) is not { } number) continue;
            for (var i = n; i < words.Length; i++)
                if (Reckoning.Contains(words[i]) && !(words[i] == "of" && i > n)
                    || !words[i].AsSpan().TrimEnd("'s").ContainsOnlyLetters()) return null;
            return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{number} {string.Join(' ', words[n..])}");
        }

        return null;
    }

    private static bool ContainsOnlyLetters(this ReadOnlySpan<char> word)
    {
        foreach (var c in word)
            if (!char.IsLetter(c)) return false;
        return word.Length > 0;
    }

    private static readonly string[] Parts =
        ["half", "third", "quarter", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"];

    // one half, two-thirds, a quarter
    private static Rational? Fraction(string words)
    {
        var cut = words.LastIndexOfAny(['-', ' ']);
        var part = words[(cut + 1)..];
        var at = part is "halves" ? 0 : part is "fourth" or "fourths" ? 2 : Array.IndexOf(Parts, part.TrimEnd('s'));
        if (at < 0 || (cut < 0 && at > 0)) return null;
        var count = cut < 0 || words[..cut] is "a" or "one" ? 1 : Number(words[..cut]);
        return count is > 0 and < 20 ? new Rational(count.Value, at + 2) : null;
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
        if (text.Length < 5 || text[0] is not ('A' or 'a' or 'F' or 'f' or 'T' or 't' or 'C' or 'c' or '\\')) return text;
        if (text[0] == '\\' && text[^1] == '}' && text.LastIndexOf('{') < 10 && text.Contains("is ", StringComparison.Ordinal))
            foreach (var wrapper in Wrappers)
                if (text.StartsWith(wrapper, StringComparison.Ordinal) && text[wrapper.Length..^1] is var inner
                    && DropLabel(inner) is var bare && bare.Length < inner.Length) return bare;
        foreach (var label in Labels)
            if (text.Length > label.Length && text.StartsWith(label, StringComparison.OrdinalIgnoreCase))
                return Reading.Strip(text[label.Length..]);
        return text;
    }
}
