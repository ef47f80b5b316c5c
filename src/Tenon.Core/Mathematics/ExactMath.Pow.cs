namespace Tenon;

/// <content>
/// x^y = e^(y ln x) with ln x to about 2^-65 of itself: sums of two doubles (Dekker 1971) for the first terms of 2 atanh(s), s = (m - 1) /
/// (m + 1), and plain doubles for the rest.
/// </content>
public static partial class ExactMath
{
    private const double Ln2Rest = 1.1612227229362532e-26;

    /// <summary>x to the power y, with the special cases of IEEE 754 (pow).</summary>
    public static double Pow(double x, double y)
    {
        if (y == 0 || x == 1.0) return 1.0;
        if (double.IsNaN(x) || double.IsNaN(y)) return double.NaN;
        var odd = Math.Abs(y) < 9007199254740992.0 && y == Math.Truncate(y) && ((long)y & 1) != 0;
        var whole = Math.Abs(y) >= 4503599627370496.0 || y == Math.Truncate(y);
        var size = Math.Abs(x);
        if (double.IsInfinity(y))
        {
            if (size == 1.0) return 1.0;
            return size > 1.0 == y > 0 ? double.PositiveInfinity : 0.0;
        }

        if (size == 0 || double.IsInfinity(size))
        {
            var far = size == 0 == y < 0 ? double.PositiveInfinity : 0.0;
            return odd ? Math.CopySign(far, x) : far;
        }

        if (x < 0 && !whole) return double.NaN;
        var result = size == 1.0 ? 1.0 : PowCore(size, y);
        return x < 0 && odd ? -result : result;
    }

    private static double PowCore(double x, double y)
    {
        var k = Split(x, out var m);
        var log = LogDouble(m, k);

        // y ln x as a sum of two, then e^high (1 + low).
        var high = y * log.High;
        if (high > 710.0) return double.PositiveInfinity;
        if (high < -746.0) return 0.0;
        var low = Fma(y, log.Low, Fma(y, log.High, -high));
        var n = Reduce(high, out var r, out var rest);

        // The low part is large enough here that it needs the factor e^r, to a few digits.
        var slope = Fma(r, Fma(r, Fma(r, Fma(r, 1.0 / 24.0, 1.0 / 6.0), 0.5), 1.0), 1.0);
        return ScaleBy(1.0 + ExpRest(r, (rest + low) * slope), n);
    }

    private static (double High, double Low) LogDouble(double m, int k)
    {
        // s = (m - 1) / (m + 1) in two parts; both m - 1 and the two parts of m + 1 are exact.
        var f = m - 1.0;
        var down = TwoSum(m, 1.0);
        var s = f / down.High;
        var sLow = (Fma(-s, down.High, f) - (s * down.Low)) / down.High;

        // s² and s³ in two parts.
        var z = s * s;
        var zLow = Fma(2.0 * s, sLow, Fma(s, s, -z));
        var c = z * s;
        var cLow = Fma(z, sLow, Fma(zLow, s, Fma(z, s, -c)));

        // 2 s + (2/3) s³ + s⁵ (2/5 + 2/7 s² + ...).
        const double Third = 0.66666666666666663;
        const double ThirdLow = 3.7007434154171886e-17;
        var t = c * Third;
        var tLow = Fma(cLow, Third, Fma(c, ThirdLow, Fma(c, Third, -t)));
        var q = 2.0 / 23.0;
        for (var d = 21; d >= 5; d -= 2) q = Fma(q, z, 2.0 / d);
        tLow += c * z * q;
        var sum = TwoSum(2.0 * s, t);
        var low = sum.Low + Fma(2.0, sLow, tLow);
        if (k == 0) return FastTwoSum(sum.High, low);

        // k ln 2: the product with the short first part is exact.
        var head = TwoSum(k * Ln2High, sum.High);
        var tail = TwoSum(head.Low, k * Ln2Low);
        var missing = Fma(k, Ln2Low, -(k * Ln2Low));
        return FastTwoSum(head.High, tail.High + (tail.Low + (missing + Fma(k, Ln2Rest, low))));
    }

    private static (double High, double Low) TwoSum(double a, double b)
    {
        var sum = a + b;
        var part = sum - a;
        return (sum, (a - (sum - part)) + (b - part));
    }

    private static (double High, double Low) FastTwoSum(double a, double b)
    {
        var sum = a + b;
        return (sum, b - (sum - a));
    }
}
