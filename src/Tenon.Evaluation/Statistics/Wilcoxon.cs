namespace Tenon.Evaluation.Statistics;

/// <summary>Wilcoxon's signed-rank test of paired differences; zeros are left out, equal sizes share their mean rank. Two-sided.</summary>
/// <param name="Statistic">The smaller of the rank sums of the positive and of the negative differences.</param>
/// <param name="P">Exact where asked for, else by the normal approximation with the correction for ties, without one for
/// continuity.</param>
/// <param name="Exact">Which of the two.</param>
public sealed record Wilcoxon(double Statistic, double P, bool Exact)
{
    /// <summary>Tests differences; by default exactly up to 50 without ties or zeros. Null where all are zero.</summary>
    public static Wilcoxon? Of(IReadOnlyList<double> differences, bool? exact = null)
    {
        double[] nonzero = [.. differences.Where(d => d != 0)];
        var n = nonzero.Length;
        if (n == 0) return null;
        double[] sizes = [.. nonzero.Select(Math.Abs)];
        var ranks = Sample.Ranks(sizes);
        var positive = nonzero.Zip(ranks).Sum(p => p.First > 0 ? p.Second : 0);
        var all = n * (n + 1) / 2.0;
        var statistic = Math.Min(positive, all - positive);
        var ties = Sample.Ties(sizes);
        if (exact ?? (n <= 50 && n == differences.Count && ties.All(t => t == 1))) return new(statistic, ExactP(n, statistic), true);
        var variance = ((n * (n + 1.0) * ((2 * n) + 1)) - (ties.Sum(t => ((double)t * t * t) - t) / 2)) / 24;
        var z = (statistic - (all / 2)) / Math.Sqrt(variance);
        return new(statistic, Math.Min(1, 2 * Distributions.NormalTail(Math.Abs(z))), false);
    }

    /// <summary>Twice the share of the 2^n subsets of 1 ... n whose sum is at most the statistic.</summary>
    private static double ExactP(int n, double statistic)
    {
        var shares = new double[(n * (n + 1) / 2) + 1];
        shares[0] = 1;
        for (var rank = 1; rank <= n; rank++)
            for (var sum = shares.Length - 1; sum >= 0; sum--) shares[sum] = 0.5 * (shares[sum] + (sum >= rank ? shares[sum - rank] : 0));
        var tail = 0.0;
        for (var sum = 0; sum <= statistic; sum++) tail += shares[sum];
        return Math.Min(1, 2 * tail);
    }
}
