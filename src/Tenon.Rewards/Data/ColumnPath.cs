using System.Globalization;
using System.Text.Json;

namespace Tenon.Rewards.Data;

/// <summary>
/// A column by name, or a value inside one by a dotted path (<c>reward_model.ground_truth</c>, <c>choices.0</c>). A column whose own name
/// holds the dots
/// comes first; a text that is JSON (a cell of a CSV file) is looked into like the value it spells.
/// </summary>
public static class ColumnPath
{
    private const int Depth = 4;

    /// <summary>The value of a path, or null.</summary>
    public static JsonElement? Find(IReadOnlyDictionary<string, JsonElement> fields, string path)
    {
        if (fields.TryGetValue(path, out var whole)) return whole;
        for (var dot = path.IndexOf('.'); dot >= 0; dot = path.IndexOf('.', dot + 1))
            if (fields.TryGetValue(path[..dot], out var outer) && Inside(outer, path[(dot + 1)..]) is { } found)
                return found;
        return null;
    }

    /// <summary>Paths of every text, number and list that a row holds; a column that is an object stands for what is in it.</summary>
    public static IEnumerable<string> All(IReadOnlyDictionary<string, JsonElement> fields) =>
        fields.SelectMany(f => Leaves(f.Value, f.Key).Select(leaf => leaf.Path));

    /// <summary>Texts, numbers and lists of texts inside a value, with their paths.</summary>
    public static IEnumerable<(string Path, JsonElement Value)> Leaves(JsonElement value, string path, int depth = Depth)
    {
        var opened = Opened(value);
        if (depth == 0 || opened.ValueKind != JsonValueKind.Object)
        {
            if (opened.ValueKind is not (JsonValueKind.Object or JsonValueKind.Null)) yield return (path, value);
            yield break;
        }

        foreach (var property in opened.EnumerateObject())
            foreach (var leaf in Leaves(property.Value, $"{path}.{property.Name}", depth - 1))
                yield return leaf;
    }

    /// <summary>The object or array that a text spells; any other value as it is.</summary>
    public static JsonElement Opened(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String || !Looks(value)) return value;
        try
        {
            using var document = JsonDocument.Parse(value.GetString()!);
            return document.RootElement.ValueKind is JsonValueKind.Object or JsonValueKind.Array ? document.RootElement.Clone() : value;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return value;
        }
    }

    private static bool Looks(JsonElement value)
    {
        var raw = value.GetRawText().AsSpan()[1..^1].TrimStart();
        return raw.StartsWith("{") || raw.StartsWith("[");
    }

    private static JsonElement? Inside(JsonElement value, string path)
    {
        var opened = Opened(value);
        if (opened.ValueKind == JsonValueKind.Object)
        {
            if (opened.TryGetProperty(path, out var whole)) return whole;
            for (var dot = path.IndexOf('.'); dot >= 0; dot = path.IndexOf('.', dot + 1))
                if (opened.TryGetProperty(path[..dot], out var outer) && Inside(outer, path[(dot + 1)..]) is { } found)
                    return found;
            return null;
        }

        if (opened.ValueKind != JsonValueKind.Array) return null;
        var end = path.IndexOf('.') is >= 0 and var first ? first : path.Length;
        if (!int.TryParse(path[..end], NumberStyles.None, CultureInfo.InvariantCulture, out var index) || index >= opened.GetArrayLength())
            return null;
        return end == path.Length ? opened[index] : Inside(opened[index], path[(end + 1)..]);
    }
}
