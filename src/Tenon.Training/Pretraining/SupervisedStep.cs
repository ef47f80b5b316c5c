using Tenon.Runs;

namespace Tenon.Training.Pretraining;

/// <summary>One step of supervised training.</summary>
/// <param name="Step">Counted from 1.</param>
/// <param name="Loss">Mean negative log-probability of a completion token.</param>
/// <param name="GradNorm">Before clipping.</param>
/// <param name="UpdateNorm">Norm of the change.</param>
/// <param name="LearningRate">Used in this step.</param>
/// <param name="Tokens">Completion tokens.</param>
/// <param name="Seconds">Time of the step.</param>
/// <param name="Accuracy">Share of held-out problems answered right at temperature 1; null where it was not measured.</param>
public sealed record SupervisedStep(int Step, double Loss, double GradNorm, double UpdateNorm, double LearningRate, long Tokens,
    double Seconds, double? Accuracy)
{
    /// <summary>The step's metrics, under the names that reinforcement learning uses.</summary>
    public StepMetrics ToMetrics()
    {
        var metrics = new StepMetrics(Step)
        {
            { StepMetric.Time, Seconds },
            { StepMetric.TokensTrained, Tokens },
            { StepMetric.TrainSpeed, Tokens / Math.Max(1e-9, Seconds) },
            { StepMetric.Memory, ProcessMemory.PeakBytes() / 1e9 },
            { StepMetric.Loss, Loss },
            { StepMetric.GradNorm, GradNorm },
            { StepMetric.LearningRate, LearningRate },
            { StepMetric.UpdateNorm, UpdateNorm },
        };
        if (Accuracy is { } accuracy) metrics[StepMetric.Accuracy] = accuracy;
        return metrics;
    }
}
