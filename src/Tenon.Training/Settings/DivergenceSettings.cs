namespace Tenon.Training.Settings;

/// <summary>What a run does in a step that passes a bound.</summary>
public enum DivergenceAction
{
    /// <summary>It stops with the reason; the checkpoints before it stand.</summary>
    Stop,

    /// <summary>The update is left out and counted; the run goes on with the next.</summary>
    Skip,

    /// <summary>
    /// Adapter and optimizer go back to the newest checkpoint, and the run goes on with other problems; three times without a new
    /// checkpoint stop it.
    /// </summary>
    BackToCheckpoint,
}

/// <summary>The bounds beyond which a step counts as diverged; numbers that are not finite always do.</summary>
public sealed record DivergenceSettings : ISettings
{
    /// <summary>Largest norm of a gradient before clipping; null for no bound.</summary>
    [Bounds(0, double.PositiveInfinity, Above = true)]
    public double? GradNorm { get; init; } = 1e6;

    /// <summary>
    /// Largest mean entropy, as a share of the logarithm of the vocabulary's size (the entropy of a model that knows nothing); null for no
    /// bound. In a step without a right completion ten times the entropy of the first three steps is too much, too, where that is above 1
    /// nat.
    /// </summary>
    [Bounds(0, 1, Above = true)]
    public double? Entropy { get; init; } = 0.7;

    /// <summary>
    /// Accuracy below this share of the run's best mean of five steps (of fewer, once they hold 100 completions) is a collapse; null for no
    /// bound. It counts where so few right answers in a row are no chance (1 in 500 for a policy as good as the best, each group counted
    /// once): small batches of hard problems have more such steps than <see cref="AccuracySteps"/> before one is found.
    /// </summary>
    [Bounds(0, 1, Above = true)]
    public double? Accuracy { get; init; } = 0.1;

    /// <summary>Least steps in a row that accuracy must lie there.</summary>
    [Bounds(1, 100_000)]
    public int AccuracySteps { get; init; } = 3;

    /// <summary>Largest mean divergence from the reference, where it is computed; null for no bound.</summary>
    [Bounds(0, double.PositiveInfinity, Above = true)]
    public double? Kl { get; init; }
}

/// <summary>When a run ends before its last step because held-out accuracy rises no more.</summary>
public sealed record EarlyStopSettings : ISettings
{
    /// <summary>Evaluations in a row without a better mean held-out accuracy that end the run; null never.</summary>
    [Bounds(1, 1_000_000)]
    public int? Patience { get; init; }

    /// <summary>A better accuracy is better by more than this.</summary>
    [Bounds(0, 1)]
    public double MinGain { get; init; }
}
