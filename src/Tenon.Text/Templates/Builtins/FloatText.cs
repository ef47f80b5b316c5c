// Floats with a given number of digits (%e %f %g), correctly rounded with ties to even through exact integers.
using System.Globalization;
using Tenon.Text.Templates.Values;

namespace Tenon.Text.Templates.Builtins;

/// <summary>Fixed, scientific and general forms of non-negative finite floats.</summary>
internal static class FloatText
{
    internal static string Of(char type, double value, int precision, bool alternate) => type switch
    {
        'f' => Fixed(value, precision, alternate),
        'e' => Scientific(value, precision, alternate),
        _ => General(value, Math.Max(1, precision), alternate, keepPoint: false),
    };

    internal static string Fixed(double value, int precision, bool alternate)
    {
        RenderBudget.ChargeSize(precision);
        if (precision > 20_000) throw TemplateException.Value("precision too big");
        var digits = PyFloat.Scaled(value, precision).ToString(CultureInfo.InvariantCulture).PadLeft(precision + 1, '0');
        return precision == 0 ? digits + (alternate ? "." : "") : digits[..^precision] + "." + digits[^precision..];
    }

    internal static string Scientific(double value, int precision, bool alternate)
    {
        var (digits, exponent) = Digits(value, precision + 1);
        return Mantissa(digits, alternate) + Exponent(exponent);
    }

    /// <summary>
    /// <c>%g</c>; with <paramref name="keepPoint"/> the form that <c>format(x, ".3")</c> gives, which always shows a float.
    /// </summary>
    internal static string General(double value, int precision, bool alternate, bool keepPoint)
    {
        var (digits, exponent) = Digits(value, precision);
        var scientific = exponent < -4 || exponent >= precision - (keepPoint ? 1 : 0);
        if (!alternate) digits = digits.TrimEnd('0') is { Length: > 0 } trimmed ? trimmed : "0";
        if (scientific) return Mantissa(digits, alternate) + Exponent(exponent);
        if (exponent < 0) return "0." + new string('0', -exponent - 1) + digits;
        if (digits.Length <= exponent + 1)
            return digits + new string('0', exponent + 1 - digits.Length) + (keepPoint ? ".0" : alternate ? "." : "");
        return digits[..(exponent + 1)] + "." + digits[(exponent + 1)..];
    }

    /// <summary>The first <paramref name="count"/> significant digits and the exponent of the first.</summary>
    private static (string Digits, int Exponent) Digits(double value, int count)
    {
        RenderBudget.ChargeSize(count);
        if (count > 20_000) throw TemplateException.Value("precision too big");
        if (value == 0) return (new string('0', count), 0);
        var exponent = PyFloat.Shortest(value).Exponent;
        var digits = PyFloat.Scaled(value, count - 1 - exponent).ToString(CultureInfo.InvariantCulture);
        // Rounding may carry into one digit more (9.99 to 10.0), and the shortest form may already have been rounded up.
        if (digits.Length > count)
            return (PyFloat.Scaled(value, count - 2 - exponent).ToString(CultureInfo.InvariantCulture), exponent + 1);
        return digits.Length < count ? (PyFloat.Scaled(value, count - exponent).ToString(CultureInfo.InvariantCulture), exponent - 1)
            : (digits, exponent);
    }

    private static string Mantissa(string digits, bool alternate) =>
        digits.Length > 1 ? digits[..1] + "." + digits[1..] : digits + (alternate ? "." : "");

    private static string Exponent(int exponent) =>
        "e" + (exponent < 0 ? "-" : "+") + Math.Abs(exponent).ToString("00", CultureInfo.InvariantCulture);
}
