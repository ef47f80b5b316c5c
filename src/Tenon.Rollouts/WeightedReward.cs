using Tenon.Rewards;

namespace Tenon.Rollouts;

/// <summary>A reward with its weight in the sum.</summary>
/// <param name="Reward">The reward.</param>
/// <param name="Weight">Its factor.</param>
public sealed record WeightedReward(IReward Reward, double Weight = 1)
{
    /// <summary>
    /// The outcome of a completion by its verdicts, one a reward: right where every outcome reward says so; null where one of them skipped
    /// it.
    /// </summary>
    public static bool? Outcome(IReadOnlyList<WeightedReward> rewards, IReadOnlyList<Verdict> verdicts)
    {
        bool? right = null;
        for (var k = 0; k < rewards.Count; k++)
        {
            if (!rewards[k].Reward.IsOutcome) continue;
            if (verdicts[k].Correct is not { } correct) return null;
            right = (right ?? true) && correct;
        }

        return right;
    }
}
