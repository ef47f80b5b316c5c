using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Cli.Commands.Lines;

/// <summary>The exchange format of verbs that other programs read: one JSON object a line in, one line of ASCII JSON out.</summary>
internal static class JsonLines
{
    /// <summary>
    /// The lines of a file (or standard input for <c>-</c>), blank ones left out. A line that is no UTF-8 carries its fault, so that a verb
    /// may answer it and
    /// go on; input that cannot be read at all is thrown.
    /// </summary>
    public static IEnumerable<InputLine> Read(string path, Terminal terminal)
    {
        using var file = path == "-" ? null : Utf8Lines.Open(path, "input");
        var reader = file ?? terminal.In;
        for (var number = 1; ; number++)
        {
            string? line = null;
            TenonException? fault = null;
            try
            {
                line = reader.ReadLine();
            }
            catch (TenonException e) when (reader is Utf8Lines { IsHopeless: false })
            {
                fault = e;
            }

            if (fault is null && line is null) yield break;
            if (fault is not null || !string.IsNullOrWhiteSpace(line)) yield return new InputLine(number, line ?? "", fault);
        }
    }

    /// <summary>All lines as objects; the first that is none is thrown, and so is an input without any.</summary>
    public static List<(JsonElement Json, string Where)> Objects(string path, Terminal terminal)
    {
        var lines = Read(path, terminal).Select(line => (Parse(line, path), $"{path}, line {line.Number}")).ToList();
        return lines.Count > 0 ? lines : throw new TenonException($"input {path}", "at least one line", "none", usage: true);
    }

    /// <summary>A line as an object; a line that is none names itself.</summary>
    public static JsonElement Parse(InputLine line, string path)
    {
        var where = $"{path}, line {line.Number}";
        try
        {
            using var document = JsonDocument.Parse(line.Text);
            if (document.RootElement.ValueKind == JsonValueKind.Object) return document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw new TenonException(where, "a JSON object", JsonFault.Describe(e, line.Text), "every line is one JSON object", e,
                usage: true);
        }

        throw new TenonException(where, "a JSON object", "another JSON value", "every line is one JSON object", usage: true);
    }

    /// <summary>Writes one answer and lets the reader have it at once.</summary>
    public static void Write(Terminal terminal, JsonObject answer)
    {
        terminal.Out.WriteLine(answer.ToJsonString());
        terminal.Out.Flush();
    }

    /// <summary>The answer to a line that failed.</summary>
    public static JsonObject Error(string kind, string message) =>
        new() { ["error"] = new JsonObject { ["kind"] = kind, ["message"] = message } };

    /// <summary>An array of values; numbers that are not finite, which JSON has not, become null.</summary>
    public static JsonArray Array<T>(IEnumerable<T> values) => new([.. values.Select(Node)]);

    /// <summary>A number, or null where it is not finite.</summary>
    public static JsonNode? Finite(double value) => double.IsFinite(value) ? JsonValue.Create(value) : null;

    /// <summary>A text of a line; null where the line has none.</summary>
    public static string? Text(JsonElement line, string name, string where)
    {
        if (!line.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null) return null;
        if (value.ValueKind != JsonValueKind.String) throw Wrong(where, name, "a text", value);
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException e)
        {
            throw new TenonException($"{where}: {name}", "a text", "half of a surrogate pair", "the text was cut inside a character", e,
                usage: true);
        }
    }

    /// <summary>A number of a line; null where the line has none.</summary>
    public static double? Number(JsonElement line, string name, string where)
    {
        if (!line.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null) return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number) ? number
            : throw Wrong(where, name, "a number", value);
    }

    /// <summary>A whole number of a line; null where the line has none.</summary>
    public static int? Whole(JsonElement line, string name, string where)
    {
        if (!line.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null) return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number
            : throw Wrong(where, name, "a whole number", value);
    }

    /// <summary>True, false, or what stands for a field that the line has not.</summary>
    public static bool Flag(JsonElement line, string name, string where, bool otherwise = false)
    {
        if (!line.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null) return otherwise;
        return value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
            : throw Wrong(where, name, "true or false", value);
    }

    /// <summary>A list of numbers of a line; null where the line has none.</summary>
    public static double[]? Numbers(JsonElement line, string name, string where)
    {
        if (!line.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null) return null;
        if (value.ValueKind != JsonValueKind.Array) throw Wrong(where, name, "a list of numbers", value);
        return [.. value.EnumerateArray().Select(item =>
            item.ValueKind == JsonValueKind.Number && item.TryGetDouble(out var number) && double.IsFinite(number) ? number
            : throw Wrong(where, name, "numbers", item))];
    }

    /// <summary>Token ids of a line; null where the line has none.</summary>
    public static int[]? Ids(JsonElement line, string where)
    {
        const string name = "ids";
        if (!line.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null) return null;
        if (value.ValueKind != JsonValueKind.Array) throw Wrong(where, name, "a list of token ids", value);
        return [.. value.EnumerateArray()
            .Select(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out var id) && id >= 0 ? id
            : throw Wrong(where, name, "token ids", item))];
    }

    private static TenonException Wrong(string where, string name, string expected, JsonElement value)
    {
        var text = value.GetRawText();
        return new TenonException($"{where}: {name}", expected, text.Length <= 60 ? text : text[..60] + "...", usage: true);
    }

    private static JsonNode? Node<T>(T value) => value switch
    {
        float number => float.IsFinite(number) ? JsonValue.Create(number) : null,
        double number => Finite(number),
        _ => JsonValue.Create(value),
    };
}
