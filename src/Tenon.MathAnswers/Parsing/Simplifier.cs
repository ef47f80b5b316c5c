using Tenon.MathAnswers.Numbers;

namespace Tenon.MathAnswers.Parsing;

/// <summary>Exact arithmetic on a tree: sums, products and powers of numbers become one number; plus-minus becomes two values.</summary>
internal static class Simplifier
{
    /// <summary>Folds numbers bottom-up; leaves everything that is not exact or would pass the size budget as it stands.</summary>
    public static Expr Tidy(Expr e)
    {
        if (e.Args.Length == 0) return e;
        Expr[]? changed = null;
        for (var i = 0; i < e.Args.Length; i++)
        {
            var a = Tidy(e.Args[i]);
            if (ReferenceEquals(a, e.Args[i])) continue;
            changed ??= (Expr[])e.Args.Clone();
            changed[i] = a;
        }
        if (changed is not null) e = e.With(changed);
        return Fold(e) is { } value && value.Bits <= 2 * WorkBudget.MaxBits ? Expr.Num(value, Decimal(e)) : e;
    }

    private static bool Decimal(Expr e)
    {
        foreach (var a in e.Args) if (a.IsDecimal) return true;
        return false;
    }

    private static Rational? Fold(Expr e)
    {
        foreach (var a in e.Args) if (!a.IsNumber) return null;
        switch (e.Kind)
        {
            case ExprKind.Add:
                var sum = Rational.Zero;
                foreach (var a in e.Args) sum += a.Value;
                return sum;
            case ExprKind.Mul:
                var product = Rational.One;
                foreach (var a in e.Args)
                {
                    product *= a.Value;
                    if (product.Bits > 2 * WorkBudget.MaxBits) return null;
                }
                return product;
            case ExprKind.Power when e.Args[1].Value.IsInteger: return e.Args[0].Value.TryPow(e.Args[1].Value.Num);
            case ExprKind.Power when e.Args[1].Value == Rational.Half: return ExactFunctions.Sqrt(e.Args[0].Value);
            case ExprKind.Call: return ExactFunctions.Call(e.Name, e.Args);
            default: return null;
        }
    }

    /// <summary>True where the tree holds a ± or ∓.</summary>
    public static bool HasPlusMinus(Expr e) => e.Any(x => x.Kind == ExprKind.PlusMinus);

    /// <summary>The tree with every ± read as its upper or lower sign.</summary>
    public static Expr Choose(Expr e, bool upper)
    {
        if (e.Args.Length == 0) return e;
        var args = Array.ConvertAll(e.Args, a => Choose(a, upper));
        if (e.Kind == ExprKind.PlusMinus) return (e.Name == "+-") == upper ? args[0] : Expr.Neg(args[0]);
        return e.With(args);
    }
}
