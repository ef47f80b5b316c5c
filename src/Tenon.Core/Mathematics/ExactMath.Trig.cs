using System.Numerics;

namespace Tenon;

/// <content>
/// Sine and cosine: a multiple of pi/2 is taken off in four parts (Cody and Waite) below 2^20, by integer arithmetic with 1,200 bits of
/// 2/pi (Payne and Hanek) above; then
/// fdlibm's polynomials on |r| at most pi/4, with the rounding error of r carried along.
/// </content>
public static partial class ExactMath
{
    private static readonly BigInteger TwoOverPi = BigInteger.Parse(
        "0A2F9836E4E441529FC2757D1F534DDC0DB6295993C439041FE5163ABDEBBC561B7246E3A424DD2E006492EEA09D1921"
        + "CFE1DEB1CB129A73EE88235F52EBB4484E99C7026B45F7E413991D639835339F49C845F8BBDF9283B1FF897FFDE05980"
        + "FEF2F118B5A0A6D1F6D367ECF27CB09B74F463F669E5FEA2D7527BAC7EBE5F17B3D0739F78A5292EA6BFB5FB11F8D5D0"
        + "856033046FC7B",
        System.Globalization.NumberStyles.HexNumber,
        System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The sine of radians; NaN for infinities.</summary>
    public static double Sin(double x)
    {
        var quadrant = ReduceAngle(x, out var r, out var low);
        var value = (quadrant & 1) == 0 ? SinCore(r, low) : CosCore(r, low);
        return (quadrant & 2) == 0 ? value : -value;
    }

    /// <summary>The cosine of radians; NaN for infinities.</summary>
    public static double Cos(double x)
    {
        var quadrant = ReduceAngle(x, out var r, out var low);
        var value = (quadrant & 1) == 0 ? CosCore(r, low) : SinCore(r, low);
        return (quadrant & 2) == (quadrant & 1) << 1 ? value : -value;
    }

    private static int ReduceAngle(double x, out double r, out double low)
    {
        low = 0.0;
        if (Math.Abs(x) <= 0.78539816339744828)
        {
            r = x;
            return 0;
        }

        if (!double.IsFinite(x))
        {
            r = double.NaN;
            return 0;
        }

        return Math.Abs(x) < 1048576.0 ? ReduceSmall(x, out r, out low) : ReduceLarge(x, out r, out low);
    }

    private static int ReduceSmall(double x, out double r, out double low)
    {
        const double Magic = 6755399441055744.0;
        var n = Fma(x, 0.63661977236758138, Magic) - Magic;

        // Three parts of 33 bits, whose products with n are exact, and the rest.
        var first = Fma(-n, 1.57079632673412561417e+00, x);
        var second = TwoSum(first, -(n * 6.07710050630396597660e-11));
        var third = TwoSum(second.High, -(n * 2.02226624871116645580e-21));
        (r, low) = FastTwoSum(third.High, Fma(-n, 8.47842766036889956997e-32, second.Low + third.Low));
        return (int)((long)n & 3);
    }

    private static int ReduceLarge(double x, out double r, out double low)
    {
        const int Bits = 1200;
        var bits = BitConverter.DoubleToInt64Bits(x);
        var exponent = (int)((bits >> 52) & 0x7FF) - 1075;
        BigInteger mantissa = (bits & 0x000FFFFFFFFFFFFF) | 0x0010000000000000;

        // |x| 2/pi with Bits fractional bits; two bits above the point tell the quadrant.
        var product = (mantissa * TwoOverPi) << exponent;
        var turns = product & ((BigInteger.One << (Bits + 2)) - 1);
        var quadrant = (int)(turns >> Bits);
        var fraction = turns & ((BigInteger.One << Bits) - 1);
        if (fraction >> (Bits - 1) != 0)
        {
            fraction -= BigInteger.One << Bits;
            quadrant++;
        }

        // The fraction times pi/2, as a sum of two doubles.
        var shift = Math.Max(0, (int)BigInteger.Abs(fraction).GetBitLength() - 120);
        var top = fraction >> shift;
        var high = (double)top;
        var rest = (double)(top - new BigInteger(high));
        var scale = PowerOfTwo(-(Bits - shift) / 2) * PowerOfTwo(-(Bits - shift) - (-(Bits - shift) / 2));
        high *= scale;
        rest *= scale;
        const double HalfPi = 1.5707963267948966;
        const double HalfPiLow = 6.123233995736766e-17;
        var p = high * HalfPi;
        var pLow = Fma(rest, HalfPi, Fma(high, HalfPiLow, Fma(high, HalfPi, -p)));
        (r, low) = FastTwoSum(p, pLow);
        if (x >= 0) return quadrant & 3;
        r = -r;
        low = -low;
        return -quadrant & 3;
    }

    private static double SinCore(double x, double low)
    {
        var z = x * x;
        var v = z * x;
        var r = Fma(z, 1.58969099521155010221e-10, -2.50507602534068634195e-08);
        r = Fma(z, r, 2.75573137070700676789e-06);
        r = Fma(z, r, -1.98412698298579493134e-04);
        r = Fma(z, r, 8.33333333332248946124e-03);
        return x - (Fma(z, Fma(0.5, low, -(v * r)), -low) - (v * -1.66666666666666324348e-01));
    }

    private static double CosCore(double x, double low)
    {
        var z = x * x;
        var r = Fma(z, -1.13596475577881948265e-11, 2.08757232129817482790e-09);
        r = Fma(z, r, -2.75573143513906633035e-07);
        r = Fma(z, r, 2.48015872894767294178e-05);
        r = Fma(z, r, -1.38888888888741095749e-03);
        r = Fma(z, r, 4.16666666666666019037e-02);
        r *= z;
        var half = 0.5 * z;
        var w = 1.0 - half;
        return w + (((1.0 - w) - half) + Fma(z, r, -(x * low)));
    }
}
