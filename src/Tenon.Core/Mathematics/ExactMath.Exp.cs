namespace Tenon;

/// <content>e^x = 2^n e^r, |r| at most ln 2 / 2, n ln 2 taken off in two parts, e^r - 1 by its series to the thirteenth power.</content>
public static partial class ExactMath
{
    /// <summary>e^x; 0 below about -745.13, infinity above about 709.78, NaN for NaN.</summary>
    public static double Exp(double x)
    {
        if (double.IsNaN(x)) return x;
        if (x > 709.8) return double.PositiveInfinity;
        if (x < -745.2) return 0.0;
        var n = Reduce(x, out var r, out var low);
        return ScaleBy(1.0 + ExpRest(r, low), n);
    }

    /// <summary>e^x - 1, exact to the last place also near 0.</summary>
    public static double Expm1(double x)
    {
        if (double.IsNaN(x) || x == 0) return x;
        if (x > 709.8) return double.PositiveInfinity;
        if (x < -40) return -1.0;
        var n = Reduce(x, out var r, out var low);
        var rest = ExpRest(r, low);
        if (n == 0) return rest;
        if (n > 52) return ScaleBy(1.0 + rest, n) - 1.0;
        var power = PowerOfTwo(n);
        return Fma(power, rest, power - 1.0);
    }

    private static int Reduce(double x, out double r, out double low)
    {
        const double Magic = 6755399441055744.0;
        var n = Fma(x, 1.4426950408889634, Magic) - Magic;
        var high = Fma(-n, Ln2High, x);
        r = Fma(-n, Ln2Low, high);
        low = Fma(-n, Ln2Low, high - r);
        return (int)n;
    }

    // e^(r + low) - 1: the low part only matters beside r itself.
    private static double ExpRest(double r, double low)
    {
        var q = Fma(r, 1.0 / 6227020800.0, 1.0 / 479001600.0);
        q = Fma(q, r, 1.0 / 39916800.0);
        q = Fma(q, r, 1.0 / 3628800.0);
        q = Fma(q, r, 1.0 / 362880.0);
        q = Fma(q, r, 1.0 / 40320.0);
        q = Fma(q, r, 1.0 / 5040.0);
        q = Fma(q, r, 1.0 / 720.0);
        q = Fma(q, r, 1.0 / 120.0);
        q = Fma(q, r, 1.0 / 24.0);
        q = Fma(q, r, 1.0 / 6.0);
        q = Fma(q, r, 0.5);
        return r + Fma(r * r, q, low);
    }

    // Two factors, because n reaches beyond the exponents of normal numbers: the first product is exact, the second rounds once.
    private static double ScaleBy(double value, int n)
    {
        var half = n >> 1;
        return value * PowerOfTwo(half) * PowerOfTwo(n - half);
    }

    private static double PowerOfTwo(int n) => BitConverter.Int64BitsToDouble((long)(n + 1023) << 52);
}
