using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Tenon.Training.Objectives;

/// <summary>An objective in a recipe: the keys that it leaves out are those of its preset, not those of an empty record.</summary>
internal sealed class PresetConverter : JsonConverter<ObjectiveSettings>
{
    public override ObjectiveSettings Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
    {
        var given = JsonNode.Parse(ref reader) as JsonObject ?? throw new JsonException("an objective is a mapping");
        var name = given["preset"]?.GetValue<string>() ?? ObjectivePresets.Default;
        return SettingsJson.Over(ObjectivePresets.Names.Contains(name) ? ObjectivePresets.Named(name)
            : new ObjectiveSettings { Preset = name }, given);
    }

    public override void Write(Utf8JsonWriter writer, ObjectiveSettings value, JsonSerializerOptions options) =>
        JsonSerializer.Serialize(writer, value, options);
}
