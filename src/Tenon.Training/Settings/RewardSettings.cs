using System.Text.Json;
using System.Text.Json.Serialization;
using Tenon.Rewards;

namespace Tenon.Training.Settings;

/// <summary>One reward: a name, or a mapping with its weight and options.</summary>
public sealed record RewardSettings : ISettings
{
    /// <summary>The name that stands for the checker of the run's task.</summary>
    public const string TaskChecker = "task";

    /// <summary>The reward's name (<c>math</c>, <c>soft-overlong</c>, <c>command</c> ...).</summary>
    public string Name { get; init; } = "";

    /// <summary>Its factor in the sum.</summary>
    [Bounds(-1e6, 1e6)]
    public double Weight { get; init; } = 1;

    /// <summary>Options that a reward has for itself (<c>buffer: 64</c>).</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Options { get; init; }

    /// <summary>An option that is a number, or null.</summary>
    public double? Number(string option) =>
        Options is not null && Options.TryGetValue(option, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;

    /// <summary>An option that is a text, or null.</summary>
    public string? Text(string option) =>
        Options is not null && Options.TryGetValue(option, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <inheritdoc/>
    public IEnumerable<SettingsFault> Rules()
    {
        if (Name.Length == 0) yield return new("name", "is missing", "the name of a reward");
        else if (Name != TaskChecker && !RewardFinder.Names.Contains(Name))
            yield return new("name", $"'{Name}' is no reward" + (Nearest.Of(Name, RewardFinder.Names) is { } near ? $"; nearest: {near}" : ""), string.Join(", ", RewardFinder.Names));
        else if (Name != TaskChecker)
            foreach (var fault in RewardFinder.Check(Name, Options?.ToDictionary(o => o.Key, o => (object?)o.Value)))
                yield return new(fault.Key, fault.Message, "docs/rewards.md has the options of every reward");
    }
}
