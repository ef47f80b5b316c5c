namespace Tenon.Training.Settings;

/// <summary>The objective: a preset, of which any single choice can be overridden.</summary>
public sealed record ObjectiveSettings : ISettings
{
    /// <summary>The preset.</summary>
    [Words("grpo", "dr-grpo", "dapo")]
    public string Preset { get; init; } = "dapo";

    /// <summary>Weight of the divergence from the model without adapter (k3); 0 computes none.</summary>
    [Bounds(0, 1000)]
    public double Kl { get; init; }

    /// <summary>True where a completion is compared with others of its group.</summary>
    internal bool WantsGroups => true;
}
