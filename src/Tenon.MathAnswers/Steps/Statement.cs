using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Steps;

/// <summary>One side of a relation: as it stands in the text, and as the reader of expressions gets it (null where it is words).</summary>
/// <param name="Text">As written.</param>
/// <param name="Math">Units, currency and thousands separators dropped, <c>x</c> and <c>of</c> as products; null where it is no
/// expression.</param>
internal sealed record Side(string Text, string? Math)
{
    private Reading? _reading;

    /// <summary>The words behind the numbers.</summary>
    public IReadOnlyList<string> Units { get; init; } = [];

    /// <summary>The expression; null where there is none.</summary>
    public Expr? Expr => (Reading is { } r) ? r.Expr : null;

    /// <summary>A second reading of an ambiguous text.</summary>
    public Expr? Alternative => Reading?.Alternative ?? (Product is null ? null : MathAnswers.Parsing.Reading.Of(Math!).Expr);

    /// <summary>1.5(10) as a product and no recurring decimal; null where there is no such thing.</summary>
    private string? Product
    {
        get
        {
            if (Math is not { } m) return null;
            for (var open = m.IndexOf('(', StringComparison.Ordinal); open > 0; open = m.IndexOf('(', open + 1))
            {
                var digits = open - 1;
                while (digits >= 0 && char.IsAsciiDigit(m[digits])) digits--;
                if (digits >= 0 && digits < open - 1 && m[digits] == '.') return m.Insert(open, "*");
            }
            return null;
        }
    }

    /// <summary>True where something is computed, so that the side is more than a number or a name.</summary>
    public bool Computes
    {
        get
        {
            if (Math is not { Length: > 1 } m) return false;
            var at = 0;
            while ((at = m.AsSpan(at + 1).IndexOfAny("+-*/^!(") is var next && next >= 0 ? at + 1 + next : -1) > 0)
                if (m[at - 1] != '\\') return true;
            return m.Contains('\\', StringComparison.Ordinal) && Array.Exists(Operations, o => m.Contains(o, StringComparison.Ordinal));
        }
    }

    private static readonly string[] Operations =
        ["frac", "\\cdot", "\\times", "\\div", "\\sqrt", "\\binom", "\\sum", "\\prod", "\\log", "\\ln", "\\sin", "\\cos", "\\tan",
        "\\lfloor", "\\lceil"];

    /// <summary>The expression as it is written, its numbers not folded.</summary>
    public Expr? Unfolded
    {
        get
        {
            var tokens = new List<Token>();
            return Math is null || Lexer.Read(Math, tokens) is null ? null : Parser.Parse(tokens, out _);
        }
    }

    internal Reading? Reading => Math is null ? null : _reading ??= Reading.Of(Product ?? Math);
}

/// <summary>A chain of sides and the relations between them, with what stands around it.</summary>
/// <param name="Line">The line, from 1.</param>
/// <param name="Text">As written.</param>
/// <param name="Sides">The sides, at least two.</param>
/// <param name="Ops">One character for each relation, as the reader of expressions names them.</param>
internal sealed record Statement(int Line, string Text, IReadOnlyList<Side> Sides, string Ops)
{
    /// <summary>The sentence up to the statement.</summary>
    public string Before { get; init; } = "";

    /// <summary>The sentence behind the statement.</summary>
    public string After { get; init; } = "";

    /// <summary>
    /// True where a number, sign or modifier touches the first side from the left, so that it may be part of something larger.
    /// </summary>
    public bool OpenLeft { get; init; }

    /// <summary>The same at the right end.</summary>
    public bool OpenRight { get; init; }

    /// <summary>True inside mathematics delimiters.</summary>
    public bool IsFormula { get; init; }

    /// <summary>True where an arrow, or a row of the same display, leads here from the statement before.</summary>
    public bool Follows { get; init; }

    /// <summary>The modulus of a congruence, or null.</summary>
    public string? Modulus { get; init; }
}
