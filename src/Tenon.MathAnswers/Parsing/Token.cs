namespace Tenon.MathAnswers.Parsing;

/// <summary>Kinds of tokens that the parser tells apart; every sign is one <see cref="Token.Op"/> character of kind Op.</summary>
internal enum TokenKind : byte
{
    End,

    /// <summary>An exact number in <see cref="Token.Number"/>.</summary>
    Number,

    /// <summary>A variable or constant: one letter, or a named LaTeX symbol.</summary>
    Letter,

    /// <summary>A run of two or more bare letters.</summary>
    Word,

    /// <summary>The content of \text{...} that is words.</summary>
    Text,

    /// <summary>A known function.</summary>
    Func,

    /// <summary>A LaTeX command with arguments: frac, sqrt, binom, accent, begin, end.</summary>
    Command,

    /// <summary>One sign.</summary>
    Op,
}

/// <summary>One token of an answer.</summary>
internal readonly record struct Token(TokenKind Kind, string Text, char Op = '\0', bool SpaceBefore = false)
{
    /// <summary>The exact value of a number token.</summary>
    public Expr? Number { get; init; }

    /// <summary>Set upright (\mathrm, \text): a letter that may be a unit.</summary>
    public bool Upright { get; init; }

    /// <summary>Set bold: a vector, never the constants e and i.</summary>
    public bool Bold { get; init; }

    public bool Is(char op) => Kind == TokenKind.Op && Op == op;

    public bool IsCommand(string name) => Kind == TokenKind.Command && Text == name;
}

/// <summary>The characters that stand for signs which have no ASCII form.</summary>
internal static class Sign
{
    public const char SetOpen = '⦃', SetClose = '⦄', Le = '≤', Ge = '≥', Ne = '≠', Approx = '≈', Equiv = '≡', In = '∈', NotIn = '∉', To =
        '→';
    public const char PlusMinus = '±', MinusPlus = '∓', Cup = '∪', Cap = '∩', Minus = '∖', FloorOpen = '⌊', FloorClose = '⌋', CeilOpen =
        '⌈', CeilClose = '⌉';
    public const char AngleOpen = '⟨', AngleClose = '⟩', Ellipsis = '…', Degree = '°', Norm = '‖', Row = '⏎', And = '∧', Or = '∨', Prime =
        '\'', Mod = '㏖';

    /// <summary>True for the signs that state a relation.</summary>
    public static bool IsRelation(char op) => op is '=' or '<' or '>' or Le or Ge or Ne or Approx or Equiv or In or NotIn or To;
}
