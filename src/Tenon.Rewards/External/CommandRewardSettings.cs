using Tenon.Rewards.Settings;

namespace Tenon.Rewards.External;

/// <summary>How a user's own reward is started and how long it may take.</summary>
public sealed record CommandRewardSettings : ICheckedSettings
{
    /// <summary>The command line, run by the system's shell (<c>python3 my_reward.py</c>).</summary>
    public string Command { get; init; } = "";

    /// <summary>Seconds one answer may take before the process is killed and the row skipped.</summary>
    public double Timeout { get; init; } = 10;

    /// <summary>Seconds the first answer of a new process may take in addition (imports, loading).</summary>
    public double StartTimeout { get; init; } = 60;

    /// <summary>True where the score is the outcome (accuracy, dynamic sampling), false where it only shapes.</summary>
    public bool Outcome { get; init; } = true;

    /// <summary>The name it is logged under.</summary>
    public string Label { get; init; } = "command";

    /// <inheritdoc/>
    public IEnumerable<SettingFault> Faults()
    {
        if (string.IsNullOrWhiteSpace(Command)) yield return new("command", "expected the command that starts the reward");
        if (Timeout is not (> 0 and <= 86400)) yield return new("timeout", "expected seconds above 0, at most 86400");
        if (StartTimeout is not (>= 0 and <= 86400)) yield return new("start-timeout", "expected seconds from 0 to 86400");
        if (string.IsNullOrWhiteSpace(Label)) yield return new("label", "expected a name");
    }
}
