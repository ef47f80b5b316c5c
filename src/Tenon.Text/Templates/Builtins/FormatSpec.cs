// Python's format specification mini-language ([[fill]align][sign][z][#][0][width][grouping][.precision][type]) for int, float and str.
using System.Globalization;
using System.Numerics;
using System.Text;
using Tenon.Text.Templates.Values;

namespace Tenon.Text.Templates.Builtins;

/// <summary>One parsed format specification.</summary>
internal sealed record FormatSpec(string Fill, char Align, char Sign, bool NoNegativeZero, bool Alternate, bool Zero, int Width, char Group,
    int Precision, char Type)
{
    /// <summary><c>format(value, spec)</c>.</summary>
    internal static string Format(object? value, string spec)
    {
        if (spec.Length == 0) return Repr.Str(value);
        if (value is Undefined or PyDict or PySequence or null or PyObject)
            throw TemplateException.Type($"unsupported format string passed to {PyType.Name(value)}.__format__");
        var parsed = Parse(spec, value);
        if (PyType.AsText(value) is { } text) return parsed.OfText(text);
        if (value is double f) return parsed.OfFloat(f);
        return PyType.AsInt(value) is { } i ? parsed.OfInt(i) : parsed.OfText(Repr.Str(value));
    }

    private static FormatSpec Parse(string spec, object? value)
    {
        var all = PyText.CodePoints(spec).ToList();
        var at = 0;
        string fill = " ";
        var align = '\0';
        if (all.Count > 1 && all[1] is "<" or ">" or "=" or "^")
        {
            (fill, align) = (all[0], all[1][0]);
            at = 2;
        }
        else if (all.Count > 0 && all[0] is "<" or ">" or "=" or "^") align = all[at++][0];
        var sign = at < all.Count && all[at] is "+" or "-" or " " ? all[at++][0] : '-';
        var noNegativeZero = at < all.Count && all[at] == "z" && at++ >= 0;
        var alternate = at < all.Count && all[at] == "#" && at++ >= 0;
        var zero = at < all.Count && all[at] == "0" && at++ >= 0;
        var width = Number();
        var group = at < all.Count && all[at] is "," or "_" ? all[at++][0] : '\0';
        var precision = -1;
        if (at < all.Count && all[at] == ".")
        {
            at++;
            if (at == all.Count || !char.IsAsciiDigit(all[at][0])) throw TemplateException.Value("Format specifier missing precision");
            precision = Number();
        }
        if (all.Count - at > 1)
            throw TemplateException.Value($"Invalid format specifier '{spec}' for object of type '{PyType.Name(value)}'");
        return new FormatSpec(fill, align, sign, noNegativeZero, alternate, zero, Math.Max(0, width), group, precision, at < all.Count
            ? all[at][0] : '\0');

        int Number()
        {
            var from = at;
            while (at < all.Count && char.IsAsciiDigit(all[at][0])) at++;
            if (at == from) return -1;
            if (at - from > 9) throw TemplateException.Value("Too many decimal digits in format string");
            return int.Parse(string.Concat(all[from..at]), CultureInfo.InvariantCulture);
        }
    }

    private string OfText(string s)
    {
        if (Type is not ('\0' or 's')) throw Unknown("str");
        if (Align == '=') throw TemplateException.Value("'=' alignment not allowed in string format specifier");
        if (Sign != '-') throw TemplateException.Value("Sign not allowed in string format specifier");
        if (Precision >= 0 && PyText.Length(s) > Precision) s = PyText.Substring(s, 0, Precision);
        return Padded("", s, Align == '\0' ? '<' : Align, Zero && Align == '\0' ? "0" : Fill);
    }

    private string OfInt(BigInteger value)
    {
        if (Type is 'e' or 'E' or 'f' or 'F' or 'g' or 'G' or '%') return OfFloat(PyFloat.FromInt(value));
        if (Precision >= 0) throw TemplateException.Value("Precision not allowed in integer format specifier");
        if (Type == 'c')
            return Padded("",
                PyText.FromScalar(value >= 0 && value < 0x110000 ? (int)value
                : throw new TemplateException("OverflowError", "%c arg not in range(0x110000)")), Align == '\0' ? '<' : Align, Fill);
        var magnitude = BigInteger.Abs(value);
        var (digits, prefix) = Type switch
        {
            '\0' or 'd' or 'n' => (Repr.Int(magnitude), ""),
            'b' => (Radix(magnitude, 1), "0b"),
            'o' => (Radix(magnitude, 3), "0o"),
            'x' => (Radix(magnitude, 4), "0x"),
            'X' => (Radix(magnitude, 4).ToUpperInvariant(), "0X"),
            _ => throw Unknown("int"),
        };
        if (Group == ',' && Type is not ('\0' or 'd')) throw TemplateException.Value($"Cannot specify ',' with '{Type}'.");
        return Signed(value.Sign < 0, Alternate ? prefix : "", digits, Type is 'b' or 'o' or 'x' or 'X' ? 4 : 3);
    }

    private string OfFloat(double value)
    {
        var magnitude = Math.Abs(value);
        var negative = double.IsNegative(value) && !double.IsNaN(value);
        if (Type is not ('\0' or 'e' or 'E' or 'f' or 'F' or 'g' or 'G' or 'n' or '%')) throw Unknown("float");
        string body;
        if (!double.IsFinite(value)) body = double.IsNaN(value) ? "nan" : "inf";
        else if (Type == '%') body = FloatText.Fixed(magnitude * 100, Precision < 0 ? 6 : Precision, Alternate);
        else if (Type == '\0' && Precision < 0) body = PyFloat.Repr(magnitude);
        else if (Type == '\0') body = FloatText.General(magnitude, Math.Max(1, Precision), false, keepPoint: true);
        else body = FloatText.Of(char.ToLowerInvariant(Type == 'n' ? 'g' : Type), magnitude, Precision < 0 ? 6 : Precision, Alternate);
        if (NoNegativeZero && !body.Any(c => c is >= '1' and <= '9')) negative = false;
        if (Type is 'E' or 'F' or 'G') body = body.ToUpperInvariant();
        return Signed(negative, "", Type == '%' ? body + "%" : body, 3);
    }

    private string Signed(bool negative, string prefix, string digits, int groupSize)
    {
        var head = (negative ? "-" : Sign == '-' ? "" : Sign.ToString()) + prefix;
        var align = Align != '\0' ? Align : Zero ? '=' : '>';
        var fill = Zero && Align == '\0' ? "0" : Fill;
        if (Group != '\0')
        {
            var end = digits.TakeWhile(char.IsAsciiHexDigit).Count();
            if (digits.Contains('.') || digits.Contains('e')) end = digits.TakeWhile(char.IsAsciiDigit).Count();
            var whole = digits[..end];
            // Zeros that fill the width are grouped too.
            if (align == '=' && fill == "0")
                while (Grouped(whole, groupSize).Length + digits.Length - end + head.Length < Width) whole = "0" + whole;
            var grouped = Grouped(whole, groupSize);
            digits = grouped + digits[end..];
        }
        return align == '=' ? head + Padded("", digits, '>', fill, Width - head.Length) : Padded(head, digits, align, fill);
    }

    private string Grouped(string digits, int size)
    {
        RenderBudget.ChargeSize(digits.Length);
        var to = new StringBuilder();
        for (var i = 0; i < digits.Length; i++)
        {
            if (i > 0 && (digits.Length - i) % size == 0) to.Append(Group);
            to.Append(digits[i]);
        }
        return to.ToString();
    }

    private string Padded(string head, string body, char align, string fill, int? width = null) =>
        StringMethods.Pad(head + body, width ?? Width, fill, (room, _, _) => align switch { '<' => 0, '^' => room / 2, _ => room });

    internal static string Radix(BigInteger magnitude, int bits)
    {
        if (magnitude.IsZero) return "0";
        PyInt.Charge(magnitude.GetBitLength());
        var digits = new List<char>();
        var mask = (1 << bits) - 1;
        foreach (var bit in Chunks(magnitude, bits)) digits.Add("0123456789abcdef"[bit & mask]);
        digits.Reverse();
        return string.Concat(digits).TrimStart('0');
    }

    private static IEnumerable<int> Chunks(BigInteger value, int bits)
    {
        var bytes = value.ToByteArray(isUnsigned: true);
        long count = (long)bytes.Length * 8;
        for (long at = 0; at < count; at += bits)
        {
            var chunk = 0;
            for (var k = 0; k < bits && at + k < count; k++) chunk |= ((bytes[(at + k) / 8] >> (int)((at + k) % 8)) & 1) << k;
            yield return chunk;
        }
    }

    private TemplateException Unknown(string type) => TemplateException.Value($"Unknown format code '{Type}' for object of type '{type}'");
}
