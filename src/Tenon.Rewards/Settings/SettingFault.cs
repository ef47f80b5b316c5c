namespace Tenon.Rewards.Settings;

/// <summary>One fault of a reward's or task's settings: the recipe key it is about, and what is wrong with it.</summary>
public sealed record SettingFault(string Key, string Message);

/// <summary>Settings that can say what is wrong with them, all faults at once.</summary>
public interface ICheckedSettings
{
    /// <summary>Every fault; none where the settings can be used.</summary>
    IEnumerable<SettingFault> Faults();
}
