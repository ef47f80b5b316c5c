namespace Tenon.Evaluation.Statistics;

/// <summary>Tests of two independent lists: the second less the first; p are two-sided.</summary>
/// <param name="WelchT">t with each list's own variance.</param>
/// <param name="WelchDf">Welch and Satterthwaite's degrees of freedom.</param>
/// <param name="WelchP">Its p.</param>
/// <param name="StudentT">t with the pooled variance.</param>
/// <param name="StudentP">Its p.</param>
/// <param name="CohenD">Difference of the means over the pooled standard deviation.</param>
/// <param name="HedgesG">The same with Hedges' correction for small lists, 1 - 3 / (4 n - 9).</param>
/// <param name="MannWhitneyU">Pairs in which the second is larger, equal ones counted half.</param>
public sealed record TwoSampleTest(double WelchT, double WelchDf, double WelchP, double StudentT, double StudentP, double CohenD,
    double HedgesG, double MannWhitneyU)
{
    /// <summary>Compares two lists of at least two numbers each.</summary>
    public static TwoSampleTest Of(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        if (first.Count < 2 || second.Count < 2)
            throw new ArgumentException($"{first.Count} and {second.Count} numbers: two of each are the least", nameof(second));
        var (n1, n2) = (first.Count, second.Count);
        var (v1, v2) = (Sample.Variance(first), Sample.Variance(second));
        var difference = Sample.Mean(second) - Sample.Mean(first);
        var (e1, e2) = (v1 / n1, v2 / n2);
        var welch = difference / Math.Sqrt(e1 + e2);
        var df = (e1 + e2) * (e1 + e2) / ((e1 * e1 / (n1 - 1)) + (e2 * e2 / (n2 - 1)));
        var pooled = (((n1 - 1) * v1) + ((n2 - 1) * v2)) / (n1 + n2 - 2);
        var student = difference / Math.Sqrt(pooled * ((1.0 / n1) + (1.0 / n2)));
        var d = difference / Math.Sqrt(pooled);
        var ranks = Sample.Ranks([.. first, .. second]);
        return new(
            welch, df, Distributions.StudentTTwoSided(welch, df), student, Distributions.StudentTTwoSided(student, n1 + n2 - 2),
            d, d * (1 - (3 / ((4.0 * (n1 + n2)) - 9))), ranks.Skip(n1).Sum() - (n2 * (n2 + 1) / 2.0));
    }
}
