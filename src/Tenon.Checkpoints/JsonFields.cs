using System.Text.Json;

namespace Tenon.Checkpoints;

/// <summary>Typed reading of a JSON object's members: a missing required key or a wrong type is an error naming file and key.</summary>
internal readonly struct JsonFields(string file, JsonElement element)
{
    public string File { get; } = file;
    public JsonElement Element { get; } = element;

    /// <summary>Parses a file that must hold one JSON object.</summary>
    public static JsonFields Load(string file)
    {
        byte[] bytes;
        try
        {
            bytes = System.IO.File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TenonException($"Cannot read '{file}'", got: e.Message, hint: "Check the path and its permissions.", inner: e);
        }
        return Parse(file, bytes);
    }

    /// <summary>Parses bytes that must hold one JSON object; <paramref name="file"/> is named in messages.</summary>
    public static JsonFields Parse(string file, ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Span.StartsWith("\uFEFF"u8)) bytes = bytes[3..];
        try
        {
            using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 64 });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new TenonException($"'{file}' is not what it should be", "a JSON object", document.RootElement.ValueKind.ToString(), "Download the file again.");
            RequireText(document.RootElement);
            return new JsonFields(file, document.RootElement.Clone());
        }
        catch (JsonException e)
        {
            var text = System.Text.Encoding.UTF8.GetString(bytes.Span);
            throw new TenonException($"'{file}' is not valid JSON", "a JSON object", JsonFault.Describe(e, text), "Download or write the file again.", e);
        }
        catch (InvalidOperationException e)
        {
            throw new TenonException($"'{file}' is not valid JSON", "text in UTF-8", "bytes that are none, or half of a surrogate pair", "Download or write the file again.", e);
        }
    }

    /// <summary>True where the key is there and not null.</summary>
    public bool Has(string key) => Element.TryGetProperty(key, out var v) && v.ValueKind != JsonValueKind.Null;

    public JsonElement? Get(string key) => Element.TryGetProperty(key, out var v) && v.ValueKind != JsonValueKind.Null ? v : null;

    public JsonFields? Object(string key) => Get(key) is not { } v ? null
        : v.ValueKind == JsonValueKind.Object ? new JsonFields(File, v) : throw Wrong(key, "an object", v);

    public string? String(string key) => Get(key) is not { } v ? null
        : v.ValueKind == JsonValueKind.String ? v.GetString() : throw Wrong(key, "a string", v);

    public bool? Bool(string key) => Get(key) is not { } v ? null
        : v.ValueKind is JsonValueKind.True or JsonValueKind.False ? v.GetBoolean() : throw Wrong(key, "true or false", v);

    public double? Number(string key) => Get(key) is not { } v ? null
        : v.ValueKind == JsonValueKind.Number && double.IsFinite(v.GetDouble()) ? v.GetDouble() : throw Wrong(key, "a number", v);

    public long? Long(string key) => Get(key) is not { } v ? null : AsLong(key, v);

    public int? Int(string key) => Long(key) is not { } v ? null
        : v is >= int.MinValue and <= int.MaxValue ? (int)v : throw Wrong(key, "a 32-bit whole number", Get(key)!.Value);

    public int RequiredInt(string key) => Int(key) ?? throw new TenonException($"'{File}' has no key '{key}'", "a whole number", "nothing",
        "Use the config.json that came with the checkpoint.");

    /// <summary>A number or a list of numbers, ascending and distinct; empty where the key is missing.</summary>
    public int[] Ids(string key)
    {
        if (Get(key) is not { } v) return [];
        var self = this;
        var all = v.ValueKind == JsonValueKind.Array ? v.EnumerateArray().Select(x => self.AsLong(key, x)) : [AsLong(key, v)];
        return [.. all.Select(x => x is >= 0 and <= int.MaxValue ? (int)x : throw self.Wrong(key, "token ids", v)).Distinct().Order()];
    }

    public TenonException Wrong(string key, string expected, JsonElement got)
    {
        var text = got.GetRawText();
        return new TenonException($"'{File}' has a bad value for '{key}'", expected, text.Length > 100 ? text[..100] + "..." : text, "Use the file that came with the checkpoint.");
    }

    /// <summary>Broken UTF-8 and half surrogates come to light only when a text is asked for; here all are, once.</summary>
    private static void RequireText(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                _ = element.GetString();
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray()) RequireText(item);
                break;
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                {
                    _ = member.Name;
                    RequireText(member.Value);
                }
                break;
        }
    }

    private long AsLong(string key, JsonElement v)
    {
        if (v.ValueKind == JsonValueKind.Number)
        {
            if (v.TryGetInt64(out var whole)) return whole;
            if (v.GetDouble() is var d && double.IsInteger(d) && Math.Abs(d) < 1e15) return (long)d;
        }
        throw Wrong(key, "a whole number", v);
    }
}
