
namespace Tenon.Evaluation.Statistics;

/// <summary>The bootstrap over questions of a paired difference (second less first): a resample takes both members of a pair.</summary>
/// <param name="MeanDifference">Mean difference of the lists themselves.</param>
/// <param name="Low">Lower percentile of the resamples' mean differences.</param>
/// <param name="High">Upper percentile.</param>
/// <param name="StandardError">Their standard deviation (divisor B - 1).</param>
/// <param name="ShareNotPositive">Share of resamples in which the second is not ahead.</param>
public sealed record PairedBootstrap(double MeanDifference, double Low, double High, double StandardError, double ShareNotPositive)
{
    /// <summary>From given resamples: each a list of as many indices as there are pairs.</summary>
    public static PairedBootstrap Of(IReadOnlyList<double> first, IReadOnlyList<double> second, IReadOnlyList<int[]> resamples,
        double confidence = 0.95)
    {
        if (first.Count != second.Count || first.Count == 0)
            throw new ArgumentException($"{first.Count} and {second.Count} numbers are no pairs", nameof(second));
        double[] differences = [.. second.Zip(first, (b, a) => b - a)];
        var means = Means(differences, resamples);
        var (low, high) = Interval(means, confidence);
        return new(Sample.Mean(differences), low, high, Math.Sqrt(Sample.Variance(means)), (double)means.Count(m => m <= 0) / means.Length);
    }

    /// <summary>Resamples of n questions, a pure function of the seed.</summary>
    public static int[][] Resamples(int n, int count, ulong seed = 0)
    {
        var key = new RandomKey(seed);
        return [.. Enumerable.Range(0, count)
            .Select(b => Enumerable.Range(0, n).Select(i => key.Index(n, RandomPurpose.Bootstrap, 0, (uint)b, 0, (uint)i)).ToArray())];
    }

    /// <summary>The mean of each resample.</summary>
    public static double[] Means(IReadOnlyList<double> values, IReadOnlyList<int[]> resamples) =>
        [.. resamples.Select(r => r.Sum(i => values[i]) / r.Length)];

    /// <summary>The percentiles that leave out half of 1 - confidence on each side.</summary>
    public static (double Low, double High) Interval(IReadOnlyList<double> values, double confidence) =>
        (Percentile(values, (1 - confidence) / 2), Percentile(values, 1 - ((1 - confidence) / 2)));

    /// <summary>The quantile by linear interpolation between order statistics: position (B - 1) q.</summary>
    public static double Percentile(IReadOnlyList<double> values, double q)
    {
        double[] sorted = [.. values.Order()];
        var position = (sorted.Length - 1) * q;
        var below = Math.Clamp((int)position, 0, sorted.Length - 1);
        var above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + ((position - below) * (sorted[above] - sorted[below]));
    }
}
