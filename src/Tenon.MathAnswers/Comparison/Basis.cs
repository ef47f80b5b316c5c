using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Comparison;

/// <summary>Vectors by their components, also where they are written as sums of the unit vectors i, j, k.</summary>
internal static class Basis
{
    private const int Dimensions = 3;

    /// <summary>
    /// The three components of a pair, triple, column or sum of unit vectors; null for anything else. <paramref name="sum"/> becomes true
    /// where it is such a sum and can be nothing else (j, k, bold or accented letters).
    /// </summary>
    public static Expr[]? Components(Expr e, ref bool sum)
    {
        var tuple = e.Kind == ExprKind.Tuple && e.Name is "()" or "[]";
        if (tuple || e.Kind == ExprKind.Matrix && (e.Extra == 1 || e.Extra == e.Args.Length))
            return e.Args.Length is 2 or 3 ? e.Args.Length == 3 ? e.Args : [.. e.Args, Expr.Zero] : null;
        if (e.Kind is not (ExprKind.Add or ExprKind.Mul or ExprKind.Symbol) || !e.Any(x => Axis(x, out _) >= 0)) return null;
        var found = new List<Expr>[Dimensions];
        for (var i = 0; i < Dimensions; i++) found[i] = [];
        if (!Collect(e, [], found, 0, ref sum)) return null;
        return Array.ConvertAll(found, terms => terms.Count == 0 ? Expr.Zero : Simplifier.Tidy(Expr.Add([.. terms])));
    }

    private static bool Collect(Expr e, Expr[] scale, List<Expr>[] found, int depth, ref bool sum)
    {
        if (depth > 8) return false;
        if (Axis(e, out var decorated) is >= 0 and var axis)
        {
            sum |= decorated || axis > 0;
            found[axis].Add(scale.Length == 0 ? Expr.One : Expr.Mul(scale));
            return true;
        }

        if (e.Kind == ExprKind.Add)
        {
            foreach (var term in e.Args)
                if (!Collect(term, scale, found, depth + 1, ref sum)) return false;
            return true;
        }

        if (e.Kind != ExprKind.Mul) return false;
        var vector = -1;
        for (var i = 0; i < e.Args.Length; i++)
        {
            if (!e.Args[i].Any(x => Axis(x, out _) >= 0)) continue;
            if (vector >= 0) return false;
            vector = i;
        }

        if (vector < 0) return false;
        Expr[] others = [.. scale, .. e.Args.Where((_, i) => i != vector)];
        return Collect(e.Args[vector], others, found, depth + 1, ref sum);
    }

    private static int Axis(Expr e, out bool decorated)
    {
        decorated = false;
        if (e.Kind == ExprKind.Constant) return e.Name == "i" ? 0 : -1;
        if (e.Kind != ExprKind.Symbol || e.Name.Length == 0) return -1;
        var name = e.Name;
        if (name.IndexOf('(', StringComparison.Ordinal) is > 0 and var open && name[^1] == ')')
            (decorated, name) = (true, name[(open + 1)..^1]);
        return name switch
        {
            "i" or "imath" => 0,
            "j" or "jmath" => 1,
            "k" => 2,
            "x" when decorated => 0,
            "y" when decorated => 1,
            "z" when decorated => 2,
            _ => -1,
        };
    }
}
