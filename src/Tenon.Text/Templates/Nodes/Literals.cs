using Tenon.Text.Templates.Values;

namespace Tenon.Text.Templates.Nodes;

/// <summary>A literal number, string, boolean or none.</summary>
internal sealed class Constant(object? value) : Expression
{
    protected override object? Value(Scope scope) => value;
}

/// <summary>A variable.</summary>
internal sealed class Name(string identifier) : Expression
{
    internal string Identifier { get; } = identifier;

    protected override object? Value(Scope scope) => scope.TryGet(Identifier, out var value) ? value : Undefined.Name(Identifier);
}

/// <summary><c>name.attribute</c> on the left of an assignment; only ever a target.</summary>
internal sealed class NamespaceReference(string name, string attribute) : Expression
{
    internal string Name { get; } = name;

    internal string Attribute { get; } = attribute;

    protected override object? Value(Scope scope) => throw TemplateException.Syntax("unexpected '.'", Line);
}

/// <summary>The text that a filter block or a set block has captured.</summary>
internal sealed class Captured : Expression
{
    // No template can spell a name with a space.
    internal const string Variable = "captured text";

    protected override object? Value(Scope scope) => scope.TryGet(Variable, out var text) ? text : "";
}

/// <summary><c>[a, b]</c></summary>
internal sealed class ListLiteral(List<Expression> items) : Expression
{
    internal override IEnumerable<Node> Children => items;

    protected override object? Value(Scope scope) => new PyList(items.ConvertAll(i => i.Evaluate(scope)));
}

/// <summary><c>(a, b)</c></summary>
internal sealed class TupleLiteral(List<Expression> items) : Expression
{
    internal List<Expression> Items { get; } = items;

    internal override IEnumerable<Node> Children => Items;

    protected override object? Value(Scope scope) => new PyTuple(Items.ConvertAll(i => i.Evaluate(scope)));
}

/// <summary><c>{a: b}</c></summary>
internal sealed class DictLiteral(List<(Expression Key, Expression Value)> items) : Expression
{
    internal override IEnumerable<Node> Children => items.SelectMany(i => new Node[] { i.Key, i.Value });

    protected override object? Value(Scope scope)
    {
        var dict = new PyDict();
        foreach (var (key, value) in items)
        {
            var k = key.Evaluate(scope);
            dict.Set(k, value.Evaluate(scope));
        }
        return dict;
    }
}
