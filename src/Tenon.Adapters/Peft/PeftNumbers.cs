using System.Text.Json.Nodes;

namespace Tenon.Adapters.Peft;

/// <summary>Numbers and patterns between settings and <c>adapter_config.json</c>.</summary>
internal static class PeftNumbers
{
    /// <summary>A number as JSON: without a fraction where it is whole.</summary>
    public static JsonNode Whole(double value) =>
        value == Math.Floor(value) && Math.Abs(value) < 1e15 ? JsonValue.Create((long)value) : JsonValue.Create(value);

    /// <summary>A dictionary of patterns as JSON.</summary>
    public static JsonObject Pattern(IEnumerable<KeyValuePair<string, double>> patterns) =>
        new(patterns.Select(p => KeyValuePair.Create(p.Key, (JsonNode?)Whole(p.Value))));

    /// <summary>A dictionary of ranks as JSON.</summary>
    public static JsonObject Ranks(IReadOnlyDictionary<string, int> patterns) =>
        Pattern(patterns.Select(p => KeyValuePair.Create(p.Key, (double)p.Value)));

    /// <summary>A dictionary of ranks from JSON.</summary>
    public static Dictionary<string, int> Ranks(JsonNode? node) => Pattern(node).ToDictionary(p => p.Key, p => (int)p.Value);

    /// <summary>A dictionary of patterns from JSON.</summary>
    public static Dictionary<string, double> Pattern(JsonNode? node) =>
        node is JsonObject map ? map.ToDictionary(p => p.Key, p => (double)p.Value!) : [];
}
