using System.Globalization;
using System.Numerics;
using Tenon.MathAnswers.Numbers;

namespace Tenon.Rewards.Outcome;

/// <summary>Numbers that are written out: what a generated task takes for an answer. Nothing is evaluated.</summary>
internal static class PlainNumber
{
    // Longer than any honest answer; keeps the quadratic cost of reading digits negligible.
    private const int LongestText = 200;

    /// <summary>
    /// Reads a plain number: <c>12</c>, <c>-7</c>, <c>1,234</c>, <c>0.5</c>, <c>3/4</c>, <c>\frac{3}{4}</c> (fractions in lowest terms
    /// only), with dollar
    /// signs around it allowed. ASCII digits only; no expression, no exponent, no unit.
    /// </summary>
    public static bool TryParse(string text, out Rational value)
    {
        value = Rational.Zero;
        var span = text.AsSpan().Trim().Trim('$').Trim();
        if (span.Length is 0 or > LongestText) return false;
        var negative = span[0] == '-';
        if (negative || span[0] == '+') span = span[1..];
        foreach (var name in (ReadOnlySpan<string>)[@"\frac{", @"\dfrac{", @"\tfrac{"])
        {
            if (!span.StartsWith(name, StringComparison.Ordinal) || span[^1] != '}') continue;
            var body = span[name.Length..^1];
            var middle = body.IndexOf("}{", StringComparison.Ordinal);
            return middle > 0 && TryQuotient(body[..middle], body[(middle + 2)..], negative, out value);
        }

        var slash = span.IndexOf('/');
        return slash >= 0 ? TryQuotient(span[..slash].TrimEnd(), span[(slash + 1)..].TrimStart(), negative, out value)
            : TryDecimal(span, negative, out value);
    }

    private static bool TryQuotient(ReadOnlySpan<char> over, ReadOnlySpan<char> under, bool negative, out Rational value)
    {
        value = Rational.Zero;
        if (!IsDigits(over) || !IsDigits(under)) return false;
        BigInteger p = BigInteger.Parse(over, CultureInfo.InvariantCulture), q = BigInteger.Parse(under, CultureInfo.InvariantCulture);
        if (q.IsZero || !BigInteger.GreatestCommonDivisor(p, q).IsOne) return false;
        value = new Rational(negative ? -p : p, q);
        return true;
    }

    private static bool TryDecimal(ReadOnlySpan<char> span, bool negative, out Rational value)
    {
        value = Rational.Zero;
        var point = span.IndexOf('.');
        var whole = point < 0 ? span : span[..point];
        var rest = point < 0 ? [] : span[(point + 1)..];
        if (point >= 0 && !IsDigits(rest)) return false;
        Span<char> digits = stackalloc char[span.Length];
        if (!TryGroups(whole, digits, out var count)) return false;
        rest.CopyTo(digits[count..]);
        if (count + rest.Length == 0) return false;
        var number = BigInteger.Parse(digits[..(count + rest.Length)], CultureInfo.InvariantCulture);
        value = new Rational(negative ? -number : number, BigInteger.Pow(10, rest.Length));
        return true;
    }

    // Thousands commas stand every three digits from the right, or not at all.
    private static bool TryGroups(ReadOnlySpan<char> whole, Span<char> digits, out int count)
    {
        count = 0;
        var commas = whole.Contains(',');
        for (var i = 0; i < whole.Length; i++)
        {
            var fromRight = whole.Length - 1 - i;
            if (commas && fromRight % 4 == 3)
            {
                if (whole[i] != ',' || i == 0) return false;
            }
            else if (!char.IsAsciiDigit(whole[i]))
            {
                return false;
            }
            else
            {
                digits[count++] = whole[i];
            }
        }

        return true;
    }

    private static bool IsDigits(ReadOnlySpan<char> span)
    {
        foreach (var c in span)
            if (!char.IsAsciiDigit(c)) return false;
        return span.Length > 0;
    }
}
