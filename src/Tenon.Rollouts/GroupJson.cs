using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Tenon.Rollouts;

/// <summary>
/// Groups as JSON, every number to the bit: float32 and float64 in their shortest text that reads back, numbers that are not finite by
/// name.
/// </summary>
public static class GroupJson
{
    private static readonly JsonSerializerOptions S_options = new()
    {
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Groups with their problems.</summary>
    public static JsonNode Write(IReadOnlyList<RolloutGroup> groups) => JsonSerializer.SerializeToNode(groups, S_options)!;

    /// <summary>Reads what <see cref="Write"/> gave.</summary>
    public static IReadOnlyList<RolloutGroup> Read(JsonNode? groups) => groups?.Deserialize<RolloutGroup[]>(S_options) ?? [];

    /// <summary>A group with its problem as a line of text.</summary>
    public static string WholeLine(RolloutGroup group) => JsonSerializer.Serialize(group, S_options);

    /// <summary>Reads what <see cref="WholeLine"/> gave.</summary>
    public static RolloutGroup ReadWholeLine(string line) => JsonSerializer.Deserialize<RolloutGroup>(line, S_options)!;

    /// <summary>A group's completions as a line of text.</summary>
    public static string Line(SampledGroup group) => JsonSerializer.Serialize(group, S_options);

    /// <summary>Reads a line; null where it is cut off or is no group.</summary>
    public static SampledGroup? ReadLine(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<SampledGroup>(line, S_options) is { Id: not null, Prompt: not null, Samples.Count: > 0 } group
                ? group : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
