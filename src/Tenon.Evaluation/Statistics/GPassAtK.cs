namespace Tenon.Evaluation.Statistics;

/// <summary>G-Pass@k (Liu et al. 2024, arXiv 2412.13147): how likely k samples of a question hold a given share of right ones.</summary>
public static class GPassAtK
{
    /// <summary>
    /// P(at least max(ceil(tau k), 1) of k draws without return are right), for one question with <paramref name="correct"/> of
    /// <paramref name="samples"/> right.
    /// </summary>
    public static double Of(int samples, int correct, int k, double tau)
    {
        Check(samples, correct, k);
        if (tau is not (>= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(tau), tau, "0 to 1");

        // The product may be a little above the whole number it means: 0.07 * 100 > 7.
        var least = Math.Max((int)Math.Ceiling((tau * k) - 1e-9), 1);
        return Tail(Hypergeometric.Probabilities(samples, correct, k), least);
    }

    /// <summary>
    /// mG-Pass@k: twice the mean of the thresholds above one half, (2 / k) sum over i = ceil(k / 2) + 1 ... k of P(at least i).
    /// </summary>
    public static double Mean(int samples, int correct, int k)
    {
        Check(samples, correct, k);
        var probabilities = Hypergeometric.Probabilities(samples, correct, k);
        var sum = 0.0;
        for (var i = ((k + 1) / 2) + 1; i <= k; i++) sum += Tail(probabilities, i);
        return 2 * sum / k;
    }

    private static double Tail(double[] probabilities, int least)
    {
        var sum = 0.0;
        for (var i = probabilities.Length - 1; i >= least; i--) sum += probabilities[i];
        return Math.Min(sum, 1);
    }

    private static void Check(int samples, int correct, int k)
    {
        if (k < 1 || k > samples) throw new ArgumentOutOfRangeException(nameof(k), k, $"1 to {samples}");
        if (correct < 0 || correct > samples) throw new ArgumentOutOfRangeException(nameof(correct), correct, $"0 to {samples}");
    }
}
