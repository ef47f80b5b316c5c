using System.Text.Json.Nodes;
using Tenon.Rollouts;
using Tenon.Runs;
using Tenon.Text.Prompting;

namespace Tenon.Training;

/// <summary>
/// The lines of <c>samples/</c>: every completion that was drawn, with its verdicts and the advantage it was trained with.
/// </summary>
internal static class SampleLines
{
    /// <summary>The lines of a step; <paramref name="advantages"/> are those of the batch's completions, in order.</summary>
    public static IEnumerable<JsonObject> Of(int step, RolloutBatch batch, double[] advantages, PromptEncoder encoder)
    {
        var trained = new Dictionary<object, double>(ReferenceEqualityComparer.Instance);
        foreach (var (rollout, advantage) in batch.Groups.SelectMany(g => g.Rollouts).Zip(advantages)) trained[rollout] = advantage;
        for (var g = 0; g < batch.Statistics.Drawn.Count; g++)
        {
            var group = batch.Statistics.Drawn[g];
            var prompt = encoder.Tokenizer.Decode(group.Prompt);
            for (var s = 0; s < group.Rollouts.Count; s++)
                yield return Record(step, g, s, group, prompt, batch.Statistics, trained.GetValueOrDefault(group.Rollouts[s], double.NaN))
                    .ToJson();
        }
    }

    /// <summary>The completion of a step that a person is shown: the last that was drawn; null where none was.</summary>
    public static SampleJudged? Shown(int step, RolloutStatistics statistics, IReadOnlyList<WeightedReward> rewards)
    {
        if (statistics.Drawn.Count == 0) return null;
        var group = statistics.Drawn[^1];
        var rollout = group.Rollouts[^1];
        var outcome = Math.Max(0, rewards.ToList().FindIndex(r => r.Reward.IsOutcome));
        return new SampleJudged(
            step, group.Problem.Text, rollout.Text, group.Problem.Answer, rollout.Verdicts[outcome], rollout.Sampled.Ids.Length,
            rollout.IsTruncated);
    }

    private static SampleRecord Record(int step, int g, int s, RolloutGroup group, string prompt, RolloutStatistics statistics,
        double advantage)
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
            Prompt = prompt,
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
