// Floats as Python prints, rounds, divides and reads them. Everything that must be correctly rounded goes through exact integers.
using System.Globalization;
using System.Numerics;

namespace Tenon.Text.Templates.Values;

/// <summary>Exact helpers around float64.</summary>
internal static class PyFloat
{
    /// <summary><c>repr(float)</c>: the shortest digits that read back, an exponent below 1e-4 and from 1e16.</summary>
    internal static string Repr(double value)
    {
        if (double.IsNaN(value)) return "nan";
        if (double.IsInfinity(value)) return value > 0 ? "inf" : "-inf";
        var sign = double.IsNegative(value) ? "-" : "";
        if (value == 0) return sign + "0.0";
        var (digits, exponent) = Shortest(Math.Abs(value));
        return sign + (exponent is < -4 or >= 16 ? Scientific(digits, exponent) : Positional(digits, exponent));
    }

    /// <summary>Shortest digits d1 d2 ... and the exponent e of d1.d2... x 10^e.</summary>
    internal static (string Digits, int Exponent) Shortest(double value)
    {
        var round = value.ToString("R", CultureInfo.InvariantCulture);
        var mark = round.IndexOf('E');
        var mantissa = mark < 0 ? round : round[..mark];
        var digits = mantissa.Replace(".", "").TrimStart('0').TrimEnd('0');

        var point = mantissa.IndexOf('.');
        var leading = mantissa.TakeWhile(c => c is '0' or '.').Count(c => c == '0');
        var whole = point < 0 ? mantissa.Length : point;
        var exponent = (mark < 0 ? 0 : int.Parse(round[(mark + 1)..], CultureInfo.InvariantCulture)) + whole - 1 - leading;
        return (digits, exponent);
    }

    private static string Scientific(string digits, int exponent) =>
        (digits.Length > 1 ? digits[..1] + "." + digits[1..] : digits) + "e" + (exponent < 0 ? "-" : "+") + Math.Abs(exponent)
        .ToString("00", CultureInfo.InvariantCulture);

    private static string Positional(string digits, int exponent)
    {
        if (exponent < 0) return "0." + new string('0', -exponent - 1) + digits;
        if (digits.Length <= exponent + 1) return digits + new string('0', exponent + 1 - digits.Length) + ".0";
        return digits[..(exponent + 1)] + "." + digits[(exponent + 1)..];
    }

    /// <summary>A finite value as mantissa x 2^exponent.</summary>
    internal static (BigInteger Mantissa, int Exponent) Parts(double value)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        var exponent = (int)((bits >> 52) & 0x7FF);
        var mantissa = bits & 0xFFFFFFFFFFFFFL;
        if (exponent == 0) exponent++;
        else mantissa |= 1L << 52;
        return (bits < 0 ? -mantissa : mantissa, exponent - 1075);
    }

    /// <summary>numerator / denominator to the nearest float, ties to even; overflow gives infinity.</summary>
    internal static double Ratio(BigInteger numerator, BigInteger denominator)
    {
        if (numerator.IsZero) return 0;
        var negative = numerator.Sign * denominator.Sign < 0;
        numerator = BigInteger.Abs(numerator);
        denominator = BigInteger.Abs(denominator);
        // 66 bits or more in the quotient; the remainder only matters as a sticky bit.
        var shift = (long)denominator.GetBitLength() - (long)numerator.GetBitLength() + 66;
        if (shift > 1200 + 66) return negative ? -0.0 : 0.0;
        if (shift < -1200) return negative ? double.NegativeInfinity : double.PositiveInfinity;
        if (shift > 0) numerator <<= (int)shift;
        else denominator <<= (int)-shift;
        var quotient = BigInteger.DivRem(numerator, denominator, out var rest);
        var value = Scale(quotient, rest.IsZero, (int)-shift);
        return negative ? -value : value;
    }

    /// <summary>An integer to the nearest float; <c>OverflowError</c> where it is too large.</summary>
    internal static double FromInt(BigInteger value)
    {
        if (value.GetBitLength() <= 53) return (double)(long)value;
        var result = Ratio(value, 1);
        return double.IsInfinity(result) ? throw new TemplateException("OverflowError", "int too large to convert to float") : result;
    }

    private static double Scale(BigInteger mantissa, bool exact, int exponent)
    {
        var bits = (int)mantissa.GetBitLength();
        // Keep 53 bits, fewer where the result is subnormal.
        var keep = Math.Min(53, bits + exponent + 1074);
        if (keep < 0) return 0;
        var drop = bits - keep;
        var kept = mantissa >> drop;
        var lost = mantissa - (kept << drop);
        var half = BigInteger.One << (drop - 1);
        var order = lost.CompareTo(half);
        if (order > 0 || (order == 0 && (!exact || !kept.IsEven))) kept += 1;
        exponent += drop;
        return exponent + (int)kept.GetBitLength() > 1024 ? double.PositiveInfinity : Math.ScaleB((double)(long)kept, exponent);
    }

    /// <summary>value x 10^digits rounded to an integer, ties to even, exactly.</summary>
    internal static BigInteger Scaled(double value, int digits)
    {
        var (mantissa, exponent) = Parts(value);
        var numerator = mantissa;
        var denominator = BigInteger.One;
        if (digits >= 0) numerator *= BigInteger.Pow(10, digits);
        else denominator *= BigInteger.Pow(10, -digits);
        if (exponent >= 0) numerator <<= exponent;
        else denominator <<= -exponent;
        return RoundedRatio(numerator, denominator);
    }

    /// <summary>The nearest integer to a ratio, ties to even.</summary>
    internal static BigInteger RoundedRatio(BigInteger numerator, BigInteger denominator)
    {
        var quotient = BigInteger.DivRem(BigInteger.Abs(numerator), denominator, out var rest);
        var order = (rest * 2).CompareTo(denominator);
        if (order > 0 || (order == 0 && !quotient.IsEven)) quotient += 1;
        return numerator.Sign < 0 ? -quotient : quotient;
    }

    /// <summary><c>round(value, digits)</c>.</summary>
    internal static double Round(double value, int digits)
    {
        if (!double.IsFinite(value) || digits > 323) return value;
        if (digits < -309) return value * 0.0;
        var text = Scaled(Math.Abs(value), digits)
            .ToString(CultureInfo.InvariantCulture) + "e" + (-digits).ToString(CultureInfo.InvariantCulture);
        var rounded = double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
        if (double.IsInfinity(rounded)) throw new TemplateException("OverflowError", "rounded value too large to represent");
        return double.IsNegative(value) ? -rounded : rounded;
    }

    /// <summary>Reads what <c>float("...")</c> reads; null for anything else.</summary>
    internal static double? Parse(string text)
    {
        var trimmed = PyInt.AsciiDigits(PyText.Strip(text, null));
        var body = trimmed.TrimStart('+', '-');
        if (trimmed.Length - body.Length > 1 || body.Length == 0) return null;
        var sign = trimmed[0] == '-' ? -1.0 : 1.0;
        switch (body.ToLowerInvariant())
        {
            case "inf" or "infinity": return sign * double.PositiveInfinity;
            case "nan": return double.NaN;
        }
        if (PyInt.WithoutUnderscores(body) is not { } plain || !plain.All(c => char.IsAsciiDigit(c) || c is '.' or 'e' or 'E' or '+' or '-')
            || !plain.Any(char.IsAsciiDigit)) return null;
        if (plain[0] is 'e' or 'E' || plain.StartsWith(".e", StringComparison.OrdinalIgnoreCase)) return null;
        return double.TryParse(plain, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture,
            out var value) ? sign * value : null;
    }
}
