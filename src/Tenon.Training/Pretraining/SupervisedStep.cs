using System.Text.Json.Nodes;

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
public sealed record SupervisedStep(int Step, double Loss, double GradNorm, double UpdateNorm, double LearningRate, long Tokens, double Seconds, double? Accuracy)
{
    /// <summary>The step as a line of <c>metrics.jsonl</c>, under the names that reinforcement learning uses; time and memory are <see cref="MetricsLog.TimeFields"/>.</summary>
    public string ToLine()
    {
        var line = new JsonObject
        {
            ["step"] = Step, ["time_s"] = Seconds, ["tokens_trained"] = Tokens, ["train_tokens_per_s"] = Tokens / Math.Max(1e-9, Seconds), ["memory_gb"] = ProcessMemory.PeakBytes() / 1e9,
            ["loss"] = Loss, ["grad_norm"] = GradNorm, ["learning_rate"] = LearningRate, ["update_norm"] = UpdateNorm,
        };
        if (Accuracy is { } accuracy) line["accuracy"] = accuracy;
        return line.ToJsonString();
    }
}
