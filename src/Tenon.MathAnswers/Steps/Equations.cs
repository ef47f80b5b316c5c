using Tenon.MathAnswers.Comparison;
using Tenon.MathAnswers.Numbers;
using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Steps;

/// <summary>
/// Equations in one unknown that follow from one another: 2x + 3 = 7, 2x = 4, x = 2. The next one must be the same up to a factor, or hold
/// at a
/// solution of the one before.
/// </summary>
internal sealed class Equations(WorkBudget budget)
{
    private (string Name, Rational[] Coefficients, Statement Statement)? _before;

    /// <summary>What the last call found of the two equations, for the explanation.</summary>
    public (string Left, string Right, string? LeftValue, string? RightValue) Sides { get; private set; }

    /// <summary>Takes an equation; null where it follows from nothing that could be checked.</summary>
    public (StepState State, string Reason)? Next(Statement s, int i)
    {
        if (s.Ops[i] != '=' || s.Sides[i].Expr is not { } l || s.Sides[i + 1].Expr is not { } r || !l.IsScalar || !r.IsScalar)
        {
            _before = null;
            return null;
        }
        var names = Identities.Names(Expr.Add(l, r));
        if (names.Count != 1 || Polynomial.Of(Expr.Sub(l, r), budget) is not { } p
            || p.Coefficients(names.Min!) is not { Length: >= 2 and <= 5 } c)
        {
            if (names.Count != 0) _before = null;
            return null;
        }
        var now = (Name: names.Min!, Coefficients: c, Statement: s);
        var before = _before;
        _before = now;
        // |x| = 3: "x = 3 or x = -3", "either ... or": cases stand side by side.
        if (before is { } other && other.Name == now.Name && Cases(other.Statement, s)) return null;
        if (before is { } first
            && (first.Statement.Before.Contains("ither", StringComparison.Ordinal)
            || first.Statement.After.Contains("no real", StringComparison.Ordinal)
            || first.Statement.After.Contains("no solution", StringComparison.Ordinal))) return null;
        if (IsSolved(s) && Doubts.Assigns(s.Before)) return null;
        if (before is not { } b || b.Name != now.Name || !Follows(b.Statement, s) || IsSolved(b.Statement) || b.Statement.OpenLeft
            || b.Statement.OpenRight) return null;
        Sides = (b.Statement.Text, s.Text, Solution(b.Coefficients), Solution(c));
        return Compare(b.Coefficients, c, s, IsSolved(s));
    }

    /// <summary>True for two equations with one left side and different right sides, neither of them solved.</summary>
    public static bool Cases(Statement before, Statement now)
    {
        if (before.Ops != "=" || now.Ops != "=" || IsSolved(now) || before.Sides[0].Expr is not { } a || now.Sides[0].Expr is not { } b
            || a.Size + b.Size > 200 || Quantities.IsClosed(a)) return false;
        return Canonical.Key(a) == Canonical.Key(b) && before.Sides[1].Expr is { } x && now.Sides[1].Expr is { } y && x.Size + y.Size <= 200
            && Canonical.Key(x) != Canonical.Key(y);
    }

    /// <summary>Forgets what came before: another topic begins.</summary>
    public void Break() => _before = null;

    private static (StepState State, string Reason)? Compare(Rational[] before, Rational[] now, Statement s, bool solved)
    {
        if (Proportional(before, now)) return (StepState.Right, "solution");
        if (now.Length == 2)
        {
            var root = -now[0] / now[1];
            if (At(before, root).IsZero) return (StepState.Right, "solution");
            if (before.Length == 2)
            {
                var wanted = -before[0] / before[1];
                if (solved && !wanted.IsInteger && Near(wanted, root)) return (StepState.Unchecked, "rounded-otherwise");
            }
            // A linear equation out of one of higher degree may be a factor or a root written with rounding.
            else if (!solved || !Clear(before, root)) return (StepState.Unchecked, "equation");
            return Doubts.Around(s) || s.OpenLeft || s.OpenRight || s.Sides.Any(x => x.Units.Count > 1) ? (StepState.Unchecked, "supposed")
                : (StepState.Wrong, "solution");
        }
        return (StepState.Unchecked, "equation");
    }

    /// <summary>True where the polynomial is far from zero at the place and near it.</summary>
    private static bool Clear(Rational[] c, Rational x)
    {
        if (!x.IsInteger && Quantities.Places(x) != 1 && x.Den > 12) return false;
        return !At(c, x).IsZero;
    }

    private static bool Near(Rational a, Rational b)
    {
        var (x, y) = (a.ToDouble(), b.ToDouble());
        return Math.Abs(x - y) <= Math.Max(0.01 * Math.Max(Math.Abs(x), Math.Abs(y)), b.IsInteger ? 1 : 0);
    }

    private static Rational At(Rational[] c, Rational x)
    {
        var v = Rational.Zero;
        for (var i = c.Length - 1; i >= 0; i--) v = (v * x) + c[i];
        return v;
    }

    private static bool Proportional(Rational[] a, Rational[] b)
    {
        if (a.Length != b.Length) return false;
        for (var i = 0; i < a.Length; i++)
            if (a[i] * b[^1] != b[i] * a[^1]) return false;
        return true;
    }

    private static string? Solution(Rational[] c) => c.Length == 2 ? Quantities.Show(Expr.Num(-c[0] / c[1]), new WorkBudget(1000)) : null;

    private static bool IsSolved(Statement s) =>
        s.Sides.Count == 2
        && (s.Sides[0].Expr is { Kind: ExprKind.Symbol } && s.Sides[1].Expr is { } r && Quantities.IsClosed(r)
        || s.Sides[1].Expr is { Kind: ExprKind.Symbol } && s.Sides[0].Expr is { } l && Quantities.IsClosed(l));

    /// <summary>An arrow, a next row, a word such as so, or a next line that is nothing else.</summary>
    private static bool Follows(Statement before, Statement now)
    {
        if (now.Follows) return true;
        if (now.Line - before.Line > 2) return false;
        var lead = now.Before.Trim(' ', ',', '.', ':', '$', '-', '*', '\t');
        if (Doubts.Derives(lead)) return true;
        return lead.Length == 0 && now.Line > before.Line && before.After.Trim(' ', '.', ',', '$', '\n', '\r').Length == 0;
    }
}
