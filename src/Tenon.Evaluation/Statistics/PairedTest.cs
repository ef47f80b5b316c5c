namespace Tenon.Evaluation.Statistics;

/// <summary>Student's t test of paired numbers (one pair a question): the second less the first.</summary>
/// <param name="MeanDifference">Mean of the differences.</param>
/// <param name="T">Mean over its standard error; infinite where all differences are one number, NaN where that is 0.</param>
/// <param name="Df">Pairs - 1.</param>
/// <param name="TwoSided">p of a difference either way.</param>
/// <param name="Greater">p of the second being larger.</param>
/// <param name="Low">Lower end of the mean difference's interval.</param>
/// <param name="High">Its upper end.</param>
/// <param name="CohenDz">Mean over the standard deviation of the differences.</param>
/// <param name="CohenD">Mean over the pooled standard deviation of the two lists; NaN where both are constant.</param>
public sealed record PairedTest(double MeanDifference, double T, int Df, double TwoSided, double Greater, double Low, double High,
    double CohenDz, double CohenD)
{
    /// <summary>Tests at least two pairs.</summary>
    public static PairedTest Of(IReadOnlyList<double> first, IReadOnlyList<double> second, double confidence = 0.95)
    {
        if (first.Count != second.Count || first.Count < 2)
            throw new ArgumentException($"{first.Count} and {second.Count} numbers are no two pairs or more", nameof(second));
        double[] differences = [.. second.Zip(first, (b, a) => b - a)];
        var (n, mean) = (differences.Length, Sample.Mean(differences));
        var deviation = Math.Sqrt(Sample.Variance(differences));
        var error = deviation / Math.Sqrt(n);
        var t = mean / error;
        var half = Distributions.StudentTQuantile(0.5 + (confidence / 2), n - 1) * error;
        var pooled = Math.Sqrt((Sample.Variance(first) + Sample.Variance(second)) / 2);
        return new(
            mean, t, n - 1, Distributions.StudentTTwoSided(t, n - 1), Distributions.StudentTTail(t, n - 1), mean - half, mean + half,
            mean / deviation, pooled == 0 ? double.NaN : (Sample.Mean(second) - Sample.Mean(first)) / pooled);
    }
}
