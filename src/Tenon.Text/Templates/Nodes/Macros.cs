using Tenon.Text.Templates.Syntax;
using Tenon.Text.Templates.Values;

namespace Tenon.Text.Templates.Nodes;

/// <summary>Parameters and body that macros and call blocks share.</summary>
internal sealed class MacroBody : Node
{
    internal MacroBody(List<string> parameters, List<Expression> defaults, List<Statement> statements)
    {
        (Parameters, Defaults, Statements) = (parameters, defaults, statements);
        var read = TreeChecks.Reads(statements, "caller", "kwargs", "varargs");
        ReadsCaller = read.Contains("caller");
        TakesKeywords = read.Contains("kwargs") && !parameters.Contains("kwargs");
        TakesMore = read.Contains("varargs") && !parameters.Contains("varargs");
        var caller = parameters.IndexOf("caller");
        if (ReadsCaller && caller >= 0 && caller < parameters.Count - defaults.Count)
            throw TemplateException.Assertion(
                "When defining macros or call blocks the special \"caller\" argument must be omitted or be given a default.", 0);
    }

    internal List<string> Parameters { get; }

    /// <summary>Defaults of the last parameters.</summary>
    internal List<Expression> Defaults { get; }

    internal List<Statement> Statements { get; }

    internal bool ReadsCaller { get; }

    internal bool TakesKeywords { get; }

    internal bool TakesMore { get; }

    internal override IEnumerable<Node> Children => [.. Defaults, .. Statements];
}

/// <summary><c>{% macro name(a, b=1) %}</c></summary>
internal sealed class MacroTag(string name, MacroBody body) : Statement
{
    internal override IEnumerable<Node> Children => [body];

    internal override Flow Run(Scope scope, OutputText output)
    {
        scope.Set(name, new Macro(name, body, scope));
        return Flow.Next;
    }
}

/// <summary><c>{% call(user) list(users) %}</c>: the body is passed to the macro as <c>caller</c>.</summary>
internal sealed class CallTag(Call call, MacroBody body) : Statement
{
    internal Call Call { get; } = call;

    internal MacroBody Body { get; } = body;

    internal override IEnumerable<Node> Children => [Call, Body];

    internal override Flow Run(Scope scope, OutputText output)
    {
        output.Write(Repr.Str(Call.WithCaller(scope, new Macro(null, Body, scope))));
        return Flow.Next;
    }
}

/// <summary>A macro bound to the scope it was defined in.</summary>
internal sealed class Macro(string? name, MacroBody body, Scope scope) : PyCallable
{
    internal override string TypeName => "Macro";

    internal override string Module => "jinja2.runtime";

    internal override string Display() => $"<Macro {(name is null ? "anonymous" : Repr.Of(name))}>";

    internal override bool TryAttribute(string attribute, out object? value)
    {
        value = attribute switch
        {
            "name" => name,
            "arguments" => new PyTuple([.. body.Parameters]),
            "catch_kwargs" => body.TakesKeywords,
            "catch_varargs" => body.TakesMore,
            "caller" => body.ReadsCaller,
            "explicit_caller" => body.Parameters.Contains("caller"),
            _ => Absent.Value,
        };
        return value is not Absent;
    }

    internal override object? Call(Arguments arguments)
    {
        var inner = new Scope(scope);
        Bind(arguments, inner);
        RenderBudget.Enter();
        var text = Statement.Capture(body.Statements, inner, out _);
        RenderBudget.Leave();
        return text;
    }

    private void Bind(Arguments arguments, Scope inner)
    {
        var (positional, keywords) = (arguments.Positional, arguments.Keywords);
        var values = new object?[body.Parameters.Count];
        for (var i = 0; i < values.Length; i++)
        {
            if (i < positional.Count) values[i] = positional[i];
            else values[i] = keywords.Remove(body.Parameters[i], out var given) ? given : Absent.Value;
        }
        if (body.ReadsCaller && !body.Parameters.Contains("caller"))
            inner.Set("caller", keywords.Remove("caller", out var caller) && caller is not null ? caller
                : new Undefined("No caller defined"));
        if (body.TakesKeywords)
        {
            var dict = new PyDict();
            foreach (var (key, value) in keywords) dict.Set(key, value);
            inner.Set("kwargs", dict);
        }
        else if (keywords.Count > 0)
            throw TemplateException.Type(keywords.ContainsKey("caller")
                ? $"macro {Repr.Of(name)} was invoked with two values for the special caller argument. This is most likely a bug."
                : $"macro {Repr.Of(name)} takes no keyword argument {Repr.Of(keywords.GetAt(0).Key)}");
        if (body.TakesMore) inner.Set("varargs", new PyTuple([.. positional.Skip(values.Length)]));
        else if (positional.Count > values.Length)
            throw TemplateException.Type($"macro {Repr.Of(name)} takes not more than {values.Length} argument(s)");
        for (var i = 0; i < values.Length; i++)
        {
            var fallback = i - (values.Length - body.Defaults.Count);
            if (values[i] is not Absent) inner.Set(body.Parameters[i], values[i]);
            else inner.Set(body.Parameters[i], fallback >= 0 ? body.Defaults[fallback].Evaluate(inner) : new Undefined($"parameter "
                + $"{Repr.Of(body.Parameters[i])} was not provided"));
        }
    }
}
