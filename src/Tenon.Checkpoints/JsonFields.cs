using System.Text.Json;

namespace Tenon.Checkpoints;

/// <summary>
/// Typed reading of a JSON object's members: a missing required key or a wrong type is an error that names file and key, with the key's
/// path from
/// the top of the file (<c>model.merges</c>).
/// </summary>
internal readonly struct JsonFields(string file, JsonElement element, string path = "")
{
    private const string Restore = "Use the file that came with the checkpoint.";

    public string File { get; } = file;
    public JsonElement Element { get; } = element;

    /// <summary>Where this object stands in the file; empty at the top.</summary>
    public string Path { get; } = path;

    /// <summary>Parses a file that must hold one JSON object.</summary>
    public static JsonFields Load(string file)
    {
        byte[] bytes;
        try
        {
            bytes = SharedFile.ReadBytes(file);
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
        if (bytes.IsEmpty)
            throw new TenonException($"'{file}' is not valid JSON", "a JSON object", "an empty file", "Download the file again.");
        try
        {
            using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 64 });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new TenonException($"'{file}' is not what it should be", "a JSON object", Noun(document.RootElement),
                    "Download the file again.");
            RequireText(document.RootElement);
            return new JsonFields(file, document.RootElement.Clone());
        }
        catch (JsonException e)
        {
            var text = System.Text.Encoding.UTF8.GetString(bytes.Span);
            throw new TenonException($"'{file}' is not valid JSON", "a JSON object", JsonFault.Describe(e, text),
                "Download or write the file again.", e);
        }
        catch (InvalidOperationException e)
        {
            throw new TenonException($"'{file}' is not valid JSON", "text in UTF-8", "bytes that are none, or half of a surrogate pair",
                "Download or write the file again.", e);
        }
    }

    /// <summary>True where the key is there and not null.</summary>
    public bool Has(string key) => Element.TryGetProperty(key, out var v) && v.ValueKind != JsonValueKind.Null;

    public JsonElement? Get(string key) => Element.TryGetProperty(key, out var v) && v.ValueKind != JsonValueKind.Null ? v : null;

    public JsonFields? Object(string key) => Get(key) is not { } v ? null
        : v.ValueKind == JsonValueKind.Object ? new JsonFields(File, v, Full(key)) : throw Wrong(key, "an object", v);

    public JsonFields RequiredObject(string key) => Object(key) ?? throw Missing(key, "an object");

    public string? String(string key) => Get(key) is not { } v ? null
        : v.ValueKind == JsonValueKind.String ? v.GetString() : throw Wrong(key, "a string", v);

    public string RequiredString(string key) => String(key) ?? throw Missing(key, "a string");

    public bool? Bool(string key) => Get(key) is not { } v ? null
        : v.ValueKind is JsonValueKind.True or JsonValueKind.False ? v.GetBoolean() : throw Wrong(key, "true or false", v);

    public double? Number(string key) => Get(key) is not { } v ? null
        : v.ValueKind == JsonValueKind.Number && double.IsFinite(v.GetDouble()) ? v.GetDouble() : throw Wrong(key, "a number", v);

    public long? Long(string key) => Get(key) is not { } v ? null : AsLong(key, v);

    public int? Int(string key) => Long(key) is not { } v ? null
        : v is >= int.MinValue and <= int.MaxValue ? (int)v : throw Wrong(key, "a 32-bit whole number", Get(key)!.Value);

    public int RequiredInt(string key) => Int(key) ?? throw Missing(key, "a whole number");

    /// <summary>The items of a list; none where the key is missing.</summary>
    public IEnumerable<JsonElement> Items(string key) => Get(key) is not { } v ? []
        : v.ValueKind == JsonValueKind.Array ? v.EnumerateArray() : throw Wrong(key, "a list", v);

    /// <summary>The items of a list of objects; none where the key is missing.</summary>
    public IEnumerable<JsonFields> Objects(string key)
    {
        var i = 0;
        foreach (var item in Items(key))
        {
            if (item.ValueKind != JsonValueKind.Object) throw Wrong($"{key}.{i}", "an object", item);
            yield return new JsonFields(File, item, Full($"{key}.{i++}"));
        }
    }

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
        return Wrong(key, expected, text.Length > 100 ? text[..100] + "..." : text);
    }

    public TenonException Wrong(string key, string expected, string got) =>
        new($"'{File}' has a bad value for '{Full(key)}'", expected, got, Restore);

    public TenonException Missing(string key, string expected) => new($"'{File}' has no key '{Full(key)}'", expected, "nothing", Restore);

    private string Full(string key) => Path.Length == 0 ? key : $"{Path}.{key}";

    private static string Noun(JsonElement e) => e.ValueKind switch
    {
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };

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
