using Tenon.Text.Templates.Builtins;
using Tenon.Text.Templates.Values;

namespace Tenon.Text.Templates.Nodes;

/// <summary><c>a.name</c></summary>
internal sealed class GetAttribute(Expression owner, string name) : Expression
{
    internal override IEnumerable<Node> Children => [owner];

    protected override object? Value(Scope scope) => Attributes.Get(owner.Evaluate(scope), name);
}

/// <summary><c>a[key]</c> and <c>a[start:stop:step]</c></summary>
internal sealed class GetItem(Expression owner, Expression key) : Expression
{
    internal override IEnumerable<Node> Children => [owner, key];

    protected override object? Value(Scope scope)
    {
        var value = owner.Evaluate(scope);
        return key is Slice slice ? slice.Of(value, scope) : Attributes.Item(value, key.Evaluate(scope));
    }
}

/// <summary>The part between the brackets of a slice.</summary>
internal sealed class Slice(Expression? start, Expression? stop, Expression? step) : Expression
{
    internal override IEnumerable<Node> Children => new[] { start, stop, step }.OfType<Node>();

    internal object? Of(object? value, Scope scope) =>
        Slicing.Slice(value, start?.Evaluate(scope), stop?.Evaluate(scope), step?.Evaluate(scope));

    protected override object? Value(Scope scope) => throw TemplateException.Syntax("unexpected ':'", Line);
}

/// <summary>The arguments of a call, a filter or a test.</summary>
internal sealed record CallArguments(List<Expression> Positional, List<(string Key, Expression Value)> Keywords, Expression? Star,
    Expression? DoubleStar)
{
    internal static readonly CallArguments None = new([], [], null, null);

    internal IEnumerable<Node> Children => [.. Positional, .. Keywords.Select(k => k.Value), .. new[] { Star, DoubleStar }.OfType<Node>()];

    /// <summary>Evaluates them from left to right, the value of a filter in front.</summary>
    internal Arguments Evaluate(Scope scope, params ReadOnlySpan<object?> front)
    {
        var positional = new List<object?>(front.ToArray());
        foreach (var argument in Positional) positional.Add(argument.Evaluate(scope));
        if (Star is not null) positional.AddRange(Spread(Star.Evaluate(scope)));
        var keywords = new OrderedDictionary<string, object?>();
        foreach (var (key, value) in Keywords) keywords.Add(key, value.Evaluate(scope));
        if (DoubleStar is not null)
        {
            var value = DoubleStar.Evaluate(scope);
            if (value is not PyDict dict) throw TemplateException.Type($"argument after ** must be a mapping, not {PyType.Name(value)}");
            foreach (var (key, item) in dict.Entries)
                if (!keywords.TryAdd(PyType.AsText(key) ?? throw TemplateException.Type("keywords must be strings"), item))
                    throw TemplateException.Type($"got multiple values for keyword argument '{PyType.AsText(key)}'");
        }
        return new Arguments(positional, keywords);
    }

    private static List<object?> Spread(object? value) =>
        PyType.IsIterable(value) ? PyType.ToList(value)
        : throw TemplateException.Type($"Value after * must be an iterable, not {PyType.Name(value)}");
}

/// <summary><c>f(a, b=c)</c></summary>
internal sealed class Call(Expression function, CallArguments arguments) : Expression
{
    internal override IEnumerable<Node> Children => [function, .. arguments.Children];

    /// <summary>The call with one more keyword: a call block's body.</summary>
    internal object? WithCaller(Scope scope, Macro caller)
    {
        var callee = function.Evaluate(scope);
        var evaluated = arguments.Evaluate(scope);
        if (!evaluated.Keywords.TryAdd("caller", caller)) throw TemplateException.Type("got multiple values for keyword argument 'caller'");
        return Invoke(callee, evaluated);
    }

    protected override object? Value(Scope scope)
    {
        var callee = function.Evaluate(scope);
        return Invoke(callee, arguments.Evaluate(scope));
    }

    private static object? Invoke(object? callee, Arguments arguments) => callee switch
    {
        PyCallable callable => callable.Call(arguments),
        Undefined u => throw u.Fail(),
        _ => throw TemplateException.Type($"'{PyType.Name(callee)}' object is not callable"),
    };
}

/// <summary><c>value|name(arguments)</c></summary>
internal sealed class Filter(Expression value, string name, CallArguments arguments) : Expression
{
    internal string Name { get; } = name;

    internal override IEnumerable<Node> Children => [value, .. arguments.Children];

    protected override object? Value(Scope scope) => Filters.Call(Name, arguments.Evaluate(scope, value.Evaluate(scope)));
}

/// <summary><c>value is name(arguments)</c></summary>
internal sealed class Test(Expression value, string name, CallArguments arguments) : Expression
{
    internal string Name { get; } = name;

    internal override IEnumerable<Node> Children => [value, .. arguments.Children];

    protected override object? Value(Scope scope) => Tests.Call(Name, arguments.Evaluate(scope, value.Evaluate(scope)));
}
