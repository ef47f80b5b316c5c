using System.Diagnostics;
using Tenon.Runs;

namespace Tenon.Training;

/// <summary>Times the phases of a step and says where it is.</summary>
internal sealed class StepClock(Action<TrainingEvent> events)
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly List<(StepPhase Phase, double Start)> _phases = [];

    /// <summary>The step goes on to a phase.</summary>
    public void Begin(StepPhase phase)
    {
        _phases.Add((phase, _clock.Elapsed.TotalSeconds));
        events(new PhaseMoved(phase, 0));
    }

    /// <summary>
    /// Fills the metrics of time, speed and memory; the step ends here. <paramref name="sampling"/> is the time of sampling where it went on
    /// beside the training of the step before; null where the step has waited for all of it.
    /// </summary>
    public void WriteTo(StepMetrics metrics, double? sampling = null)
    {
        var end = _clock.Elapsed.TotalSeconds;
        metrics[StepMetric.Time] = end;
        metrics[StepMetric.SampleTime] = sampling ?? Of(StepPhase.Sampling, end);
        metrics[StepMetric.ScoreTime] = Of(StepPhase.Scoring, end);
        metrics[StepMetric.TrainTime] = Of(StepPhase.Training, end);
        metrics[StepMetric.SampleSpeed] = metrics[StepMetric.TokensSampled] / Math.Max(1e-9, metrics[StepMetric.SampleTime]);
        metrics[StepMetric.TrainSpeed] = metrics[StepMetric.TokensTrained] / Math.Max(1e-9, metrics[StepMetric.TrainTime]);
        metrics[StepMetric.Memory] = ProcessMemory.PeakBytes() / 1e9;
    }

    private double Of(StepPhase phase, double end)
    {
        var at = _phases.FindIndex(p => p.Phase == phase);
        return (at + 1 < _phases.Count ? _phases[at + 1].Start : end) - _phases[at].Start;
    }
}
