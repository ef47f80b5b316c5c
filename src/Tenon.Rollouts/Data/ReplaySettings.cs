namespace Tenon.Rollouts.Data;

/// <summary>
/// Groups with right and wrong completions that are trained on again in later steps, with the log-probabilities they were sampled with: the
/// importance ratio is exact however old they are.
/// </summary>
public sealed record ReplaySettings : ISettings
{
    /// <summary>
    /// Largest share of a batch that is replayed. Replayed groups take the place of groups that are right or wrong throughout; under
    /// dynamic sampling so many fewer are drawn.
    /// </summary>
    [Bounds(0, 1, Above = true)]
    public double Share { get; init; } = 0.25;

    /// <summary>Groups that are kept for it; the oldest give way.</summary>
    [Bounds(1, 1_000_000)]
    public int Size { get; init; } = 64;

    /// <summary>Steps after which a group is no longer replayed.</summary>
    [Bounds(1, 10_000_000)]
    public int MaxAge { get; init; } = 16;
}
