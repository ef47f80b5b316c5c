using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Runs;

/// <summary>
/// JSON of a run folder: characters stand as they are (<c>4+2</c>, not an escape), numbers that are not finite are null, and what is
/// incomplete or of another kind reads as nothing instead of ending the reader.
/// </summary>
public static class RunJson
{
    /// <summary>Options of one line.</summary>
    public static JsonSerializerOptions Line => ReadableJson.Line;

    /// <summary>Options of a file that people read.</summary>
    public static JsonSerializerOptions Indented => ReadableJson.Indented;

    /// <summary>A node as one line.</summary>
    public static string ToLine(this JsonNode node) => node.ToJsonString(Line);

    /// <summary>A number as a node; null where it is not finite.</summary>
    public static JsonNode? Finite(double value) => double.IsFinite(value) ? value : null;

    /// <summary>An object's text; null where it is incomplete (the writer is at it, or was killed) or no object.</summary>
    public static JsonObject? Parse(string text)
    {
        try
        {
            // Counting reads the keys, so that one that stands twice shows here and not at some later look.
            return text.Length > 0 && JsonNode.Parse(text) is JsonObject { Count: >= 0 } read ? read : null;
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>A number; NaN for null and for anything else.</summary>
    public static double Number(JsonNode? node) => node is JsonValue value && value.GetValueKind() == JsonValueKind.Number
        ? double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture)
        : double.NaN;

    /// <summary>A whole number; null for anything else.</summary>
    public static long? Whole(JsonNode? node) =>
        Number(node) is var value && value == Math.Floor(value) && Math.Abs(value) < 9e15 ? (long)value : null;

    /// <summary>A text; null for anything else.</summary>
    public static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    /// <summary>A truth value; null for anything else.</summary>
    public static bool? Flag(JsonNode? node) => node is JsonValue value && value.TryGetValue<bool>(out var flag) ? flag : null;
}
