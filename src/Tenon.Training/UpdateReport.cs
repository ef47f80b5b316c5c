using Tenon.Training.Objectives;

namespace Tenon.Training;

/// <summary>What the optimizer steps of one batch report together: means over them, but the largest ratio and the largest difference.</summary>
internal sealed record UpdateReport
{
    public double Loss { get; init; } = double.NaN;

    public double Entropy { get; init; } = double.NaN;

    public double Kl { get; init; } = double.NaN;

    public double RatioMax { get; init; } = double.NaN;

    public double ClipLow { get; init; } = double.NaN;

    public double ClipHigh { get; init; } = double.NaN;

    public double GradNorm { get; init; } = double.NaN;

    public double UpdateNorm { get; init; } = double.NaN;

    public double LearningRate { get; init; } = double.NaN;

    public double LogpDifferenceMax { get; init; } = double.NaN;

    public long Tokens { get; init; }

    /// <summary>What the method reported, as of the last optimizer step that did.</summary>
    public IReadOnlyDictionary<string, double> Extra { get; init; } = new Dictionary<string, double>();

    public UpdateReport Add(LossReport loss, double gradNorm, double updateNorm, double learningRate) => this with
    {
        Loss = Sum(Loss, loss.Loss),
        Entropy = Sum(Entropy, loss.Entropy),
        Kl = Sum(Kl, loss.Kl),
        RatioMax = double.IsNaN(RatioMax) ? loss.RatioMax : Math.Max(RatioMax, loss.RatioMax),
        ClipLow = Sum(ClipLow, loss.ClipLow),
        ClipHigh = Sum(ClipHigh, loss.ClipHigh),
        GradNorm = Sum(GradNorm, gradNorm),
        UpdateNorm = Sum(UpdateNorm, updateNorm),
        LearningRate = learningRate,
        Tokens = Tokens + loss.Tokens,
    };

    public UpdateReport Mean(int updates) => this with
    {
        Loss = Loss / updates,
        Entropy = Entropy / updates,
        Kl = Kl / updates,
        ClipLow = ClipLow / updates,
        ClipHigh = ClipHigh / updates,
        GradNorm = GradNorm / updates,
        UpdateNorm = UpdateNorm / updates,
    };

    private static double Sum(double sum, double value) => double.IsNaN(sum) ? value : sum + value;
}
