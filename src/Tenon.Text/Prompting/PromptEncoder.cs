using Tenon.Text.Tokenizers;

namespace Tenon.Text.Prompting;

/// <summary>One message of a conversation.</summary>
/// <param name="Role"><c>system</c>, <c>user</c> or <c>assistant</c>.</param>
/// <param name="Content">Its text.</param>
public sealed record PromptMessage(string Role, string Content);

/// <summary>
/// From a question to prompt ids: the chat template (where the model has one and it is wanted) renders the messages and writes its own begin tokens; without one the
/// plain text is encoded with what the tokenizer's post-processor adds.
/// </summary>
public sealed class PromptEncoder(ITokenizer tokenizer, Func<IReadOnlyList<PromptMessage>, string>? template)
{
    /// <summary>The tokenizer.</summary>
    public ITokenizer Tokenizer { get; } = tokenizer;

    /// <summary>True where messages go through a chat template.</summary>
    public bool HasTemplate => template is not null;

    /// <summary>Prompt ids of a user's text, ready for the answer's first token.</summary>
    public int[] Encode(string text, string? system = null)
    {
        if (template is null) return Tokenizer.Encode(system is null ? text : system + "\n" + text, addSpecial: true);
        var messages = new List<PromptMessage>();
        if (system is not null) messages.Add(new PromptMessage("system", system));
        messages.Add(new PromptMessage("user", text));
        return Encode(messages);
    }

    /// <summary>Prompt ids of a conversation.</summary>
    public int[] Encode(IReadOnlyList<PromptMessage> messages) => template is null
        ? Tokenizer.Encode(string.Join("\n", messages.Select(m => m.Content)), addSpecial: true)
        : Tokenizer.Encode(template(messages));

    /// <summary>Text of a completion, special tokens left out.</summary>
    public string Decode(ReadOnlySpan<int> ids) => Tokenizer.Decode(ids, skipSpecial: true);
}
