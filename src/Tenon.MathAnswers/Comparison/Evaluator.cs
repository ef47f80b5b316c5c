using System.Numerics;
using Tenon.MathAnswers.Numbers;
using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Comparison;

/// <summary>The value of an expression at a point of its variables, with an error bound; not a number where it has none there.</summary>
internal sealed partial class Evaluator(WorkBudget budget)
{
    private readonly Dictionary<string, Approx> _values = new(StringComparer.Ordinal);

    /// <summary>Sets a variable's value.</summary>
    public void Set(string name, double value) => _values[name] = Approx.Exact(value);

    public Approx Value(Expr e)
    {
        budget.Spend(1);
        switch (e.Kind)
        {
            case ExprKind.Number or ExprKind.BaseNumber: return Approx.Of(e.Value);
            case ExprKind.Symbol: return _values.TryGetValue(e.Name, out var v) ? v : Approx.NaN;
            case ExprKind.Constant:
                return e.Name switch
                {
                    "pi" => Approx.Exact(Math.PI),
                    "e" => Approx.Exact(Math.E),
                    "i" =>
                    new Approx(Complex.ImaginaryOne, 0),
                    _ => Approx.NaN
                };
            case ExprKind.Add:
                var sum = Value(e.Args[0]);
                for (var i = 1; i < e.Args.Length; i++) sum += Value(e.Args[i]);
                return sum;
            case ExprKind.Mul:
                var product = Value(e.Args[0]);
                for (var i = 1; i < e.Args.Length; i++) product *= Value(e.Args[i]);
                return product;
            case ExprKind.Power:
                budget.Spend(2);
                if (RealPowers && e.Args[1] is { IsNumber: true, IsDecimal: false } power && !power.Value.IsInteger
                    && !power.Value.Den.IsEven && Value(e.Args[0]) is { IsReal: true, Value.Real: < 0 } negative)
                {
                    var size = Approx.Pow(new Approx(-negative.Value.Real, negative.Error), Approx.Of(power.Value));
                    return power.Value.Num.IsEven ? size : new Approx(-size.Value, size.Error);
                }
                return Approx.Pow(Value(e.Args[0]), Value(e.Args[1]));
            case ExprKind.Percent: return Value(e.Args[0]) * Approx.Exact(0.01);
            case ExprKind.Degree: return Value(e.Args[0]) * Approx.Exact(Math.PI / 180);
            case ExprKind.Ratio when e.Args.Length == 2: return Value(e.Args[0]) * Approx.Pow(Value(e.Args[1]), Approx.Exact(-1));
            case ExprKind.Apply: return Unknown(e);
            case ExprKind.Call: return Call(e);
            default: return Approx.NaN;
        }
    }

    /// <summary>Another number makes every unknown function another one: what holds for all of them holds for any.</summary>
    public ulong Functions { get; set; }

    /// <summary>An unknown function: a smooth function of its arguments that its name and <see cref="Functions"/> fix.</summary>
    private Approx Unknown(Expr e)
    {
        var seed = Seed(e.Name) ^ (Functions * 0x9E3779B97F4A7C15UL);
        var phase = Approx.Exact(Next(ref seed));
        foreach (var a in e.Args) phase += Approx.Exact(0.3 + Next(ref seed)) * Value(a);
        return Approx.Map(phase, ExactComplex.Cos(phase.Value) + 2.5, ExactMath.Cosh(Math.Min(50, Math.Abs(phase.Value.Imaginary))));
    }

    internal static ulong Seed(string name)
    {
        var h = 14695981039346656037UL;
        foreach (var c in name) h = (h ^ c) * 1099511628211UL;
        return h;
    }

    internal static double Next(ref ulong state)
    {
        state = (state * 6364136223846793005UL) + 1442695040888963407UL;
        return (state >> 40) / (double)(1UL << 24);
    }

    /// <summary>A sum or product over whole numbers, where both ends are known and near each other.</summary>
    private Approx Series(Expr e)
    {
        var (low, high) = (Value(e.Args[1]), Value(e.Args[2]));
        if (!low.IsFinite || !high.IsFinite || !low.IsReal || !high.IsReal || low.Value.Real != Math.Round(low.Value.Real)
            || high.Value.Real != Math.Round(high.Value.Real)) return Approx.NaN;
        if (high.Value.Real - low.Value.Real > 1000) return Approx.NaN;
        var total = new Approx(e.Name == "sum" ? Complex.Zero : Complex.One, 0);
        for (var k = low.Value.Real; k <= high.Value.Real; k++)
        {
            budget.Spend(4);
            Set(e.Args[0].Name, k);
            var term = Value(e.Args[3]);
            if (!term.IsFinite) return Approx.NaN;
            total = e.Name == "sum" ? total + term : total * term;
        }
        return total;
    }

    /// <summary>True: powers with a fraction of odd denominator are real for negative numbers, as roots of odd degree are.</summary>
    public bool RealPowers { get; set; }

    /// <summary>True: roots of odd degree are taken on the principal branch, as fractional powers are.</summary>
    public bool PrincipalRoots { get; set; }

    private Approx Call(Expr e)
    {
        // A function costs as much as a handful of sums.
        budget.Spend(3);
        if (e.Name is "sum" or "prod") return Series(e);
        if (e.Name is "lim" or "lim+" or "lim-") return Limit(e);
        if (e.Name == "int") return Integral(e);
        if (e.Name == "diff") return Derivative(e);
        var x = Value(e.Args[0]);
        if (!x.IsFinite) return Approx.NaN;
        var z = x.Value;
        var real = z.Imaginary == 0;
        var unit = real && Math.Abs(z.Real) <= 1;
        switch (e.Name)
        {
            case "sin":
                return real ? Approx.Map(x, ExactMath.Sin(z.Real), 1)
                : Approx.Map(x, ExactComplex.Sin(z), Complex.Abs(ExactComplex.Cos(z)) + x.Error);
            case "cos":
                return real ? Approx.Map(x, ExactMath.Cos(z.Real), 1)
                : Approx.Map(x, ExactComplex.Cos(z), Complex.Abs(ExactComplex.Sin(z)) + x.Error);
            case "tan": return Quotient(x, ExactComplex.Sin(z), ExactComplex.Cos(z));
            case "cot": return Quotient(x, ExactComplex.Cos(z), ExactComplex.Sin(z));
            case "sec": return Quotient(x, Complex.One, ExactComplex.Cos(z));
            case "csc": return Quotient(x, Complex.One, ExactComplex.Sin(z));
            case "sinh": return Approx.Map(x, ExactComplex.Sinh(z), Complex.Abs(ExactComplex.Cosh(z)));
            case "cosh": return Approx.Map(x, ExactComplex.Cosh(z), Complex.Abs(ExactComplex.Sinh(z)));
            case "tanh": return Quotient(x, ExactComplex.Sinh(z), ExactComplex.Cosh(z));
            case "coth": return Quotient(x, ExactComplex.Cosh(z), ExactComplex.Sinh(z));
            case "sech": return Quotient(x, Complex.One, ExactComplex.Cosh(z));
            case "csch": return Quotient(x, Complex.One, ExactComplex.Sinh(z));
            case "asin": return Inverse(x, unit ? ExactMath.Asin(z.Real) : ExactComplex.Asin(z), Complex.One - (z * z));
            case "acos": return Inverse(x, unit ? ExactMath.Acos(z.Real) : ExactComplex.Acos(z), Complex.One - (z * z));
            case "atan":
                return Approx.Map(x, real ? ExactMath.Atan(z.Real)
                : ExactComplex.Atan(z), 1 / Math.Max(1e-8, Complex.Abs(Complex.One + (z * z))));
            case "acot": return real && z.Real != 0 ? Approx.Map(x, ExactMath.Atan(1 / z.Real), 1) : Approx.NaN;
            case "asec":
                return real && Math.Abs(z.Real) >= 1 ? Inverse(x, ExactMath.Acos(1 / z.Real), Complex.One - (1 / (z * z)))
                : Approx.NaN;
            case "acsc":
                return real && Math.Abs(z.Real) >= 1 ? Inverse(x, ExactMath.Asin(1 / z.Real), Complex.One - (1 / (z * z)))
                : Approx.NaN;
            case "asinh": return real ? Approx.Map(x, ExactMath.Asinh(z.Real), 1) : Approx.NaN;
            case "acosh": return real && z.Real >= 1 ? Inverse(x, ExactMath.Acosh(z.Real), (z * z) - 1) : Approx.NaN;
            case "atanh":
                return real && Math.Abs(z.Real) < 1 ? Approx.Map(x, ExactMath.Atanh(z.Real), 1 / (1 - (z.Real * z.Real))) : Approx.NaN;
            case "ln": return Log(x);
            case "log":
                var radix = e.Args.Length > 1 ? Log(Value(e.Args[1])) : Log(Approx.Exact(10));
                return Log(x) * Approx.Pow(radix, Approx.Exact(-1));
            case "abs" or "norm" when e.Args.Length == 1: return Approx.Map(x, Complex.Abs(z), 1);
            case "re": return Approx.Map(x, z.Real, 1);
            case "im": return Approx.Map(x, z.Imaginary, 1);
            case "arg": return z == Complex.Zero ? Approx.NaN : Approx.Map(x, ExactComplex.Phase(z), 1 / x.Size);
            case "root" when e.Args.Length == 2:
                var degree = Value(e.Args[1]);
                // The real root of an odd degree, as everybody outside complex analysis reads it.
                if (!PrincipalRoots && real && z.Real < 0 && degree.Value.Imaginary == 0 && degree.Value.Real % 2 == 1)
                {
                    var positive = Approx.Pow(new Approx(-z, x.Error), Approx.Exact(1 / degree.Value.Real));
                    return new Approx(-positive.Value, positive.Error);
                }
                return Approx.Pow(x, Approx.Pow(degree, Approx.Exact(-1)));
            default: return Discrete(e, x);
        }
    }

    /// <summary>Functions of integers, evaluated at integer points only.</summary>
    private Approx Discrete(Expr e, Approx x)
    {
        if (!x.IsReal) return Approx.NaN;
        var args = new Expr[e.Args.Length];
        var limit = 1e15;
        for (var i = 0; i < args.Length; i++)
        {
            var v = i == 0 ? x : Value(e.Args[i]);
            if (!v.IsFinite || !v.IsReal || v.Size > limit) return Approx.NaN;
            var near = Math.Round(v.Value.Real);
            if (e.Name is "floor" or "ceil" or "sgn")
            {
                if (Math.Abs(v.Value.Real - near) > (4 * v.Error) + 1e-9)
                    return Approx.Exact(e.Name switch
                    {
                        "floor" => Math.Floor(v.Value.Real),
                        "ceil" => Math.Ceiling(v.Value.Real),
                        _ =>
                        Math.Sign(v.Value.Real)
                    });
                return Approx.Exact(e.Name == "sgn" ? Math.Sign(near) : near);
            }
            if (e.Name is "max" or "min") continue;
            if (Math.Abs(v.Value.Real - near) > (4 * v.Error) + 1e-9 || (e.Name != "mod" && Math.Abs(near) > 150)) return Approx.NaN;
            args[i] = Expr.Num(new Rational(new BigInteger(near)));
        }
        if (e.Name is "max" or "min")
        {
            var best = x;
            for (var i = 1; i < e.Args.Length; i++)
            {
                var v = Value(e.Args[i]);
                if (e.Name == "max" ? v.Value.Real > best.Value.Real : v.Value.Real < best.Value.Real) best = v;
            }
            return best;
        }
        budget.Spend(200);
        return ExactFunctions.Call(e.Name, args) is { } exact ? Approx.Exact(exact.ToDouble()) : Approx.NaN;
    }

    private static Approx Quotient(Approx x, Complex n, Complex d)
    {
        var size = Complex.Abs(d);
        if (size <= 4 * (x.Error + 1e-15)) return Approx.NaN;
        var q = n / d;
        return Approx.Map(x, q, (1 + Complex.Abs(q)) * (1 + Complex.Abs(q)) + (1 / (size * size)));
    }

    private static Approx Inverse(Approx x, Complex value, Complex squareOfSlope) =>
        Approx.Map(x, value, 1 / Math.Sqrt(Math.Max(1e-12, Complex.Abs(squareOfSlope))));

    private static Approx Log(Approx x)
    {
        if (x.Size <= x.Error) return Approx.NaN;
        var imaginary = Math.Abs(x.Value.Imaginary) <= x.Error ? 0.0 : x.Value.Imaginary;
        return Approx.Map(x, new Complex(ExactMath.Log(x.Size), ExactMath.Atan2(imaginary, x.Value.Real)), 1 / (x.Size - x.Error));
    }
}
