namespace Tenon.Rewards.Format;

/// <summary>What the steps reward pays for.</summary>
public sealed record StepsRewardSettings : ISettings
{
    /// <summary>
    /// <c>share</c>: right steps among the checked ones. <c>before-error</c>: right steps before the first wrong one, among the checked
    /// ones. <c>clean</c>: 1 where no step is wrong.
    /// </summary>
    [Words("share", "before-error", "clean")]
    public string Score { get; init; } = "share";

    /// <summary>
    /// A completion with fewer checked steps gets its share of the score (1 of 2: half of it), so that one safe sum does not pay like a
    /// whole derivation.
    /// </summary>
    [Bounds(1, 1000)]
    public int MinSteps { get; init; } = 2;

    /// <summary>The reward of a completion in which nothing could be checked.</summary>
    [Bounds(-1, 1)]
    public double Unchecked { get; init; }

    /// <summary>False leaves out what stands in a think block, where trials and dead ends belong.</summary>
    public bool Thinking { get; init; } = true;
}
