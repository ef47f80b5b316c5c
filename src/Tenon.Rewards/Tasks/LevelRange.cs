using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tenon.Rewards.Tasks;

/// <summary>Levels of a task, both ends included: <c>2</c>, <c>[1, 4]</c> or <c>1-4</c> in a recipe.</summary>
/// <param name="First">The easiest.</param>
/// <param name="Last">The hardest.</param>
[JsonConverter(typeof(LevelRangeConverter))]
public readonly record struct LevelRange(int First, int Last)
{
    /// <summary>One level.</summary>
    public LevelRange(int level) : this(level, level)
    {
    }

    /// <summary>One level.</summary>
    public static implicit operator LevelRange(int level) => new(level);

    /// <summary>How many levels there are.</summary>
    public int Count => Last - First + 1;

    /// <summary>One level as it is, several as <c>1 to 4</c>.</summary>
    public override string ToString() =>
        Count == 1 ? First.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{First} to {Last}");
}

/// <summary>One level is a number, several are a list of the first and the last.</summary>
internal sealed class LevelRangeConverter : JsonConverter<LevelRange>
{
    private const string Expected = "expected a level, or the first and the last of several: [1, 4]";

    public override LevelRange Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var value = JsonDocument.ParseValue(ref reader);
        var root = value.RootElement;
        var ends = root.ValueKind switch
        {
            JsonValueKind.Array => [.. root.EnumerateArray().Select(Whole)],
            JsonValueKind.String => (int?[])[.. root.GetString()!.Split('-').Select(Whole)],
            _ => [Whole(root)],
        };
        return ends switch
        {
            [{ } level] => new LevelRange(level),
            [{ } first, { } last] => new LevelRange(first, last),
            _ => throw new JsonException(Expected),
        };
    }

    public override void Write(Utf8JsonWriter writer, LevelRange value, JsonSerializerOptions options)
    {
        if (value.Count == 1)
        {
            writer.WriteNumberValue(value.First);
            return;
        }

        writer.WriteStartArray();
        writer.WriteNumberValue(value.First);
        writer.WriteNumberValue(value.Last);
        writer.WriteEndArray();
    }

    private static int? Whole(JsonElement element) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out var whole) ? whole
        : element.ValueKind == JsonValueKind.String ? Whole(element.GetString()!) : null;

    private static int? Whole(string text) =>
        int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var whole) ? whole : null;
}
