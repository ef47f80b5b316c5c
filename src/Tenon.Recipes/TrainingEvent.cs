using Tenon.Runs;
using Tenon.Training;

namespace Tenon.Recipes;

/// <summary>What happens in a run, in the order it happens, on the thread that trains.</summary>
public abstract record TrainingEvent;

/// <summary>The run begins, or goes on from a checkpoint.</summary>
/// <param name="Start">What it trains, and from which step on.</param>
public sealed record RunStarted(RunStart Start) : TrainingEvent;

/// <summary>The step has moved on.</summary>
/// <param name="Phase">What it does now.</param>
/// <param name="Share">How far that is, 0 to 1.</param>
public sealed record PhaseMoved(StepPhase Phase, double Share) : TrainingEvent;

/// <summary>A step is done and logged.</summary>
/// <param name="Metrics">Its line of <c>metrics.jsonl</c>.</param>
public sealed record StepDone(StepMetrics Metrics) : TrainingEvent;

/// <summary>One of the step's completions with its verdict.</summary>
/// <param name="Sample">The completion.</param>
public sealed record SampleJudged(SampleShown Sample) : TrainingEvent;

/// <summary>A checkpoint is on disk.</summary>
/// <param name="Step">The step after which it was written.</param>
/// <param name="Folder">A PEFT adapter folder with the trainer's state beside it.</param>
public sealed record CheckpointWritten(int Step, string Folder) : TrainingEvent;

/// <summary>An evaluation is done.</summary>
/// <param name="Evaluation">Its figures.</param>
public sealed record EvaluationDone(EvaluationShown Evaluation) : TrainingEvent;

/// <summary>A remark that a person should read once.</summary>
/// <param name="Text">A sentence.</param>
public sealed record Remark(string Text) : TrainingEvent;

/// <summary>The run is done or was asked to stop; its last checkpoint is on disk.</summary>
/// <param name="End">How it ended.</param>
public sealed record RunEnded(RunEnd End) : TrainingEvent;

/// <summary>Hands a run's events to one function.</summary>
internal sealed class EventObserver(Action<TrainingEvent> events) : ITrainingObserver
{
    public void OnStart(RunStart run) => events(new RunStarted(run));

    public void OnPhase(StepPhase phase, double share) => events(new PhaseMoved(phase, share));

    public void OnStep(StepMetrics metrics) => events(new StepDone(metrics));

    public void OnSample(SampleShown sample) => events(new SampleJudged(sample));

    public void OnCheckpoint(int step, string folder) => events(new CheckpointWritten(step, folder));

    public void OnEvaluation(EvaluationShown evaluation) => events(new EvaluationDone(evaluation));

    public void OnMessage(string message) => events(new Remark(message));

    public void OnEnd(RunEnd end) => events(new RunEnded(end));
}
