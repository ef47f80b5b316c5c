using Tenon.Rewards.Settings;

namespace Tenon.Rewards;

/// <summary>
/// Makes a reward from its recipe name and settings; every public <see cref="IReward"/> of this project is found by its type's name.
/// </summary>
public static class RewardFinder
{
    private static readonly NamedTypes<IReward> S_types = new("reward", "Reward");

    /// <summary>All names, in order.</summary>
    public static IReadOnlyList<string> Names => S_types.Names;

    /// <summary>The settings of one reward at their defaults; null where there is no such reward.</summary>
    public static ISettings? StandardSettings(string name) => S_types.Standard(name);

    /// <summary>Makes the reward; a usage error lists every unknown key, wrong value and value out of range.</summary>
    public static IReward Create(string name, IReadOnlyDictionary<string, object?>? settings = null) => S_types.Create(name, settings);

    /// <summary>
    /// Every fault of the settings, for a recipe reader that reports each with its line; a usage error where the name is unknown.
    /// </summary>
    public static IReadOnlyList<SettingsFault> Check(string name, IReadOnlyDictionary<string, object?>? settings = null) =>
        S_types.Check(name, settings);
}
