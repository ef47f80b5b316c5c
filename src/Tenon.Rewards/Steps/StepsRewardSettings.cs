using Tenon.Rewards.Settings;

namespace Tenon.Rewards.Steps;

/// <summary>What the steps reward pays for.</summary>
public sealed record StepsRewardSettings : ICheckedSettings
{
    /// <summary>
    /// <c>share</c>: right steps among the checked ones. <c>before-error</c>: right steps before the first wrong one, among the checked ones. <c>clean</c>: 1 where no step is wrong.
    /// </summary>
    public string Score { get; init; } = "share";

    /// <summary>A completion with fewer checked steps gets its share of the score (1 of 2: half of it), so that one safe sum does not pay like a whole derivation.</summary>
    public int MinSteps { get; init; } = 2;

    /// <summary>The reward of a completion in which nothing could be checked.</summary>
    public double Unchecked { get; init; }

    /// <summary>False leaves out what stands in a think block, where trials and dead ends belong.</summary>
    public bool Thinking { get; init; } = true;

    /// <inheritdoc/>
    public IEnumerable<SettingFault> Faults()
    {
        if (Score is not ("share" or "before-error" or "clean")) yield return new("score", $"expected share, before-error or clean, got '{Score}'");
        if (MinSteps is < 1 or > 1000) yield return new("min-steps", "expected 1 to 1000");
        if (Unchecked is < -1 or > 1) yield return new("unchecked", "expected -1 to 1");
    }
}
