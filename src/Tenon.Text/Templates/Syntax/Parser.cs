// Statements. Left out on purpose, each with an error when it is reached: include, import, from, extends (a chat template stands alone) and
// autoescape.
using Tenon.Text.Templates.Nodes;
using Tenon.Text.Templates.Values;

namespace Tenon.Text.Templates.Syntax;

/// <summary>Tokens to a tree.</summary>
internal sealed class Parser : ExpressionParser
{
    private readonly Stack<string> _tags = new();
    private readonly Stack<string[]> _ends = new();
    private readonly Dictionary<string, BlockTag> _blocks = [];

    private Parser(TokenStream stream) : base(stream) { }

    internal static TemplateTree Parse(string template)
    {
        var parser = new Parser(new TokenStream(Lexer.Read(template)));
        var tree = new TemplateTree(parser.Body(null), parser._blocks);
        TreeChecks.Run(tree);
        return tree;
    }

    private List<Statement> Body(string[]? endTags)
    {
        RenderBudget.GuardStack();
        if (endTags is not null) _ends.Push(endTags);
        var body = new List<Statement>();
        while (Stream.Current.Kind != TokenKind.End)
        {
            var token = Stream.Next();
            if (token.Kind == TokenKind.Data) body.Add(new TextOutput(token.Text) { Line = token.Line });
            else if (token.Kind == TokenKind.VariableBegin)
            {
                body.Add(new Output([Tuple()]) { Line = token.Line });
                Stream.Expect(TokenKind.VariableEnd);
            }
            else
            {
                if (endTags is not null && Stream.Current.Kind == TokenKind.Name && endTags.Contains(Stream.Current.Text))
                {
                    _ends.Pop();
                    return body;
                }
                body.Add(Statement());
                Stream.Expect(TokenKind.BlockEnd);
            }
        }
        if (endTags is null) return body;
        throw UnknownTag(null, Stream.Current.Line);
    }

    /// <summary>The body of a tag up to one of its end tags, which stays the current token unless it is to be dropped.</summary>
    private List<Statement> Inside(bool drop, params string[] endTags)
    {
        Stream.SkipOperator(":");
        Stream.Expect(TokenKind.BlockEnd);
        var body = Body(endTags);
        if (drop) Stream.Next();
        return body;
    }

    private Statement Statement()
    {
        var token = Stream.Current;
        if (token.Kind != TokenKind.Name) throw TemplateException.Syntax("tag name expected", token.Line);
        _tags.Push(token.Text);
        Func<Statement>? read = token.Text switch
        {
            "for" => For,
            "if" => If,
            "set" => Set,
            "macro" => Macro,
            "call" => CallBlock,
            "filter" => FilterBlock,
            "with" => With,
            "block" => Block,
            "print" => Print,
            "generation" => Generation,
            "break" or "continue" => LoopControl,
            "autoescape" => Autoescape,
            "include" or "import" or "from" or "extends" => OtherTemplate,
            _ => null,
        };
        if (read is null)
        {
            _tags.Pop();
            throw UnknownTag(token.Text, token.Line);
        }
        Stream.Next();
        var statement = read();
        statement.Line = token.Line;
        _tags.Pop();
        return statement;
    }

    private ForLoop For()
    {
        var target = AssignmentTarget(endName: "in");
        Stream.ExpectName("in");
        var items = Tuple(conditional: false, endName: "recursive");
        var test = Stream.SkipName("if") ? Expression() : null;
        var recursive = Stream.SkipName("recursive");
        var body = Inside(false, "endfor", "else");
        var otherwise = Stream.Next().Text == "endfor" ? [] : Inside(true, "endfor");
        return new ForLoop(target, items, test, recursive, body, otherwise);
    }

    private If If()
    {
        var branches = new List<(Expression, List<Statement>)>();
        while (true)
        {
            var test = Tuple(conditional: false);
            branches.Add((test, Inside(false, "elif", "else", "endif")));
            var end = Stream.Next().Text;
            if (end == "elif") continue;
            return new If(branches, end == "else" ? Inside(true, "endif") : []);
        }
    }

    private Statement Set()
    {
        var target = AssignmentTarget(withNamespace: true);
        if (Stream.SkipOperator("=")) return new Assign(target, Tuple());
        var filter = Stream.Current.IsOperator("|") ? Filters(new Captured()) : new Captured();
        return new AssignBlock(target, filter, Inside(true, "endset"));
    }

    private MacroTag Macro()
    {
        var name = NameOnly().Identifier;
        var (parameters, defaults) = ParameterList();
        return new MacroTag(name, new MacroBody(parameters, defaults, Inside(true, "endmacro")));
    }

    private CallTag CallBlock()
    {
        var line = Stream.Current.Line;
        var (parameters, defaults) = Stream.Current.IsOperator("(") ? ParameterList() : ([], []);
        if (Expression() is not Call call) throw TemplateException.Syntax("expected call", line);
        return new CallTag(call, new MacroBody(parameters, defaults, Inside(true, "endcall")));
    }

    private (List<string>, List<Expression>) ParameterList()
    {
        var names = new List<string>();
        var defaults = new List<Expression>();
        Stream.ExpectOperator("(");
        while (!Stream.Current.IsOperator(")"))
        {
            if (names.Count > 0) Stream.ExpectOperator(",");
            var name = NameOnly();
            if (names.Contains(name.Identifier))
                throw new TemplateException("SyntaxError", $"duplicate argument '{name.Identifier}' in function definition", name.Line);
            names.Add(name.Identifier);
            if (Stream.SkipOperator("=")) defaults.Add(Expression());
            else if (defaults.Count > 0) throw TemplateException.Syntax("non-default argument follows default argument", name.Line);
        }
        Stream.ExpectOperator(")");
        return (names, defaults);
    }

    private FilterTag FilterBlock()
    {
        var filter = Filters(new Captured(), started: true);
        return new FilterTag(filter, Inside(true, "endfilter"));
    }

    private WithTag With()
    {
        var values = new List<(Target, Expression)>();
        while (Stream.Current.Kind != TokenKind.BlockEnd)
        {
            if (values.Count > 0) Stream.ExpectOperator(",");
            var target = AssignmentTarget();
            Stream.ExpectOperator("=");
            values.Add((target, Expression()));
        }
        return new WithTag(values, Inside(true, "endwith"));
    }

    private BlockTag Block()
    {
        var line = Stream.Current.Line;
        var name = Stream.Expect(TokenKind.Name).Text;
        var scoped = Stream.SkipName("scoped");
        var required = Stream.SkipName("required");
        if (Stream.Current.IsOperator("-"))
            throw TemplateException.Syntax(
                "Block names in Jinja have to be valid Python identifiers and may not contain hyphens, use an underscore instead.", line);
        var body = Inside(true, "endblock");
        if (required && body.Any(s => s is not TextOutput t || !t.Text.All(PyText.IsSpace)))
            throw TemplateException.Syntax("Required blocks can only contain comments or whitespace", line);
        Stream.SkipName(name);
        var block = new BlockTag(name, scoped, required, body) { Line = line };
        if (!_blocks.TryAdd(name, block)) throw TemplateException.Assertion($"block '{name}' defined twice", line);
        return block;
    }

    private Output Print()
    {
        var values = new List<Expression>();
        while (Stream.Current.Kind != TokenKind.BlockEnd)
        {
            if (values.Count > 0) Stream.ExpectOperator(",");
            values.Add(Expression());
        }
        return new Output(values);
    }

    private GenerationTag Generation() => new(Inside(true, "endgeneration"));

    private LoopControl LoopControl() => new(_tags.Peek() == "break" ? Flow.Break : Flow.Continue);

    private AutoescapeTag Autoescape()
    {
        var value = Expression();
        return new AutoescapeTag(value, Inside(true, "endautoescape"));
    }

    /// <summary>A tag that needs another template: it is read for its syntax and refused when it is reached.</summary>
    private OtherTemplateTag OtherTemplate()
    {
        var tag = _tags.Peek();
        Expression();
        if (tag == "import")
        {
            Stream.ExpectName("as");
            NameOnly();
        }
        else if (tag == "from")
        {
            Stream.ExpectName("import");
            while (Stream.Current.Kind is TokenKind.Name || Stream.Current.IsOperator(","))
                if (Stream.Next() is { Kind: TokenKind.Name } name && name.Text.StartsWith('_'))
                    throw TemplateException.Assertion("names starting with an underline can not be imported", name.Line);
        }
        else if (Stream.Current.IsName("ignore") && Stream.Ahead.IsName("missing"))
        {
            Stream.Next();
            Stream.Next();
        }
        if ((Stream.Current.IsName("with") || Stream.Current.IsName("without")) && Stream.Ahead.IsName("context"))
        {
            Stream.Next();
            Stream.Next();
        }
        return new OtherTemplateTag(tag);
    }

    private TemplateException UnknownTag(string? name, int line)
    {
        var message = name is null ? "Unexpected end of template." : $"Encountered unknown tag '{name}'.";
        if (_ends.Count > 0)
        {
            var looking = string.Join(" or ", _ends.Peek().Select(t => $"'{t}'"));
            message += name is not null && _ends.Any(e => e.Contains(name))
                ? $" You probably made a nesting mistake. Jinja is expecting this tag, but currently looking for {looking}."
                : $" Jinja was looking for the following tags: {looking}.";
        }
        if (_tags.Count > 0) message += $" The innermost block that needs to be closed is '{_tags.Peek()}'.";
        return TemplateException.Syntax(message, line);
    }
}
