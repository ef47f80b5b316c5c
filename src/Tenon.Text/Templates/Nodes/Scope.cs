namespace Tenon.Text.Templates.Nodes;

/// <summary>
/// Variables by name, innermost first. Loops, macros, blocks and captured text open a scope of their own; <c>if</c> does not. The outermost
/// scope holds what the
/// template itself sets; behind it stand the variables that were passed, then the globals.
/// </summary>
internal sealed class Scope
{
    private readonly Scope? _parent;
    private readonly Dictionary<string, object?>? _given;
    private readonly Dictionary<string, object?>? _globals;
    private Dictionary<string, object?>? _own;

    internal Scope(Scope parent)
    {
        _parent = parent;
        Root = parent.Root;
        Tree = parent.Tree;
    }

    internal Scope(TemplateTree tree, Dictionary<string, object?> given, Dictionary<string, object?> globals)
    {
        Root = this;
        Tree = tree;
        _given = given;
        _globals = globals;
    }

    /// <summary>The outermost scope.</summary>
    internal Scope Root { get; }

    internal TemplateTree Tree { get; }

    internal bool TryGet(string name, out object? value)
    {
        for (var scope = this; scope is not null; scope = scope._parent)
        {
            if (scope._own is not null && scope._own.TryGetValue(name, out value)) return true;
            if (scope._given is not null && (scope._given.TryGetValue(name, out value) || scope._globals!.TryGetValue(name, out value)))
                return true;
        }
        value = null;
        return false;
    }

    internal void Set(string name, object? value) => (_own ??= [])[name] = value;
}
