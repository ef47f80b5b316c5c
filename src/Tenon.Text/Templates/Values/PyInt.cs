using System.Globalization;
using System.Numerics;

namespace Tenon.Text.Templates.Values;

/// <summary>Integers: reading, and division that rounds towards minus infinity.</summary>
internal static class PyInt
{
    /// <summary>Bits of the largest integer a template may make.</summary>
    internal const long MaxBits = 1 << 20;

    internal static BigInteger FloorDivide(BigInteger a, BigInteger b)
    {
        if (b.IsZero) throw new TemplateException("ZeroDivisionError", "integer division or modulo by zero");
        var quotient = BigInteger.DivRem(a, b, out var rest);
        return !rest.IsZero && rest.Sign != b.Sign ? quotient - 1 : quotient;
    }

    internal static BigInteger Modulo(BigInteger a, BigInteger b)
    {
        if (b.IsZero) throw new TemplateException("ZeroDivisionError", "integer modulo by zero");
        var rest = BigInteger.Remainder(a, b);
        return !rest.IsZero && rest.Sign != b.Sign ? rest + b : rest;
    }

    /// <summary>Charges an operation by the sizes of its operands, and refuses numbers beyond <see cref="MaxBits"/>.</summary>
    internal static void Charge(long bits)
    {
        if (bits > MaxBits) throw new TemplateException("MemoryError", $"the template makes an integer of more than {MaxBits} bits");
        if (bits > 4096) RenderBudget.Charge(bits);
    }

    /// <summary><c>float</c> cut to an integer, towards zero.</summary>
    internal static BigInteger FromFloat(double value)
    {
        if (double.IsNaN(value)) throw TemplateException.Value("cannot convert float NaN to integer");
        if (double.IsInfinity(value)) throw new TemplateException("OverflowError", "cannot convert float infinity to integer");
        return new BigInteger(Math.Truncate(value));
    }

    /// <summary>
    /// Reads what <c>int(text, radix)</c> reads (white space, sign, prefix, underscores); null for anything else. Radix 0 takes it from the
    /// prefix.
    /// </summary>
    internal static BigInteger? Parse(string text, int radix)
    {
        if (radix != 0 && radix is < 2 or > 36) throw TemplateException.Value("int() base must be >= 2 and <= 36, or 0");
        var s = PyText.Strip(text, null);
        var negative = s.StartsWith('-');
        if (s.Length > 0 && s[0] is '+' or '-') s = s[1..];
        var prefixed = s.Length > 1 && s[0] == '0' ? char.ToLowerInvariant(s[1]) switch { 'x' => 16, 'o' => 8, 'b' => 2, _ => 0 } : 0;
        if (prefixed != 0 && (radix == 0 || radix == prefixed))
        {
            s = s[2..].StartsWith('_') ? s[3..] : s[2..];
            radix = prefixed;
        }
        else if (radix == 0)
        {
            if (s.Length > 1 && s[0] == '0' && s.Any(c => c is not ('0' or '_'))) return null;
            radix = 10;
        }
        if (WithoutUnderscores(s) is not { Length: > 0 } digits) return null;
        digits = AsciiDigits(digits);
        if (radix == 10)
        {
            if (!digits.All(char.IsAsciiDigit)) return null;
            if (digits.Length > 4300)
                throw TemplateException.Value(
                    $"Exceeds the limit (4300 digits) for integer string conversion: value has {digits.Length} digits; use "
                    + $"sys.set_int_max_str_digits() to increase the limit");
            var value = BigInteger.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
            return negative ? -value : value;
        }
        Charge(digits.Length * 6L);
        var result = BigInteger.Zero;
        foreach (var c in digits)
        {
            var digit = char.IsAsciiDigit(c) ? c - '0' : char.IsAsciiLetter(c) ? char.ToLowerInvariant(c) - 'a' + 10 : 99;
            if (digit >= radix) return null;
            result = result * radix + digit;
        }
        return negative ? -result : result;
    }

    /// <summary>The text without single underscores between digits; null where they stand anywhere else.</summary>
    internal static string? WithoutUnderscores(string s)
    {
        if (!s.Contains('_')) return s;
        for (var i = 0; i < s.Length; i++)
            if (s[i] == '_'
                && (i == 0 || i == s.Length - 1 || !char.IsAsciiLetterOrDigit(s[i - 1]) || !char.IsAsciiLetterOrDigit(s[i + 1])))
                return null;
        return s.Replace("_", "");
    }

    /// <summary>Decimal digits of other scripts become ASCII ones.</summary>
    internal static string AsciiDigits(string s) =>
        s.All(char.IsAscii) ? s
        : string.Concat(s.Select(c => CharUnicodeInfo.GetDecimalDigitValue(c) is >= 0 and var d ? (char)('0' + d) : c));
}
