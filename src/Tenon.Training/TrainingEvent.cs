using Tenon.Rewards;
using Tenon.Runs;

namespace Tenon.Training;

/// <summary>
/// What happens in a run, in the order it happens, told on the thread that trains: to a display, a dashboard, a test. Who hears it sees the
/// run and never changes it.
/// </summary>
public abstract record TrainingEvent;

/// <summary>The run begins, or goes on from a checkpoint.</summary>
/// <param name="Folder">The run folder.</param>
/// <param name="Model">The model, as the recipe names it.</param>
/// <param name="Method">The adapter's method.</param>
/// <param name="Steps">Steps of the whole run.</param>
/// <param name="FirstStep">The step it goes on after; 0 for a fresh run.</param>
/// <param name="Trainable">Trained parameters.</param>
/// <param name="Parameters">All parameters of the model.</param>
public sealed record RunStarted(string Folder, string Model, string Method, int Steps, int FirstStep, long Trainable, long Parameters)
    : TrainingEvent
{
    /// <summary>The metrics that a person wants to see of each step: what the objective is about.</summary>
    public IReadOnlyList<Metric> Shown { get; init; } = [];
}

/// <summary>What a step does.</summary>
public enum StepPhase
{
    /// <summary>Sampling completions.</summary>
    Sampling,

    /// <summary>Scoring them under the old policy or the reference.</summary>
    Scoring,

    /// <summary>Forward, backward and optimizer.</summary>
    Training,

    /// <summary>Evaluating on held-out problems.</summary>
    Evaluating,
}

/// <summary>The step has moved on.</summary>
/// <param name="Phase">What it does now.</param>
/// <param name="Share">How far that is, 0 to 1.</param>
public sealed record PhaseMoved(StepPhase Phase, double Share) : TrainingEvent;

/// <summary>A step is done and logged.</summary>
/// <param name="Metrics">Its line of <c>metrics.jsonl</c>.</param>
public sealed record StepDone(StepMetrics Metrics) : TrainingEvent;

/// <summary>One of the step's completions, chosen by the trainer, with its verdict.</summary>
/// <param name="Step">The step it was sampled in.</param>
/// <param name="Problem">The question.</param>
/// <param name="Completion">The text, special tokens left out.</param>
/// <param name="Gold">The right answer.</param>
/// <param name="Verdict">The outcome reward's verdict.</param>
/// <param name="Tokens">Its length.</param>
/// <param name="Truncated">True where it reached the limit.</param>
public sealed record SampleJudged(int Step, string Problem, string Completion, string Gold, Verdict Verdict, int Tokens, bool Truncated)
    : TrainingEvent;

/// <summary>A checkpoint is on disk.</summary>
/// <param name="Step">The step after which it was written.</param>
/// <param name="Folder">A PEFT adapter folder with the trainer's state beside it.</param>
public sealed record CheckpointWritten(int Step, string Folder) : TrainingEvent;

/// <summary>An evaluation is done.</summary>
/// <param name="Step">The step after which it was made; 0 is before training.</param>
/// <param name="Benchmark"><c>NAME@K</c>.</param>
/// <param name="Accuracy">avg@K, 0 to 1.</param>
/// <param name="StandardError">Its standard error over problems; NaN below two problems.</param>
/// <param name="Problems">Problems.</param>
/// <param name="Samples">Samples a problem.</param>
/// <param name="PassAtK">pass@K, 0 to 1.</param>
/// <param name="Truncated">Share of completions that reached the limit.</param>
/// <param name="LengthMean">Mean length in tokens.</param>
public sealed record EvaluationDone(
    int Step, string Benchmark, double Accuracy, double StandardError, int Problems, int Samples, double PassAtK, double Truncated,
    double LengthMean) : TrainingEvent
{
    /// <summary>Lower end of the accuracy's 95 % interval.</summary>
    public double Low { get; init; } = double.NaN;

    /// <summary>Its upper end.</summary>
    public double High { get; init; } = double.NaN;

    /// <summary>
    /// The standard error, or what the interval says of it where that is more: 0 of 64 has no scatter and is no certainty.
    /// </summary>
    public double HonestError => Honest(StandardError, Low, High);

    internal static double Honest(double error, double low, double high) =>
        double.IsFinite(high - low) ? Math.Max(error, (high - low) / (2 * 1.96)) : error;

    /// <summary>Standard error of pass@K over problems; NaN where it is not known.</summary>
    public double PassAtKError { get; init; } = double.NaN;
}

/// <summary>The perplexity of a text is taken.</summary>
/// <param name="Step">The step after which it was taken; 0 is before training.</param>
/// <param name="Text">The text's name.</param>
/// <param name="Perplexity">Perplexity by token.</param>
/// <param name="Low">Lower end of its 95 % interval over documents; NaN where there is none.</param>
/// <param name="High">Its upper end.</param>
/// <param name="StandardError">Standard error of nats a token.</param>
public sealed record TextDone(int Step, string Text, double Perplexity, double Low, double High, double StandardError) : TrainingEvent;

/// <summary>A remark that a person should read once (a key that the method has no use for, skipped prompts ...).</summary>
/// <param name="Text">A sentence.</param>
public sealed record Remark(string Text) : TrainingEvent;

/// <summary>The run is done or was asked to stop; its last checkpoint is on disk.</summary>
/// <param name="Step">Steps that are done.</param>
/// <param name="Steps">Steps of the whole run.</param>
/// <param name="Stopped">True where it was asked to stop before its last step.</param>
/// <param name="Adapter">The folder of the last checkpoint: a PEFT adapter folder; empty where there is none.</param>
/// <param name="Seconds">Seconds that this process worked on it.</param>
public sealed record RunEnded(int Step, int Steps, bool Stopped, string Adapter, double Seconds) : TrainingEvent
{
    /// <summary>Why a stop rule ended the run before its last step; null where none did.</summary>
    public string? Early { get; init; }

    /// <summary>What <c>tenon eval MODEL --adapter DIR</c> needs to repeat the run's own evaluation; empty where it has none.</summary>
    public IReadOnlyList<string> EvaluateArguments { get; init; } = [];
}
