// apply_chat_template of transformers 5 (utils/chat_template_utils.py): what a chat template is given, and how an unfinished last message
// is continued.
using System.Text.Json;
using Tenon.Text.Templates.Values;

namespace Tenon.Text.Templates;

/// <summary>What a conversation is rendered with. Keys of <see cref="Variables"/> go before those of <see cref="SpecialTokens"/>.</summary>
public sealed record ChatOptions
{
    /// <summary>Appends what opens the assistant's next turn.</summary>
    public bool AddGenerationPrompt { get; init; }

    /// <summary>Ends the text with the content of the last message, so that the model goes on from there.</summary>
    public bool ContinueFinalMessage { get; init; }

    /// <summary>JSON schemas of tools (a JSON array), or null; the template always sees <c>tools</c>.</summary>
    public JsonElement? Tools { get; init; }

    /// <summary><c>bos_token</c>, <c>eos_token</c> ...; null values are not passed.</summary>
    public IReadOnlyDictionary<string, string?> SpecialTokens { get; init; } = new Dictionary<string, string?>();

    /// <summary>
    /// Further variables (<c>enable_thinking</c>, <c>date_string</c> ...): plain values, JSON elements, lists and dictionaries.
    /// </summary>
    public IReadOnlyDictionary<string, object?> Variables { get; init; } = new Dictionary<string, object?>();

    /// <summary>The clock of <c>strftime_now</c>; the local time where it is null.</summary>
    public DateTime? Now { get; init; }
}

/// <summary>The chat template of a model: a conversation to the text that the model was trained on. Immutable and thread-safe.</summary>
public sealed class ChatTemplate
{
    private const string Tag = "CONTINUE_FINAL_MESSAGE_TAG ";
    private static readonly string[] ReasoningFields = ["reasoning_content", "thinking", "reasoning"];
    private readonly JinjaTemplate _template;

    private ChatTemplate(string text)
    {
        Text = text;
        _template = JinjaTemplate.Parse(text);
    }

    /// <summary>The template as it was given.</summary>
    public string Text { get; }

    /// <summary>Reads a template; a <see cref="TemplateException"/> names what is wrong and its line.</summary>
    public static ChatTemplate Parse(string text) => new(text);

    /// <summary>Renders simple messages.</summary>
    public string Render(IEnumerable<ChatMessage> messages, ChatOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var list = new PyList(messages.Select(m =>
        {
            var dict = new PyDict();
            dict.Set("role", m.Role);
            dict.Set("content", m.Content);
            return (object?)dict;
        }));
        return Render(list, options ?? new ChatOptions());
    }

    /// <summary>
    /// Renders messages as JSON: an array of objects with <c>role</c>, <c>content</c> and whatever else the template reads.
    /// </summary>
    public string Render(JsonElement messages, ChatOptions? options = null) =>
        Render(Conversion.FromJson(messages), options ?? new ChatOptions());

    private string Render(object? messages, ChatOptions options)
    {
        var given = options.SpecialTokens.Where(t => t.Value is not null).ToDictionary(t => t.Key, t => (object?)t.Value);
        foreach (var (key, value) in options.Variables) given[key] = Conversion.ToValue(value);
        var tools = options.Tools is { } json ? Conversion.FromJson(json) : null;
        return RenderBudget.Run(() =>
            Render(messages, tools, given, options.AddGenerationPrompt, options.ContinueFinalMessage ? "content" : null, options.Now));
    }

    /// <summary>
    /// Renders as transformers does; <paramref name="continued"/> names the field of the last message to go on from, or is null.
    /// <paramref name="given"/> may hold
    /// <c>documents</c>; it is changed.
    /// </summary>
    internal string Render(object? messages, object? tools, Dictionary<string, object?> given, object? addGenerationPrompt,
        string? continued, DateTime? now)
    {
        if (continued is not null && PyType.Truth(addGenerationPrompt))
            throw TemplateException.Value("continue_final_message and add_generation_prompt are not compatible.");
        if (tools is not null)
            foreach (var tool in PyType.Iterate(tools))
                if (tool is not PyDict)
                    throw TemplateException.Value(
                        "Tools should either be a JSON schema, or a callable function with type hints and a docstring suitable for "
                        + "auto-conversion to a schema.");
        given.TryAdd("documents", null);
        if (given["documents"] is { } documents && PyType.Iterate(documents).Any(d => d is not PyDict))
            throw TemplateException.Type("Documents should be a list of dicts with 'title' and 'text' keys!");
        var chat = PyType.ToList(messages).ConvertAll(m => m is PyDict message ? WithReasoning(message)
            : throw TemplateException.Type($"Chat messages should be dicts, dataclasses or pydantic models, but got {Repr.Of(m)}."));
        var final = continued is null ? null : Mark(chat, continued);
        given["messages"] = new PyList(chat.Cast<object?>());
        given["tools"] = tools;
        given["add_generation_prompt"] = addGenerationPrompt;
        var rendered = _template.RenderValues(given, now);
        return final is null ? rendered : Cut(rendered, final);
    }

    /// <summary>A message's reasoning under all the names that templates read.</summary>
    private static PyDict WithReasoning(PyDict message)
    {
        var reasoning = ReasoningFields.Select(f => message.TryGet(f, out var value) ? value : null).FirstOrDefault(v => v is not null);
        if (reasoning is null) return message;
        var result = new PyDict();
        result.Set("thinking", reasoning);
        foreach (var (key, value) in message.Entries) result.Set(key, value);
        result.Set("reasoning_content", reasoning);
        return result;
    }

    /// <summary>Appends the tag to the last message; returns the text it was appended to.</summary>
    private string Mark(List<PyDict> chat, string field)
    {
        if (chat.Count == 0) throw TemplateException.Value("continue_final_message is set but the conversation is empty!");
        var last = chat[^1];
        if (!last.TryGet(field, out var content) || content is null)
            throw TemplateException.Value($"continue_final_message is set but the final message has no \"{field}\" to continue!");
        var fields = ReasoningFields.Contains(field)
            ? ReasoningFields.Where(f => last.TryGet(f, out var v) && Comparison.Equal(v, content)).ToArray() : [field];
        if (!fields.Any(f => Text.Contains(f, StringComparison.Ordinal)))
            throw TemplateException.Value(
                $"continue_final_message is set to \"{field}\" but this is not an accepted field in the chat_template");
        var (marked, final) = content is PySequence parts ? MarkLastText(parts) : (Arithmetic.Binary("+", content, Tag), content);
        var copy = new PyDict();
        foreach (var (key, value) in last.Entries) copy.Set(key, key is string k && fields.Contains(k) ? marked : value);
        chat[^1] = copy;
        return PyType.AsText(final)
            ?? throw new TemplateException("AttributeError", $"'{PyType.Name(final)}' object has no attribute 'strip'");
    }

    private static (object? Marked, object? Final) MarkLastText(PySequence parts)
    {
        for (var i = parts.Items.Count - 1; i >= 0; i--)
        {
            if (parts.Items[i] is not PyDict part || !part.TryGet("text", out var text)) continue;
            var copy = new PyDict();
            foreach (var (key, value) in part.Entries) copy.Set(key, key is "text" ? Arithmetic.Binary("+", text, Tag) : value);
            var items = parts.Items.ToList();
            items[i] = copy;
            return (parts.With(items), text);
        }
        throw TemplateException.Value("continue_final_message is set but we could not find any text to continue in the final message!");
    }

    private static string Cut(string rendered, string final)
    {
        var tag = Tag.TrimEnd();
        var at = rendered.LastIndexOf(tag, StringComparison.Ordinal);
        if (at < 0 || !rendered.Contains(PyText.Strip(final, null), StringComparison.Ordinal))
            throw TemplateException.Value(
                "continue_final_message is set but the final message does not appear in the chat after applying the chat template! "
                + "This can happen if the chat template deletes portions of the final message. Please verify the chat template and "
                + "final message in your chat to ensure they are compatible.");
        // Where the template trimmed the tag's own space, it may have trimmed the content's too.
        return string.CompareOrdinal(rendered, at, Tag, 0, Tag.Length) == 0 ? rendered[..at]
            : PyText.Strip(rendered[..at], null, left: false);
    }
}
