using System.Text;
using Tenon.Rewards.MathAnswers.Parsing;

namespace Tenon.Rewards.MathAnswers.Comparison;

/// <summary>A text for an expression that does not depend on the order of terms and factors: what is compared where nothing can be evaluated.</summary>
internal static class Canonical
{
    public static string Key(Expr e)
    {
        if (e.Args.Length == 0) return e.Kind == ExprKind.Number ? e.Value.ToString() : e.Kind + ":" + e.Name;
        var parts = Array.ConvertAll(e.Args, Key);
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
}
