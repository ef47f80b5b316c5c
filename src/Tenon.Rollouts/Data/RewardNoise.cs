using Tenon.Rewards;

namespace Tenon.Rollouts.Data;

/// <summary>
/// Turns verdicts of outcome rewards round with the probabilities of <see cref="RewardNoiseSettings"/>. Whether one is turned is a pure
/// function of seed, step, draw, sample and reward.
/// </summary>
/// <param name="settings">The probabilities.</param>
/// <param name="rewards">The rewards, in the recipe's order.</param>
/// <param name="seed">The run's seed.</param>
public sealed class RewardNoise(RewardNoiseSettings settings, IReadOnlyList<WeightedReward> rewards, ulong seed)
{
    /// <summary>The reason of a wrong completion that is called right.</summary>
    public const string FalsePositive = "false-positive";

    /// <summary>The reason of a right completion that is called wrong.</summary>
    public const string FalseNegative = "false-negative";

    /// <summary>The group as training sees it.</summary>
    public RolloutGroup Of(RolloutGroup group) => group with
    {
        Rollouts = [.. group.Rollouts.Select((rollout, sample) => rollout with
        {
            Verdicts = [.. rollout.Verdicts.Select((verdict, k) => Of(verdict, k, group.Step, group.Draw, sample))],
        })],
    };

    /// <summary>
    /// The greedy answer of a group of one as training sees it: a baseline is judged by the same faulty verifier. Its place is behind all
    /// samples.
    /// </summary>
    public Rollout OfGreedy(RolloutGroup group) => group.Rollouts[0] with
    {
        Verdicts = [.. group.Rollouts[0].Verdicts.Select((verdict, k) => Of(verdict, k, group.Step, group.Draw, -1))],
    };

    private Verdict Of(Verdict verdict, int k, int step, int draw, int sample)
    {
        if (!rewards[k].Reward.IsOutcome || verdict.Correct is not { } right) return verdict;
        var drawn = new RandomKey(seed).UniformDouble(RandomPurpose.RewardNoise, step, (uint)draw, (uint)sample, (uint)k);
        if (drawn >= (right ? settings.FalseNegative : settings.FalsePositive)) return verdict;
        var scores = rewards[k].Reward.Scores;
        return right
            ? verdict with { Correct = false, Score = scores.Wrong, Reason = FalseNegative }
            : verdict with { Correct = true, Score = scores.Right, Reason = FalsePositive };
    }
}
