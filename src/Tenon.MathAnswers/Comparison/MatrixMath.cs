using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Comparison;

/// <summary>Sums, products and scalar multiples of matrices, and determinants up to 5x5, on exact entries.</summary>
internal static class MatrixMath
{
    public static Expr Evaluate(Expr e, WorkBudget budget)
    {
        if (e.Args.Length == 0 || e.Kind == ExprKind.Matrix) return e;
        if (e.Kind is not (ExprKind.Add or ExprKind.Mul or ExprKind.Call or ExprKind.Power)) return e;
        var args = Array.ConvertAll(e.Args, a => Evaluate(a, budget));
        e = e.With(args);
        switch (e.Kind)
        {
            case ExprKind.Add when Array.TrueForAll(args, a => a.Kind == ExprKind.Matrix && a.Extra == args[0].Extra
                && a.Args.Length == args[0].Args.Length):
                var sum = new Expr[args[0].Args.Length];
                for (var i = 0; i < sum.Length; i++) sum[i] = Simplifier.Tidy(Expr.Add(Array.ConvertAll(args, a => a.Args[i])));
                return new Expr(ExprKind.Matrix, "", sum) { Extra = args[0].Extra };
            case ExprKind.Mul when Array.Exists(args, a => a.Kind == ExprKind.Matrix):
                Expr? matrix = null;
                var scalars = new List<Expr>();
                foreach (var a in args)
                {
                    if (a.Kind != ExprKind.Matrix) scalars.Add(a);
                    else
                    {
                        matrix = matrix is null ? a : Product(matrix, a, budget);
                        if (matrix is null) return e;
                    }
                }
                if (scalars.Count == 0) return matrix!;
                var scale = Expr.Mul([.. scalars]);
                return new Expr(ExprKind.Matrix, "",
                    Array.ConvertAll(matrix!.Args, a => Simplifier.Tidy(Expr.Mul(scale, a))))
                { Extra = matrix.Extra };
            case ExprKind.Call when e.Name == "det" && args[0].Kind == ExprKind.Matrix && args[0].Extra is > 0 and <= 5
                && args[0].Args.Length == args[0].Extra * args[0].Extra:
                return Simplifier.Tidy(Determinant(args[0].Args, args[0].Extra, budget));
            default: return e;
        }
    }

    private static Expr? Product(Expr a, Expr b, WorkBudget budget)
    {
        var (inner, columns) = (a.Extra, b.Extra);
        if (b.Args.Length / columns != inner) return null;
        var rows = a.Args.Length / inner;
        budget.Spend(rows * columns * inner);
        var cells = new Expr[rows * columns];
        for (var r = 0; r < rows; r++)
            for (var c = 0; c < columns; c++)
            {
                var terms = new Expr[inner];
                for (var k = 0; k < inner; k++) terms[k] = Expr.Mul(a.Args[(r * inner) + k], b.Args[(k * columns) + c]);
                var cell = Expr.Add(terms);
                // Entries that do not fold to numbers double with every factor.
                budget.Spend(cell.Size);
                cells[(r * columns) + c] = Simplifier.Tidy(cell);
                budget.Spend(4 * (cells[(r * columns) + c].Size - 1));
            }
        return new Expr(ExprKind.Matrix, "", cells) { Extra = columns };
    }

    private static Expr Determinant(Expr[] m, int n, WorkBudget budget)
    {
        if (n == 1) return m[0];
        budget.Spend(n * n);
        var terms = new Expr[n];
        for (var c = 0; c < n; c++)
        {
            var minor = new Expr[(n - 1) * (n - 1)];
            var k = 0;
            for (var r = 1; r < n; r++)
                for (var q = 0; q < n; q++)
                    if (q != c) minor[k++] = m[(r * n) + q];
            var cofactor = Determinant(minor, n - 1, budget);
            terms[c] = Expr.Mul(Expr.Num(c % 2 == 0 ? 1 : -1), m[c], cofactor);
            budget.Spend(terms[c].Size);
        }
        return Expr.Add(terms);
    }
}
