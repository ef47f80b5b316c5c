using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Text.Templates.Builtins;
using Tenon.Text.Templates.Values;

namespace Tenon.Text.Templates;

/// <summary>
/// JSON byte for byte as Python's <c>json.dumps</c> writes it: its separators, its escapes, its shortest floats (<c>1.0</c>, <c>1e-05</c>),
/// keys by code point.
/// </summary>
public static class PythonJson
{
    /// <summary>
    /// <c>json.dumps(value, indent=indent, sort_keys=sortKeys, ensure_ascii=ascii)</c>. Numbers keep their kind: what .NET holds as a
    /// float, or what was read with a
    /// point or an exponent, is written as a float.
    /// </summary>
    public static string Dump(JsonNode? value, int? indent = null, bool sortKeys = false, bool ascii = true)
    {
        var to = new StringBuilder();
        new JsonText(ascii, indent is { } size ? new string(' ', size) : null, indent is null ? ", " : ",", ": ", sortKeys)
            .Write(to, ToValue(value), 0);
        return to.ToString();
    }

    /// <summary>
    /// Reads JSON as Python does: a key that stands twice keeps its first place and its last value. A <see cref="JsonException"/> says
    /// where it is broken.
    /// </summary>
    public static JsonNode? Parse(string json)
    {
        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 500 });
        return ToNode(document.RootElement);
    }

    private static JsonNode? ToNode(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                var result = new JsonObject();
                foreach (var property in element.EnumerateObject()) result[property.Name] = ToNode(property.Value);
                return result;
            case JsonValueKind.Array: return new JsonArray([.. element.EnumerateArray().Select(ToNode)]);
            case JsonValueKind.Null: return null;
            default: return JsonValue.Create(element.Clone());
        }
    }

    private static object? ToValue(JsonNode? node)
    {
        switch (node)
        {
            case null: return null;
            case JsonObject o:
                var dict = new PyDict();
                foreach (var (key, value) in o) dict.Set(key, ToValue(value));
                return dict;
            case JsonArray a: return new PyList(a.Select(ToValue));
            default: return Conversion.ToValue(node.GetValue<object>());
        }
    }
}
