using System.Text.Json.Nodes;

namespace Tenon.Training;

/// <summary>The lines of <c>samples/</c>: every completion that was drawn, with its verdicts.</summary>
internal static class SampleLines
{
    public static IEnumerable<JsonObject> Of(int step, BatchStatistics statistics)
    {
        for (var g = 0; g < statistics.Drawn.Count; g++)
        {
            var group = statistics.Drawn[g];
            for (var s = 0; s < group.Rollouts.Count; s++)
            {
                var rollout = group.Rollouts[s];
                yield return new SampleRecord
                {
                    Step = step,
                    Group = g,
                    Sample = s,
                    Problem = group.Problem,
                    Completion = rollout.Text,
                    Tokens = rollout.Sampled.Ids.Length,
                    Truncated = rollout.IsTruncated,
                    Reward = statistics.RewardOf(rollout),
                    Verdicts = [.. rollout.Verdicts.Select((v, k) => (statistics.RewardName(k), v))],
                }.ToJson();
            }
        }
    }
}
