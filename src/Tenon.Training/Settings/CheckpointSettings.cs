namespace Tenon.Training.Settings;

/// <summary>When the run's whole state is written. The last step always gets a checkpoint.</summary>
public sealed record CheckpointSettings : ISettings
{
    /// <summary>Every so many steps; 0 only after the last.</summary>
    [Bounds(0, 10_000_000)]
    public int Every { get; init; } = 50;

    /// <summary>How many of the newest are kept; 0 keeps all.</summary>
    [Bounds(0, 1_000_000)]
    public int Keep { get; init; } = 3;

    /// <summary>Whether the step of the best held-out accuracy gets a checkpoint, which is kept whatever its age.</summary>
    public bool Best { get; init; } = true;
}
