// Jinja's built-in filters by name. tojson is the one that transformers puts in its place (plain json.dumps). random and pprint are left
// out: chat templates must
// render the same every time, and pretty-printing has no stable form.
using Tenon.Text.Templates.Values;

namespace Tenon.Text.Templates.Builtins;

/// <summary>Finds and calls filters.</summary>
internal static class Filters
{
    private static readonly Dictionary<string, Func<Arguments, object?>> Table = new(
        StringFilters.All.Concat(NumberFilters.All).Concat(SequenceFilters.All).Concat(SelectionFilters.All));

    internal static bool Exists(string name) => Table.ContainsKey(name);

    /// <summary>Calls a filter; the first positional argument is the value.</summary>
    internal static object? Call(string name, Arguments arguments)
    {
        RenderBudget.Charge(1);
        return Table.TryGetValue(name, out var filter) ? filter(arguments)
            : throw TemplateException.Runtime($"No filter named '{name}' found.");
    }

    /// <summary>A filter with Python's way of binding arguments to <paramref name="parameters"/>.</summary>
    internal static KeyValuePair<string, Func<Arguments,
        object?>> Define(string name, string function, string parameters, Func<object?[], object?> body)
    {
        var signature = new Signature(function, parameters);
        return new(name, arguments => body(signature.Bind(arguments)));
    }

    /// <summary>A filter that looks at its arguments itself.</summary>
    internal static KeyValuePair<string, Func<Arguments, object?>> Raw(string name, Func<Arguments, object?> body) => new(name, body);
}
