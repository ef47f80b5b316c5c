using static Tenon.ExactMath;

namespace Tenon.Evaluation.Statistics;

/// <summary>
/// The interval of a mean accuracy from several 0 or 1 a problem. Its ends are means, on the arcsine of the root, of two intervals' ends.
/// Wilson's at the effective sample size asks for no shape of difficulty, but is narrow where few problems carry the mean; the
/// beta-binomial posterior knows that the next problems may be like those few, but only where difficulty has the shape of a beta
/// distribution, and the error of a wrong shape does not shrink as the interval does. So the posterior has the weight of 30 problems beside
/// those that are there. Where every problem is all right or all wrong, its samples are as good as one, and the interval is that of one.
/// </summary>
internal static class RepeatedInterval
{
    private const double Posterior = 30;

    /// <param name="problems">Right samples and samples of each problem.</param>
    /// <param name="spread">Mean and standard error over the problems.</param>
    /// <param name="confidence">How often the interval is to hold the true mean.</param>
    public static (double Low, double High) Of(
        IReadOnlyList<(int Correct, int Samples)> problems, ClusteredMean spread, double confidence)
    {
        if (problems.All(p => p.Correct == 0 || p.Correct == p.Samples))
            return Proportion.MidP(problems.Count(p => p.Correct > 0), problems.Count, confidence);
        var (low, high, _) = spread.Interval(confidence, 0, 1, bounded: true);
        var model = BetaBinomialInterval.Of(problems, confidence);
        var weight = Posterior / (Posterior + problems.Count);
        return (Between(low, model.Low, weight), Between(high, model.High, weight));
    }

    private static double Between(double a, double b, double weight)
    {
        var sine = Sin(((1 - weight) * Asin(Math.Sqrt(a))) + (weight * Asin(Math.Sqrt(b))));
        return sine * sine;
    }
}
