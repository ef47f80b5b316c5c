using Tenon.Rewards.Shaping;

namespace Tenon.Rewards.Format;

/// <summary>Settings of <see cref="SoftOverlongReward"/>.</summary>
public sealed record SoftOverlongSettings : ISettings
{
    /// <summary>Tokens before the limit over which the penalty grows from 0 to 1.</summary>
    [Bounds(1, int.MaxValue)]
    public int Buffer { get; init; } = 64;
}

/// <summary>
/// DAPO's soft overlong punishment: 0 up to limit - buffer tokens, falling in a line to -1 at the limit. It shapes, it judges no outcome.
/// </summary>
public sealed class SoftOverlongReward(SoftOverlongSettings settings) : IReward
{
    /// <inheritdoc/>
    public string Name => "soft-overlong";

    /// <inheritdoc/>
    public bool IsOutcome => false;

    /// <inheritdoc/>
    public Verdict Judge(Problem problem, in Completion completion)
    {
        var score = SoftOverlong.Reward(completion.Tokens, completion.MaxTokens, settings.Buffer);
        return new Verdict(score, null, score == 0 ? "within" : "overlong");
    }
}
