using System.Text.Json;
using System.Text.RegularExpressions;
using Tenon.Text.Templates;
using Tenon.Text.Tokenizers;

namespace Tenon.Text.Prompting;

/// <summary>
/// A model's chat templates with the arguments of a run (<c>enable_thinking</c>, <c>date_string</c> ...): a conversation to the text of a
/// prompt. What a
/// template refuses or cannot do is a <see cref="TenonException"/> that names the template and what it said. Thread-safe.
/// </summary>
public sealed partial class PromptTemplate
{
    /// <summary>The argument that names one of several templates, or is a template of its own.</summary>
    public const string NameArgument = "chat_template";

    private static readonly string[] Reserved = ["messages", "tools", "add_generation_prompt", "continue_final_message"];

    private readonly string _location;
    private readonly ChatTemplates _templates;
    private readonly ChatOptions _options;
    private readonly string? _asked;
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, ChatTemplate> _parsed = new();

    /// <summary>The templates of a tokenizer; null where it has none.</summary>
    /// <param name="source">The tokenizer.</param>
    /// <param name="arguments">Further variables of the template. One that no template reads is an error: it would do nothing.</param>
    public static PromptTemplate? Of(TokenizerSource source, IReadOnlyDictionary<string, JsonElement>? arguments = null) =>
        source.Templates is { } templates ? new PromptTemplate(source, templates, arguments ?? new Dictionary<string, JsonElement>())
        : arguments is { Count: > 0 }
            ? throw new TenonException("template arguments", "a model with a chat template", $"none in '{source.Location}'",
            "leave them out", usage: true) : null;

    private PromptTemplate(TokenizerSource source, ChatTemplates templates, IReadOnlyDictionary<string, JsonElement> arguments)
    {
        (_location, _templates) = (source.Location, templates);
        if (arguments.TryGetValue(NameArgument, out var asked))
        {
            _asked = asked.ValueKind == JsonValueKind.String ? asked.GetString()!
                : throw Faulty(NameArgument, "a template's name", asked.GetRawText());
            if (!templates.Names.Contains(_asked) && !_asked.Contains('{', StringComparison.Ordinal))
                throw Faulty(NameArgument, templates.Names.Count == 0 ? "nothing: the model has one template, without a name"
                    : string.Join(", ", templates.Names), $"'{_asked}'");
        }
        var variables = arguments.Where(a => a.Key != NameArgument).ToDictionary(a => a.Key, a => (object?)a.Value);
        foreach (var name in variables.Keys) Require(name);
        _options = new ChatOptions { AddGenerationPrompt = true, SpecialTokens = source.SpecialTokens, Variables = variables };
    }

    /// <summary>The prompt of simple messages.</summary>
    public string Render(IReadOnlyList<PromptMessage> messages, JsonElement? tools = null) => Guarded(() =>
        Select(tools).Render(messages.Select(m => new ChatMessage(m.Role, m.Content)), _options with { Tools = tools }));

    /// <summary>
    /// The prompt of messages as JSON: an array of objects with <c>role</c>, <c>content</c> and whatever else the template reads.
    /// </summary>
    public string Render(JsonElement messages, JsonElement? tools = null) =>
        Guarded(() => Select(tools).Render(messages, _options with { Tools = tools }));

    private ChatTemplate Select(JsonElement? tools) => _parsed.GetOrAdd(_templates.Select(_asked, tools is not null), ChatTemplate.Parse);

    private string Guarded(Func<string> render)
    {
        try
        {
            return render();
        }
        catch (TemplateException e)
        {
            var place = e.Line > 0 ? $" (line {e.Line} of the template)" : "";
            throw new TenonException($"the chat template of '{_location}' cannot render this conversation",
                got: $"{e.Kind}: {e.Message}{place}", hint: Hint(e), inner: e);
        }
    }

    private static string Hint(TemplateException e) => e.Kind switch
    {
        "TemplateError" =>
            "the template itself refuses these messages (a system message, an order of roles ...): change them, or switch the template "
            + "off (chat-template: false)",
        "TemplateSyntaxError" or "TemplateAssertionError" => "the template is damaged; take the file that came with the model",
        _ => "`tenon render` shows what the template makes of a conversation; arguments are given by --template-arg name=value or "
            + "template: { name: value }",
    };

    private void Require(string name)
    {
        if (Reserved.Contains(name)) throw Faulty(name, "a variable that is the template's own", $"'{name}', which the conversation gives");
        if (!Identifier().IsMatch(name)) throw Faulty(name, "a name of letters, digits and _", $"'{name}'");
        string[] texts = _asked is not null ? [_templates.Select(_asked, false)]
            : _templates.Names.Count > 0 ? [.. _templates.Names.Select(_templates.Named)] : [_templates.Select(null, false)];
        if (texts.Any(t => Regex.IsMatch(t, $@"(?<!\w){name}(?!\w)", RegexOptions.CultureInvariant))) return;
        throw Faulty(name, "a variable that the chat template reads", "one that it never mentions, so that it would do nothing");
    }

    private TenonException Faulty(string name, string expected, string got) =>
        new($"template argument '{name}' with '{_location}'", expected, got, "docs/models.md says how arguments reach a template",
        usage: true);

    [GeneratedRegex(@"^[\p{L}_]\w*$", RegexOptions.CultureInvariant)]
    private static partial Regex Identifier();
}
