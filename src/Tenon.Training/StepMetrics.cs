namespace Tenon.Training;

/// <summary>The numbers of one step, by the stable names of <c>metrics.jsonl</c>. NaN is written as null (nothing to say).</summary>
/// <remarks>Rewards, accuracy, lengths and truncation cover all completions that were drawn, before any filter.</remarks>
public sealed record StepMetrics
{
    /// <summary>The step, from 1.</summary>
    public required int Step { get; init; }

    /// <summary>Seconds of the whole step.</summary>
    public double TimeS { get; init; } = double.NaN;

    /// <summary>Seconds of sampling.</summary>
    public double SampleS { get; init; } = double.NaN;

    /// <summary>Seconds of scoring under the old policy and the reference.</summary>
    public double ScoreS { get; init; } = double.NaN;

    /// <summary>Seconds of forward, backward and optimizer.</summary>
    public double TrainS { get; init; } = double.NaN;

    /// <summary>Tokens that were sampled.</summary>
    public long TokensSampled { get; init; }

    /// <summary>Completion tokens that entered the loss, each pass counted.</summary>
    public long TokensTrained { get; init; }

    /// <summary>Sampled tokens a second of sampling.</summary>
    public double SampleTokensPerS { get; init; } = double.NaN;

    /// <summary>Trained tokens a second of training.</summary>
    public double TrainTokensPerS { get; init; } = double.NaN;

    /// <summary>The process's peak resident size, in gigabytes (1e9 bytes).</summary>
    public double MemoryGb { get; init; } = double.NaN;

    /// <summary>Mean of the summed reward.</summary>
    public double RewardMean { get; init; } = double.NaN;

    /// <summary>Standard deviation of the summed reward.</summary>
    public double RewardStd { get; init; } = double.NaN;

    /// <summary>Mean of each reward by itself, by name.</summary>
    public IReadOnlyDictionary<string, double> Rewards { get; init; } = new Dictionary<string, double>();

    /// <summary>Share of completions with a full outcome reward.</summary>
    public double Accuracy { get; init; } = double.NaN;

    /// <summary>Groups with right and wrong answers.</summary>
    public int GroupsMixed { get; init; }

    /// <summary>Groups that are right throughout.</summary>
    public int GroupsAllRight { get; init; }

    /// <summary>Groups that are wrong throughout.</summary>
    public int GroupsAllWrong { get; init; }

    /// <summary>Groups that were drawn for this step.</summary>
    public int GroupsDrawn { get; init; }

    /// <summary>Mean length of a completion in tokens.</summary>
    public double LengthMean { get; init; } = double.NaN;

    /// <summary>The longest completion in tokens.</summary>
    public int LengthMax { get; init; }

    /// <summary>Share of completions that reached the length limit.</summary>
    public double Truncated { get; init; } = double.NaN;

    /// <summary>What was skipped, by reason (prompts too long, verdicts that could not be given).</summary>
    public IReadOnlyDictionary<string, long> Skipped { get; init; } = new Dictionary<string, long>();

    /// <summary>Mean entropy of a trained token's distribution, in nats.</summary>
    public double Entropy { get; init; } = double.NaN;

    /// <summary>Mean divergence from the model without adapter; NaN where it is not computed.</summary>
    public double Kl { get; init; } = double.NaN;

    /// <summary>The largest importance ratio.</summary>
    public double RatioMax { get; init; } = double.NaN;

    /// <summary>Share of loss tokens clipped from below.</summary>
    public double ClipLow { get; init; } = double.NaN;

    /// <summary>Share of loss tokens clipped from above.</summary>
    public double ClipHigh { get; init; } = double.NaN;

    /// <summary>The loss, mean over the step's optimizer steps.</summary>
    public double Loss { get; init; } = double.NaN;

    /// <summary>Norm of the gradient before clipping, of the last optimizer step.</summary>
    public double GradNorm { get; init; } = double.NaN;

    /// <summary>Learning rate of the last optimizer step.</summary>
    public double LearningRate { get; init; } = double.NaN;

    /// <summary>Norm of the parameters' change over the step.</summary>
    public double UpdateNorm { get; init; } = double.NaN;

    /// <summary>Largest difference between the log-probability a token was sampled with and the one that the trainer computed; 0 by construction.</summary>
    public double LogpDifferenceMax { get; init; } = double.NaN;

    /// <summary>What a method adds, under its own name (<c>adalora/budget</c>).</summary>
    public IReadOnlyDictionary<string, double> Extra { get; init; } = new Dictionary<string, double>();

    /// <summary>Accuracy on benchmarks, where this step was evaluated, by <c>NAME@K</c>.</summary>
    public IReadOnlyDictionary<string, double> Evaluations { get; init; } = new Dictionary<string, double>();
}
