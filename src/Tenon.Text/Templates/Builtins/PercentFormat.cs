// printf-style formatting: "%s is %d and %.2f" % (a, b, c), "%(name)s" % mapping.
using System.Globalization;
using System.Numerics;
using System.Text;
using Tenon.Text.Templates.Values;

namespace Tenon.Text.Templates.Builtins;

/// <summary>The <c>%</c> operator of strings.</summary>
internal static class PercentFormat
{
    internal static string Format(string format, object? values, bool markup = false)
    {
        var tuple = values as PyTuple;
        var single = tuple is null;
        // A lone value that can be subscripted counts as a mapping, so that it need not be used up.
        var mapping = values is PyDict or PyList or Undefined or PyRange;
        var next = 0;
        var usedKey = false;
        var to = new StringBuilder();
        for (var i = 0; i < format.Length; i++)
        {
            RenderBudget.Charge(1);
            if (format[i] != '%')
            {
                to.Append(format[i]);
                continue;
            }
            var spec = Spec.Parse(format, ref i, Argument);
            if (spec.Type == '%' && spec.IsBare) to.Append('%');
            else to.Append(Convert(spec, spec.Key is { } key ? Mapped(key) : Argument(), markup));
            RenderBudget.ChargeSize(to.Length > RenderBudget.MaxSize ? -1 : 1);
        }
        if (tuple is not null ? next < tuple.Items.Count : next == 0 && !mapping && !usedKey)
            throw TemplateException.Type("not all arguments converted during string formatting");
        return to.ToString();

        object? Argument()
        {
            if (single && next++ == 0) return values;
            if (!single && next < tuple!.Items.Count) return tuple.Items[next++];
            throw TemplateException.Type("not enough arguments for format string");
        }

        object? Mapped(string key)
        {
            usedKey = true;
            if (values is not PyDict d) throw values is Undefined u ? u.Fail() : TemplateException.Type("format requires a mapping");
            return d.TryGet(key, out var value) ? value : throw new TemplateException("KeyError", Repr.Quote(key));
        }
    }

    private static string Convert(Spec spec, object? value, bool markup)
    {
        switch (spec.Type)
        {
            case 's' or 'r' or 'a':
                var text = spec.Type == 's' ? markup ? Html.Escaped(value) : Repr.Str(value) : spec.Type == 'r' ? Repr.Of(value)
                    : JsonText.AsciiRepr(Repr.Of(value));
                if (spec.Precision >= 0 && PyText.Length(text) > spec.Precision) text = PyText.Substring(text, 0, spec.Precision);
                return spec.Pad("", text, zeros: false);
            case 'c':
                if (PyType.AsText(value) is { } s && PyText.Length(s) == 1) return spec.Pad("", s, zeros: false);
                if (PyType.AsInt(value) is not { } scalar) throw TemplateException.Type("%c requires int or char");
                if (scalar.Sign < 0 || scalar > 0x10FFFF) throw new TemplateException("OverflowError", "%c arg not in range(0x110000)");
                return spec.Pad("", PyText.FromScalar((int)scalar), zeros: false);
            case 'd' or 'i' or 'u':
                return Whole(spec, value is double f ? PyInt.FromFloat(f)
                    : Integer(value, $"%{spec.Type} format: a real number is required, not {PyType.Name(value)}"));
            case 'x' or 'X' or 'o':
                return Whole(spec, PyType.AsInt(value)
                    ?? throw TemplateException.Type($"%{spec.Type} format: an integer is required, not {PyType.Name(value)}"));
            case '%': throw TemplateException.Value("unsupported format character '%' (0x25)");
            default:
                if (value is Undefined u) throw u.Fail();
                if (!Arithmetic.IsNumber(value)) throw TemplateException.Type($"must be real number, not {PyType.Name(value)}");
                return Real(spec, Arithmetic.ToFloat(value));
        }
    }

    private static BigInteger Integer(object? value, string otherwise)
    {
        if (value is Undefined u) throw u.Fail();
        return PyType.AsInt(value) ?? throw TemplateException.Type(otherwise);
    }

    private static string Whole(Spec spec, BigInteger value)
    {
        var magnitude = BigInteger.Abs(value);
        var digits = spec.Type switch
        {
            'x' => FormatSpec.Radix(magnitude, 4),
            'X' => FormatSpec.Radix(magnitude, 4).ToUpperInvariant(),
            'o' => FormatSpec.Radix(magnitude, 3),
            _ => Repr.Int(magnitude),
        };
        RenderBudget.ChargeSize(Math.Max(0, spec.Precision));
        if (spec.Precision > digits.Length) digits = new string('0', spec.Precision - digits.Length) + digits;
        var prefix = spec.Has('#') ? spec.Type switch { 'x' => "0x", 'X' => "0X", 'o' => "0o", _ => "" } : "";
        return spec.Pad(spec.SignOf(value.Sign < 0) + prefix, digits, zeros: true);
    }

    private static string Real(Spec spec, double value)
    {
        var lower = char.ToLowerInvariant(spec.Type);
        var text = double.IsNaN(value) ? "nan" : double.IsInfinity(value) ? "inf"
            : FloatText.Of(lower, Math.Abs(value), spec.Precision < 0 ? 6 : spec.Precision, spec.Has('#'));
        if (lower != spec.Type) text = text.ToUpperInvariant();
        return spec.Pad(spec.SignOf(double.IsNegative(value) && !double.IsNaN(value)), text, zeros: double.IsFinite(value));
    }

    /// <summary>One conversion: %[(key)][flags][width][.precision][length]type.</summary>
    private sealed record Spec(string? Key, string Flags, int Width, int Precision, char Type)
    {
        internal static Spec Parse(string format, ref int i, Func<object?> argument)
        {
            string? key = null;
            var at = i + 1;
            if (at < format.Length && format[at] == '(')
            {
                var depth = 1;
                var from = ++at;
                for (; at < format.Length && depth > 0; at++) depth += format[at] == '(' ? 1 : format[at] == ')' ? -1 : 0;
                if (depth > 0) throw TemplateException.Value("incomplete format key");
                key = format[from..(at - 1)];
            }
            var flagStart = at;
            while (at < format.Length && format[at] is '-' or '+' or ' ' or '#' or '0') at++;
            var flags = format[flagStart..at];
            var width = Number(format, ref at, argument);
            if (width < -1)
            {
                flags += "-";
                width = -width;
            }
            var precision = -1;
            if (at < format.Length && format[at] == '.')
            {
                at++;
                precision = Math.Max(0, Number(format, ref at, argument));
            }
            while (at < format.Length && format[at] is 'h' or 'l' or 'L') at++;
            if (at >= format.Length) throw TemplateException.Value("incomplete format");
            var type = format[at];
            if (!"diouxXeEfFgGcrsa%".Contains(type))
                throw TemplateException.Value(
                    $"unsupported format character '{(type is > ' ' and < (char)0x7f ? type : '?')}' (0x{(int)type:x}) at index {at}");
            i = at;
            return new Spec(key, flags, width, precision, type);
        }

        internal bool IsBare => Key is null && Flags.Length == 0 && Width < 0 && Precision < 0;

        internal bool Has(char flag) => Flags.Contains(flag);

        internal string SignOf(bool negative) => negative ? "-" : Has('+') ? "+" : Has(' ') ? " " : "";

        internal string Pad(string head, string body, bool zeros)
        {
            var room = Width - PyText.Length(head) - PyText.Length(body);
            if (room <= 0) return head + body;
            RenderBudget.ChargeSize(room);
            if (Has('-')) return head + body + new string(' ', room);
            return zeros && Has('0') ? head + new string('0', room) + body : new string(' ', room) + head + body;
        }

        private static int Number(string format, ref int at, Func<object?> argument)
        {
            if (at < format.Length && format[at] == '*')
            {
                at++;
                return PyType.AsInt(argument()) is { } n ? (int)BigInteger.Max(BigInteger.Min(n, int.MaxValue), -int.MaxValue)
                    : throw TemplateException.Type("* wants int");
            }
            var from = at;
            while (at < format.Length && char.IsAsciiDigit(format[at])) at++;
            if (at == from) return -1;
            return at - from > 9 ? throw TemplateException.Value("width too big")
                : int.Parse(format[from..at], CultureInfo.InvariantCulture);
        }
    }
}
