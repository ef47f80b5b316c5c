// Powers of floats. Whole exponents go through exact integers and square roots through the hardware, so both are correctly rounded;
// the rest is exp(b log a) in double-double steps through ExactMath.
using System.Numerics;

namespace Tenon.Text.Templates.Values;

/// <summary><c>pow</c> of float64.</summary>
internal static class PyPower
{
    internal static double Of(double a, double b)
    {
        if (b == 0 || a == 1) return 1;
        if (double.IsNaN(a) || double.IsNaN(b)) return double.NaN;
        if (double.IsInfinity(b)) return Math.Abs(a) == 1 ? 1 : Math.Abs(a) > 1 == b > 0 ? double.PositiveInfinity : 0;
        var odd = Math.Floor(b) == b && Math.Abs(b) < 1L << 53 && ((long)b & 1) == 1;
        if (a == 0) return b > 0 ? odd ? a : 0 : odd ? Math.CopySign(double.PositiveInfinity, a) : double.PositiveInfinity;
        if (double.IsInfinity(a)) return b > 0 ? (a < 0 && !odd ? double.PositiveInfinity : a) : a < 0 && odd ? -0.0 : 0;
        if (b == 0.5) return Math.Sqrt(a);
        if (Math.Floor(b) == b && Math.Abs(b) <= 2048) return Whole(a, (int)b);
        var magnitude = ExactMath.Pow(Math.Abs(a), b);
        return a < 0 && odd ? -magnitude : magnitude;
    }

    private static double Whole(double a, int n)
    {
        var (mantissa, exponent) = PyFloat.Parts(a);
        while (mantissa.IsEven)
        {
            mantissa >>= 1;
            exponent++;
        }
        var size = Math.Abs(n);
        var power = BigInteger.Pow(mantissa, size);
        var shift = (long)exponent * size;
        if (n > 0) return shift > 4000 ? Overflow(power.Sign) : shift >= 0 ? PyFloat.Ratio(power << (int)shift, 1)
            : PyFloat.Ratio(power, BigInteger.One << (int)-shift);
        return shift > 0 ? PyFloat.Ratio(1, power << (int)shift) : PyFloat.Ratio(BigInteger.One << (int)-shift, power);
    }

    private static double Overflow(int sign) => sign * double.PositiveInfinity;
}
