// The exchange format of `tenon render`: one JSON object in, one JSON line of ASCII out.
// {"messages":[...],"tools":[...]|null,"kwargs":{...},"special_tokens":{...},"now":"2025-03-14T15:09:26","template":"...","template_name":"..."}
//   {"template":"...","vars":{...},"now":"..."}
// answers {"rendered":"..."} or {"error":{"kind":"...","message":"..."}}.
using System.Globalization;
using System.Text;
using System.Text.Json;
using Tenon.Text.Templates.Builtins;
using Tenon.Text.Templates.Values;

namespace Tenon.Text.Templates;

/// <summary>Answers lines of the render format. A template that several lines share is parsed once.</summary>
public sealed class RenderLine
{
    private readonly ChatTemplates? _templates;
    private readonly IReadOnlyDictionary<string, string?> _specialTokens;
    private readonly Dictionary<string, ChatTemplate> _parsed = [];

    /// <summary>
    /// Lines without a template of their own use <paramref name="templates"/>; lines without special tokens use
    /// <paramref name="specialTokens"/>.
    /// </summary>
    public RenderLine(ChatTemplates? templates = null, IReadOnlyDictionary<string, string?>? specialTokens = null)
    {
        _templates = templates;
        _specialTokens = specialTokens ?? new Dictionary<string, string?>();
    }

    /// <summary>
    /// The answer to one line, ASCII without a line end. Every failure, a line that is no JSON included, becomes an answer with an error.
    /// </summary>
    public string Answer(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        try
        {
            using var document = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 1000 });
            return Json("rendered", Render(document.RootElement));
        }
        catch (TemplateException e)
        {
            return "{\"error\":{\"kind\":" + Quoted(e.Kind) + ",\"message\":" + Quoted(e.Message) + "}}";
        }
        catch (JsonException e)
        {
            return "{\"error\":{\"kind\":\"JSONDecodeError\",\"message\":" + Quoted($"the line is no JSON: {JsonFault.Describe(e, line)}")
                + "}}";
        }
    }

    private string Render(JsonElement line)
    {
        if (line.ValueKind != JsonValueKind.Object) throw TemplateException.Value("the line must be a JSON object");
        var own = Text(line, "template");
        DateTime? now = line.TryGetProperty("now", out var clock) && clock.ValueKind == JsonValueKind.String
            ? DateTime.TryParse(clock.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var parsedNow)
            ? parsedNow
                : throw TemplateException.Value($"\"now\" must be a time like 2025-03-14T15:09:26, not {clock.GetString()}") : null;
        var given = Object(line, "kwargs");
        if (!line.TryGetProperty("messages", out var messages))
        {
            if (!line.TryGetProperty("vars", out _)) throw TemplateException.Value("the line has neither \"messages\" nor \"vars\"");
            var variables = Object(line, "vars");
            var plain = own ?? Required(_templates).Select(null, tools: false);
            return RenderBudget.Run(() => JinjaTemplate.Parse(plain).RenderValues(variables, now));
        }
        return RenderBudget.Run(() => Chat(line, own, messages, given, now));
    }

    // A template in the line goes first, then the name that the line asks for, then the argument chat_template (a name or a template, as in
    // transformers), then what the tokenizer has for conversations with or without tools.
    private string Source(JsonElement line, string? own, object? argument, bool tools)
    {
        var asked = argument switch
        {
            null => null,
            string text => text,
            _ => throw TemplateException.Type("\"chat_template\" must be the name of a template, or a template"),
        };
        if (own is not null) return own;
        if (Text(line, "template_name") is { } name) return Required(_templates).Named(name);
        return asked is not null && _templates is null ? asked : Required(_templates).Select(asked, tools);
    }

    private static ChatTemplates Required(ChatTemplates? templates) =>
        templates ?? throw TemplateException.Value("the line has no \"template\", and none was given otherwise");

    private static string? Text(JsonElement line, string key)
    {
        if (!line.TryGetProperty(key, out var value) || value.ValueKind == JsonValueKind.Null) return null;
        return value.ValueKind == JsonValueKind.String ? (string)Conversion.FromJson(value)!
            : throw TemplateException.Value($"\"{key}\" must be a text");
    }

    private string Chat(JsonElement line, string? own, JsonElement messages, Dictionary<string, object?> given, DateTime? now)
    {
        object? Take(string key) => given.Remove(key, out var value) ? value : null;
        var continued = Take("continue_final_message") switch { string field => field, var flag => PyType.Truth(flag) ? "content" : null };
        var prompt = given.Remove("add_generation_prompt", out var wanted) ? wanted : false;
        // A clash of the two is reported before the template is looked at.
        if (continued is not null && PyType.Truth(prompt))
            throw TemplateException.Value("continue_final_message and add_generation_prompt are not compatible.");
        Take("return_assistant_tokens_mask");
        var tools = line.TryGetProperty("tools", out var json) ? Conversion.FromJson(json) : null;
        var source = Source(line, own, Take("chat_template"), tools is not null);
        var tokens = line.TryGetProperty("special_tokens", out _) ? Object(line, "special_tokens")
            : _specialTokens.ToDictionary(t => t.Key, t => (object?)t.Value);
        foreach (var (key, value) in tokens)
            if (value is not null) given.TryAdd(key, value);
        if (!_parsed.TryGetValue(source, out var template)) _parsed[source] = template = ChatTemplate.Parse(source);
        return template.Render(Conversion.FromJson(messages), tools, given, prompt, continued, now);
    }

    private static Dictionary<string, object?> Object(JsonElement line, string key)
    {
        if (!line.TryGetProperty(key, out var json) || json.ValueKind == JsonValueKind.Null) return [];
        if (json.ValueKind != JsonValueKind.Object) throw TemplateException.Value($"\"{key}\" must be a JSON object");
        return ((PyDict)Conversion.FromJson(json)!).Entries.ToDictionary(e => (string)e.Key!, e => e.Value);
    }

    private static string Json(string key, string value) => "{\"" + key + "\":" + Quoted(value) + "}";

    private static string Quoted(string value)
    {
        var to = new StringBuilder(value.Length + 2);
        JsonText.Quote(to, value, ascii: true);
        return to.ToString();
    }
}
