using Tenon.Text.Templates.Values;

namespace Tenon.Text.Templates.Nodes;

/// <summary>
/// <c>{% block name %}</c>: without inheritance it prints its body where it stands, in a scope that sees only what the template's top level
/// has set.
/// </summary>
internal sealed class BlockTag(string name, bool scoped, bool required, List<Statement> body) : Statement
{
    internal override IEnumerable<Node> Children => body;

    internal override Flow Run(Scope scope, OutputText output)
    {
        if (required) throw TemplateException.Runtime($"Required block {Repr.Of(name)} not found");
        output.Write(Render(scoped ? scope : scope.Root));
        return Flow.Next;
    }

    internal string Render(Scope outer)
    {
        RenderBudget.Enter();
        var inner = new Scope(outer);
        inner.Set("super", new Undefined($"there is no parent block called {Repr.Of(name)}."));
        var text = Capture(body, inner, out _);
        RenderBudget.Leave();
        return text;
    }
}

/// <summary>The special variable <c>self</c>: the template's blocks, to be printed again.</summary>
internal sealed class SelfReference(Scope root) : PyObject
{
    internal override string TypeName => "TemplateReference";

    internal override string Module => "jinja2.runtime";

    internal override string Display() => "<TemplateReference None>";

    internal override bool TryItem(object? key, out object? value)
    {
        value = PyType.AsText(key) is { } name && root.Tree.Blocks.TryGetValue(name, out var block)
            ? new PyFunction(name, a => (a.Plain(name, 0, 0), block.Render(root)).Item2, "BlockReference") : null;
        return value is not null;
    }
}
