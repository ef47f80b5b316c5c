namespace Tenon.MathAnswers.Parsing;

/// <summary>
/// One side of a verdict as it was read: its text, its expression (null where it is words only), its unit, its normalised text.
/// </summary>
internal sealed partial class Reading
{
    [System.Text.RegularExpressions.GeneratedRegex(@"(?<=\d) ?[xX] ?(?=10\^)")]
    private static partial System.Text.RegularExpressions.Regex Times();

    [System.Text.RegularExpressions.GeneratedRegex(@"\A-?[1-9]\d{0,2}(?:\.\d{3}){2,}(?:,\d+)?\z")]
    private static partial System.Text.RegularExpressions.Regex Pointed();

    // Tokens live only while a text is read: one list a thread serves all readings.
    [ThreadStatic]
    private static List<Token>? _scratch;

    private Reading(string text, Expr? expr, string? unit, string normalised, Expr? other)
    {
        (Text, Expr, Unit, Normalised, Alternative) = (text, expr, unit, normalised, other);
    }

    /// <summary>The text that was read.</summary>
    public string Text { get; }

    /// <summary>The expression, or null.</summary>
    public Expr? Expr { get; }

    /// <summary>A second way to read an ambiguous text: 1,234 as a list, 1,5 as a decimal comma.</summary>
    public Expr? Alternative { get; }

    /// <summary>The unit behind the value, or null.</summary>
    public string? Unit { get; }

    /// <summary>The tokens squeezed together: what texts that are not mathematics are compared by.</summary>
    public string Normalised { get; }

    public static Reading Of(string text)
    {
        text = WordAnswers.DropLabel(Strip(text));
        // 1\mathrm{,}000: a separator in a font of its own.
        if (text.Contains("{,}", StringComparison.Ordinal) && text.Contains('\\'))
            foreach (var font in (ReadOnlySpan<string>)["\\mathrm{,}", "\\text{,}", "\\mathbf{,}", "\\textbf{,}"])
                text = text.Replace(font, "{,}", StringComparison.Ordinal);
        // 1.25\mathrm{E}7
        if (text.Contains("{E}", StringComparison.Ordinal))
            foreach (var font in (ReadOnlySpan<string>)["\\mathrm{E}", "\\text{E}"])
                if (text.IndexOf(font, StringComparison.Ordinal) is > 0 and var exponent && char.IsAsciiDigit(text[exponent - 1])
                    && exponent + font.Length < text.Length && (char.IsAsciiDigit(text[exponent + font.Length])
                    || text[exponent + font.Length] is '-' or '{'))
                    text = text.Replace(font, "E", StringComparison.Ordinal);
        // 3.6 x 10^4
        if (text.Contains("10^", StringComparison.Ordinal) && text.Contains('x')) text = Times().Replace(text, "*");
        // 3{.}14: a point in braces, as 1{,}000 has its comma.
        if (text.Contains("{:}", StringComparison.Ordinal)) text = text.Replace("{:}", ":", StringComparison.Ordinal);
        if (text.Contains("{.}", StringComparison.Ordinal)) text = text.Replace("{.}", ".", StringComparison.Ordinal);
        // 1'234'567 and 1_234_567: thousands as Switzerland and program code part them.
        if (text.AsSpan().IndexOfAny("'’_") is > 0 and < 5 && TextForm.Marked(text) is { } digits) text = digits;
        // 1.234.567: two points can only part thousands.
        if (text.Length is > 8 and < 40 && text.AsSpan().Count('.') > 1 && Pointed().IsMatch(text))
            text = text.Replace(".", "", StringComparison.Ordinal).Replace(',', '.');
        // Two golds in three are whole numbers: no need to lex them.
        if (Whole(text) is { } whole) return new Reading(text, whole, null, text, null);
        if (WordAnswers.Find(text) is { } meant) return new Reading(text, meant, null, TextForm.Words(meant.ToString()), null);
        if (WordAnswers.Counted(text) is { } counted) text = counted;
        if (WordSets.Find(text) is { } set)
            return new Reading(text, Simplifier.Tidy(set), null, TextForm.Plain(text).ToLowerInvariant(), null);
        var tokens = _scratch ??= new List<Token>(64);
        tokens.Clear();
        var lexer = Lexer.Read(text, tokens);
        if (lexer is null) return new Reading(text, null, null, TextForm.Plain(text), null);
        var normalised = TextForm.Of(tokens);
        var hasComma = lexer.HasCommaNumber;
        var expr = Parser.Parse(tokens, out var unit);
        unit ??= lexer.Currency is { } currency ? Units.OfCurrency(currency) : null;
        Expr? other = null;
        if (TextForm.IndianGroups(text) is { } lakhs)
        {
            other = lakhs;
        }
        else if (hasComma)
        {
            tokens.Clear();
            if (Lexer.Read(text, tokens, commasSeparate: true) is not null) other = Parser.Parse(tokens, out _);
        }
        else if (expr is { Kind: ExprKind.List, Args.Length: 2 } && TextForm.DecimalComma(text) is { } point) other = point;
        // dy/dx is y'.
        if (other is null && TextForm.Primed(text) is { } primed)
        {
            tokens.Clear();
            if (Lexer.Read(primed, tokens) is not null) other = Parser.Parse(tokens, out _);
        }

        // 3 dozen is thirty-six, where the question did not ask for dozens.
        if (other is null && expr is { IsNumber: true } && Units.IsDozen(unit)) other = Expr.Mul(expr, Expr.Int(12));
        return new Reading(text, expr is null ? null : Simplifier.Tidy(expr), unit, normalised, other is null ? null
            : Simplifier.Tidy(other));
    }

    private static Expr? Whole(string text)
    {
        var start = text.Length > 0 && text[0] == '-' ? 1 : 0;
        if (text.Length - start is < 1 or > 17 || (text[start] == '0' && text.Length > start + 1) || text == "-0") return null;
        long value = 0;
        for (var i = start; i < text.Length; i++)
        {
            if (!char.IsAsciiDigit(text[i])) return null;
            value = (value * 10) + (text[i] - '0');
        }
        return Expr.Int(start == 1 ? -value : value);
    }

    /// <summary>Drops what is around an answer and no part of it: spaces, dollar signs, emphasis, a full stop.</summary>
    public static string Strip(string text)
    {
        var s = text.AsSpan().Trim();
        while (s.Length > 0)
        {
            var before = s.Length;
            if (s.StartsWith("**") && s.EndsWith("**") && s.Length > 4) s = s[2..^2].Trim();
            else if (s.EndsWith("**") && s.Length > 2 && s[..^2].IndexOf("**") < 0) s = s[..^2].TrimEnd();
            if (s.StartsWith("\\(") && s.EndsWith("\\)") && s.Length > 4 && s[2..].IndexOf("\\(") < 0) s = s[2..^2].Trim();
            if (s.Length > 1 && s[^1] is '.' or ',' or ';' && !s.EndsWith("..")) s = s[..^1].TrimEnd();
            if (s.Length > 1 && s[^1] == ':') s = s[..^1].TrimEnd();
            if (s.Length == before) break;
        }
        return s.Length == text.Length ? text : s.ToString();
    }
}
