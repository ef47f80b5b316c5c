namespace Tenon.Text.Templates.Nodes;

/// <summary>A part of a template's tree.</summary>
internal abstract class Node
{
    /// <summary>The template's line, from 1.</summary>
    internal int Line { get; set; }

    internal virtual IEnumerable<Node> Children => [];
}

/// <summary>Something with a value.</summary>
internal abstract class Expression : Node
{
    /// <summary>The value in a scope; counts a step and guards the stack.</summary>
    internal object? Evaluate(Scope scope)
    {
        RenderBudget.Charge(1);
        RenderBudget.GuardStack();
        return Value(scope);
    }

    /// <summary>Jinja's name of the node, for messages on wrong assignments.</summary>
    internal string JinjaName => this switch
    {
        Constant => "const",
        ListLiteral => "list",
        DictLiteral => "dict",
        GetAttribute => "getattr",
        GetItem => "getitem",
        _ => GetType().Name.ToLowerInvariant(),
    };

    protected abstract object? Value(Scope scope);
}

/// <summary>How a statement ends.</summary>
internal enum Flow
{
    Next,
    Break,
    Continue,
}

/// <summary>Something that writes output or changes the scope.</summary>
internal abstract class Statement : Node
{
    internal abstract Flow Run(Scope scope, OutputText output);

    /// <summary>Runs statements until one leaves the loop around them.</summary>
    internal static Flow RunAll(List<Statement> body, Scope scope, OutputText output)
    {
        RenderBudget.GuardStack();
        foreach (var statement in body)
        {
            RenderBudget.Charge(1);
            var flow = statement.Run(scope, output);
            if (flow != Flow.Next) return flow;
        }
        return Flow.Next;
    }

    /// <summary>The output of statements as a string.</summary>
    internal static string Capture(List<Statement> body, Scope scope, out Flow flow)
    {
        var output = new OutputText();
        flow = RunAll(body, scope, output);
        return output.ToString();
    }
}

/// <summary>What an assignment writes to.</summary>
internal abstract class Target : Node
{
    internal abstract void Assign(Scope scope, object? value);

    /// <summary>Refuses, before the value is computed, an attribute of something that is no namespace.</summary>
    internal virtual void Check(Scope scope) { }
}

/// <summary>A parsed template: its statements, and its blocks by name.</summary>
internal sealed record TemplateTree(List<Statement> Body, Dictionary<string, BlockTag> Blocks);

/// <summary>Text that a rendering has written so far.</summary>
internal sealed class OutputText
{
    private readonly System.Text.StringBuilder _text = new();

    internal void Write(string s)
    {
        RenderBudget.ChargeSize(_text.Length + (long)s.Length > RenderBudget.MaxSize ? -1 : s.Length);
        _text.Append(s);
    }

    public override string ToString() => _text.ToString();
}
