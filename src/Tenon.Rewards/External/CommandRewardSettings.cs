namespace Tenon.Rewards.External;

/// <summary>How a user's own reward is started and how long it may take.</summary>
public sealed record CommandRewardSettings : ISettings
{
    /// <summary>The command line, run by the system's shell (<c>python3 my_reward.py</c>).</summary>
    public string Command { get; init; } = "";

    /// <summary>Seconds one answer may take before the process is killed and the row skipped.</summary>
    [Bounds(0, 86400, Above = true)]
    public double Timeout { get; init; } = 10;

    /// <summary>Seconds the first answer of a new process may take in addition (imports, loading).</summary>
    [Bounds(0, 86400)]
    public double StartTimeout { get; init; } = 60;

    /// <summary>True where the score is the outcome (accuracy, dynamic sampling), false where it only shapes.</summary>
    public bool Outcome { get; init; } = true;

    /// <summary>The name it is logged under.</summary>
    public string Label { get; init; } = "command";

    /// <inheritdoc/>
    public IEnumerable<SettingsFault> Rules()
    {
        if (string.IsNullOrWhiteSpace(Command)) yield return new("command", "is empty", "the command that starts the reward");
        if (string.IsNullOrWhiteSpace(Label)) yield return new("label", "is empty", "a name");
    }
}
