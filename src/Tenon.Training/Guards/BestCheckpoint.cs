using Tenon.Runs;
using Tenon.Training.Settings;

namespace Tenon.Training.Guards;

/// <summary>
/// The best step so far by the mean accuracy over the run's benchmarks: its checkpoint is kept whatever its age, and patience ends the run.
/// </summary>
internal static class BestCheckpoint
{
    /// <summary>The state after a step that may have been evaluated; an equal or smaller accuracy is no better.</summary>
    public static TrainerState After(TrainerState state, StepMetrics metrics, EarlyStopSettings settings)
    {
        var accuracies = metrics.Where(pair => pair.Key.Place == StepMetric.Evaluation.Member.Place && double.IsFinite(pair.Value))
            .Select(pair => pair.Value).ToList();
        if (accuracies.Count == 0) return state;
        var mean = accuracies.Sum() / accuracies.Count;
        return state.BestStep is null || mean > state.BestAccuracy + settings.MinGain
            ? state with { BestStep = metrics.Step, BestAccuracy = mean, SinceBest = 0 }
            : state with { SinceBest = state.SinceBest + 1 };
    }

    /// <summary>True where patience is used up.</summary>
    public static bool Ends(TrainerState state, EarlyStopSettings settings) =>
        settings.Patience is { } patience && state.SinceBest >= patience;
}
