using static Tenon.ExactMath;

namespace Tenon.Evaluation.Statistics;

/// <summary>
/// Tails and quantiles of the distributions that the tests need, each small tail computed as such and never as 1 minus a large one:
/// relative error about 1e-13, a few 1e-12 for parameters
/// in the tens of thousands. Quantiles by bisection to the last bit.
/// </summary>
public static class Distributions
{
    /// <summary>P(Z &lt;= z) of a standard normal number.</summary>
    public static double Normal(double z) => z <= 0 ? NormalTail(-z) : 1 - NormalTail(z);

    /// <summary>P(Z > z).</summary>
    public static double NormalTail(double z) => z < 0 ? 1 - NormalTail(-z) : 0.5 * Incomplete.GammaTail(0.5, z * z / 2);

    /// <summary>The z that a standard normal number stays below with probability <paramref name="q"/>.</summary>
    public static double NormalQuantile(double q) => Symmetric(q, NormalTail);

    /// <summary>P(T &lt;= t) of Student's t.</summary>
    public static double StudentT(double t, double df) => t <= 0 ? StudentTTail(-t, df) : 1 - StudentTTail(t, df);

    /// <summary>P(T > t).</summary>
    public static double StudentTTail(double t, double df) => t < 0 ? 1 - StudentTTail(-t, df) : 0.5 * StudentTTwoSided(t, df);

    /// <summary>P(|T| >= |t|).</summary>
    public static double StudentTTwoSided(double t, double df)
    {
        if (double.IsNaN(t)) return double.NaN;
        var ratio = t * t / df;
        return double.IsInfinity(ratio) ? 0 : Incomplete.Beta(1 / (1 + ratio), ratio / (1 + ratio), df / 2, 0.5);
    }

    /// <summary>The t that Student's t stays below with probability <paramref name="q"/>.</summary>
    public static double StudentTQuantile(double q, double df) => Symmetric(q, t => StudentTTail(t, df));

    /// <summary>P(X > x) of chi-squared.</summary>
    public static double ChiSquareTail(double x, double df) => x <= 0 ? 1 : Incomplete.GammaTail(df / 2, x / 2);

    /// <summary>The x that a beta number stays below with probability <paramref name="q"/>.</summary>
    public static double BetaQuantile(double q, double a, double b) => Bisect(0, 1, x => Incomplete.Beta(x, 1 - x, a, b) < q);

    /// <summary>P(X &lt;= k) of a binomial number: right ones among <paramref name="n"/> tries of probability p (DLMF 8.17.5).</summary>
    public static double Binomial(double k, int n, double p) =>
        k < 0 ? 0 : k >= n ? 1 : Incomplete.Beta(1 - p, p, n - Math.Floor(k), Math.Floor(k) + 1);

    private static double Symmetric(double q, Func<double, double> tail)
    {
        if (q is not (> 0 and < 1)) return q == 0 ? double.NegativeInfinity : q == 1 ? double.PositiveInfinity : double.NaN;
        if (q == 0.5) return 0;
        var small = Math.Min(q, 1 - q);
        var high = 1.0;
        while (tail(high) > small) high *= 2;
        var size = Bisect(0, high, x => tail(x) > small);
        return q < 0.5 ? -size : size;
    }

    /// <summary>The border between low and high where <paramref name="below"/> turns false.</summary>
    private static double Bisect(double low, double high, Func<double, bool> below)
    {
        for (var i = 0; i < 200; i++)
        {
            var middle = low + ((high - low) / 2);
            if (middle <= low || middle >= high) break;
            if (below(middle)) low = middle;
            else high = middle;
        }

        return low + ((high - low) / 2);
    }
}

/// <summary>
/// The regularised incomplete beta and gamma functions, by continued fractions and series (Lentz's method; DLMF 8.17.22, 8.9.2, 8.7.1).
/// </summary>
internal static class Incomplete
{
    private const double LnSqrt2Pi = 0.918938533204672741780329736406;
    private const double Tiny = 1e-300;

    /// <summary>I_x(a, b) with y = 1 - x, given apart so that neither loses digits.</summary>
    public static double Beta(double x, double y, double a, double b)
    {
        if (x <= 0) return 0;
        if (y <= 0) return 1;
        return x < (a + 1) / (a + b + 2) ? BetaFraction(x, y, a, b) : 1 - BetaFraction(y, x, b, a);
    }

    /// <summary>Q(a, x): the upper tail.</summary>
    public static double GammaTail(double a, double x)
    {
        if (double.IsNaN(x)) return x;
        if (x <= 0) return 1;
        if (double.IsPositiveInfinity(x)) return 0;
        var front = Exp((a * Log(x)) - x - LogGamma(a));
        if (x >= a + 1)
        {
            var f = x + 1 - a;
            var (c, d) = (1 / Tiny, 1 / f);
            var h = d;
            for (var i = 1; i < 100_000; i++)
            {
                var an = -i * (i - a);
                f += 2;
                d = NotZero((an * d) + f);
                c = NotZero(f + (an / c));
                d = 1 / d;
                h *= d * c;
                if (Math.Abs((d * c) - 1) < 1e-16) break;
            }

            return front * h;
        }

        var (sum, term) = (1 / a, 1 / a);
        for (var i = 1; i < 100_000 && term > sum * 1e-17; i++)
        {
            term *= x / (a + i);
            sum += term;
        }

        return 1 - (front * sum);
    }

    /// <summary>ln Gamma(x) for x > 0: Stirling's series from 15 on, below that by the recurrence.</summary>
    public static double LogGamma(double x)
    {
        var product = 1.0;
        while (x < 15) product *= x++;
        return ((x - 0.5) * Log(x)) - x + LnSqrt2Pi + StirlingRest(x) - Log(product);
    }

    private static double BetaFraction(double x, double y, double a, double b)
    {
        var front = Exp(LogFront(x, y, a, b)) / a;
        var (c, d) = (1.0, 1 / NotZero(1 - ((a + b) * x / (a + 1))));
        var h = d;
        for (var m = 1; m < 100_000; m++)
        {
            var even = m * (b - m) * x / ((a + (2 * m) - 1) * (a + (2 * m)));
            d = 1 / NotZero(1 + (even * d));
            c = NotZero(1 + (even / c));
            h *= d * c;
            var odd = -(a + m) * (a + b + m) * x / ((a + (2 * m)) * (a + (2 * m) + 1));
            d = 1 / NotZero(1 + (odd * d));
            c = NotZero(1 + (odd / c));
            h *= d * c;
            if (Math.Abs((d * c) - 1) < 1e-16) break;
        }

        return front * h;
    }

    /// <summary>
    /// ln(x^a y^b / B(a, b)); for large parameters as distances from the mean, so that large logarithms do not cancel (Loader 2000).
    /// </summary>
    private static double LogFront(double x, double y, double a, double b)
    {
        if (Math.Min(a, b) < 15) return (a * Log(x)) + (b * Log(y)) + LogGamma(a + b) - LogGamma(a) - LogGamma(b);
        var (p, q) = (a / (a + b), b / (a + b));
        return (a * Log1p((x - p) / p)) + (b * Log1p((y - q) / q)) + (0.5 * Log(a * q)) - LnSqrt2Pi + StirlingRest(a + b) - StirlingRest(a)
            - StirlingRest(b);
    }

    /// <summary>ln Gamma(x) less its Stirling approximation, for x of 15 and more.</summary>
    private static double StirlingRest(double x)
    {
        var s = 1 / (x * x);
        return (1.0 / 12 - (s * (1.0 / 360 - (s * (1.0 / 1260 - (s * (1.0 / 1680 - (s * (1.0 / 1188 - (s * 691.0 / 360360)))))))))) / x;
    }

    private static double NotZero(double x) => Math.Abs(x) < Tiny ? Tiny : x;
}
