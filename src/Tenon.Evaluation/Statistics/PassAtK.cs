namespace Tenon.Evaluation.Statistics;

/// <summary>Estimates over samples of a question.</summary>
public static class PassAtK
{
    /// <summary>
    /// The unbiased pass@k of one question with <paramref name="correct"/> right among <paramref name="samples"/>: 1 - C(n-c, k) / C(n, k),
    /// as a product (Chen et al. 2021).
    /// </summary>
    public static double Of(int samples, int correct, int k)
    {
        if (k < 1 || k > samples || correct < 0 || correct > samples)
            throw new ArgumentOutOfRangeException(nameof(k), k, $"1 to {samples}");
        if (samples - correct < k) return 1;
        var none = 1.0;
        for (var i = 0; i < k; i++) none *= (double)(samples - correct - i) / (samples - i);
        return 1 - none;
    }

    /// <summary>
    /// Mean over questions and its standard error: standard deviation of the questions' means (divisor n - 1) over sqrt(n); NaN below two
    /// questions.
    /// </summary>
    public static (double Mean, double StandardError) Average(IReadOnlyList<double> questions)
    {
        if (questions.Count == 0) return (double.NaN, double.NaN);
        var mean = questions.Sum() / questions.Count;
        if (questions.Count < 2) return (mean, double.NaN);
        return (mean, Math.Sqrt(questions.Sum(q => (q - mean) * (q - mean)) / (questions.Count - 1) / questions.Count));
    }
}
