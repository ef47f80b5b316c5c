// Expressions, loosest first: a if b else c, or, and, not, comparisons, + -, ~, * / // %, **, signs, postfix, filters and tests.
using Tenon.Text.Templates.Nodes;

namespace Tenon.Text.Templates.Syntax;

/// <summary>Reads expressions and assignment targets.</summary>
internal class ExpressionParser(TokenStream stream)
{
    protected TokenStream Stream { get; } = stream;

    internal Expression Expression(bool conditional = true) => conditional ? Conditional() : Or();

    /// <summary>An expression, or a tuple of several between commas.</summary>
    internal Expression Tuple(bool conditional = true, bool parenthesised = false, string? endName = null, Func<Expression>? item = null)
    {
        item ??= () => Expression(conditional);
        var line = Stream.Current.Line;
        var items = new List<Expression>();
        var isTuple = false;
        while (true)
        {
            if (items.Count > 0) Stream.ExpectOperator(",");
            if (IsTupleEnd(endName)) break;
            items.Add(item());
            if (!Stream.Current.IsOperator(",")) break;
            isTuple = true;
        }
        if (!isTuple && items.Count > 0) return items[0];
        if (!isTuple && !parenthesised) throw TemplateException.Syntax($"Expected an expression, got '{Stream.Current.Described}'", line);
        return new TupleLiteral(items) { Line = line };
    }

    /// <summary>A name, a tuple of names, or <c>ns.attribute</c> where that is allowed.</summary>
    protected Target AssignmentTarget(bool withNamespace = false, string? endName = null)
    {
        var line = Stream.Current.Line;
        return ToTarget(Tuple(endName: endName, item: () => Primary(withNamespace)), line);
    }

    protected NameTarget NameOnly()
    {
        var token = Stream.Expect(TokenKind.Name);
        return token.Text is "true" or "false" or "none" or "True" or "False" or "None"
            ? throw TemplateException.Syntax("can't assign to 'name'", token.Line) : new NameTarget(token.Text) { Line = token.Line };
    }

    private static Target ToTarget(Expression expression, int line) => expression switch
    {
        Name n => new NameTarget(n.Identifier) { Line = n.Line },
        TupleLiteral t => new TupleTarget([.. t.Items.Select(i => ToTarget(i, line))]) { Line = line },
        NamespaceReference r => new NamespaceTarget(r.Name, r.Attribute) { Line = r.Line },
        _ => throw TemplateException.Syntax($"can't assign to '{expression.JinjaName}'", line),
    };

    private bool IsTupleEnd(string? endName) =>
        Stream.Current.Kind is TokenKind.VariableEnd or TokenKind.BlockEnd || Stream.Current.IsOperator(")")
        || (endName is not null && Stream.Current.IsName(endName));

    private Expression Conditional()
    {
        RenderBudget.GuardStack();
        var line = Stream.Current.Line;
        var expression = Or();
        while (Stream.SkipName("if"))
        {
            var test = Or();
            expression = new ConditionalExpression(test, expression, Stream.SkipName("else") ? Conditional() : null) { Line = line };
            line = Stream.Current.Line;
        }
        return expression;
    }

    private Expression Or()
    {
        var left = And();
        while (Stream.Current.IsName("or"))
        {
            var line = Stream.Next().Line;
            left = new Logical(false, left, And()) { Line = line };
        }
        return left;
    }

    private Expression And()
    {
        var left = Not();
        while (Stream.Current.IsName("and"))
        {
            var line = Stream.Next().Line;
            left = new Logical(true, left, Not()) { Line = line };
        }
        return left;
    }

    private Expression Not()
    {
        RenderBudget.GuardStack();
        if (!Stream.Current.IsName("not")) return Compare();
        var line = Stream.Next().Line;
        return new Unary("not", Not()) { Line = line };
    }

    private Expression Compare()
    {
        var line = Stream.Current.Line;
        var first = Sum();
        var rest = new List<(string, Expression)>();
        while (true)
        {
            if (Stream.Current.Kind == TokenKind.Operator && Stream.Current.Text is "==" or "!=" or "<" or "<=" or ">" or ">=")
            {
                var op = Stream.Next().Text;
                rest.Add((op, Sum()));
            }
            else if (Stream.SkipName("in")) rest.Add(("in", Sum()));
            else if (Stream.Current.IsName("not") && Stream.Ahead.IsName("in"))
            {
                Stream.Next();
                Stream.Next();
                rest.Add(("not in", Sum()));
            }
            else break;
        }
        return rest.Count == 0 ? first : new Compare(first, rest) { Line = line };
    }

    private Expression Sum() => LeftToRight(Concatenation, "+", "-");

    private Expression Concatenation()
    {
        var line = Stream.Current.Line;
        var parts = new List<Expression> { Product() };
        while (Stream.SkipOperator("~")) parts.Add(Product());
        return parts.Count == 1 ? parts[0] : new Concatenation(parts) { Line = line };
    }

    private Expression Product() => LeftToRight(Power, "*", "/", "//", "%");

    private Expression Power() => LeftToRight(() => Sign(), "**");

    private Expression LeftToRight(Func<Expression> operand, params ReadOnlySpan<string> operators)
    {
        var left = operand();
        while (Stream.Current.Kind == TokenKind.Operator && operators.Contains(Stream.Current.Text))
        {
            var token = Stream.Next();
            left = new Binary(token.Text, left, operand()) { Line = token.Line };
        }
        return left;
    }

    private Expression Sign(bool withFilter = true)
    {
        RenderBudget.GuardStack();
        var token = Stream.Current;
        Expression node;
        if (token.IsOperator("-") || token.IsOperator("+"))
        {
            Stream.Next();
            node = new Unary(token.Text, Sign(withFilter: false)) { Line = token.Line };
        }
        else node = Primary();
        node = Postfix(node);
        return withFilter ? FiltersAndTests(node) : node;
    }

    private Expression Primary(bool withNamespace = false)
    {
        var token = Stream.Current;
        switch (token.Kind)
        {
            case TokenKind.Name:
                Stream.Next();
                if (token.Text is "true" or "True" or "false" or "False")
                    return new Constant(token.Text is "true" or "True") { Line = token.Line };
                if (token.Text is "none" or "None") return new Constant(null) { Line = token.Line };
                if (!withNamespace || !Stream.SkipOperator(".")) return new Name(token.Text) { Line = token.Line };
                return new NamespaceReference(token.Text, Stream.Expect(TokenKind.Name).Text) { Line = token.Line };
            case TokenKind.String:
                var text = "";
                while (Stream.Current.Kind == TokenKind.String) text += (string)Stream.Next().Value!;
                return new Constant(text) { Line = token.Line };
            case TokenKind.Integer or TokenKind.Float:
                Stream.Next();
                return new Constant(token.Value) { Line = token.Line };
        }
        RenderBudget.GuardStack();
        if (Stream.SkipOperator("("))
        {
            var inner = Tuple(parenthesised: true);
            Stream.ExpectOperator(")");
            return inner;
        }
        if (token.IsOperator("[")) return new ListLiteral(Items("[", "]", () => Expression())) { Line = token.Line };
        if (token.IsOperator("{")) return new DictLiteral(Items("{", "}", Pair)) { Line = token.Line };
        throw TemplateException.Syntax($"unexpected '{token.Described}'", token.Line);
    }

    private (Expression, Expression) Pair()
    {
        var key = Expression();
        Stream.ExpectOperator(":");
        return (key, Expression());
    }

    private List<T> Items<T>(string open, string close, Func<T> item)
    {
        Stream.ExpectOperator(open);
        var items = new List<T>();
        while (!Stream.Current.IsOperator(close))
        {
            if (items.Count > 0) Stream.ExpectOperator(",");
            if (Stream.Current.IsOperator(close)) break;
            items.Add(item());
        }
        Stream.ExpectOperator(close);
        return items;
    }

    private Expression Postfix(Expression node)
    {
        while (true)
        {
            if (Stream.Current.IsOperator(".") || Stream.Current.IsOperator("[")) node = Subscript(node);
            else if (Stream.Current.IsOperator("(")) node = Call(node);
            else return node;
        }
    }

    private Expression FiltersAndTests(Expression node)
    {
        while (true)
        {
            if (Stream.Current.IsOperator("|")) node = Filters(node);
            else if (Stream.Current.IsName("is")) node = Test(node);
            else if (Stream.Current.IsOperator("(")) node = Call(node);
            else return node;
        }
    }

    private Expression Subscript(Expression node)
    {
        var token = Stream.Next();
        if (token.Text == ".")
        {
            var attribute = Stream.Next();
            return attribute.Kind switch
            {
                TokenKind.Name => new GetAttribute(node, attribute.Text) { Line = token.Line },
                TokenKind.Integer => new GetItem(node, new Constant(attribute.Value) { Line = attribute.Line }) { Line = token.Line },
                _ => throw TemplateException.Syntax("expected name or number", attribute.Line),
            };
        }
        var items = new List<Expression>();
        while (!Stream.Current.IsOperator("]"))
        {
            if (items.Count > 0) Stream.ExpectOperator(",");
            items.Add(Subscribed());
        }
        Stream.ExpectOperator("]");
        if (items.Count > 1 && items.Any(i => i is Slice))
            throw new TemplateException("SyntaxError", "a slice cannot stand in a tuple of indices", token.Line);
        return new GetItem(node, items.Count == 1 ? items[0] : new TupleLiteral(items) { Line = token.Line }) { Line = token.Line };
    }

    private Expression Subscribed()
    {
        var line = Stream.Current.Line;
        Expression? start = null;
        if (!Stream.Current.IsOperator(":"))
        {
            start = Expression();
            if (!Stream.Current.IsOperator(":")) return start;
        }
        Stream.Next();
        var stop = Bound();
        var step = Stream.SkipOperator(":") ? Bound() : null;
        return new Slice(start, stop, step) { Line = line };

        Expression? Bound() => Stream.Current.IsOperator(":") || Stream.Current.IsOperator("]") || Stream.Current.IsOperator(",") ? null
            : Expression();
    }

    private Call Call(Expression node)
    {
        var line = Stream.Current.Line;
        return new Call(node, Arguments()) { Line = line };
    }

    private CallArguments Arguments()
    {
        var open = Stream.ExpectOperator("(");
        var positional = new List<Expression>();
        var keywords = new List<(string, Expression)>();
        Expression? star = null, doubleStar = null;
        var comma = false;
        while (!Stream.Current.IsOperator(")"))
        {
            if (comma)
            {
                Stream.ExpectOperator(",");
                if (Stream.Current.IsOperator(")")) break;
            }
            if (Stream.Current.IsOperator("*"))
            {
                Ensure(star is null && doubleStar is null);
                Stream.Next();
                star = Expression();
            }
            else if (Stream.Current.IsOperator("**"))
            {
                Ensure(doubleStar is null);
                Stream.Next();
                doubleStar = Expression();
            }
            else if (Stream.Current.Kind == TokenKind.Name && Stream.Ahead.IsOperator("="))
            {
                Ensure(doubleStar is null);
                var key = Stream.Next().Text;
                Stream.Next();
                if (keywords.Any(k => k.Item1 == key))
                    throw new TemplateException("SyntaxError", $"keyword argument repeated: {key}", open.Line);
                keywords.Add((key, Expression()));
            }
            else
            {
                Ensure(star is null && doubleStar is null && keywords.Count == 0);
                positional.Add(Expression());
            }
            comma = true;
        }
        Stream.ExpectOperator(")");
        return new CallArguments(positional, keywords, star, doubleStar);

        void Ensure(bool valid)
        {
            if (!valid) throw TemplateException.Syntax("invalid syntax for function call expression", open.Line);
        }
    }

    /// <summary>A chain of filters; the first bar has been read already where <paramref name="started"/> is set.</summary>
    protected Expression Filters(Expression node, bool started = false)
    {
        while (started || Stream.Current.IsOperator("|"))
        {
            if (!started) Stream.Next();
            started = false;
            var line = Stream.Current.Line;
            var name = DottedName();
            node = new Filter(node, name, Stream.Current.IsOperator("(") ? Arguments() : CallArguments.None) { Line = line };
        }
        return node;
    }

    private string DottedName()
    {
        var name = Stream.Expect(TokenKind.Name).Text;
        while (Stream.SkipOperator(".")) name += "." + Stream.Expect(TokenKind.Name).Text;
        return name;
    }

    private Expression Test(Expression node)
    {
        var line = Stream.Next().Line;
        var negated = Stream.SkipName("not");
        var name = DottedName();
        var arguments = CallArguments.None;
        var token = Stream.Current;
        if (token.IsOperator("(")) arguments = Arguments();
        else if ((token.Kind is TokenKind.Name or TokenKind.String or TokenKind.Integer or TokenKind.Float || token.IsOperator("[")
            || token.IsOperator("{"))
            && !(token.IsName("else") || token.IsName("or") || token.IsName("and")))
        {
            if (token.IsName("is")) throw TemplateException.Syntax("You cannot chain multiple tests with is", token.Line);
            arguments = new CallArguments([Postfix(Primary())], [], null, null);
        }
        Expression test = new Test(node, name, arguments) { Line = line };
        return negated ? new Unary("not", test) { Line = line } : test;
    }
}
