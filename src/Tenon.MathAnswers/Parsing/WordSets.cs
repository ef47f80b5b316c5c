using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;

namespace Tenon.MathAnswers.Parsing;

/// <summary>
/// Sets and ranges in words: "all real numbers except -4", "every real x greater than 2", "positive integers", "x is at least 3", "between
/// 1 and 5
/// inclusive". The bounds themselves are read as mathematics.
/// </summary>
internal static partial class WordSets
{
    private const int MostChars = 160;

    private static readonly SearchValues<string> Signals = SearchValues.Create(
        ["real", "all ", "any ", "every ", "positive", "negative", "nonzero", "non-zero", "greater", "less than", "more than", "at least",
        "at most", "between", "inclusive", "except", "smaller", "larger", "even ", "odd ", "interval", "integers ", "prime",
        "multiples of", "neither", "or more",
        "or less"],
        StringComparison.OrdinalIgnoreCase);

    // Words that name the numbers and say nothing more of them.
    private static readonly string[] Openers =
    [
        "the set of ", "the interval of ", "the interval ", "interval ", "set of ", "all of the ", "all the ", "all ", "any ", "every ",
        "each ", "the ", "possible ",
            "values of ", "value of ", "values ", "value ", "of ", "for ", "is ", "are ", "must be ",
        "can be ", "be ", "lies ", "lie ",
        "where ", "such that ", "a ", "an ", "number ", "numbers ", "with ", "that ", "which ", "satisfying ", "and ",
            ", ", "in ",
    ];

    private static readonly (string Words, char Op)[] Bounds =
    [
        ("greater than or equal to ", Sign.Ge), ("more than or equal to ", Sign.Ge), ("larger than or equal to ", Sign.Ge),
            ("bigger than or equal to ", Sign.Ge), ("not less than ", Sign.Ge),
        ("no less than ", Sign.Ge), ("at least ", Sign.Ge), ("not smaller than ", Sign.Ge),
        ("less than or equal to ", Sign.Le), ("smaller than or equal to ", Sign.Le), ("not greater than ", Sign.Le),
            ("no greater than ", Sign.Le), ("no more than ", Sign.Le), ("not more than ", Sign.Le),
        ("at most ", Sign.Le), ("not larger than ", Sign.Le),
        ("greater than ", '>'), ("more than ", '>'), ("larger than ", '>'), ("bigger than ", '>'), ("strictly greater than ", '>'),
            ("above ", '>'),
        ("less than ", '<'), ("smaller than ", '<'), ("strictly less than ", '<'), ("below ", '<'), ("fewer than ", '<'),
        ("not equal to ", Sign.Ne), ("other than ", Sign.Ne), ("except for ", Sign.Ne), ("except at ", Sign.Ne), ("except ", Sign.Ne),
            ("excluding ", Sign.Ne),
            ("but not ", Sign.Ne), ("but ", Sign.Ne), ("without ", Sign.Ne),
        ("besides ", Sign.Ne), ("apart from ", Sign.Ne), ("different from ", Sign.Ne), ("aside from ", Sign.Ne), ("save ", Sign.Ne),
            ("not ", Sign.Ne), ("minus ", Sign.Ne), ("neither ", Sign.Ne),
    ];

    /// <summary>True where a text holds a word that sets in words have.</summary>
    public static bool HasSignal(string text) => text.AsSpan().IndexOfAny(Signals) >= 0;

    /// <summary>The set that the words mean; null for all other texts.</summary>
    public static Expr? Find(string text)
    {
        if (text.Length is < 8 or > MostChars || text.AsSpan().IndexOfAny(Signals) < 0) return null;
        var s = Plain(text);
        if (FiniteSets.Find(s) is { } finite) return finite;
        s = OrMore().Replace(s, m => (m.Groups[2].Value is "more" or "greater" or "larger" or "higher" or "bigger" or "above"
            ? "at least " : "at most ") + m.Groups[1].Value);
        // "less than 0 or greater than 4"
        if (s.Split(" or ") is [var left, var right] && !right.StartsWith("equal", StringComparison.Ordinal))
            return Conditions(left + " ") is { Kind: ExprKind.Tuple } a && Conditions(right) is { Kind: ExprKind.Tuple } b
                ? new Expr(ExprKind.SetOp, "cup", [a, b]) : null;
        return Conditions(s);
    }

    [GeneratedRegex(@"(-?[\d./]+) or (more|greater|larger|higher|bigger|above|less|fewer|smaller|lower|below)\b(?! than)")]
    private static partial Regex OrMore();

    private static Expr? Conditions(string s)
    {
        Expr? result = null;
        var (known, bounded) = (false, false);
        while (s.Length > 0)
        {
            if (Take(ref s, Openers)) continue;
            if (Kind(ref s) is { } kind)
            {
                result = Meet(result, kind);
                known = true;
            }
            else if (Range(ref s) is { } range)
            {
                result = Meet(result, range);
                bounded = true;
            }
            else if (Bound(ref s) is { } bound)
            {
                result = Meet(result, bound);
                bounded = true;
            }
            else if (!Variable(ref s)) return null;
        }

        return known || bounded ? result : null;
    }

    // Real numbers, positive numbers, integers.
    private static Expr? Kind(ref string s)
    {
        foreach (var (word, op) in
            (ReadOnlySpan<(string, char)>)[("positive ", '>'), ("negative ", '<'), ("nonnegative ", Sign.Ge), ("non-negative ", Sign.Ge),
            ("nonpositive ", Sign.Le), ("non-positive ", Sign.Le), ("nonzero ", Sign.Ne), ("non-zero ", Sign.Ne)])
            if (s.StartsWith(word, StringComparison.Ordinal))
            {
                s = s[word.Length..];
                return Relation(op, Expr.Zero);
            }
        foreach (var word in
            (ReadOnlySpan<string>)["real numbers ", "real number ", "real values ", "real value ", "reals ", "real ", "numbers ",
            "everywhere "])
            if (s.StartsWith(word, StringComparison.Ordinal))
            {
                s = s[word.Length..];
                return Expr.Sym("Reals");
            }
        foreach (var word in (ReadOnlySpan<string>)["integers ", "integer ", "whole numbers "])
            if (s.StartsWith(word, StringComparison.Ordinal))
            {
                s = s[word.Length..];
                return Expr.Sym("Integers");
            }
        return null;
    }

    // between 1 and 5, from 1 to 5, strictly between, inclusive
    private static Expr? Range(ref string s)
    {
        var strict = s.StartsWith("strictly between ", StringComparison.Ordinal);
        if (s.StartsWith("open interval from ", StringComparison.Ordinal)) (strict, s) = (true, s["open interval ".Length..]);
        else if (s.StartsWith("closed interval from ", StringComparison.Ordinal)) s = s["closed interval ".Length..];
        var start = s.StartsWith("strictly ", StringComparison.Ordinal) ? 17 : s.StartsWith("between ", StringComparison.Ordinal) ? 8
            : s.StartsWith("from ", StringComparison.Ordinal)
            ? 5 : 0;
        if (start == 0) return null;
        var middle = s[0] == 'f' ? " to " : " and ";
        var cut = s.IndexOf(middle, start, StringComparison.Ordinal);
        if (cut < 0) return null;
        var rest = s[(cut + middle.Length)..];
        var behind = "";
        foreach (var word in (ReadOnlySpan<string>)[" except ", ", except", ", excluding ", " but not "])
            if (rest.IndexOf(word, StringComparison.Ordinal) is > 0 and var except) (rest, behind) = (rest[..except],
                rest[(except + 1)..].TrimStart(',', ' '));
        foreach (var ends in (ReadOnlySpan<string>)["the endpoints", "the end points", "both endpoints", "endpoints"])
        {
            strict |= rest.Contains("not including " + ends, StringComparison.Ordinal)
                || rest.Contains("excluding " + ends, StringComparison.Ordinal);
            foreach (var lead in (ReadOnlySpan<string>)["not including ", "excluding ", "including "])
                rest = rest.Replace(lead + ends, lead[0] == 'i' ? "inclusive" : " ", StringComparison.Ordinal);
        }

        var inclusive = rest.Contains("inclusive", StringComparison.Ordinal) || s[0] == 'f';
        foreach (var word in (ReadOnlySpan<string>)["inclusive", "exclusive", "exclusively", "inclusively", ",", "(", ")"])
            rest = rest.Replace(word, " ", StringComparison.Ordinal);
        if (Value(s[start..cut]) is not { } from || Value(rest) is not { } to) return null;
        s = behind;
        // Open, it is an intersection: "(0, 2)" may also be a pair, and words are none.
        return inclusive && !strict ? new Expr(ExprKind.Tuple, "[]", [from, to]) : Meet(Relation('>', from), Relation('<', to));
    }

    private static Expr? Bound(ref string s)
    {
        foreach (var (words, op) in Bounds)
        {
            if (!s.StartsWith(words, StringComparison.Ordinal)) continue;
            var (value, rest) = Cut(s[words.Length..]);
            if (op == Sign.Ne && Points(value) is { } points)
            {
                s = rest;
                return points;
            }
            if (Value(value) is not { } bound) return null;
            s = rest;
            return Relation(op, bound);
        }
        // x > 2 behind words
        if (s.AsSpan().IndexOfAny("<>≤≥≠\\") < 0) return null;
        var (formula, behind) = Cut(s);
        if (Read(formula) is not { Kind: ExprKind.Relation } relation) return null;
        s = behind;
        return relation;
    }

    // "2 and 3", "0, 1", "neither 0 nor 1": all of them are left out.
    private static Expr? Points(string text)
    {
        text = text.Replace(" nor ", " and ", StringComparison.Ordinal);
        foreach (var word in (ReadOnlySpan<string>)["x =", "x=", "the number ", "the value ", "for "])
            if (text.StartsWith(word, StringComparison.Ordinal)) text = text[word.Length..].Trim();
        return (Read(text.Replace(" and ", " , ", StringComparison.Ordinal).Replace(" or ", " , ", StringComparison.Ordinal)) is { } read
            ? Comparison.Shapes.Expand(read) : null) switch
        {
            { Kind: ExprKind.List or ExprKind.Set } list =>
                new Expr(ExprKind.SetOp, "minus", [Expr.Sym("Reals"), new Expr(ExprKind.Set, "", list.Args)]),
            { Kind: ExprKind.Relation, Args: [_, var value] } => Relation(Sign.Ne, value),
            { IsScalar: true } value => Relation(Sign.Ne, value),
            _ => null,
        };
    }

    // The bound ends where the next condition begins.
    private static (string Value, string Behind) Cut(string s)
    {
        foreach (var word in
            (ReadOnlySpan<string>)[" and less ", " and at ", " and smaller ", " and greater ", " and more ", " but ", " except ",
            " and not ", ", except", " where ", " and below ", " and above "])
            if (s.IndexOf(word, StringComparison.Ordinal) is > 0 and var cut) return (s[..cut].Trim(), s[(cut + 1)..].TrimStart(',', ' '));
        return (s.Trim(), "");
    }

    private static bool Variable(ref string s)
    {
        if (!(s.Length > 1 && char.IsAsciiLetterLower(s[0]) && s[1] is ' ' or ',') && !(s.Length == 1 && char.IsAsciiLetterLower(s[0])))
            return false;
        s = s[1..].TrimStart(' ', ',');
        return true;
    }

    // Intervals rather than inequalities: words name no variable that another notation could not call otherwise.
    private static Expr Relation(char op, Expr value) => op switch
    {
        '>' => new Expr(ExprKind.Tuple, "()", [value, Expr.Infinity]),
        Sign.Ge => new Expr(ExprKind.Tuple, "[)", [value, Expr.Infinity]),
        '<' => new Expr(ExprKind.Tuple, "()", [Expr.Neg(Expr.Infinity), value]),
        Sign.Le => new Expr(ExprKind.Tuple, "(]", [Expr.Neg(Expr.Infinity), value]),
        _ => new Expr(ExprKind.SetOp, "minus", [Expr.Sym("Reals"), new Expr(ExprKind.Set, "", [value])]),
    };

    private static Expr Meet(Expr? a, Expr b) => a switch
    {
        null or { Kind: ExprKind.Symbol, Name: "Reals" } => b,
        _ when b is { Kind: ExprKind.Symbol, Name: "Reals" } => a,
        _ => new Expr(ExprKind.SetOp, "cap", [a, b]),
    };

    internal static Expr? Value(string text) => Read(text.Trim()) is { IsScalar: true } value ? value : null;

    private static Expr? Read(string text)
    {
        if (text.Length == 0) return null;
        var tokens = new List<Token>();
        if (Lexer.Read(text, tokens) is null || tokens.Exists(t => t.Kind is TokenKind.Word or TokenKind.Text)) return null;
        return Parser.Parse(tokens, out _) is { } e ? Simplifier.Tidy(e) : null;
    }

    private static bool Take(ref string s, string[] words)
    {
        foreach (var word in words)
            if (s.StartsWith(word, StringComparison.Ordinal))
            {
                s = s[word.Length..];
                return true;
            }
        return false;
    }

    // \text{...} and dollars go, words are in lower case, one space between them; a space at the end ends the last word.
    private static string Plain(string text)
    {
        var b = new StringBuilder(text.Length + 1);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '\\' && i + 1 < text.Length && Wrapper(text, i) is > 0 and var length)
            {
                var close = Extraction.Boxes.Close(text, i + length - 1);
                if (close < 0) return "";
                b.Append(' ').Append(text, i + length, close - i - length).Append(' ');
                i = close;
            }
            else if (c == '\\' && i + 1 < text.Length && text[i + 1] is ' ' or ',' or ';' or '(' or ')' or '[' or ']')
            {
                b.Append(' ');
                i++;
            }
            else b.Append(c is '$' or '~' ? ' ' : char.ToLowerInvariant(c));
        }

        return string.Join(' ',
            b.ToString().ToLowerInvariant().Replace("\\mathbb{r}", "reals ", StringComparison.Ordinal)
            .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).TrimEnd('.') + " ";
    }

    private static int Wrapper(string text, int at)
    {
        foreach (var wrapper in (ReadOnlySpan<string>)["\\text{", "\\mbox{", "\\textrm{", "\\mathrm{", "\\textbf{"])
            if (text.AsSpan(at).StartsWith(wrapper)) return wrapper.Length;
        return 0;
    }
}
