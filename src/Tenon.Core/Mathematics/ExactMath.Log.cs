namespace Tenon;

/// <content>
/// ln x = k ln 2 + ln(1 + f) with 1 + f between the square roots of 1/2 and 2; with s = f / (2 + f), ln(1 + f) = f - f²/2 + s (f²/2 +
/// R(s²)), R from fdlibm.
/// </content>
public static partial class ExactMath
{
    /// <summary>The natural logarithm; minus infinity for 0, NaN below.</summary>
    public static double Log(double x)
    {
        if (!(x > 0)) return x == 0 ? double.NegativeInfinity : double.NaN;
        if (double.IsPositiveInfinity(x)) return x;
        var k = Split(x, out var m);
        return LogCore(m - 1.0, k, 0.0);
    }

    /// <summary>The logarithm to base 2: the natural one divided by ln 2 (exact for powers of two).</summary>
    public static double Log2(double x)
    {
        if (!(x > 0) || double.IsPositiveInfinity(x)) return Log(x);
        var k = Split(x, out var m);
        return m == 1.0 ? k : k + (LogCore(m - 1.0, 0, 0.0) * 1.4426950408889634);
    }

    /// <summary>ln(1 + x), exact to the last place also near 0.</summary>
    public static double Log1p(double x)
    {
        if (!(x > -1.0)) return x == -1.0 ? double.NegativeInfinity : double.NaN;
        if (double.IsPositiveInfinity(x)) return x;
        if (Math.Abs(x) < 1e-17) return x;
        if (x > -0.29 && x < 0.41) return LogCore(x, 0, 0.0);
        var u = 1.0 + x;

        // What the rounding of 1 + x lost, as a share of u.
        var lost = (x >= 1.0 ? 1.0 - (u - x) : x - (u - 1.0)) / u;
        var k = Split(u, out var m);
        return LogCore(m - 1.0, k, lost);
    }

    private static int Split(double x, out double m)
    {
        var k = 0;
        if (x < 2.2250738585072014e-308)
        {
            x *= 18014398509481984.0;
            k = -54;
        }

        var bits = BitConverter.DoubleToInt64Bits(x);
        k += (int)(bits >> 52) - 1023;
        m = BitConverter.Int64BitsToDouble((bits & 0x000FFFFFFFFFFFFF) | 0x3FF0000000000000);
        if (m >= 1.4142135623730951)
        {
            m *= 0.5;
            k++;
        }

        return k;
    }

    private static double LogCore(double f, int k, double add)
    {
        var s = f / (2.0 + f);
        var z = s * s;
        var r = Fma(z, 1.479819860511658591e-01, 1.531383769920937332e-01);
        r = Fma(z, r, 1.818357216161805012e-01);
        r = Fma(z, r, 2.222219843214978396e-01);
        r = Fma(z, r, 2.857142874366239149e-01);
        r = Fma(z, r, 3.999999999940941908e-01);
        r = Fma(z, r, 6.666666666666735130e-01);
        r *= z;
        var half = 0.5 * f * f;
        if (k == 0) return f - (half - Fma(s, half + r, add));
        return Fma(k, Ln2High, -((half - Fma(s, half + r, Fma(k, Ln2Low, add))) - f));
    }
}
