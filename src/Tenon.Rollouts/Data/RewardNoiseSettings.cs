namespace Tenon.Rollouts.Data;

/// <summary>
/// Verdicts turned round on purpose, to study what a faulty verifier does. Only training sees them: held-out evaluation never does.
/// </summary>
public sealed record RewardNoiseSettings : ISettings
{
    /// <summary>Probability that a wrong completion is called right.</summary>
    [Bounds(0, 1)]
    public double FalsePositive { get; init; }

    /// <summary>Probability that a right completion is called wrong.</summary>
    [Bounds(0, 1)]
    public double FalseNegative { get; init; }
}
