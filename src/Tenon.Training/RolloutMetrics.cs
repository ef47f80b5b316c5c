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
        if (!dynamicSampling) return;
        metrics[StepMetric.GroupsMissing] = Math.Max(0, drawn.Wanted - drawn.Groups.Count);
        metrics[StepMetric.GroupsDropped] = drawn.Dropped;
        metrics[StepMetric.GroupsCarried] = drawn.Carried;
        metrics[StepMetric.Acceptance] = drawn.Statistics.Drawn.Count == 0
            ? double.NaN : drawn.Statistics.Drawn.Count(drawn.Statistics.IsMixed) / (double)drawn.Statistics.Drawn.Count;
        metrics[StepMetric.TokensUnused] = drawn.TokensUnused;
    }
}
