using Tenon.MathAnswers.Comparison;
using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Steps;

/// <summary>
/// Whether two unequal expressions with unknowns were meant as the same one: in a chain of rewritings, or behind "expanding", sides that
/// differ in one term of their polynomials. An equation to solve differs in more, and stays undecided.
/// </summary>
internal static class Identities
{
    private static readonly string[] Rewritings =
        ["expand", "simplif", "factor", "distribut", "combin", "rewrit", "foil", "multiplying out", "collect", "like terms"];

    /// <summary>True for what only names a quantity: a variable, f(x), a product of names.</summary>
    public static bool IsName(Expr e) => Shapes.IsName(e) && e.Kind is not ExprKind.Add;

    /// <summary>True where the link i of the statement rewrites an expression and is off by one term.</summary>
    public static bool IsClaim(Statement s, int i, WorkBudget budget)
    {
        var (l, r) = (s.Sides[i].Expr!, s.Sides[i + 1].Expr!);
        var (left, right) = (Names(l), Names(r));
        if (left.Count is 0 or > 3 || !left.SetEquals(right)) return false;
        if (!InChain(s, i, budget) && !Array.Exists(Rewritings, w => s.Before.Contains(w, StringComparison.OrdinalIgnoreCase)))
            return false;
        if (Polynomial.Of(l, budget) is not { } a || Polynomial.Of(r, budget) is not { } b) return false;
        if (a.Terms < 2 || b.Terms < 2) return false;
        return a.Minus(b).Terms == 1;
    }

    /// <summary>A neighbouring link of the same chain is an identity in the same unknowns.</summary>
    private static bool InChain(Statement s, int i, WorkBudget budget)
    {
        foreach (var k in (ReadOnlySpan<int>)[i - 1, i + 1])
        {
            if (k < 0 || k >= s.Ops.Length || s.Ops[k] != '=') continue;
            if (s.Sides[k].Expr is not { } a || s.Sides[k + 1].Expr is not { } b || Names(a).Count == 0 || !Names(a).SetEquals(Names(b))
                || IsName(a) || IsName(b)) continue;
            if (new Comparer(budget, null).SameValue(a, b)) return true;
        }
        return false;
    }

    public static SortedSet<string> Names(Expr e)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        Add(e);
        return names;

        void Add(Expr x)
        {
            if ((x.Kind == ExprKind.Symbol && !x.Name.EndsWith('#')) || x.Kind == ExprKind.Apply) names.Add(x.Name);
            foreach (var a in x.Args) Add(a);
        }
    }
}
