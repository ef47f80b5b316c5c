using System.Numerics;
using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Numbers;

/// <summary>
/// Functions of exact numbers whose value is exact: factorials, binomials, gcd, roots of perfect powers. Null where it is not, or too
/// large.
/// </summary>
internal static class ExactFunctions
{
    private const int MaxFactorial = 2500;

    public static Rational? Call(string name, Expr[] args)
    {
        var a = args[0].Value;
        switch (name)
        {
            case "factorial": return a.IsInteger && a.Sign >= 0 && a.Num <= MaxFactorial ? new Rational(Falling(a.Num, (int)a.Num)) : null;
            case "factorial2":
                if (!a.IsInteger || a.Sign < 0 || a.Num > MaxFactorial) return null;
                var p = BigInteger.One;
                for (var i = (int)a.Num; i > 1; i -= 2) p *= i;
                return new Rational(p);
            case "binom" when args.Length == 2:
                var k = args[1].Value;
                if (!a.IsInteger || !k.IsInteger || a.Sign < 0) return null;
                if (k.Sign < 0 || k > a) return Rational.Zero;
                var m = BigInteger.Min(k.Num, a.Num - k.Num);
                if (m > MaxFactorial || a.Num.GetBitLength() * (long)m > WorkBudget.MaxBits) return null;
                return new Rational(Falling(a.Num, (int)m), Falling(m, (int)m));
            case "abs" or "norm" when args.Length == 1: return Rational.Abs(a);
            case "floor": return new Rational(a.Floor());
            case "ceil": return new Rational(-(-a).Floor());
            case "sgn": return a.Sign;
            case "gcd" or "lcm":
                var g = BigInteger.Abs(a.Num);
                foreach (var x in args)
                {
                    if (!x.Value.IsInteger) return null;
                    var n = BigInteger.Abs(x.Value.Num);
                    g = name == "gcd" ? BigInteger.GreatestCommonDivisor(g, n) : g.IsZero || n.IsZero ? BigInteger.Zero
                        : g / BigInteger.GreatestCommonDivisor(g, n) * n;
                    if (g.GetBitLength() > WorkBudget.MaxBits) return null;
                }
                return new Rational(g);
            case "max" or "min":
                var best = a;
                foreach (var x in args) if (name == "max" ? x.Value > best : x.Value < best) best = x.Value;
                return best;
            case "mod" when args.Length == 2:
                var modulus = args[1].Value;
                return modulus.IsZero ? null : a - (modulus * new Rational((a / modulus).Floor()));
            case "root" when args.Length == 2:
                return args[1].Value.IsInteger && args[1].Value.Num > 0 && args[1].Value.Num < 64
                ? Root(a, (int)args[1].Value.Num) : null;
            default: return null;
        }
    }

    /// <summary>The exact square root, where there is one.</summary>
    public static Rational? Sqrt(Rational a) => a.Sign < 0 ? null : Root(a, 2);

    private static Rational? Root(Rational a, int degree)
    {
        if (a.Sign < 0 && degree % 2 == 0) return null;
        var n = IntegerRoot(BigInteger.Abs(a.Num), degree);
        var d = IntegerRoot(a.Den, degree);
        return n is null || d is null ? null : new Rational(a.Sign < 0 ? -n.Value : n.Value, d.Value);
    }

    /// <summary>Newton's iteration from above; null where the number is no perfect power.</summary>
    private static BigInteger? IntegerRoot(BigInteger n, int degree)
    {
        if (n <= 1) return n;
        if (n.GetBitLength() > 4096) return null;
        var x = BigInteger.One << (int)((n.GetBitLength() / degree) + 1);
        while (true)
        {
            var y = (((degree - 1) * x) + (n / BigInteger.Pow(x, degree - 1))) / degree;
            if (y >= x) break;
            x = y;
        }
        return BigInteger.Pow(x, degree) == n ? x : null;
    }

    /// <summary>n (n-1) ... over k factors, by halves so that the factors stay balanced.</summary>
    private static BigInteger Falling(BigInteger n, int k)
    {
        if (k == 0) return BigInteger.One;
        if (k == 1) return n;
        var half = k / 2;
        return Falling(n, half) * Falling(n - half, k - half);
    }
}
