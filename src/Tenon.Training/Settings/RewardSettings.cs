using System.Text.Json;
using System.Text.Json.Serialization;
using Tenon.Rewards;

namespace Tenon.Training.Settings;

/// <summary>One reward: a name, or a mapping with its weight and options.</summary>
public sealed record RewardSettings : IHasOptions
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

    /// <inheritdoc/>
    [JsonIgnore]
    public string Owner => $"reward '{Name}'";

    /// <inheritdoc/>
    public ISettings? StandardOptions() => Name == TaskChecker ? new NoOptions() : RewardFinder.StandardSettings(Name);

    /// <summary>An option that is a number, or null.</summary>
    public double? Number(string option) =>
        Options is not null && Options.TryGetValue(option, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble()
        : null;

    /// <inheritdoc/>
    public IEnumerable<SettingsFault> Rules()
    {
        if (Name.Length == 0) yield return new("name", "is missing", "the name of a reward");
        else if (Name != TaskChecker && !RewardFinder.Names.Contains(Name))
            yield return SettingsCheck.NoChoice("name", Name, RewardFinder.Names) with { What = NoReward() };
    }

    private string NoReward() => $"'{Name}' is no reward" + (Nearest.Of(Name, RewardFinder.Names) is { } near ? $"; nearest: {near}" : "");
}
