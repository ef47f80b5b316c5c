using System.Text.Json.Nodes;

namespace Tenon.Training;

/// <summary>The lines of <c>samples/</c>: every completion that was drawn, with its verdicts.</summary>
internal static class SampleLines
{
    public static IEnumerable<JsonObject> Of(int step, BatchStatistics statistics)
    {
        foreach (var group in statistics.Drawn)
            for (var s = 0; s < group.Rollouts.Count; s++)
            {
                var rollout = group.Rollouts[s];
                yield return new JsonObject
                {
                    ["step"] = step,
                    ["draw"] = group.Draw,
                    ["sample"] = s,
                    ["id"] = group.Problem.Id,
                    ["problem"] = group.Problem.Text,
                    ["gold"] = group.Problem.Answer,
                    ["completion"] = rollout.Text,
                    ["tokens"] = rollout.Sampled.Ids.Length,
                    ["truncated"] = rollout.IsTruncated,
                    ["reward"] = statistics.RewardOf(rollout) is var reward && double.IsNaN(reward) ? null : reward,
                    ["correct"] = statistics.IsRight(rollout),
                    ["reasons"] = new JsonArray([.. rollout.Verdicts.Select(v => (JsonNode)v.Reason)]),
                    ["logp"] = rollout.Sampled.FullLogProbabilities.Sum(v => (double)v),
                };
            }
    }
}
