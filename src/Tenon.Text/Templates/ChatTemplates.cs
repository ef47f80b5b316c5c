using System.Text;
using System.Text.Json.Nodes;
using Tenon.Checkpoints;
using Tenon.Checkpoints.Gguf;
using Tenon.Text.Tokenizers;

namespace Tenon.Text.Templates;

/// <summary>
/// The chat templates of a tokenizer: one, or several by name. Which one counts is decided as transformers' <c>get_chat_template</c>
/// decides it: a name
/// that is asked for, else <c>tool_use</c> where the conversation brings tools, else <c>default</c>.
/// </summary>
public sealed class ChatTemplates
{
    private const string DefaultName = "default", ToolName = "tool_use";
    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);
    private readonly string? _single;
    private readonly SortedDictionary<string, string> _named;

    private ChatTemplates(string? single, SortedDictionary<string, string> named) => (_single, _named) = (single, named);

    /// <summary>One template without a name.</summary>
    public static ChatTemplates Of(string text) => new(text, []);

    /// <summary>The names in alphabetical order; empty where there is one template without a name.</summary>
    public IReadOnlyCollection<string> Names => _named.Keys;

    /// <summary>The template of conversations without tools, or null where a list names no default.</summary>
    public string? Default => _single ?? _named.GetValueOrDefault(DefaultName);

    /// <summary>
    /// The text of the template for a conversation; a <see cref="TemplateException"/> where a list has no default and no name was asked
    /// for.
    /// <paramref name="asked"/> is a name, or a whole template of its own.
    /// </summary>
    public string Select(string? asked, bool tools)
    {
        if (asked is not null) return _named.GetValueOrDefault(asked, asked);
        if (_single is not null) return _single;
        if (tools && _named.TryGetValue(ToolName, out var forTools)) return forTools;
        return _named.TryGetValue(DefaultName, out var plain) ? plain : throw TemplateException.Value(
            "This model has multiple chat templates with no default specified! Please either pass a chat template or the name of the "
            + "template you wish to use "
            + $"to the `chat_template` argument. Available template names are [{string.Join(", ", _named.Keys.Select(n => $"'{n}'"))}].");
    }

    /// <summary>The template of a name; a <see cref="TemplateException"/> where there is none.</summary>
    public string Named(string name) => _named.TryGetValue(name, out var text) ? text : throw TemplateException.Value(
        $"there is no chat template '{name}'; names: "
        + $"{(_named.Count == 0 ? "none, the one template has no name" : string.Join(", ", _named.Keys))}");

    /// <summary>As <c>tokenizer_config.json</c> writes them: a text, or a list of names and templates.</summary>
    internal JsonNode ToJson() => _single is not null ? JsonValue.Create(_single)
        : new JsonArray([.. _named.Select(t => (JsonNode)new JsonObject { ["name"] = t.Key, ["template"] = t.Value })]);

    /// <summary>
    /// A folder's: files (<c>chat_template.jinja</c>, <c>additional_chat_templates/NAME.jinja</c>) go before what the configuration says.
    /// </summary>
    internal static ChatTemplates? OfFolder(string folder, JsonFields? config)
    {
        var named = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var single = Path.Combine(folder, "chat_template.jinja");
        if (File.Exists(single)) named[DefaultName] = Read(single);
        var further = Path.Combine(folder, TokenizerFiles.NamedTemplates);
        if (Directory.Exists(further))
            foreach (var file in Directory.EnumerateFiles(further, "*.jinja")) named[Path.GetFileNameWithoutExtension(file)] = Read(file);
        if (named.Count == 0) return config is { } c ? OfConfig(c) : null;
        return named.Count == 1 && named.TryGetValue(DefaultName, out var only) ? Of(only) : new ChatTemplates(null, named);
    }

    /// <summary>A configuration's: a text, or a list of names and templates.</summary>
    internal static ChatTemplates? OfConfig(JsonFields config)
    {
        if (config.Get("chat_template") is not { } value) return null;
        if (value.ValueKind == System.Text.Json.JsonValueKind.String) return Of(value.GetString()!);
        if (value.ValueKind != System.Text.Json.JsonValueKind.Array)
            throw config.Wrong("chat_template", "a template, or a list of named ones", value);
        var named = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in config.Objects("chat_template")) named[entry.RequiredString("name")] = entry.RequiredString("template");
        return named.Count == 0 ? null : new ChatTemplates(null, named);
    }

    /// <summary>A GGUF file's: <c>tokenizer.chat_template</c> is the default, <c>tokenizer.chat_template.NAME</c> the others.</summary>
    internal static ChatTemplates? OfGguf(GgufFile file)
    {
        const string Key = "tokenizer.chat_template";
        var named = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var key in file.Metadata.Keys.Where(k => k.StartsWith(Key + ".", StringComparison.Ordinal)))
            named[key[(Key.Length + 1)..]] = file.String(key)!;
        if (file.String(Key) is not { } plain) return named.Count == 0 ? null : new ChatTemplates(null, named);
        if (named.Count == 0) return Of(plain);
        named[DefaultName] = plain;
        return new ChatTemplates(null, named);
    }

    private static string Read(string file)
    {
        try
        {
            var text = Utf8.GetString(SharedFile.ReadBytes(file));
            return text is ['\uFEFF', .. var rest] ? rest : text;
        }
        catch (DecoderFallbackException e)
        {
            throw new TenonException($"'{file}' cannot be read", "a template in UTF-8", "other bytes", "Download the file again.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TenonException($"Cannot read '{file}'", got: e.Message, hint: "Check the path and its permissions.", inner: e);
        }
    }
}
