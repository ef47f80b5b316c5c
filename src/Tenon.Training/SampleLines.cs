using System.Text.Json.Nodes;
using Tenon.Runs;
using Tenon.Training.Rollouts;

namespace Tenon.Training;

/// <summary>The lines of <c>samples/</c>: every completion that was drawn, with its verdicts and the advantage it was trained with.</summary>
internal static class SampleLines
{
    /// <summary>The lines of a step; <paramref name="advantageOf"/> is NaN for a completion that is not trained on.</summary>
    public static IEnumerable<JsonObject> Of(int step, BatchStatistics statistics, Func<Rollout, double> advantageOf)
    {
        for (var g = 0; g < statistics.Drawn.Count; g++)
        {
            var group = statistics.Drawn[g];
            for (var s = 0; s < group.Rollouts.Count; s++)
                yield return Record(step, g, s, group, statistics, advantageOf(group.Rollouts[s])).ToJson();
        }
    }

    private static SampleRecord Record(int step, int g, int s, RolloutGroup group, BatchStatistics statistics, double advantage)
    {
        var rollout = group.Rollouts[s];
        // The outcome's verdict speaks for the completion: of several rewards, the first that says right or wrong.
        var outcome = rollout.Verdicts.FirstOrDefault(verdict => verdict.Correct is not null) ?? rollout.Verdicts.FirstOrDefault();
        return new SampleRecord
        {
            Step = step,
            Group = g,
            Sample = s,
            Id = group.Problem.Id,
            Problem = group.Problem.Text,
            Answer = group.Problem.Answer,
            Completion = rollout.Text,
            Tokens = rollout.Sampled.Ids.Length,
            Truncated = rollout.IsTruncated,
            Reward = statistics.RewardOf(rollout),
            Advantage = advantage,
            Correct = outcome?.Correct,
            Reason = outcome?.Reason,
            Extracted = outcome?.Extracted,
            Rewards = [.. rollout.Verdicts.Select((v, k) => (statistics.RewardName(k), v.Score, v.Skipped))],
        };
    }
}
