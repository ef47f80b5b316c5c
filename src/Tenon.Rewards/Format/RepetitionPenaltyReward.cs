using Tenon.Rewards.Shaping;

namespace Tenon.Rewards.Format;

/// <summary>Settings of <see cref="RepetitionPenaltyReward"/>.</summary>
public sealed record RepetitionPenaltySettings : ISettings
{
    /// <summary>Length of the runs of tokens that are compared.</summary>
    [Bounds(1, 1000)]
    public int Ngram { get; init; } = 3;

    /// <summary>The reward, 0 or less, of a completion that only repeats itself.</summary>
    [Bounds(double.NegativeInfinity, 0, Below = true)]
    public double MaxPenalty { get; init; } = -1;
}

/// <summary>
/// A penalty on repeated runs of tokens: (1 - distinct / all) times the largest penalty (arXiv 2502.03373). It shapes, it judges no
/// outcome.
/// </summary>
public sealed class RepetitionPenaltyReward(RepetitionPenaltySettings settings) : IReward
{
    /// <inheritdoc/>
    public string Name => "repetition-penalty";

    /// <inheritdoc/>
    public bool IsOutcome => false;

    /// <inheritdoc/>
    public Verdict Judge(Problem problem, in Completion completion)
    {
        var score = RepetitionPenalty.Reward(completion.TokenIds.Span, settings.Ngram, settings.MaxPenalty);
        return new Verdict(score, null, score == 0 ? "no-repetition" : "repetition");
    }
}
