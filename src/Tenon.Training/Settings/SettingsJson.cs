using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Tenon.Training.Objectives;

namespace Tenon.Training.Settings;

/// <summary>Settings as JSON with the recipe's own keys: what <c>run.json</c> holds. Reading what was written gives equal settings.</summary>
public static class SettingsJson
{
    private static readonly JsonSerializerOptions Plain = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.KebabCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false) },
    };

    private static readonly JsonSerializerOptions Options = new(Plain) { Converters = { new PresetConverter() } };

    /// <summary>The settings with every default filled in.</summary>
    public static JsonObject Write<T>(T settings) where T : ISettings => JsonSerializer.SerializeToNode(settings, Options)!.AsObject();

    /// <summary>Settings from what <see cref="Write"/> made; keys that are missing get their defaults.</summary>
    public static T Read<T>(JsonNode node) where T : ISettings
    {
        try
        {
            return node.Deserialize<T>(Options) ?? throw new TenonException("the recipe is empty", usage: true);
        }
        catch (JsonException e)
        {
            throw new TenonException($"the recipe does not fit at {e.Path}", got: "a value of another kind", inner: e, usage: true);
        }
    }

    /// <summary>The recipe's word of an enum's value.</summary>
    public static string Word(Enum value) => SettingsCheck.KeyOf(value.ToString());

    // Keys that an objective leaves out are those of its preset, not those of an empty record.
    private sealed class PresetConverter : JsonConverter<ObjectiveSettings>
    {
        public override ObjectiveSettings Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
        {
            var given = JsonNode.Parse(ref reader) as JsonObject ?? throw new JsonException("an objective is a mapping");
            var name = given["preset"]?.GetValue<string>() ?? ObjectivePresets.Default;
            var start = ObjectivePresets.Names.Contains(name) ? ObjectivePresets.Named(name) : new ObjectiveSettings { Preset = name };
            var merged = JsonSerializer.SerializeToNode(start, Plain)!.AsObject();
            foreach (var (key, value) in given) merged[key] = value?.DeepClone();
            return merged.Deserialize<ObjectiveSettings>(Plain)!;
        }

        public override void Write(Utf8JsonWriter writer, ObjectiveSettings value, JsonSerializerOptions options) => JsonSerializer.Serialize(writer, value, Plain);
    }
}
