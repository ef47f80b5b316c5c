using System.Numerics;
using System.Text;
using Tenon.MathAnswers.Numbers;

namespace Tenon.MathAnswers.Parsing;

/// <summary>Texts as they are compared when they are no mathematics: spacing, case, wrappers and punctuation at the ends aside.</summary>
internal static class TextForm
{
    /// <summary>
    /// The tokens one after another, each kept apart, so that \frac{1}{23} is not \frac{12}{3}; braces around a single token vanish. Words
    /// are in lower
    /// case, variables are not: r and R may both occur.
    /// </summary>
    public static string Of(List<Token> tokens)
    {
        var b = _builder ??= new StringBuilder(256);
        b.Clear();
        for (var i = 0; i < tokens.Count; i++)
        {
            var t = tokens[i];
            if (t.Kind == TokenKind.End) break;
            if (t.Is('{') && i + 2 < tokens.Count && tokens[i + 2].Is('}'))
            {
                t = tokens[i + 1];
                i += 2;
            }
            if (b.Length > 0) b.Append(' ');
            if (t.Kind == TokenKind.Op) b.Append(t.Op);
            else if (t.Kind == TokenKind.Number && t.Number is { IsNumber: true } n && n.Value.Bits < 400) Append(b, n.Value);
            else if (t.Kind == TokenKind.Text) b.Append(Words(t.Text));
            else if (t.Kind == TokenKind.Word) b.Append(t.Text.ToLowerInvariant());
            else b.Append(Parser.TokenText(t));
        }
        return b.ToString();
    }

    [ThreadStatic]
    private static StringBuilder? _builder;

    private static void Append(StringBuilder b, Rational value)
    {
        if (value.IsInteger && value.Bits < 63) b.Append((long)value.Num);
        else b.Append(value.ToString());
    }

    /// <summary>Any text with spaces and dollar signs dropped.</summary>
    public static string Plain(string text)
    {
        var b = new StringBuilder(Math.Min(text.Length, 4000));
        foreach (var c in text)
        {
            if (b.Length >= 4000) break;
            if (!char.IsWhiteSpace(c) && c != '$') b.Append(c);
        }
        return b.ToString().TrimEnd('.', ',', ';');
    }

    /// <summary>True for prose: no LaTeX but \text, no sign that carries structure.</summary>
    public static bool IsProse(string text) => text.Replace("\\text", "", StringComparison.Ordinal).AsSpan().IndexOfAny("\\^_=<>+*/|") < 0;

    /// <summary>Words with their spaces dropped.</summary>
    public static string Words(string text)
    {
        var b = new StringBuilder(text.Length);
        foreach (var c in text)
            if (char.IsLetterOrDigit(c) || c > 127 || c is '-' or '+' or '/' or '*' or '=' or '<' or '>' or '%' or ':' or '\'')
                b.Append(char.ToLowerInvariant(c));
        return b.ToString();
    }

    /// <summary>12,5, 1.234,5 and 1 234,5 as decimals with a comma; null for any other text.</summary>
    public static Expr? DecimalComma(string text)
    {
        var s = text.AsSpan().Trim().Trim('$').Trim();
        if (s.IndexOf(',') is > 4 and < 18 and var end && Ungrouped(s[..end]) is { } whole) s = whole + s[end..].ToString();
        var negative = s.Length > 0 && s[0] == '-';
        if (negative) s = s[1..];
        var comma = s.IndexOf(',');
        if (comma < 1 || s.Length > 18 || s.Length - comma - 1 < 1) return null;
        foreach (var c in s[..comma]) if (!char.IsAsciiDigit(c)) return null;
        foreach (var c in s[(comma + 1)..]) if (!char.IsAsciiDigit(c)) return null;
        var digits = long.Parse(string.Concat(s[..comma], s[(comma + 1)..]), System.Globalization.CultureInfo.InvariantCulture);
        return Expr.Num(new Rational(negative ? -digits : digits, BigInteger.Pow(10, s.Length - comma - 1)), true);
    }

    /// <summary>1,23,456 and 12,34,567.5 as India groups digits: three at the end, two before; null for any other text.</summary>
    public static Expr? IndianGroups(string text)
    {
        var s = text.AsSpan().Trim().Trim("$₹").Trim();
        if (s.Length > 18) return null;
        var point = s.IndexOf('.');
        var whole = point < 0 ? s : s[..point];
        if (whole.Length < 8 || whole[^4] != ',') return null;
        for (var i = 0; i < whole.Length; i++)
            if (char.IsAsciiDigit(whole[i]) == ((whole.Length - 4 - i) % 3 == 0 && i <= whole.Length - 4)) return null;
        if (point == s.Length - 1 || point >= 0 && s[(point + 1)..].ContainsAnyExceptInRange('0', '9')) return null;
        var digits = s.ToString().Replace(",", "", StringComparison.Ordinal).Replace(".", "", StringComparison.Ordinal);
        return Expr.Num(new Rational(long.Parse(digits, System.Globalization.CultureInfo.InvariantCulture),
            BigInteger.Pow(10, point < 0 ? 0 : s.Length - point - 1)), point >= 0);
    }

    /// <summary>\frac{dy}{dx} and dy/dx as y'; null where the text does not begin with one.</summary>
    public static string? Primed(string text)
    {
        if (text.Length < 6 || text[0] is not ('\\' or 'd')) return null;
        foreach (var form in (ReadOnlySpan<string>)["\\frac{d?}{d", "\\dfrac{d?}{d", "d?/d"])
        {
            var name = form.IndexOf('?', StringComparison.Ordinal);
            var end = form.Length + (form[0] == '\\' ? 2 : 1);
            if (text.Length > end && text.StartsWith(form[..name], StringComparison.Ordinal) && char.IsAsciiLetter(text[name])
                && text.AsSpan(name + 1).StartsWith(form.AsSpan(name + 1)) && (form[0] == 'd' || text[end - 1] == '}'))
                return text[name] + "'" + text[end..];
        }

        return null;
    }

    /// <summary>1'234'567.8 and 1_234_567 without their marks; null for any other text.</summary>
    public static string? Marked(string text)
    {
        var start = text[0] == '-' ? 1 : 0;
        var point = text.IndexOf('.', StringComparison.Ordinal);
        var end = point < 0 ? text.Length : point;
        var first = text.AsSpan(start).IndexOfAny("'’_");
        if (first is < 1 or > 3 || (end - start - first) % 4 != 0) return null;
        var mark = text[start + first];
        for (var i = start; i < text.Length; i++)
        {
            var separates = i < end && i >= start + first && (i - start - first) % 4 == 0;
            if (separates ? text[i] != mark : i != point && !char.IsAsciiDigit(text[i])) return null;
        }

        return text.Replace(mark.ToString(), "", StringComparison.Ordinal);
    }

    /// <summary>1.234 or 1 234 without its separators, which are all the same; null where they part no thousands.</summary>
    public static string? Ungrouped(ReadOnlySpan<char> s)
    {
        if (s.Length == 0) return null;
        var start = s[0] == '-' ? 1 : 0;
        var first = s[start..].IndexOfAny(". \u00a0\u202f");
        if (first is < 1 or > 3) return null;
        var separator = s[start + first];
        for (var i = start + first; i < s.Length; i += 4)
            if (s[i] != separator || i + 4 > s.Length || s.Slice(i + 1, 3).ContainsAnyExceptInRange('0', '9')) return null;
        return s.ToString().Replace(separator.ToString(), "", StringComparison.Ordinal);
    }
}
