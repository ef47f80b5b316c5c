using System.Text.Json;

namespace Tenon.Evaluation.Comparisons;

/// <summary>The fields of a sample file's row, null and undefined ones left out, and what stands inside them.</summary>
internal static class SampleFields
{
    /// <summary>The first of some fields that is there.</summary>
    public static JsonElement? First(this Dictionary<string, JsonElement> fields, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
            if (fields.TryGetValue(name, out var value) && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined))
                return value;
        return null;
    }

    /// <summary>The same where a table may hold the value as the text that Python or JSON prints of it.</summary>
    public static JsonElement? FirstValue(this Dictionary<string, JsonElement> fields, params ReadOnlySpan<string> names) =>
        fields.First(names) is { } value ? Unprinted(value) : null;

    /// <summary>The first field's text; a number's digits.</summary>
    public static string? FirstText(this Dictionary<string, JsonElement> fields, params ReadOnlySpan<string> names) =>
        fields.First(names)?.ToString();

    /// <summary>A property of an object; null where there is none.</summary>
    public static JsonElement? Inner(this JsonElement? value, string name) =>
        value is { ValueKind: JsonValueKind.Object } item && item.TryGetProperty(name, out var inner)
        && inner.ValueKind != JsonValueKind.Null ? inner : null;

    /// <summary>All texts of a nested array, a single text, or the text fields of objects in one.</summary>
    public static IEnumerable<string> Strings(this JsonElement? value) => value?.ValueKind switch
    {
        JsonValueKind.String => [value.Value.GetString()!],
        JsonValueKind.Array => value.Value.EnumerateArray().SelectMany(v => Strings(v)),
        JsonValueKind.Object when value.Inner("text") is { } text => Strings(text),
        _ => [],
    };

    /// <summary>All texts of any depth, of objects too.</summary>
    public static IEnumerable<string> AllStrings(this JsonElement? value) => value?.ValueKind switch
    {
        JsonValueKind.String => [value.Value.GetString()!],
        JsonValueKind.Array => value.Value.EnumerateArray().SelectMany(v => AllStrings(v)),
        JsonValueKind.Object => value.Value.EnumerateObject().SelectMany(p => AllStrings(p.Value)),
        _ => [],
    };

    /// <summary>A number; 1 and 0 of true and false.</summary>
    public static double? Number(this JsonElement? value) => value?.ValueKind switch
    {
        JsonValueKind.Number => value.Value.GetDouble(),
        JsonValueKind.True => 1,
        JsonValueKind.False => 0,
        _ => null,
    };

    private static JsonElement Unprinted(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String) return value;
        var text = value.GetString()!.TrimStart();
        return text.StartsWith('{') || text.StartsWith('[') ? PythonLiteral.Read(text) ?? value : value;
    }
}
