using System.Numerics;
using Tenon.MathAnswers.Numbers;
using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.MathVerify;

/// <summary>What Math-Verify's parse returns: a value, and the normalised text of the first match it tried.</summary>
internal sealed record MathVerifyReading(Expr? Value, string? Text)
{
    public static MathVerifyReading Of(string text)
    {
        string? first = null;
        foreach (var match in MathVerifyTargets.Find(text))
        {
            var parts = match.Parts;
            if (match.IsLatex)
            {
                var normalised = Array.ConvertAll(parts, MathVerifyText.Normalise);
                first ??= string.Join(" and ", normalised);
                if (Latex(normalised) is { } value)
                    return new MathVerifyReading(match.Percent ? new Expr(ExprKind.Percent, "", [value]) : value, first);
            }
            else
            {
                var (value, shown) = Plain(parts[0]);
                first ??= shown;
                if (value is not null) return new MathVerifyReading(match.Percent ? new Expr(ExprKind.Percent, "", [value]) : value, first);
            }
        }
        return new MathVerifyReading(null, first);
    }

    private static Expr? Latex(string[] parts)
    {
        var values = Array.ConvertAll(parts, One);
        if (values[0] is null) return null;
        if (values.Length == 1 || Array.Exists(values, v => v is null)) return values[0];
        var flat = new List<Expr>();
        foreach (var v in values)
        {
            if (v!.Kind is ExprKind.List or ExprKind.Set) flat.AddRange(v.Args);
            else flat.Add(v);
        }
        return new Expr(ExprKind.Set, "", [.. flat]);
    }

    private static Expr? One(string text)
    {
        var value = Read(text);
        if (value is not null || text.IndexOfAny([',', ';']) >= 0) return value;
        var last = text.LastIndexOf('=');
        return last > 0 && text.IndexOf('=') < last && text[last - 1] is not ('<' or '>' or '!' or '\\') ? Read(text[(last + 1)..]) : null;
    }

    private static Expr? Read(string text)
    {
        if (text.Length == 0 || MathVerifyText.IsUnreadable(text)) return null;
        var tokens = new List<Token>();
        // 12,345,678.9 is one number only where it is the whole text.
        var whole = MathVerifyText.IsGroupedNumber(text);
        if (Lexer.Read(text, tokens, commasSeparate: !whole, mathVerify: true) is null) return null;
        return Parser.Parse(tokens, out _, extended: false) is { } e ? Simplifier.Tidy(Quirks(Simplifier.Tidy(e))) : null;
    }

    /// <summary>Numbers and sums in plain text; a comma is a thousands sign before three digits, else a decimal point.</summary>
    private static (Expr? Value, string Shown) Plain(string text)
    {
        var shown = text.Trim('*', ' ');
        if (shown.IndexOfAny(['+', '*', '/', '^', '(', '×', '÷']) < 0 && shown.LastIndexOf('-') <= 0)
        {
            var comma = shown.IndexOf(',');
            var number = shown.Replace(" ", "", StringComparison.Ordinal);
            if (comma > 0 && number.IndexOf(',') == number.LastIndexOf(',')
                && (number.Length - number.IndexOf(',') - 1 < 3 || number.StartsWith('0'))) number = number.Replace(',', '.');
            number = number.Replace(",", "", StringComparison.Ordinal);
            return (Read(number), number.StartsWith('.') ? "0" + number : number);
        }
        return (shown.IndexOfAny(['×', '÷']) >= 0 ? null : Read(shown), shown);
    }

    /// <summary>Variables in lower case, i as a variable and I as the imaginary unit, degrees, primes and bases dropped.</summary>
    private static Expr Quirks(Expr e)
    {
        switch (e.Kind)
        {
            case ExprKind.Symbol:
                if (e.Name == "I") return Expr.I;
                if (e.Name is "Reals" or "Integers" or "Naturals" or "Rationals" or "Complexes") return e;
                return Expr.Sym(e.Name.ToLowerInvariant().Replace("'", "", StringComparison.Ordinal)
                    .Replace("*", "", StringComparison.Ordinal));
            case ExprKind.Text: return Expr.Sym(TextName(e.Name));
            case ExprKind.Constant when e.Name == "i": return Expr.Sym("i");
            case ExprKind.Degree: return Quirks(e.Args[0]);
            case ExprKind.BaseNumber:
                return char.IsAsciiDigit(e.Name[^1])
                && BigInteger.TryParse(e.Name, System.Globalization.CultureInfo.InvariantCulture, out var digits)
                ? Expr.Num(new Rational(digits)) : e;
            case ExprKind.Ratio:
                var quotient = Quirks(e.Args[0]);
                for (var i = 1; i < e.Args.Length; i++) quotient = Expr.Div(quotient, Quirks(e.Args[i]));
                return quotient;
        }
        return e.Args.Length == 0 ? e : e.With(Array.ConvertAll(e.Args, Quirks));
    }

    private static string TextName(string text)
    {
        Span<char> kept = stackalloc char[Math.Min(text.Length, 256)];
        var n = 0;
        foreach (var c in text)
            if (n < kept.Length && !(char.IsWhiteSpace(c) || c is '(' or ')')) kept[n++] = char.ToLowerInvariant(c);
        return kept[..n].ToString();
    }
}
