using Tenon.MathAnswers.Numbers;
using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Comparison;

/// <summary>Questions about the shape of an expression, and the rewriting of one shape into another.</summary>
internal static class Shapes
{
    public static bool IsCollection(Expr e) => e.Kind is ExprKind.List or ExprKind.Tuple or ExprKind.Set or ExprKind.SetOp || IsKnownSet(e);

    /// <summary>The number sets with a name of their own.</summary>
    public static bool IsKnownSet(Expr e) =>
        e.Kind == ExprKind.Symbol && e.Name is "Reals" or "Integers" or "Naturals" or "Rationals" or "Complexes";

    /// <summary>Reads every ± as two values: 1 ± √2 is the list of both; inside a list or set the elements multiply out.</summary>
    public static Expr Expand(Expr e)
    {
        if (e.Kind == ExprKind.List && e.Args is [
            {
                Kind: ExprKind.Relation, Name: [Sign.Ne], Args: [{ Kind: ExprKind.Symbol } name,
            _]
            } first, ..]
            && Array.TrueForAll(e.Args[1..], a => a.IsScalar))
        {
            // x ≠ 0, 1: it is neither.
            e = new Expr(ExprKind.List, "", [first, .. e.Args[1..].Select(a => new Expr(ExprKind.Relation, first.Name, [name, a]))]);
        }

        if (!Simplifier.HasPlusMinus(e)) return e;
        if (e.Kind is ExprKind.List or ExprKind.Set)
        {
            var all = new List<Expr>();
            foreach (var a in e.Args)
            {
                var x = Expand(a);
                if (x.Kind == ExprKind.List) all.AddRange(x.Args);
                else all.Add(x);
            }
            return new Expr(e.Kind, e.Name, [.. all]);
        }
        if (e.Kind == ExprKind.Tuple) return e;
        var (up, down) = (Simplifier.Tidy(Simplifier.Choose(e, true)), Simplifier.Tidy(Simplifier.Choose(e, false)));
        return new Expr(ExprKind.List, "", [up, down]);
    }

    /// <summary>{0, 1, …, 9} with every number that the dots stand for; the set as it is where their step is not plain.</summary>
    public static Expr WithoutDots(Expr e)
    {
        var at = Array.FindIndex(e.Args, IsDots);
        if (at < 1 || at + 2 != e.Args.Length || !e.Args[..at].Append(e.Args[^1]).All(a =>
            a is { IsNumber: true, IsDecimal: false })) return e;
        var step = at == 1 ? Rational.One : e.Args[at - 1].Value - e.Args[at - 2].Value;
        for (var i = 1; i < at; i++)
            if (e.Args[i].Value - e.Args[i - 1].Value != step) return e;
        if (step.IsZero || (e.Args[^1].Value - e.Args[at - 1].Value) / step is not { IsInteger: true, Sign: > 0, Bits: < 10 } count
            || count > WorkBudget.MaxElements) return e;
        var all = new List<Expr>(e.Args[..at]);
        while (all[^1].Value != e.Args[^1].Value) all.Add(Expr.Num(all[^1].Value + step));
        return new Expr(e.Kind, e.Name, [.. all]);
    }

    /// <summary>[[1, 2], [3, 4]] as a matrix; null where the rows are none or differ in length.</summary>
    public static Expr? Rows(Expr e)
    {
        if (e.Kind != ExprKind.Tuple || e.Name is not ("()" or "[]")
            || !Array.TrueForAll(e.Args, row => row.Kind == ExprKind.Tuple && row.Args.Length == e.Args[0].Args.Length)) return null;
        return new Expr(ExprKind.Matrix, "", [.. e.Args.SelectMany(row => row.Args)]) { Extra = e.Args[0].Args.Length };
    }

    /// <summary>True for the dots of a list.</summary>
    public static bool IsDots(Expr e) => e.Name == "…";

    /// <summary>
    /// What an equation stands for: x = 5 is 5, AB = 5 cm is 5, x = 2+3 = 5 is 5, x ∈ S is S; null where it states more than a value.
    /// </summary>
    public static Expr? ValueOf(Expr e)
    {
        if (e.Kind != ExprKind.Relation) return null;
        // Of an approximation the exact side counts: x = 1/3 ≈ 0.33.
        var end = e.Name.Length;
        var approx = e.Name.IndexOf(Sign.Approx);
        if (approx >= 0)
        {
            end = approx == 0 && IsName(e.Args[0]) && !IsKnownValue(e.Args[0]) ? 1 : approx;
            if (end == 0) return e.Args[0];
        }
        for (var i = 0; i < end; i++)
            if (e.Name[i] is not ('=' or Sign.In or Sign.To or Sign.Equiv or Sign.Approx)) return null;
        if (e.Name[0] is Sign.Equiv && e.Args[^1].Name == "pmod") return e.Args[^1].Args[0];
        // 1 + 4 + ... + 36 = 91: dots are not worked out.
        if (IsName(e.Args[0]) || IsArithmetic(e) || e.Args[0].Any(x => x is { Kind: ExprKind.Symbol, Name: "…" })) return e.Args[end];
        // 5 = x
        return e is { Name: "=", Args: [{ IsNumber: true } value, { Kind: ExprKind.Symbol }] } ? value : null;
    }

    // ln 2: a function of numbers is a value and no name.
    private static bool IsKnownValue(Expr e) => e.Kind == ExprKind.Call && Array.TrueForAll(e.Args, a => a.IsNumber);

    /// <summary>
    /// True for what only names a quantity: variables, their products, sums and quotients, f(1), |AB|, tuples of names. A number in it (2a)
    /// makes
    /// it an equation to solve.
    /// </summary>
    public static bool IsName(Expr e) => e.Kind switch
    {
        ExprKind.Symbol or ExprKind.Text or ExprKind.Apply => true,
        ExprKind.Constant => e.Name is "e" or "i",
        ExprKind.Add or ExprKind.Mul or ExprKind.Tuple or ExprKind.Ratio or ExprKind.SetOp => Array.TrueForAll(e.Args, IsName),
        ExprKind.Call => Array.TrueForAll(e.Args, a => IsName(a) || a.IsNumber),
        ExprKind.Power => IsName(e.Args[0]) && e.Args[1].IsNumber && e.Args[1].Value == -1,
        _ => false,
    };

    /// <summary>2 + 3 = 5: a true statement about numbers stands for its result.</summary>
    private static bool IsArithmetic(Expr e)
    {
        foreach (var a in e.Args)
            if (!a.IsNumber || a.Value != e.Args[^1].Value) return false;
        return true;
    }

    /// <summary>True where every element is a named value with a name of its own: x = 1, y = 2.</summary>
    public static bool IsNamedValues(Expr e)
    {
        if (e.Kind is not (ExprKind.List or ExprKind.Tuple or ExprKind.Set) || e.Args.Length < 2) return false;
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var a in e.Args)
            if (a.Kind != ExprKind.Relation || ValueOf(a) is null || !IsName(a.Args[0]) || !names.Add(ExprPrinter.Print(a.Args[0])))
                return false;
        return true;
    }
}
