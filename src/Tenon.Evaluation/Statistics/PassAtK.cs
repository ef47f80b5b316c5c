namespace Tenon.Evaluation.Statistics;

/// <summary>Estimates over samples of a question.</summary>
public static class PassAtK
{
    /// <summary>The unbiased pass@k of one question with <paramref name="correct"/> right among <paramref name="samples"/>: 1 - C(n-c, k) / C(n, k), as a product (Chen et al. 2021).</summary>
    public static double Of(int samples, int correct, int k)
    {
        if (k < 1 || k > samples || correct < 0 || correct > samples) throw new ArgumentOutOfRangeException(nameof(k), k, $"1 to {samples}");
        if (samples - correct < k) return 1;
        var none = 1.0;
        for (var i = 0; i < k; i++) none *= (double)(samples - correct - i) / (samples - i);
        return 1 - none;
    }

    /// <summary>Mean over questions and its standard error: standard deviation of the questions' means (divisor n - 1) over sqrt(n); NaN below two questions.</summary>
    public static (double Mean, double StandardError) Average(IReadOnlyList<double> questions)
    {
        if (questions.Count == 0) return (double.NaN, double.NaN);
        var mean = questions.Sum() / questions.Count;
        if (questions.Count < 2) return (mean, double.NaN);
        return (mean, Math.Sqrt(questions.Sum(q => (q - mean) * (q - mean)) / (questions.Count - 1) / questions.Count));
    }

    /// <summary>Wilson's interval of a proportion at a normal quantile (1.96 for 95 %).</summary>
    public static (double Low, double High) Wilson(double proportion, int n, double z = 1.959963984540054)
    {
        var centre = (proportion + z * z / (2.0 * n)) / (1 + z * z / n);
        var half = z * Math.Sqrt(proportion * (1 - proportion) / n + z * z / (4.0 * n * n)) / (1 + z * z / n);
        return (centre - half, centre + half);
    }
}
