namespace Tenon.Text.Templates.Syntax;

/// <summary>What a token is.</summary>
internal enum TokenKind
{
    Data,
    VariableBegin,
    VariableEnd,
    BlockBegin,
    BlockEnd,
    Name,
    String,
    Integer,
    Float,
    Operator,
    End,
}

/// <summary>One token: its text (the symbol of an operator), the value of a literal, its line from 1.</summary>
internal readonly record struct Token(TokenKind Kind, string Text, int Line, object? Value = null)
{
    internal bool IsName(string name) => Kind == TokenKind.Name && Text == name;

    internal bool IsOperator(string symbol) => Kind == TokenKind.Operator && Text == symbol;

    /// <summary>How Jinja's messages call the token.</summary>
    internal string Described => Kind switch
    {
        TokenKind.Name or TokenKind.Operator => Text,
        _ => Describe(Kind),
    };

    internal static string Describe(TokenKind kind) => kind switch
    {
        TokenKind.Data => "template data / text",
        TokenKind.VariableBegin => "begin of print statement",
        TokenKind.VariableEnd => "end of print statement",
        TokenKind.BlockBegin => "begin of statement block",
        TokenKind.BlockEnd => "end of statement block",
        TokenKind.End => "end of template",
        _ => kind.ToString().ToLowerInvariant(),
    };
}
