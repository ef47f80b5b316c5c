using Tenon.MathAnswers.Numbers;
using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Comparison;

/// <summary>
/// Two values: exact numbers exactly, closed forms by evaluation with error bounds, expressions with variables by random points. One rule
/// for
/// decimals: an exact gold wants an exact answer or a decimal right to six significant digits; a decimal gold is met within 1e-6 relative.
/// </summary>
internal sealed class Scalars(WorkBudget budget, double? tolerance)
{
    private static readonly Rational SixDigits = new(1, 1_000_000);

    /// <summary>The rule that decided the last comparison.</summary>
    public string Rule { get; private set; } = "";

    public bool Same(Expr gold, Expr answer)
    {
        if (gold.IsNumber && answer.IsNumber) return Numbers(gold, answer);
        if (gold.Kind == ExprKind.Constant && answer.Kind == ExprKind.Constant)
        {
            Rule = "constant";
            return gold.Name == answer.Name;
        }
        if (HasInfinity(gold) || HasInfinity(answer))
        {
            Rule = "infinity";
            return InfinitySign(gold) is { } s && s == InfinitySign(answer);
        }
        // A limit or integral that stands on both sides need not be worked out.
        if (HasAnalysis(gold) && HasAnalysis(answer) && Structural(gold, answer)) return true;
        var names = new SortedSet<string>(StringComparer.Ordinal);
        var integers = false;
        Variables(gold, names, ref integers);
        Variables(answer, names, ref integers);
        if (names.Count == 0) return Constants(gold, answer);
        if (Identity(gold, answer, names, integers, new Evaluator(budget))) return true;
        // The same root may be written as a power, and either be taken on the principal branch or as a real number.
        return (HasRoot(gold) || HasRoot(answer))
            && (Identity(gold, answer, names, integers, new Evaluator(budget) { PrincipalRoots = true })
            || Identity(gold, answer, names, integers, new Evaluator(budget) { RealPowers = true }));
    }

    /// <summary>The one rule for numbers.</summary>
    private bool Numbers(Expr gold, Expr answer)
    {
        var (g, a) = (gold.Value, answer.Value);
        Rule = "numeric-equal";
        if (g == a) return true;
        Rule = "numeric-different";
        var difference = Rational.Abs(g - a);
        if (tolerance is { } t)
        {
            Rule = "tolerance";
            return difference.ToDouble() <= t * Rational.Abs(g).ToDouble();
        }
        if (gold.IsDecimal)
        {
            Rule = "decimal-gold";
            // Relative to the larger of both, so that 0.333333 for 1/3 does not depend on the side.
            var (size, other) = (Rational.Abs(g), Rational.Abs(a));
            return difference <= (size > other ? size : other) * SixDigits;
        }
        if (!answer.IsDecimal) return false;
        Rule = "six-digits";
        if (g.IsInteger && difference > Rational.Half) return false;
        return Digits(g.ToDouble(), difference.ToDouble());
    }

    /// <summary>Right when rounded to six significant digits.</summary>
    private static bool Digits(double gold, double difference)
    {
        var size = Math.Abs(gold);
        if (size is 0 or double.PositiveInfinity) return false;
        var unit = ExactMath.PowerOfTen((int)Math.Floor(ExactMath.Log10(size)) - 5);
        return difference <= 0.5 * unit * (1 + 1e-9);
    }

    private bool Constants(Expr gold, Expr answer)
    {
        Rule = "evaluated";
        var evaluator = new Evaluator(budget);
        var (g, a) = (evaluator.Value(gold), evaluator.Value(answer));
        if (!g.IsFinite || !a.IsFinite) return Structural(gold, answer);
        var difference = (g.Value - a.Value).Magnitude;
        var size = Math.Max(g.Size, a.Size);
        var bound = (2 * (g.Error + a.Error)) + (1e-14 * size);
        if (tolerance is { } t) return difference <= (t * g.Size) + bound;
        if (IsDecimal(gold)) return difference <= (1e-6 * g.Size) + bound;
        if (IsDecimal(answer))
        {
            Rule = "six-digits";
            return Digits(g.Size, difference - bound);
        }
        if (difference > bound) return false;
        // The bounds meet: equal, unless cancellation has left them so wide that they say nothing.
        return bound <= 1e-6 * size || (size < 1e-9 && bound < 1e-9) ? Confirm(gold, answer) : Structural(gold, answer);
    }

    private bool Confirm(Expr gold, Expr answer) => HighPrecision.Agree(gold, answer, budget) ?? true;

    private static bool IsDecimal(Expr e) =>
        e.IsDecimal || (e.Kind == ExprKind.Percent && e.Args[0].IsDecimal)
        || (e.Kind == ExprKind.Mul && e.Args.Length == 2 && e.Args[0].IsDecimal && e.Args[1].Kind == ExprKind.Power
        && e.Args[1].Args[0].IsNumber);

    private bool Structural(Expr gold, Expr answer)
    {
        Rule = "structure";
        return Canonical.Key(gold) == Canonical.Key(answer);
    }

    /// <summary>
    /// Agreement at random points of both signs (whole numbers where the expressions count something), wherever at least one side is real;
    /// at all points where neither ever is.
    /// </summary>
    private bool Identity(Expr gold, Expr answer, SortedSet<string> names, bool integers, Evaluator evaluator)
    {
        if (gold.Kind == ExprKind.Symbol && answer.Kind == ExprKind.Symbol)
        {
            Rule = "symbol";
            return gold.Name == answer.Name;
        }
        Rule = "identity";
        var state = 0x9E3779B97F4A7C15UL;
        var (agreed, complexAgreed, complexFailed) = (0, 0, false);
        for (var round = 0; round < 24 && agreed < 7; round++)
        {
            foreach (var name in names)
            {
                var r = Evaluator.Next(ref state);
                evaluator.Set(name, integers ? Math.Floor(1 + (r * (3 + round))) : Point(r, round));
            }
            var (g, a) = (evaluator.Value(gold), evaluator.Value(answer));
            if (!g.IsFinite || !a.IsFinite)
            {
                // A value on one side only: a pole is fine now and then, a different domain shows at every point.
                continue;
            }
            var size = Math.Max(g.Size, a.Size);
            var difference = (g.Value - a.Value).Magnitude;
            var bound = (4 * (g.Error + a.Error)) + (1e-13 * size);
            if (bound > 1e-5 * (1 + size)) continue;
            var same = difference <= bound;
            if (g.IsReal || a.IsReal)
            {
                if (!same) return false;
                agreed++;
            }
            else if (same) complexAgreed++;
            else complexFailed = true;
        }
        if (agreed >= 3) return Confirm(gold, answer);
        if (agreed + complexAgreed >= 3) return !complexFailed && Confirm(gold, answer);
        return Structural(gold, answer);
    }

    private static double Point(double r, int round) => (round % 4) switch
    {
        0 => 0.15 + (r * 0.8),
        1 => 1.1 + (r * 2.3),
        2 => -0.15 - (r * 0.8),
        _ => -1.2 - (r * 1.9),
    };

    private static void Variables(Expr e, SortedSet<string> names, ref bool integers)
    {
        if (e.Kind == ExprKind.Symbol && !e.Name.EndsWith('#')) names.Add(e.Name);
        if (e.Kind == ExprKind.Call && e.Name is "sum" or "prod" or "factorial" or "factorial2" or "binom" or "gcd" or "lcm" or "mod")
            integers = true;
        foreach (var a in e.Args) Variables(a, names, ref integers);
    }

    private static bool HasAnalysis(Expr e) =>
        (e.Kind == ExprKind.Call && e.Name is "lim" or "lim+" or "lim-" or "int" or "diff") || Array.Exists(e.Args, HasAnalysis);

    private static bool HasRoot(Expr e) => (e.Kind == ExprKind.Call && e.Name == "root") || Array.Exists(e.Args, HasRoot);

    // Inside a limit or an integral it is a place to go to, no value.
    private static bool HasInfinity(Expr e) =>
        e.Kind == ExprKind.Constant && e.Name == "inf"
        || (!(e.Kind == ExprKind.Call && e.Name is "lim" or "int") && Array.Exists(e.Args, HasInfinity));

    private static int? InfinitySign(Expr e) => e.Kind switch
    {
        ExprKind.Constant when e.Name == "inf" => 1,
        ExprKind.Mul when e.Args.Length == 2 && e.Args[0].IsNumber => InfinitySign(e.Args[1]) * e.Args[0].Value.Sign,
        _ => null,
    };
}
