using Tenon.Rewards.Settings;

namespace Tenon.Rewards;

/// <summary>Makes a reward from its recipe name and settings; every public <see cref="IReward"/> of this project is found by its type's name.</summary>
public static class RewardFinder
{
    private static readonly NamedTypes<IReward> Types = new("reward", "Reward");

    /// <summary>All names, in order.</summary>
    public static IReadOnlyList<string> Names => Types.Names;

    /// <summary>The setting keys of one reward; a usage error with the nearest name where there is no such reward.</summary>
    public static IReadOnlyList<string> Keys(string name) => Types.Keys(name);

    /// <summary>Makes the reward; a usage error lists every unknown key, wrong value and value out of range.</summary>
    public static IReward Create(string name, IReadOnlyDictionary<string, object?>? settings = null) => Types.Create(name, settings);

    /// <summary>Every fault of the settings, for a recipe reader that reports each with its line; a usage error where the name is unknown.</summary>
    public static IReadOnlyList<SettingFault> Check(string name, IReadOnlyDictionary<string, object?>? settings = null)
    {
        var faults = new List<SettingFault>();
        (Types.TryCreate(name, settings, faults) as IDisposable)?.Dispose();
        return faults;
    }
}
