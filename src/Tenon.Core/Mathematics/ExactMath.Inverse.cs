namespace Tenon;

/// <content>
/// Arcus functions after fdlibm: the arctangent by four points at which the angle is known, arcsine and arccosine by one rational function
/// below 1/2 and through the half angle above.
/// </content>
public static partial class ExactMath
{
    private const double HalfPiHigh = 1.57079632679489655800e+00;
    private const double HalfPiLow = 6.12323399573676603587e-17;

    /// <summary>The arctangent in radians.</summary>
    public static double Atan(double x)
    {
        var size = Math.Abs(x);
        if (double.IsNaN(x)) return x;
        if (size >= 7.378697629483821e19) return Math.CopySign(HalfPiHigh, x);
        if (size < 0.4375) return size < 1e-9 ? x : x - AtanRest(x);
        var (high, low, t) = size switch
        {
            < 0.6875 => (4.63647609000806093515e-01, 2.26987774529616870924e-17, (2.0 * size - 1.0) / (2.0 + size)),
            < 1.1875 => (7.85398163397448278999e-01, 3.06161699786838301793e-17, (size - 1.0) / (size + 1.0)),
            < 2.4375 => (9.82793723247329054082e-01, 1.39033110312309984516e-17, (size - 1.5) / (1.0 + 1.5 * size)),
            _ => (HalfPiHigh, HalfPiLow, -1.0 / size),
        };
        return Math.CopySign(high - (AtanRest(t) - low - t), x);
    }

    /// <summary>The angle of the point (x, y) in radians, -pi to pi; signs of zeros count as IEEE says.</summary>
    public static double Atan2(double y, double x)
    {
        if (double.IsNaN(x) || double.IsNaN(y)) return double.NaN;
        if (y == 0) return double.IsNegative(x) ? Math.CopySign(Math.PI, y) : y;
        if (x == 0) return Math.CopySign(HalfPiHigh, y);
        if (double.IsInfinity(x) && double.IsInfinity(y)) return Math.CopySign(x > 0 ? Math.PI / 4 : 3 * (Math.PI / 4), y);
        if (double.IsInfinity(x)) return x > 0 ? Math.CopySign(0.0, y) : Math.CopySign(Math.PI, y);
        var ratio = Math.Abs(y / x);
        var angle = ratio > 1.152921504606847e18 ? HalfPiHigh + 0.5 * (2 * HalfPiLow) : Atan(ratio);
        // pi less the angle, with what the rounding of pi lost.
        return Math.CopySign(x > 0 ? angle : Math.PI - (angle - 2 * HalfPiLow), y);
    }

    /// <summary>The arcsine in radians; NaN beyond 1.</summary>
    public static double Asin(double x)
    {
        var size = Math.Abs(x);
        if (!(size <= 1)) return double.NaN;
        if (size < 0.5) return size < 1e-9 ? x : Fma(x, AsinRatio(x * x), x);
        var half = (1.0 - size) * 0.5;
        var (ratio, root) = (AsinRatio(half), Math.Sqrt(half));
        if (size >= 0.975) return Math.CopySign(HalfPiHigh - (2.0 * Fma(root, ratio, root) - HalfPiLow), x);
        var top = Top(root);
        var rest = (half - top * top) / (root + top);
        return Math.CopySign(0.78539816339744827900 - (2.0 * root * ratio - (HalfPiLow - 2.0 * rest)
            - (0.78539816339744827900 - 2.0 * top)), x);
    }

    /// <summary>The arccosine in radians; NaN beyond 1.</summary>
    public static double Acos(double x)
    {
        if (!(Math.Abs(x) <= 1)) return double.NaN;
        if (Math.Abs(x) < 0.5) return HalfPiHigh - (x - (HalfPiLow - x * AsinRatio(x * x)));
        if (x == 1) return 0;
        var half = (1.0 - Math.Abs(x)) * 0.5;
        var (ratio, root) = (AsinRatio(half), Math.Sqrt(half));
        if (x < 0) return Math.PI - 2.0 * (root + Fma(ratio, root, -HalfPiLow));
        var top = Top(root);
        return 2.0 * (top + Fma(ratio, root, (half - top * top) / (root + top)));
    }

    // The upper half of the bits, so that its square is exact.
    private static double Top(double x) =>
        BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(x) & unchecked((long)0xFFFFFFFF00000000));

    // x - atan x for |x| below 0.44, by odd and even powers apart.
    private static double AtanRest(double x)
    {
        var z = x * x;
        var w = z * z;
        var odd = Fma(w, 1.62858201153657823623e-02, 4.97687799461593236017e-02);
        odd = Fma(w, odd, 6.66107313738753120669e-02);
        odd = Fma(w, odd, 9.09088713343650656196e-02);
        odd = Fma(w, odd, 1.42857142725034663711e-01);
        odd = z * Fma(w, odd, 3.33333333333329318027e-01);
        var even = Fma(w, -3.65315727442169155270e-02, -5.83357013379057348645e-02);
        even = Fma(w, even, -7.69187620504482999495e-02);
        even = Fma(w, even, -1.11111104054623557880e-01);
        even = w * Fma(w, even, -1.99999999998764832476e-01);
        return x * (odd + even);
    }

    // (asin x - x) / x as a function of x².
    private static double AsinRatio(double z)
    {
        var p = Fma(z, 3.47933107596021167570e-05, 7.91534994289814532176e-04);
        p = Fma(z, p, -4.00555345006794114027e-02);
        p = Fma(z, p, 2.01212532134862925881e-01);
        p = Fma(z, p, -3.25565818622400915405e-01);
        p = z * Fma(z, p, 1.66666666666666657415e-01);
        var q = Fma(z, 7.70381505559019352791e-02, -6.88283971605453293030e-01);
        q = Fma(z, q, 2.02094576023350569471e+00);
        q = Fma(z, q, -2.40339491173441421878e+00);
        return p / Fma(z, q, 1.0);
    }
}
