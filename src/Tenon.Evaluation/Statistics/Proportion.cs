namespace Tenon.Evaluation.Statistics;

/// <summary>Intervals of a proportion from c right of n independent trials.</summary>
public static class Proportion
{
    /// <summary>Wilson's score interval (1927).</summary>
    public static (double Low, double High) Wilson(int correct, int n, double confidence = 0.95)
    {
        Check(correct, n, confidence);
        var z = Distributions.NormalQuantile(0.5 + (confidence / 2));
        var p = (double)correct / n;
        var centre = (p + (z * z / (2.0 * n))) / (1 + (z * z / n));
        var half = z * Math.Sqrt((p * (1 - p) / n) + (z * z / (4.0 * n * n))) / (1 + (z * z / n));
        return (correct == 0 ? 0 : centre - half, correct == n ? 1 : centre + half);
    }

    /// <summary>The exact interval of Clopper and Pearson (1934): it never covers less than it says.</summary>
    public static (double Low, double High) ClopperPearson(int correct, int n, double confidence = 0.95)
    {
        Check(correct, n, confidence);
        var tail = (1 - confidence) / 2;
        var low = correct == 0 ? 0 : Distributions.BetaQuantile(tail, correct, n - correct + 1);
        var high = correct == n ? 1 : 1 - Distributions.BetaQuantile(tail, n - correct, correct + 1);
        return (low, high);
    }

    private static void Check(int correct, int n, double confidence)
    {
        if (n < 1 || correct < 0 || correct > n) throw new ArgumentOutOfRangeException(nameof(correct), $"{correct} of {n}");
        if (confidence is not (> 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(confidence), confidence, "between 0 and 1");
    }
}
