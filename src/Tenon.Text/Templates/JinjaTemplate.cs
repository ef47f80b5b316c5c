using Tenon.Text.Templates.Builtins;
using Tenon.Text.Templates.Nodes;
using Tenon.Text.Templates.Syntax;
using Tenon.Text.Templates.Values;

namespace Tenon.Text.Templates;

/// <summary>
/// A parsed Jinja template as chat models use them: Jinja 3.1 with <c>trim_blocks</c>, <c>lstrip_blocks</c>, loop controls, the
/// <c>generation</c> tag, and the
/// immutable sandbox of transformers. Python's semantics hold throughout. Immutable and thread-safe.
/// </summary>
public sealed class JinjaTemplate
{
    private readonly TemplateTree _tree;

    private JinjaTemplate(TemplateTree tree) => _tree = tree;

    /// <summary>Reads a template; a <see cref="TemplateException"/> names what is wrong and its line.</summary>
    public static JinjaTemplate Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new JinjaTemplate(Parser.Parse(text));
    }

    /// <summary>
    /// Renders with variables: null, bool, numbers, strings, <see cref="System.Text.Json.JsonElement"/>, and lists and dictionaries of
    /// these. <paramref name="now"/> is the
    /// clock that <c>strftime_now</c> reads (the local time where it is null). Work, memory and depth are bounded, so that no template can
    /// hang.
    /// </summary>
    public string Render(IEnumerable<KeyValuePair<string, object?>> variables, DateTime? now = null)
    {
        ArgumentNullException.ThrowIfNull(variables);
        var given = variables.ToDictionary(v => v.Key, v => Conversion.ToValue(v.Value));
        return RenderBudget.Run(() => RenderValues(given, now));
    }

    /// <summary>Renders with values that are converted already, inside a running budget.</summary>
    internal string RenderValues(Dictionary<string, object?> given, DateTime? now)
    {
        var root = new Scope(_tree, given, Globals.Create(now ?? DateTime.Now));
        root.Set("self", new SelfReference(root));
        var output = new OutputText();
        Statement.RunAll(_tree.Body, root, output);
        return output.ToString();
    }
}
