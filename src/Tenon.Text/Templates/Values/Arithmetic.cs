// The operators + - * / // % ** and the signs, with Python's types, results and errors.
using System.Numerics;
using Tenon.Text.Templates.Builtins;

namespace Tenon.Text.Templates.Values;

/// <summary>Python's arithmetic.</summary>
internal static class Arithmetic
{
    internal static object? Binary(string op, object? a, object? b)
    {
        RenderBudget.Charge(1);
        if (a is Undefined u) throw u.Fail();
        if (op == "%" && PyType.AsText(a) is { } format) return Percent(a, format, b);
        if (b is Undefined v) throw v.Fail();
        if (PyType.AsInt(a) is { } i && PyType.AsInt(b) is { } j) return Integers(op, i, j);
        if (IsNumber(a) && IsNumber(b)) return Floats(op, ToFloat(a), ToFloat(b));
        if (op == "+" && Joined(a, b) is { } joined) return joined;
        if (op == "*" && PyType.AsInt(b) is { } times && Repeated(a, times) is { } repeated) return repeated;
        if (op == "*" && PyType.AsInt(a) is { } count && Repeated(b, count) is { } again) return again;
        throw Mismatch(op, a, b);
    }

    internal static object? Negate(object? value) => value switch
    {
        Undefined u => throw u.Fail(),
        double d => -d,
        _ => PyType.AsInt(value) is { } i ? -i : throw TemplateException.Type($"bad operand type for unary -: '{PyType.Name(value)}'"),
    };

    internal static object? Plus(object? value) => value switch
    {
        Undefined u => throw u.Fail(),
        double => value,
        _ => PyType.AsInt(value) is { } i ? i : throw TemplateException.Type($"bad operand type for unary +: '{PyType.Name(value)}'"),
    };

    internal static bool IsNumber(object? value) => value is bool or BigInteger or double;

    internal static double ToFloat(object? value) => value is double d ? d : PyFloat.FromInt(PyType.AsInt(value)!.Value);

    private static object Integers(string op, BigInteger a, BigInteger b)
    {
        switch (op)
        {
            case "+":
                PyInt.Charge(Math.Max(a.GetBitLength(), b.GetBitLength()));
                return a + b;
            case "-":
                PyInt.Charge(Math.Max(a.GetBitLength(), b.GetBitLength()));
                return a - b;
            case "*":
                PyInt.Charge(a.GetBitLength() + b.GetBitLength());
                return a * b;
            case "/":
                if (b.IsZero) throw new TemplateException("ZeroDivisionError", "division by zero");
                var ratio = PyFloat.Ratio(a, b);
                return double.IsInfinity(ratio)
                    ? throw new TemplateException("OverflowError", "integer division result too large for a float") : ratio;
            case "//":
                PyInt.Charge(a.GetBitLength());
                return PyInt.FloorDivide(a, b);
            case "%":
                PyInt.Charge(a.GetBitLength());
                return PyInt.Modulo(a, b);
            default:
                if (b.Sign < 0) return Power(PyFloat.FromInt(a), PyFloat.FromInt(b));
                if (a.IsZero || a.IsOne) return b.IsZero ? BigInteger.One : a;
                if (a == BigInteger.MinusOne) return b.IsEven ? BigInteger.One : a;
                if (b > PyInt.MaxBits) PyInt.Charge(long.MaxValue);
                PyInt.Charge(a.GetBitLength() * (long)b);
                return BigInteger.Pow(a, (int)b);
        }
    }

    private static object Floats(string op, double a, double b)
    {
        switch (op)
        {
            case "+": return a + b;
            case "-": return a - b;
            case "*": return a * b;
            case "**": return Power(a, b);
        }
        if (b == 0)
            throw new TemplateException("ZeroDivisionError", op == "/" ? "float division by zero" : op == "//"
                ? "float floor division by zero" : "float modulo");
        if (op == "/") return a / b;
        // As CPython's float_divmod: the remainder takes the divisor's sign, the quotient is snapped to the nearest integer.
        var rest = a % b;
        if (rest != 0 && (b < 0) != (rest < 0)) rest += b;
        else if (rest == 0) rest = Math.CopySign(0, b);
        if (op == "%") return rest;
        var quotient = (a - (a % b is var r && r != 0 && (b < 0) != (r < 0) ? r + b : r)) / b;
        if (quotient == 0) return Math.CopySign(0, a / b);
        var floor = Math.Floor(quotient);
        return quotient - floor > 0.5 ? floor + 1 : floor;
    }

    /// <summary><c>a ** b</c> of floats; whole exponents and square roots are correctly rounded.</summary>
    private static object Power(double a, double b)
    {
        if (a == 0 && b < 0) throw new TemplateException("ZeroDivisionError", "0.0 cannot be raised to a negative power");
        if (a < 0 && double.IsFinite(a) && double.IsFinite(b) && Math.Floor(b) != b)
            throw TemplateException.Unsupported("a complex number (a negative number to a broken power)");
        var result = PyPower.Of(a, b);
        if (double.IsInfinity(result) && double.IsFinite(a) && double.IsFinite(b))
            throw new TemplateException("OverflowError", "(34, 'Numerical result out of range')");
        return result;
    }

    private static object? Joined(object? a, object? b)
    {
        if (PyType.AsText(a) is { } s && PyType.AsText(b) is { } t)
        {
            if (a is Markup || b is Markup)
            {
                (s, t) = (Html.Escaped(a), Html.Escaped(b));
                RenderBudget.ChargeSize((long)s.Length + t.Length);
                return new Markup(s + t);
            }
            RenderBudget.ChargeSize((long)s.Length + t.Length);
            return s + t;
        }
        if (a is not PySequence x || b is not PySequence y || x.GetType() != y.GetType()) return null;
        RenderBudget.ChargeSize((long)x.Items.Count + y.Items.Count);
        return x.With([.. x.Items, .. y.Items]);
    }

    private static object? Repeated(object? value, BigInteger times)
    {
        if (times.Sign < 0) times = 0;
        if (times > long.MaxValue && (PyType.AsText(value) is not null || value is PySequence))
            throw new TemplateException("OverflowError", "cannot fit 'int' into an index-sized integer");
        if (PyType.AsText(value) is { } s)
        {
            var text = Repeat(s, times);
            return value is Markup ? new Markup(text) : text;
        }
        if (value is not PySequence sequence) return null;
        RenderBudget.ChargeSize(times * sequence.Items.Count is var n && n > RenderBudget.MaxSize ? -1 : (long)n);
        var items = new List<object?>();
        if (sequence.Items.Count > 0)
            for (BigInteger i = 0; i < times; i++) items.AddRange(sequence.Items);
        return sequence.With(items);
    }

    internal static string Repeat(string s, BigInteger times)
    {
        if (s.Length == 0 || times.Sign <= 0) return "";
        RenderBudget.ChargeSize(times * s.Length is var n && n > RenderBudget.MaxSize ? -1 : (long)n);
        return new System.Text.StringBuilder(s.Length * (int)times).Insert(0, s, (int)times).ToString();
    }

    private static object Percent(object? a, string format, object? b)
    {
        var text = PercentFormat.Format(format, b, a is Markup);
        return a is Markup ? new Markup(text) : text;
    }

    private static TemplateException Mismatch(string op, object? a, object? b)
    {
        if (op == "+" && PyType.AsText(a) is not null)
            return TemplateException.Type($"can only concatenate str (not \"{PyType.Name(b)}\") to str");
        if (op == "+" && a is PySequence)
            return TemplateException.Type($"can only concatenate {PyType.Name(a)} (not \"{PyType.Name(b)}\") to {PyType.Name(a)}");
        if (op == "*" && (a is PySequence or string or Markup || b is PySequence or string or Markup))
            return TemplateException.Type(
                $"can't multiply sequence by non-int of type '{PyType.Name(a is PySequence or string or Markup ? b : a)}'");
        return TemplateException.Type(
            $"unsupported operand type(s) for {(op == "**" ? "** or pow()" : op)}: '{PyType.Name(a)}' and '{PyType.Name(b)}'");
    }
}
