using Tenon.Rollouts;
using Tenon.Runs;

namespace Tenon.Training;

/// <summary>The metrics of a step that its rollouts decide.</summary>
internal static class RolloutMetrics
{
    public static void Fill(StepMetrics metrics, RolloutBatch drawn, bool dynamicSampling)
    {
        drawn.Statistics.Fill(metrics);
        metrics[StepMetric.GroupsKept] = drawn.Groups.Count;
        foreach (var (name, level) in drawn.Levels) metrics[StepMetric.Level[name]] = level;
        if (drawn.Replayed is { } replayed)
        {
            metrics[StepMetric.GroupsReplayed] = replayed;
            // What was carried over stands first, what is replayed behind it: both are older than the step.
            var ages = drawn.Groups.Skip(drawn.Carried).Where(g => g.Step < metrics.Step).Select(g => metrics.Step - g.Step).ToList();
            metrics[StepMetric.ReplayAge] = ages.Count == 0 ? double.NaN : ages.Average();
        }

        if (!dynamicSampling) return;
        metrics[StepMetric.GroupsMissing] = Math.Max(0, drawn.Wanted - drawn.Groups.Count);
        metrics[StepMetric.GroupsDropped] = drawn.Dropped;
        metrics[StepMetric.GroupsCarried] = drawn.Carried;
        metrics[StepMetric.Acceptance] = drawn.Statistics.Drawn.Count == 0
            ? double.NaN : drawn.Statistics.Drawn.Count(drawn.Statistics.IsMixed) / (double)drawn.Statistics.Drawn.Count;
        metrics[StepMetric.TokensUnused] = drawn.TokensUnused;
    }
}
