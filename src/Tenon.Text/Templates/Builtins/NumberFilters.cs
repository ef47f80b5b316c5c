using System.Globalization;
using System.Numerics;
using Tenon.Text.Templates.Values;
using static Tenon.Text.Templates.Builtins.Filters;

namespace Tenon.Text.Templates.Builtins;

/// <summary>Filters on numbers.</summary>
internal static class NumberFilters
{
    internal static IEnumerable<KeyValuePair<string, Func<Arguments, object?>>> All =>
    [
        Define("abs", "abs", "x", a => a[0] is double d ? Math.Abs(d) : PyType.AsInt(a[0]) is { } i ? BigInteger.Abs(i)
            : throw TemplateException.Type($"bad operand type for abs(): '{PyType.Name(a[0])}'")),
        Define("float", "do_float", "value default=", a => ToFloat(a[0]) ?? Absent.Or(a[1], 0.0)),
        Define("int", "do_int", "value default= base=", ToInt),
        Define("round", "do_round", "value precision= method=", Round),
        Define("filesizeformat", "do_filesizeformat", "value binary=", FileSize),
    ];

    private static double? ToFloat(object? value) => value switch
    {
        Undefined u => throw u.Fail(),
        bool or BigInteger or double => Arithmetic.ToFloat(value),
        _ => PyType.AsText(value) is { } s ? PyFloat.Parse(s) : null,
    };

    private static object? ToInt(object?[] a)
    {
        var fallback = Absent.Or(a[1], BigInteger.Zero);
        if (a[0] is Undefined u) throw u.Fail();
        if (PyType.AsInt(a[0]) is { } i) return i;
        if (PyType.AsText(a[0]) is { } s)
        {
            // Every failure of int(s, base) is retried as a float, a base out of range and too many digits included.
            try
            {
                if (PyInt.Parse(s, PyType.Index(Absent.Or(a[2], (BigInteger)10))) is { } parsed) return parsed;
            }
            catch (TemplateException e) when (e.Kind is "ValueError" or "TypeError")
            {
            }
        }
        if (a[0] is double f && double.IsInfinity(f))
            throw new TemplateException("OverflowError", "cannot convert float infinity to integer");
        return ToFloat(a[0]) is { } number && double.IsFinite(number) ? PyInt.FromFloat(number) : fallback;
    }

    private static object? Round(object?[] a)
    {
        var digits = Absent.Or(a[1], BigInteger.Zero);
        var method = PyType.AsText(Absent.Or(a[2], "common"));
        if (method is not ("common" or "ceil" or "floor")) throw TemplateException.FilterArgument("method must be common, ceil or floor");
        if (!Arithmetic.IsNumber(a[0]))
            throw a[0] is Undefined u && method != "common" ? u.Fail()
                : TemplateException.Type($"type {PyType.Name(a[0])} doesn't define __round__ method");
        if (method == "common")
        {
            if (a[0] is double d)
            {
                if (digits is null) return RoundToInt(d);
                return PyFloat.Round(d, PyType.Index(digits));
            }
            var value = PyType.AsInt(a[0])!.Value;
            if (digits is null || PyType.Index(digits) >= 0) return value;
            var unit = (BigInteger)Arithmetic.Binary("**", (BigInteger)10, (BigInteger)(-(long)PyType.Index(digits)))!;
            return PyFloat.RoundedRatio(value, unit) * unit;
        }
        var factor = Arithmetic.Binary("**", (BigInteger)10, digits);
        var scaled = Arithmetic.Binary("*", a[0], factor);
        var whole = scaled is double s ? PyInt.FromFloat(method == "ceil" ? Math.Ceiling(s) : Math.Floor(s)) : PyType.AsInt(scaled)!.Value;
        return Arithmetic.Binary("/", whole, factor);
    }

    private static object RoundToInt(double d) => PyInt.FromFloat(double.IsFinite(d) ? Math.Round(d, MidpointRounding.ToEven) : d);

    private static object FileSize(object?[] a)
    {
        var bytes = ToFloat(a[0])
            ?? throw (PyType.AsText(a[0]) is { } s ? TemplateException.Value($"could not convert string to float: {Repr.Quote(s)}")
            : TemplateException.Type($"float() argument must be a string or a real number, not '{PyType.Name(a[0])}'"));
        var binary = PyType.Truth(Absent.Or(a[1], false));
        double size = binary ? 1024 : 1000;
        if (!double.IsFinite(bytes))
            return (double.IsNaN(bytes) ? "nan" : bytes > 0 ? "inf"
                : throw new TemplateException("OverflowError", "cannot convert float infinity to integer")) + (binary ? " YiB" : " YB");
        if (bytes == 1) return "1 Byte";
        if (bytes < size) return $"{PyInt.FromFloat(bytes).ToString(CultureInfo.InvariantCulture)} Bytes";
        string[] prefixes = binary ? ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"]
            : ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];
        for (var i = 0; ; i++)
        {
            var unit = PyFloat.FromInt(BigInteger.Pow((BigInteger)size, i + 2));
            if (bytes < unit || i == prefixes.Length - 1) return $"{FloatText.Fixed(size * bytes / unit, 1, false)} {prefixes[i]}";
        }
    }
}
