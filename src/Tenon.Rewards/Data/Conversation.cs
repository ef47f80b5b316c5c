using System.Text;
using System.Text.Json;

namespace Tenon.Rewards.Data;

/// <summary>
/// A list of messages as data files hold it: <c>{"role":...,"content":...}</c>, or <c>{"from":...,"value":...}</c> as ShareGPT writes it.
/// The last one is
/// the user's question, a system message may stand first, what lies between is kept. Anything else (tools, images, an answer at the end) is
/// refused.
/// </summary>
internal sealed record Conversation(string? System, IReadOnlyList<Turn> Earlier, string Question)
{
    /// <summary>True for a list of messages, also of an unusual kind, that <see cref="Read"/> is to judge.</summary>
    public static bool Is(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0
        && value.EnumerateArray()
        .All(m => m.ValueKind == JsonValueKind.Object && (m.TryGetProperty("role", out _) || m.TryGetProperty("from", out _)));

    /// <summary>True for a system's message.</summary>
    public static bool IsSystem(JsonElement message) =>
        (message.TryGetProperty("role", out var role) || message.TryGetProperty("from", out role))
        && role.ValueKind == JsonValueKind.String && role.GetString() is "system" or "developer";

    /// <summary>The conversation; <paramref name="where"/> names file, line and column.</summary>
    public static Conversation Read(JsonElement messages, string where)
    {
        var turns = messages.EnumerateArray().Select((m, i) => Message(m, $"{where}: message {i + 1}")).ToList();
        string? system = null;
        if (turns[0].Role == "system")
        {
            system = turns[0].Content;
            turns.RemoveAt(0);
        }

        if (turns.FindIndex(t => t.Role == "system") is >= 0 and var later)
            throw new TenonException($"{where}: message {later + (system is null ? 1 : 2)}", "a system message only at the start",
                "one further on", usage: true);
        if (turns is not [.., { Role: "user" } question])
            throw new TenonException(where, "a conversation that ends in the user's question", turns.Count == 0 ? "a system message alone"
                : "an assistant's message at the end",
                "name the column that holds the prompt alone, or leave the answer out of it", usage: true);
        if (string.IsNullOrWhiteSpace(question.Content)) throw new TenonException(where, "a question", "an empty text", usage: true);
        return new Conversation(system, turns[..^1], question.Content);
    }

    private static Turn Message(JsonElement message, string where)
    {
        var shareGpt = !message.TryGetProperty("role", out var role);
        if (shareGpt) role = message.GetProperty("from");
        var name = role.ValueKind == JsonValueKind.String ? role.GetString()! : role.GetRawText();
        var word = name switch
        {
            "system" or "developer" => "system",
            "user" or "human" => "user",
            "assistant" or "gpt" or "model" => "assistant",
            _ => throw new TenonException(where, "the role system, user or assistant", $"'{name}'", "calls of tools cannot be trained on", usage: true),
        };
        if (message.TryGetProperty("tool_calls", out var calls) && calls.ValueKind is not JsonValueKind.Null
            && !(calls.ValueKind == JsonValueKind.Array && calls.GetArrayLength() == 0))
            throw new TenonException(where, "a text", "calls of tools", "calls of tools cannot be trained on", usage: true);
        if (!message.TryGetProperty(shareGpt ? "value" : "content", out var content))
            throw new TenonException(where, "a content", "none", usage: true);
        return new Turn(word, Text(content, where));
    }

    // A content is a text, or a list of parts of which the texts count.
    private static string Text(JsonElement content, string where)
    {
        try
        {
            if (content.ValueKind == JsonValueKind.String) return content.GetString()!;
            if (content.ValueKind != JsonValueKind.Array)
                throw new TenonException(where, "a text as content", DataTable.Shown(content.GetRawText()), usage: true);
            var text = new StringBuilder();
            foreach (var part in content.EnumerateArray())
            {
                if (part.ValueKind != JsonValueKind.Object || !part.TryGetProperty("text", out var own)
                    || own.ValueKind != JsonValueKind.String)
                    throw new TenonException(where, "parts of text", DataTable.Shown(part.GetRawText()), "images and sounds cannot be read",
                        usage: true);
                text.Append(own.GetString());
            }

            return text.ToString();
        }
        catch (InvalidOperationException e)
        {
            throw DataTable.BrokenText(where, e);
        }
    }
}
