using Tenon.Text.Templates.Values;

namespace Tenon.Text.Templates.Nodes;

/// <summary><c>-a</c>, <c>+a</c>, <c>not a</c></summary>
internal sealed class Unary(string op, Expression operand) : Expression
{
    internal override IEnumerable<Node> Children => [operand];

    protected override object? Value(Scope scope)
    {
        var value = operand.Evaluate(scope);
        return op switch { "not" => !PyType.Truth(value), "-" => Arithmetic.Negate(value), _ => Arithmetic.Plus(value) };
    }
}

/// <summary><c>a + b</c> and the other arithmetic operators.</summary>
internal sealed class Binary(string op, Expression left, Expression right) : Expression
{
    internal override IEnumerable<Node> Children => [left, right];

    protected override object? Value(Scope scope)
    {
        var a = left.Evaluate(scope);
        return Arithmetic.Binary(op, a, right.Evaluate(scope));
    }
}

/// <summary><c>a and b</c>, <c>a or b</c>: the operand that decides, not its truth.</summary>
internal sealed class Logical(bool isAnd, Expression left, Expression right) : Expression
{
    internal override IEnumerable<Node> Children => [left, right];

    protected override object? Value(Scope scope)
    {
        var value = left.Evaluate(scope);
        return PyType.Truth(value) == isAnd ? right.Evaluate(scope) : value;
    }
}

/// <summary><c>a ~ b ~ c</c>: the printed forms in a row.</summary>
internal sealed class Concatenation(List<Expression> parts) : Expression
{
    internal override IEnumerable<Node> Children => parts;

    protected override object? Value(Scope scope)
    {
        var output = new OutputText();
        foreach (var value in parts.ConvertAll(p => p.Evaluate(scope))) output.Write(Repr.Str(value));
        return output.ToString();
    }
}

/// <summary><c>a &lt; b in c</c>: a chain holds where every link holds, and is read no further than the first that does not.</summary>
internal sealed class Compare(Expression first, List<(string Op, Expression Right)> links) : Expression
{
    internal override IEnumerable<Node> Children => links.Select(l => (Node)l.Right).Prepend(first);

    protected override object? Value(Scope scope)
    {
        var left = first.Evaluate(scope);
        foreach (var (op, expression) in links)
        {
            var right = expression.Evaluate(scope);
            var holds = op switch
            {
                "==" => Comparison.Equal(left, right),
                "!=" => !Comparison.Equal(left, right),
                "in" => Comparison.Contains(right, left),
                "not in" => !Comparison.Contains(right, left),
                _ => Comparison.Ordered(op, left, right),
            };
            if (!holds) return false;
            left = right;
        }
        return true;
    }
}

/// <summary><c>a if test else b</c>; without an else the result is undefined.</summary>
internal sealed class ConditionalExpression(Expression test, Expression then, Expression? otherwise) : Expression
{
    internal override IEnumerable<Node> Children => otherwise is null ? [test, then] : [test, then, otherwise];

    protected override object? Value(Scope scope)
    {
        if (PyType.Truth(test.Evaluate(scope))) return then.Evaluate(scope);
        return otherwise is not null ? otherwise.Evaluate(scope)
            : new Undefined($"the inline if-expression on line {Line} evaluated to false and no else section was defined.");
    }
}
