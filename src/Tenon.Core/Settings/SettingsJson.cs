using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Tenon;

/// <summary>
/// Settings as JSON with the recipe's own keys: what <c>run.json</c> holds. Reading what was written gives equal settings.
/// </summary>
public static class SettingsJson
{
    private static readonly JsonSerializerOptions S_options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.KebabCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false) },
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { LeaveOutWhatDoesNothing } },
    };

    /// <summary>The settings with every default filled in; keys that do nothing beside the others are left out.</summary>
    public static JsonObject Write<T>(T settings) where T : ISettings =>
        JsonSerializer.SerializeToNode(settings, settings.GetType(), S_options)!.AsObject();

    /// <summary>Settings from what <see cref="Write"/> made; keys that are missing get their defaults.</summary>
    public static T Read<T>(JsonNode node) where T : ISettings => (T)Read(typeof(T), node);

    /// <summary>The same for a type known at run time.</summary>
    public static ISettings Read(Type type, JsonNode node)
    {
        try
        {
            return (ISettings?)node.Deserialize(type, S_options) ?? throw new TenonException("the recipe is empty", usage: true);
        }
        catch (JsonException e)
        {
            throw new TenonException($"the recipe does not fit at {e.Path}", got: "a value of another kind", inner: e, usage: true);
        }
    }

    /// <summary>
    /// Settings that begin at others than the type's defaults: what <paramref name="given"/> names, and the rest as in
    /// <paramref name="start"/>.
    /// </summary>
    public static T Over<T>(T start, JsonObject given) where T : ISettings
    {
        var merged = Write(start);
        foreach (var (key, value) in given) merged[key] = value?.DeepClone();
        return (T)Read(start.GetType(), merged);
    }

    private static void LeaveOutWhatDoesNothing(JsonTypeInfo type)
    {
        if (type.Kind != JsonTypeInfoKind.Object || !type.Type.IsAssignableTo(typeof(ISettings))) return;
        foreach (var property in type.Properties)
        {
            if (property.IsExtensionData) continue;
            var key = property.Name;
            property.ShouldSerialize = (settings, _) => ((ISettings)settings).Applies(key);
        }
    }
}
