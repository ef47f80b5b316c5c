namespace Tenon.Evaluation.Statistics;

/// <summary>A coefficient between -1 and 1 and its two-sided p; NaN where a list is constant.</summary>
/// <param name="Value">The coefficient.</param>
/// <param name="P">p of no association.</param>
public readonly record struct Correlation(double Value, double P)
{
    /// <summary>Pearson's product moment; p by Student's t with n - 2 degrees of freedom.</summary>
    public static Correlation Pearson(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        Check(x, y);
        var (mx, my) = (Sample.Mean(x), Sample.Mean(y));
        var (xy, xx, yy) = (0.0, 0.0, 0.0);
        for (var i = 0; i < x.Count; i++)
        {
            xy += (x[i] - mx) * (y[i] - my);
            xx += (x[i] - mx) * (x[i] - mx);
            yy += (y[i] - my) * (y[i] - my);
        }

        if (xx == 0 || yy == 0) return new(double.NaN, double.NaN);
        var r = Math.Clamp(xy / Math.Sqrt(xx) / Math.Sqrt(yy), -1, 1);

        // Rounding may leave a perfect line a few units short of 1.
        if (1 - Math.Abs(r) < 1e-15) r = Math.Sign(r);
        if (x.Count == 2) return new(r, 1);
        var rest = (1 - r) * (1 + r);
        return new(r, rest == 0 ? 0 : Distributions.StudentTTwoSided(r * Math.Sqrt((x.Count - 2) / rest), x.Count - 2));
    }

    /// <summary>Spearman's: Pearson's of the (mean) ranks.</summary>
    public static Correlation Spearman(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        Check(x, y);
        return Pearson(Sample.Ranks(x), Sample.Ranks(y));
    }

    /// <summary>Kendall's tau-b; p exact without ties up to 33 pairs, else by the normal approximation.</summary>
    public static Correlation Kendall(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        Check(x, y);
        var n = x.Count;
        var (together, apart) = (0L, 0L);
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j < i; j++)
            {
                var sign = x[i].CompareTo(x[j]) * y[i].CompareTo(y[j]);
                if (sign > 0) together++;
                else if (sign < 0) apart++;
            }
        }

        var (tiesX, tiesY) = (Sample.Ties(x), Sample.Ties(y));
        var (sameX, sameY) = (tiesX.Sum(Pairs), tiesY.Sum(Pairs));
        var all = Pairs(n);
        if (sameX == all || sameY == all) return new(double.NaN, double.NaN);
        var tau = Math.Clamp((together - apart) / Math.Sqrt(all - sameX) / Math.Sqrt(all - sameY), -1, 1);
        if (sameX == 0 && sameY == 0 && (n <= 33 || Math.Min(together, apart) <= 1)) return new(tau, ExactP(n, Math.Min(together, apart)));
        double m = (double)n * (n - 1);
        var variance = ((m * ((2 * n) + 5)) - tiesX.Sum(Fives) - tiesY.Sum(Fives)) / 18
            + (2 * sameX * sameY / m)
            + (n < 3 ? 0 : tiesX.Sum(Threes) * tiesY.Sum(Threes) / (9 * m * (n - 2)));
        return new(tau, Math.Min(1, 2 * Distributions.NormalTail(Math.Abs(together - apart) / Math.Sqrt(variance))));

        static double Pairs(int t) => t * (t - 1.0) / 2;
        static double Threes(int t) => t * (t - 1.0) * (t - 2);
        static double Fives(int t) => t * (t - 1.0) * ((2 * t) + 5);
    }

    /// <summary>Twice the share of the n! orders with at most this many inversions.</summary>
    private static double ExactP(int n, long inversions)
    {
        if (4 * inversions == (long)n * (n - 1)) return 1;
        var shares = new double[inversions + 1];
        shares[0] = 1;
        for (var size = 2; size <= n; size++)
        {
            var next = new double[inversions + 1];
            for (var i = 0; i <= inversions; i++)
            {
                var window = 0.0;
                for (var j = Math.Max(0, i - size + 1); j <= i; j++) window += shares[j];
                next[i] = window / size;
            }

            shares = next;
        }

        return Math.Min(1, 2 * shares.Sum());
    }

    private static void Check(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        if (x.Count != y.Count || x.Count < 2)
            throw new ArgumentException($"{x.Count} and {y.Count} numbers are no two pairs or more", nameof(y));
    }
}
