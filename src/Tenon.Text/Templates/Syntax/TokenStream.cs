namespace Tenon.Text.Templates.Syntax;

/// <summary>A cursor over tokens with Jinja's messages for what was expected.</summary>
internal sealed class TokenStream(List<Token> tokens)
{
    private int _at;

    internal Token Current => tokens[_at];

    internal Token Ahead => tokens[Math.Min(_at + 1, tokens.Count - 1)];

    internal Token Next()
    {
        var token = tokens[_at];
        if (_at < tokens.Count - 1) _at++;
        return token;
    }

    internal bool SkipName(string name)
    {
        if (!Current.IsName(name)) return false;
        Next();
        return true;
    }

    internal bool SkipOperator(string symbol)
    {
        if (!Current.IsOperator(symbol)) return false;
        Next();
        return true;
    }

    internal Token Expect(TokenKind kind) => Current.Kind == kind ? Next() : throw Unexpected(Token.Describe(kind));

    internal Token ExpectOperator(string symbol) => Current.IsOperator(symbol) ? Next() : throw Unexpected(symbol);

    internal Token ExpectName(string name) => Current.IsName(name) ? Next() : throw Unexpected(name);

    private TemplateException Unexpected(string expected) => TemplateException.Syntax(Current.Kind == TokenKind.End
        ? $"unexpected end of template, expected '{expected}'."
        : $"expected token '{expected}', got '{Current.Described}'", Current.Line);
}
