using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Cli.Running;

/// <summary>The exchange format of verbs that other programs read: one JSON object a line in, one line of ASCII JSON out.</summary>
internal static class JsonLines
{
    /// <summary>The lines of a file (or standard input for <c>-</c>), blank ones left out, with their numbers from 1.</summary>
    public static IEnumerable<(int Number, string Text)> Read(string path, Terminal terminal)
    {
        if (path != "-" && !File.Exists(path)) throw new TenonException($"input {path}", "a file that exists, or - for standard input", "nothing there", usage: true);
        using var file = path == "-" ? null : new StreamReader(path);
        var reader = file ?? terminal.In;
        for (var number = 1; reader.ReadLine() is { } line; number++)
            if (!string.IsNullOrWhiteSpace(line)) yield return (number, line);
    }

    /// <summary>A line as an object; a line that is none names itself.</summary>
    public static JsonElement Parse(string text, int number, string path)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind == JsonValueKind.Object) return document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw new TenonException($"{path}, line {number}", "a JSON object", e.Message, "every line is one JSON object", e, usage: true);
        }

        throw new TenonException($"{path}, line {number}", "a JSON object", "another JSON value", usage: true);
    }

    /// <summary>Writes one answer and lets the reader have it at once.</summary>
    public static void Write(Terminal terminal, JsonObject answer)
    {
        terminal.Out.WriteLine(answer.ToJsonString());
        terminal.Out.Flush();
    }

    /// <summary>An array of numbers.</summary>
    public static JsonArray Array<T>(IEnumerable<T> values) => new([.. values.Select(v => JsonValue.Create(v))]);

    /// <summary>Ids of a field.</summary>
    public static int[] Ids(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];
}
