using Tenon.Runs;
using Tenon.Training;

namespace Tenon.Cli.Display;

/// <summary>What a step says about its objective, a few words each.</summary>
internal static class ObjectiveFigures
{
    /// <summary>The figures of a step, as the run's objective wants them.</summary>
    public static IEnumerable<string> Of(RunStarted? run, StepMetrics m)
    {
        foreach (var metric in run?.Shown ?? [])
        {
            if (metric == StepMetric.ClipLow) continue;
            yield return metric == StepMetric.ClipHigh ? $"clipped {Figures.Percent(m[StepMetric.ClipLow] + m[StepMetric.ClipHigh])}"
                : metric == StepMetric.Kl ? $"KL {Figures.Number(m[metric])}"
                : $"{metric.Title}: {(metric.Unit == Unit.Share ? Figures.Percent(m[metric]) : Figures.Number(m[metric]))}";
        }
    }
}
