namespace Tenon.Evaluation.Statistics;

/// <summary>
/// A ratio of sums over units that are drawn at random, as nats per token over documents: sum of numerators by sum of denominators, its
/// standard error by linearisation (Cochran 1977, section 6.4), its degrees of freedom those of <see cref="ClusteredMean"/>.
/// </summary>
/// <param name="Value">The ratio; NaN without a unit.</param>
/// <param name="StandardError">Its standard error; NaN with one unit.</param>
/// <param name="Df">Degrees of freedom of the standard error.</param>
/// <param name="Units">Units with a denominator above 0.</param>
public sealed record RatioMean(double Value, double StandardError, double Df, int Units)
{
    /// <summary>Of one numerator and one denominator a unit; units whose denominator is 0 do not count.</summary>
    public static RatioMean Of(IReadOnlyList<double> numerators, IReadOnlyList<double> denominators)
    {
        if (numerators.Count != denominators.Count)
            throw new ArgumentException($"{numerators.Count} numerators for {denominators.Count} denominators", nameof(denominators));
        int[] kept = [.. Enumerable.Range(0, numerators.Count).Where(i => denominators[i] > 0)];
        var (above, below) = (kept.Sum(i => numerators[i]), kept.Sum(i => denominators[i]));
        if (kept.Length == 0) return new(double.NaN, double.NaN, 1, 0);
        var ratio = above / below;
        var (variance, df) = ClusteredMean.Variance([.. kept.Select(i => (numerators[i] - (ratio * denominators[i])) / below)]);
        return new(ratio, Math.Sqrt(variance), df, kept.Length);
    }

    /// <summary>Student's interval of the ratio; NaN with one unit.</summary>
    public (double Low, double High) Interval(double confidence = 0.95)
    {
        if (double.IsNaN(StandardError)) return (double.NaN, double.NaN);
        var reach = Distributions.StudentTQuantile(0.5 + (confidence / 2), Df) * StandardError;
        return (Value - reach, Value + reach);
    }
}
