namespace Tenon.Evaluation.Statistics;

/// <summary>
/// Tails of distributions over whole numbers as sums of weights that neighbours give each other, beginning at the largest: no factorials,
/// nothing overflows.
/// </summary>
internal static class Hypergeometric
{
    /// <summary>P(X = 0 ... k) of the right ones among k draws without return from n samples, c of them right [k + 1].</summary>
    public static double[] Probabilities(int n, int c, int k)
    {
        var (low, high) = (Math.Max(0, k - (n - c)), Math.Min(k, c));
        return Normalised(k, low, high, i => (double)(c - i) * (k - i) / ((double)(i + 1) * (n - c - k + i + 1)));
    }

    /// <summary>P(X = 0 ... n) of n fair coins [n + 1].</summary>
    public static double[] FairCoins(int n) => Normalised(n, 0, n, i => (double)(n - i) / (i + 1));

    /// <summary>P(X = 0 ... n) of n independent trials of one probability between 0 and 1 [n + 1].</summary>
    public static double[] Binomial(int n, double p) => Normalised(n, 0, n, i => (double)(n - i) / (i + 1) * (p / (1 - p)));

    /// <summary>Probabilities from the ratio of each to the one before, which falls with i.</summary>
    private static double[] Normalised(int last, int low, int high, Func<int, double> ratio)
    {
        var result = new double[last + 1];
        var mode = low;
        while (mode < high && ratio(mode) >= 1) mode++;
        result[mode] = 1;
        for (var i = mode; i < high; i++) result[i + 1] = result[i] * ratio(i);
        for (var i = mode; i > low; i--) result[i - 1] = result[i] / ratio(i - 1);
        var sum = result.Sum();
        for (var i = 0; i <= last; i++) result[i] /= sum;
        return result;
    }
}
