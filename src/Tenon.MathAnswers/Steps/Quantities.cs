using System.Globalization;
using System.Numerics;
using Tenon.MathAnswers.Comparison;
using Tenon.MathAnswers.Numbers;
using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Steps;

/// <summary>
/// Values of sides: exact where they are, doubles with bounds otherwise, and how far rounding of the decimals in them may have moved them.
/// </summary>
internal static class Quantities
{
    /// <summary>True where nothing in it is unknown.</summary>
    public static bool IsClosed(Expr e) =>
        e.IsScalar
        && !e.Any(x => !x.IsScalar || (x.Kind == ExprKind.Symbol && !x.Name.EndsWith('#')) || x.Kind is ExprKind.Apply or ExprKind.PlusMinus
        || x is { Kind: ExprKind.Constant, Name: "inf" });

    /// <summary>The value with its error bound; no value where it has none.</summary>
    public static Approx Value(Expr e, WorkBudget budget) => new Evaluator(budget).Value(e);

    /// <summary>An expression with numbers in the place of symbols, folded.</summary>
    public static Expr Put(Expr e, IReadOnlyDictionary<string, Expr> values)
    {
        if (e.Kind == ExprKind.Symbol) return values.TryGetValue(e.Name, out var v) ? v : e;
        if (e.Args.Length == 0) return e;
        return Simplifier.Tidy(e.With(Array.ConvertAll(e.Args, a => Put(a, values))));
    }

    /// <summary>How far the value may move where every decimal of two or more places stands for what rounds to it.</summary>
    public static double Looseness(Expr e, WorkBudget budget)
    {
        var total = 0.0;
        var at = Value(e, budget).Value.Real;
        var seen = 0;
        Visit(e, x => x);
        return total;

        void Visit(Expr node, Func<Expr, Expr> rebuild)
        {
            if (node is { IsNumber: true, IsDecimal: true } && !node.Value.IsInteger && seen < 12)
            {
                var places = Places(node.Value);
                if (places is < 2 or > 12) return;
                seen++;
                var half = new Rational(BigInteger.One, 2 * BigInteger.Pow(10, places));
                var moved = Value(rebuild(Expr.Num(node.Value + half, true)), budget).Value.Real;
                if (double.IsFinite(moved)) total += Math.Abs(moved - at);
                return;
            }
            for (var i = 0; i < node.Args.Length; i++)
            {
                var index = i;
                Visit(node.Args[i], x =>
                {
                    var args = (Expr[])node.Args.Clone();
                    args[index] = x;
                    return rebuild(node.With(args));
                });
            }
        }
    }

    /// <summary>Decimal places of a fraction that has finitely many; -1 otherwise.</summary>
    public static int Places(Rational value)
    {
        var (d, places) = (value.Den, 0);
        while (!d.IsOne && places < 20)
        {
            if (!(d % 10).IsZero && !(d % 2).IsZero && !(d % 5).IsZero) return -1;
            d /= BigInteger.GreatestCommonDivisor(d, 10);
            places++;
        }
        return d.IsOne ? places : -1;
    }

    /// <summary>A value as a person writes it: a whole number, a short decimal, a fraction, or ten digits.</summary>
    public static string? Show(Expr? e, WorkBudget budget)
    {
        if (e is null) return null;
        if (e.IsNumber)
        {
            if (e.Value.Bits > 400) return null;
            if (e.Value.IsInteger) return e.Value.ToString();
            var places = Places(e.Value);
            return e.IsDecimal && places is >= 0 and <= 8 && e.Value.Num.GetBitLength() < 60
                ? ((decimal)(e.Value.Num * (BigInteger.Pow(10, places) / e.Value.Den)) / (decimal)BigInteger.Pow(10, places)).ToString(
                CultureInfo.InvariantCulture) : e.Value.ToString();
        }
        if (!IsClosed(e)) return e.ToString();
        var v = Value(e, budget);
        return v.IsFinite && v.IsReal ? v.Value.Real.ToString("G10", CultureInfo.InvariantCulture) : e.ToString();
    }
}
