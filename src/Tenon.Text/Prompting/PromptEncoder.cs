using System.Text.Json;
using Tenon.Text.Tokenizers;

namespace Tenon.Text.Prompting;

/// <summary>One message of a conversation.</summary>
/// <param name="Role"><c>system</c>, <c>user</c> or <c>assistant</c>.</param>
/// <param name="Content">Its text.</param>
public sealed record PromptMessage(string Role, string Content);

/// <summary>
/// From a question to prompt ids: the chat template (where the model has one and it is wanted) renders the messages and writes its own
/// begin tokens;
/// without one the plain text is encoded with what the tokenizer's post-processor adds.
/// </summary>
public sealed class PromptEncoder(ITokenizer tokenizer, PromptTemplate? template)
{
    /// <summary>Prompts through a tokenizer's chat template, where it has one and it is wanted.</summary>
    /// <param name="source">The tokenizer and its templates.</param>
    /// <param name="chatTemplate">False leaves the template out, true asks for one, null takes it where there is one.</param>
    /// <param name="arguments">Variables of the template.</param>
    public static PromptEncoder Of(TokenizerSource source, bool? chatTemplate = null, IReadOnlyDictionary<string, JsonElement>? arguments =
        null)
    {
        if (chatTemplate == true && source.Templates is null)
            throw new TenonException("chat-template: true", "a model with a chat template", "none in its tokenizer", "leave the key out",
                usage: true);
        if (chatTemplate == false && arguments is { Count: > 0 })
            throw new TenonException("template arguments", "a chat template that takes them", "chat-template: false",
                "leave one of the two out", usage: true);
        return new PromptEncoder(source.Tokenizer, chatTemplate == false ? null : PromptTemplate.Of(source, arguments));
    }

    /// <summary>The tokenizer.</summary>
    public ITokenizer Tokenizer { get; } = tokenizer;

    /// <summary>The text of completions.</summary>
    public CompletionDecoder Completions { get; } = new(tokenizer);

    /// <summary>True where messages go through a chat template.</summary>
    public bool HasTemplate => template is not null;

    /// <summary>The text of a prompt as the model reads it; begin tokens of a tokenizer without a template are not in it.</summary>
    public string Render(string text, string? system = null) =>
        template is null ? system is null ? text : system + "\n" + text : Render(Messages(text, system));

    /// <summary>The text of a conversation's prompt.</summary>
    public string Render(IReadOnlyList<PromptMessage> messages, JsonElement? tools = null) =>
        template is null ? string.Join("\n", messages.Select(m => m.Content)) : template.Render(messages, tools);

    /// <summary>Prompt ids of a user's text, ready for the answer's first token.</summary>
    public int[] Encode(string text, string? system = null) => Ids(Render(text, system));

    /// <summary>Prompt ids of a conversation; <paramref name="tools"/> is an array of JSON schemas, or null.</summary>
    public int[] Encode(IReadOnlyList<PromptMessage> messages, JsonElement? tools = null) => Ids(Render(messages, tools));

    /// <summary>
    /// Prompt ids of a conversation as JSON, an array of messages with all that the template reads of them; needs a template.
    /// </summary>
    public int[] Encode(JsonElement messages, JsonElement? tools = null) => template is not null ? Ids(template.Render(messages, tools))
        : throw new TenonException("a conversation", "a model with a chat template", "none in its tokenizer, or chat-template: false",
        usage: true);

    /// <summary>Text of a completion, special tokens but the tags of think blocks left out.</summary>
    public string Decode(ReadOnlySpan<int> ids) => Completions.Decode(ids);

    private int[] Ids(string rendered) => Tokenizer.Encode(rendered, addSpecial: template is null);

    private static List<PromptMessage> Messages(string text, string? system) =>
        system is null ? [new("user", text)] : [new("system", system), new("user", text)];
}
