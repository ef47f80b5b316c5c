using Tenon.MathAnswers.Numbers;
using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Comparison;

/// <summary>
/// A set of real numbers as disjoint segments in order: what unions, differences and inequalities are turned into, so that [0,1] ∪ [1,2]
/// is [0,2] and x ≠ 2 is (-∞,2) ∪ (2,∞). Ends keep their exact expression.
/// </summary>
internal sealed class RealSet
{
    /// <summary>One segment; infinite ends have infinite values and are open.</summary>
    private readonly record struct Segment(Expr From, double Low, bool LowOpen, Expr To, double High, bool HighOpen)
    {
        public bool IsPoint => Low == High;
    }

    private readonly List<Segment> _segments;

    private RealSet(List<Segment> segments) => _segments = segments;

    /// <summary>The set that the expression stands for; null where it is none or has ends that are no real numbers.</summary>
    public static RealSet? Of(Expr e, WorkBudget budget)
    {
        budget.Spend(4);
        switch (e.Kind)
        {
            case ExprKind.Symbol when e.Name == "Reals": return new RealSet([Whole()]);
            case ExprKind.Tuple when e.Args.Length == 2: return Interval(e.Args[0], e.Name[0] == '(', e.Args[1], e.Name[1] == ')', budget);
            case ExprKind.Set or ExprKind.List:
                var points = new List<Segment>();
                foreach (var a in e.Args)
                {
                    var element = a.Kind == ExprKind.Relation || a.Kind == ExprKind.Tuple ? Of(a, budget) : Point(a, budget);
                    if (element is null) return null;
                    points.AddRange(element._segments);
                    if (points.Count > 4 * WorkBudget.MaxElements) throw new BudgetExceededException();
                }
                return new RealSet([]).Union(new RealSet(points));
            case ExprKind.SetOp:
                var result = Of(e.Args[0], budget);
                for (var i = 1; i < e.Args.Length && result is not null; i++)
                {
                    if (Of(e.Args[i], budget) is not { } other) return null;
                    budget.Spend(8 * (result._segments.Count + other._segments.Count));
                    result =
                        e.Name switch
                        {
                            "cup" => result.Union(other),
                            "cap" =>
                        result.Complement().Union(other.Complement()).Complement(),
                            _ => result.Complement().Union(other).Complement()
                        };
                }
                return result;
            case ExprKind.Relation: return Inequality(e, budget);
            default: return null;
        }
    }

    public bool Same(RealSet other, Scalars scalars)
    {
        if (_segments.Count != other._segments.Count) return false;
        for (var i = 0; i < _segments.Count; i++)
        {
            var (a, b) = (_segments[i], other._segments[i]);
            if (a.LowOpen != b.LowOpen || a.HighOpen != b.HighOpen || !scalars.Same(a.From, b.From) || !scalars.Same(a.To, b.To))
                return false;
        }
        return true;
    }

    private static Segment Whole() =>
        new(Expr.Neg(Expr.Infinity), double.NegativeInfinity, true, Expr.Infinity, double.PositiveInfinity, true);

    private static RealSet? Point(Expr a, WorkBudget budget) =>
        End(a, budget) is { } v && double.IsFinite(v) ? new RealSet([new Segment(a, v, false, a, v, false)]) : null;

    private static RealSet? Interval(Expr from, bool lowOpen, Expr to, bool highOpen, WorkBudget budget)
    {
        if (End(from, budget) is not { } low || End(to, budget) is not { } high || low > high || (low == high && (lowOpen || highOpen)))
            return null;
        return new RealSet([new Segment(from, low, lowOpen || double.IsInfinity(low), to, high, highOpen || double.IsInfinity(high))]);
    }

    private static double? End(Expr e, WorkBudget budget)
    {
        if (e.IsNumber) return e.Value.ToDouble();
        if (e.Kind == ExprKind.Constant && e.Name == "inf") return double.PositiveInfinity;
        if (e.Kind == ExprKind.Mul && e.Args.Length == 2 && e.Args[0].IsNumber && e.Args[1].Kind == ExprKind.Constant
            && e.Args[1].Name == "inf") return e.Args[0].Value.Sign * double.PositiveInfinity;
        if (!e.IsScalar) return null;
        var v = new Evaluator(budget).Value(e);
        return v.IsFinite && v.IsReal ? v.Value.Real : null;
    }

    /// <summary>Inequalities in one variable that are linear, or linear in |x|: chains a &lt; x &lt; b, x ≠ a, |x - a| &lt; b.</summary>
    private static RealSet? Inequality(Expr e, WorkBudget budget)
    {
        RealSet? result = null;
        for (var i = 0; i < e.Name.Length; i++)
        {
            var op = e.Name[i];
            if (op == Sign.In && e.Args.Length == 2 && e.Args[0].Kind == ExprKind.Symbol) return Of(e.Args[1], budget);
            if (Side(e.Args[i], op, e.Args[i + 1], budget) is not { } part) return null;
            result = result is null ? part : result.Complement().Union(part.Complement()).Complement();
        }
        return result;
    }

    private static RealSet? Side(Expr left, char op, Expr right, WorkBudget budget)
    {
        if (End(left, budget) is not null && End(right, budget) is null) (left, op, right) = (right, Mirror(op), left);
        if (End(right, budget) is not { } bound) return null;
        if (left is { Kind: ExprKind.Call, Name: "abs", Args: [{ Kind: not ExprKind.Symbol } inner] }
            && Linear(inner, out var m, out var shift, out var nested) && !nested && !m.IsZero)
            return Distance(m, shift, right, bound, op, budget);
        // a x + b against c, with a and b exact
        if (Linear(left, out var slope, out var offset, out var absolute) && !slope.IsZero)
        {
            // x < ∞
            if (double.IsInfinity(bound)) return new RealSet((op is '<' or Sign.Le) == (bound > 0) ? [Whole()] : []);
            var target = Simplifier.Tidy(Expr.Div(Expr.Sub(right, Expr.Num(offset)), Expr.Num(slope)));
            if (End(target, budget) is not { } t) return null;
            if (slope.Sign < 0) op = Mirror(op);
            if (!absolute) return Half(target, t, op);
            if (t < 0) return op is '<' or Sign.Le or '=' ? new RealSet([]) : new RealSet([Whole()]);
            var minus = Simplifier.Tidy(Expr.Neg(target));
            return op switch
            {
                '<' => Interval(minus, true, target, true, budget),
                Sign.Le => Interval(minus, false, target, false, budget),
                '>' => Half(minus, -t, '<')!.Union(Half(target, t, '>')!),
                Sign.Ge => Half(minus, -t, Sign.Le)!.Union(Half(target, t, Sign.Ge)!),
                _ => null,
            };
        }
        return null;
    }

    // |m x + shift| against a bound.
    private static RealSet? Distance(Rational m, Rational shift, Expr right, double bound, char op, WorkBudget budget)
    {
        if (bound < 0) return op is '<' or Sign.Le or '=' ? new RealSet([]) : new RealSet([Whole()]);
        var low = Simplifier.Tidy(Expr.Div(Expr.Sub(Expr.Neg(right), Expr.Num(shift)), Expr.Num(m)));
        var high = Simplifier.Tidy(Expr.Div(Expr.Sub(right, Expr.Num(shift)), Expr.Num(m)));
        if (m.Sign < 0) (low, high) = (high, low);
        if (End(low, budget) is not { } l || End(high, budget) is not { } h) return null;
        return op switch
        {
            '<' => Interval(low, true, high, true, budget),
            Sign.Le => Interval(low, false, high, false, budget),
            '>' => Half(low, l, '<')!.Union(Half(high, h, '>')!),
            Sign.Ge => Half(low, l, Sign.Le)!.Union(Half(high, h, Sign.Ge)!),
            _ => null,
        };
    }

    private static RealSet? Half(Expr at, double v, char op)
    {
        var (low, high) = (Whole() with { To = at, High = v }, Whole() with { From = at, Low = v });
        return op switch
        {
            '<' => new RealSet([low]),
            Sign.Le => new RealSet([low with { HighOpen = double.IsInfinity(v) }]),
            '>' => new RealSet([high]),
            Sign.Ge => new RealSet([high with { LowOpen = double.IsInfinity(v) }]),
            '=' => new RealSet([new Segment(at, v, false, at, v, false)]),
            Sign.Ne => new RealSet([low, high]),
            _ => null,
        };
    }

    private static char Mirror(char op) => op switch { '<' => '>', '>' => '<', Sign.Le => Sign.Ge, Sign.Ge => Sign.Le, _ => op };

    /// <summary>Reads slope and offset of one variable (any name, or f(x)), or of its absolute value.</summary>
    private static bool Linear(Expr e, out Rational slope, out Rational offset, out bool absolute)
    {
        (slope, offset, absolute) = (Rational.Zero, Rational.Zero, false);
        switch (e.Kind)
        {
            case ExprKind.Symbol when !Shapes.IsKnownSet(e): slope = Rational.One; return true;
            case ExprKind.Apply: slope = Rational.One; return true;
            case ExprKind.Number: offset = e.Value; return true;
            case ExprKind.Call when e.Name == "abs" && e.Args[0].Kind == ExprKind.Symbol:
                (slope, absolute) = (Rational.One, true);
                return true;
            case ExprKind.Mul when e.Args.Length == 2 && e.Args[0].IsNumber && Linear(e.Args[1], out var s, out var o, out absolute):
                (slope, offset) = (s * e.Args[0].Value, o * e.Args[0].Value);
                return true;
            case ExprKind.Add when e.Args.Length == 2:
                if (!Linear(e.Args[0], out var s0, out var o0, out var a0) || !Linear(e.Args[1], out var s1, out var o1, out var a1)
                    || (!s0.IsZero && !s1.IsZero)) return false;
                (slope, offset, absolute) = (s0 + s1, o0 + o1, a0 || a1);
                return true;
            default: return false;
        }
    }

    private RealSet Union(RealSet other)
    {
        var all = new List<Segment>(_segments);
        all.AddRange(other._segments);
        all.Sort((a, b) => a.Low != b.Low ? a.Low.CompareTo(b.Low) : a.LowOpen.CompareTo(b.LowOpen));
        var merged = new List<Segment>();
        foreach (var s in all)
        {
            if (merged.Count > 0)
            {
                var last = merged[^1];
                var slack = 1e-12 * (1 + Math.Abs(s.Low));
                var touches = s.Low < last.High - slack || (Math.Abs(s.Low - last.High) <= slack && (!s.LowOpen || !last.HighOpen));
                if (touches || s.Low < last.High)
                {
                    if (s.High > last.High || (s.High == last.High && last.HighOpen && !s.HighOpen))
                        merged[^1] = last with { To = s.To, High = s.High, HighOpen = s.HighOpen };
                    continue;
                }
            }
            merged.Add(s);
        }
        return new RealSet(merged);
    }

    private RealSet Complement()
    {
        var gaps = new List<Segment>();
        var open = Whole();
        foreach (var s in Union(new RealSet([]))._segments)
        {
            if (s.Low > open.Low || (s.Low == open.Low && !open.LowOpen && s.LowOpen))
                gaps.Add(open with { To = s.From, High = s.Low, HighOpen = !s.LowOpen });
            open = open with { From = s.To, Low = s.High, LowOpen = !s.HighOpen };
        }
        if (!double.IsPositiveInfinity(open.Low)) gaps.Add(open);
        return new RealSet(gaps);
    }
}
