using System.Text;
using Tenon.MathAnswers.Numbers;
using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Comparison;

/// <summary>
/// A text for an expression that does not depend on the order of terms and factors, on brackets among them, on added zeros and factors of
/// one:
/// what is compared where nothing can be evaluated.
/// </summary>
internal static class Canonical
{
    /// <summary>The text; where not <paramref name="flat"/>, brackets, zeros and ones stay as they were written.</summary>
    public static string Key(Expr e, bool flat = true)
    {
        if (e.Args.Length == 0) return e.Kind == ExprKind.Number ? Number(e.Value) : e.Kind + ":" + e.Name;
        if (flat && e.Kind is (ExprKind.Add or ExprKind.Mul))
        {
            var row = new List<Expr>();
            var number = e.Kind == ExprKind.Add ? Rational.Zero : Rational.One;
            if (Flatten(e, e.Kind, row, ref number))
            {
                var neutral = number == (e.Kind == ExprKind.Add ? Rational.Zero : Rational.One);
                if (row.Count == 0) return Number(number);
                if (neutral && row.Count == 1) return Key(row[0]);
                if (!neutral) row.Add(Expr.Num(number));
                e = new Expr(e.Kind, "", [.. row]);
            }
        }
        var parts = Array.ConvertAll(e.Args, a => Key(a, flat));
        if (e.Kind is ExprKind.Add or ExprKind.Mul or ExprKind.Set) Array.Sort(parts, StringComparer.Ordinal);
        var b = new StringBuilder();
        b.Append((int)e.Kind).Append(e.Name).Append('[').Append(e.Extra);
        foreach (var p in parts)
        {
            b.Append(',').Append(p);
            if (b.Length > 20000) throw new BudgetExceededException();
        }
        return b.Append(']').ToString();
    }

    // Decimal digits of a long number cost the square of their count, hexadecimal ones do not.
    private static string Number(Rational value) => value.Bits < 256 ? value.ToString() : $"{value.Num:X}/{value.Den:X}";

    /// <summary>Terms of terms in one row, the numbers among them taken together; false where these grow beyond the size budget.</summary>
    private static bool Flatten(Expr e, ExprKind kind, List<Expr> flat, ref Rational number)
    {
        foreach (var a in e.Args)
        {
            if (a.Kind == kind)
            {
                if (!Flatten(a, kind, flat, ref number)) return false;
            }
            else if (a.IsNumber)
            {
                if (a.Value.Bits + number.Bits > 4096) flat.Add(a);
                else number = kind == ExprKind.Add ? number + a.Value : number * a.Value;
            }
            else flat.Add(a);
        }
        return flat.Count <= WorkBudget.MaxElements;
    }
}
