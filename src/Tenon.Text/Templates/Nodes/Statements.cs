using Tenon.Text.Templates.Values;

namespace Tenon.Text.Templates.Nodes;

/// <summary>Text between tags.</summary>
internal sealed class TextOutput(string text) : Statement
{
    internal string Text { get; } = text;

    internal override Flow Run(Scope scope, OutputText output)
    {
        output.Write(Text);
        return Flow.Next;
    }
}

/// <summary><c>{{ value }}</c> and <c>{% print a, b %}</c></summary>
internal sealed class Output(List<Expression> values) : Statement
{
    internal override IEnumerable<Node> Children => values;

    internal override Flow Run(Scope scope, OutputText output)
    {
        foreach (var value in values) output.Write(Repr.Str(value.Evaluate(scope)));
        return Flow.Next;
    }
}

/// <summary><c>{% if %}</c> with its branches.</summary>
internal sealed class If(List<(Expression Test, List<Statement> Body)> branches, List<Statement> otherwise) : Statement
{
    internal override IEnumerable<Node> Children => branches.SelectMany(b => b.Body.Prepend<Node>(b.Test)).Concat(otherwise);

    internal override Flow Run(Scope scope, OutputText output)
    {
        foreach (var (test, body) in branches)
            if (PyType.Truth(test.Evaluate(scope))) return RunAll(body, scope, output);
        return RunAll(otherwise, scope, output);
    }
}

/// <summary><c>{% set a, b = value %}</c></summary>
internal sealed class Assign(Target target, Expression value) : Statement
{
    internal override IEnumerable<Node> Children => [value, target];

    internal override Flow Run(Scope scope, OutputText output)
    {
        target.Check(scope);
        target.Assign(scope, value.Evaluate(scope));
        return Flow.Next;
    }
}

/// <summary><c>{% set a | filter %}text{% endset %}</c></summary>
internal sealed class AssignBlock(Target target, Expression filter, List<Statement> body) : Statement
{
    internal override IEnumerable<Node> Children => [.. body, filter, target];

    internal override Flow Run(Scope scope, OutputText output)
    {
        target.Check(scope);
        var inner = new Scope(scope);
        inner.Set(Captured.Variable, Capture(body, inner, out var flow));
        if (flow == Flow.Next) target.Assign(scope, filter.Evaluate(inner));
        return flow;
    }
}

/// <summary><c>{% filter name %}text{% endfilter %}</c></summary>
internal sealed class FilterTag(Expression filter, List<Statement> body) : Statement
{
    internal override IEnumerable<Node> Children => [.. body, filter];

    internal override Flow Run(Scope scope, OutputText output)
    {
        var inner = new Scope(scope);
        inner.Set(Captured.Variable, Capture(body, inner, out var flow));
        if (flow == Flow.Next) output.Write(Repr.Str(filter.Evaluate(inner)));
        return flow;
    }
}

/// <summary><c>{% with a = 1 %}</c>; the values are read outside of it.</summary>
internal sealed class WithTag(List<(Target Target, Expression Value)> values, List<Statement> body) : Statement
{
    internal List<(Target Target, Expression Value)> Values { get; } = values;

    internal List<Statement> Body { get; } = body;

    internal override IEnumerable<Node> Children => [.. Values.Select(v => v.Value), .. Values.Select(v => v.Target), .. Body];

    internal override Flow Run(Scope scope, OutputText output)
    {
        var inner = new Scope(scope);
        foreach (var (target, value) in Values) target.Assign(inner, value.Evaluate(scope));
        return RunAll(Body, inner, output);
    }
}

/// <summary><c>{% break %}</c> and <c>{% continue %}</c></summary>
internal sealed class LoopControl(Flow flow) : Statement
{
    internal Flow Flow { get; } = flow;

    internal override Flow Run(Scope scope, OutputText output) => Flow;
}

/// <summary><c>{% generation %}</c>: marks the assistant's own text for trainers; here it only opens a scope.</summary>
internal sealed class GenerationTag(List<Statement> body) : Statement
{
    internal override IEnumerable<Node> Children => body;

    internal override Flow Run(Scope scope, OutputText output) => RunAll(body, new Scope(scope), output);
}

/// <summary><c>{% autoescape false %}</c>; escaping is never on in chat templates, and switching it on is refused.</summary>
internal sealed class AutoescapeTag(Expression value, List<Statement> body) : Statement
{
    internal override IEnumerable<Node> Children => [value, .. body];

    internal override Flow Run(Scope scope, OutputText output)
    {
        if (PyType.Truth(value.Evaluate(scope))) throw TemplateException.Unsupported("{% autoescape true %}", Line);
        return RunAll(body, new Scope(scope), output);
    }
}

/// <summary><c>include</c>, <c>import</c>, <c>from</c>, <c>extends</c>: there are no other templates.</summary>
internal sealed class OtherTemplateTag(string tag) : Statement
{
    internal override Flow Run(Scope scope, OutputText output) =>
        throw new TemplateException("TypeError",
        $"no loader for this environment specified: {{% {tag} %}} is not supported in chat templates", Line);
}
