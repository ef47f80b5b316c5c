using Tenon.MathAnswers.Numbers;
using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Comparison;

/// <summary>
/// Confirms with intervals of 57 digits that two real expressions which agree as doubles are equal: e^{π√163} is no whole number. Variables
/// take
/// one positive point. Null for what it does not cover (complex values, rarer functions, very large numbers).
/// </summary>
internal static class HighPrecision
{
    /// <summary>
    /// False where the values differ for certain, true where they agree to about 50 digits, null where nothing can be said.
    /// </summary>
    public static bool? Agree(Expr gold, Expr answer, WorkBudget budget)
    {
        if (gold.Size + answer.Size > 400) return null;
        if (Value(gold, budget) is not { } g || Value(answer, budget) is not { } a) return null;
        return (g - a).HasZero;
    }

    private static FixedInterval? Value(Expr e, WorkBudget budget)
    {
        budget.Spend(4);
        switch (e.Kind)
        {
            case ExprKind.Number or ExprKind.BaseNumber: return e.Value.Bits > 600 ? null : FixedInterval.Of(e.Value);
            case ExprKind.Constant: return e.Name switch { "pi" => FixedInterval.Pi, "e" => FixedInterval.E, _ => null };
            case ExprKind.Symbol:
                var seed = Evaluator.Seed(e.Name);
                return FixedInterval.Of(new Rational(400 + (int)(seed % 997), 1009));
            case ExprKind.Add:
                FixedInterval? sum = FixedInterval.Of(Rational.Zero);
                foreach (var a in e.Args) sum = sum + Value(a, budget);
                return sum;
            case ExprKind.Mul:
                FixedInterval? product = FixedInterval.Of(Rational.One);
                foreach (var a in e.Args) product = product is { } x && Value(a, budget) is { } y ? FixedInterval.Multiply(x, y) : null;
                return product;
            case ExprKind.Percent:
                return Value(e.Args[0], budget) is { } p
                ? FixedInterval.Multiply(p, FixedInterval.Of(new Rational(1, 100))) : null;
            case ExprKind.Degree:
                return Value(e.Args[0], budget) is { } d && FixedInterval.Multiply(d, FixedInterval.Pi) is { } r
                    ? FixedInterval.Multiply(r, FixedInterval.Of(new Rational(1, 180))) : null;
            case ExprKind.Power: return Value(e.Args[0], budget) is { } b ? Power(b, e.Args[1], budget) : null;
            case ExprKind.Call: return e.Name is "sum" or "prod" ? null : Value(e.Args[0], budget) is { } v ? Call(e, v, budget) : null;
            default: return null;
        }
    }

    private static FixedInterval? Power(FixedInterval b, Expr exponent, WorkBudget budget)
    {
        if (exponent.IsNumber && exponent.Value.IsInteger && Rational.Abs(exponent.Value) <= 64)
        {
            var n = (int)exponent.Value.Num;
            FixedInterval? result = FixedInterval.Of(Rational.One);
            for (var i = 0; i < Math.Abs(n); i++) result = result is { } r ? FixedInterval.Multiply(r, b) : null;
            return n >= 0 || result is null ? result : FixedInterval.Inverse(result.Value);
        }
        if (exponent.IsNumber && exponent.Value == Rational.Half) return FixedInterval.Sqrt(b);
        return FixedInterval.Log(b) is { } log && Value(exponent, budget) is { } e && FixedInterval.Multiply(log, e) is { } x
            ? FixedInterval.Exp(x) : null;
    }

    private static FixedInterval? Call(Expr e, FixedInterval x, WorkBudget budget)
    {
        budget.Spend(20);
        switch (e.Name)
        {
            case "ln": return FixedInterval.Log(x);
            case "log":
                var radix = e.Args.Length > 1 ? Value(e.Args[1], budget) : FixedInterval.Of(10);
                return radix is { } r ? Quotient(FixedInterval.Log(x), FixedInterval.Log(r)) : null;
            case "sin": return FixedInterval.Sine(x, false);
            case "cos": return FixedInterval.Sine(x, true);
            case "tan": return Quotient(FixedInterval.Sine(x, false), FixedInterval.Sine(x, true));
            case "cot": return Quotient(FixedInterval.Sine(x, true), FixedInterval.Sine(x, false));
            case "sec": return Quotient(FixedInterval.Of(Rational.One), FixedInterval.Sine(x, true));
            case "csc": return Quotient(FixedInterval.Of(Rational.One), FixedInterval.Sine(x, false));
            case "atan": return FixedInterval.Atan(x);
            case "abs": return x.Low.Sign >= 0 ? x : x.High.Sign <= 0 ? -x : null;
            case "root" when e.Args.Length == 2 && e.Args[1].IsNumber
                && !e.Args[1].Value.IsZero:
                return Power(x, Expr.Num(Rational.One / e.Args[1].Value), budget);
            default: return null;
        }
    }

    private static FixedInterval? Quotient(FixedInterval? n, FixedInterval? d) =>
        n is { } a && d is { } b && FixedInterval.Inverse(b) is { } i ? FixedInterval.Multiply(a, i) : null;
}
