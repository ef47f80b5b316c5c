using Tenon.Text.Templates.Values;

namespace Tenon.Text.Templates.Nodes;

/// <summary>Assignment to a name.</summary>
internal sealed class NameTarget(string identifier) : Target
{
    internal string Identifier { get; } = identifier;

    internal override void Assign(Scope scope, object? value) => scope.Set(Identifier, value);
}

/// <summary>Unpacking into several targets.</summary>
internal sealed class TupleTarget(List<Target> targets) : Target
{
    internal override IEnumerable<Node> Children => targets;

    internal override void Check(Scope scope) => targets.ForEach(t => t.Check(scope));

    internal override void Assign(Scope scope, object? value)
    {
        if (!PyType.IsIterable(value)) throw TemplateException.Type($"cannot unpack non-iterable {PyType.Name(value)} object");
        var items = PyType.Iterate(value).Take(targets.Count + 1).ToList();
        if (items.Count < targets.Count)
            throw TemplateException.Value($"not enough values to unpack (expected {targets.Count}, got {items.Count})");
        if (items.Count > targets.Count) throw TemplateException.Value($"too many values to unpack (expected {targets.Count})");
        for (var i = 0; i < targets.Count; i++) targets[i].Assign(scope, items[i]);
    }
}

/// <summary>Assignment to an attribute of a namespace, the only way out of a loop's scope.</summary>
internal sealed class NamespaceTarget(string name, string attribute) : Target
{
    internal override void Check(Scope scope) => Find(scope);

    internal override void Assign(Scope scope, object? value) => Find(scope).Set(attribute, value);

    private PyNamespace Find(Scope scope) => scope.TryGet(name, out var value) && value is PyNamespace space ? space
        : throw TemplateException.Runtime("cannot assign attribute on non-namespace object");
}
