using Tenon.MathAnswers.Comparison;
using Tenon.MathAnswers.Numbers;
using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Steps;

/// <summary>
/// Decides one relation between two sides. Agreement is looked for in every reading that makes sense; disagreement counts only where both
/// sides are read in full and none of the usual loose ways of writing (units, percent, rounding, run-on sums) explains it.
/// </summary>
internal sealed class LinkChecker(WorkBudget budget, IReadOnlyDictionary<string, Expr> known)
{
    // How many of one measure make another: a difference by such a factor is a conversion that was left out of the text.
    private static readonly int[] Conversions = [60, 24, 7, 12, 52, 365, 100, 1000, 3600, 30, 36, 16, 1440, 5280, 1000000];

    // Measures that convert by small factors too: between two of them any difference may be a conversion.
    private static readonly HashSet<string> Measures =
    [
        "cup", "pint", "quart", "gallon", "ounce", "pound", "ton", "nickel", "dime", "quarter", "penny", "pennie", "cent", "dollar",
            "dozen", "score", "decade", "century", "fortnight", "pair", "oz", "lb", "ml", "liter", "litre", "tablespoon", "teaspoon",
        "feet", "foot", "inche", "inch", "yard", "mile", "km", "kilometer", "meter", "metre", "cm", "mm", "kg", "gram", "second", "minute",
            "hour", "day", "week", "month", "year", "hr", "min", "sec", "ft", "degree", "acre", "mph", "kilogram", "centimeter",
                "half-hour",
    ];

    /// <summary>The verdict on sides <paramref name="i"/> and i + 1 of a statement, and why.</summary>
    public (StepState State, string Reason) Check(Statement s, int i)
    {
        var (left, right, op) = (s.Sides[i], s.Sides[i + 1], s.Ops[i]);
        if (op == ':') return (StepState.Unchecked, "definition");
        // 3 : 5 = 18 : 30
        if ((i > 0 && s.Ops[i - 1] == '?') || (i + 1 < s.Ops.Length && s.Ops[i + 1] == '?')) return (StepState.Unchecked, "relation");
        if (left.Math is null || left.Expr is not { } l) return (StepState.Unchecked, left.Math is null ? "definition" : "unread");
        if (right.Math is null || right.Expr is not { } r) return (StepState.Unchecked, "unread");
        if (left.Math == right.Math) return (StepState.Unchecked, "trivial");
        if (op is '<' or '>' or Sign.Le or Sign.Ge or Sign.Ne) return Order(s, op, l, r);
        if (s.Modulus is not null || op == Sign.Equiv) return Congruence(s, l, r);
        if (op is not ('=' or Sign.Approx)) return (StepState.Unchecked, "relation");
        if (!l.IsScalar || !r.IsScalar) return Whole(left, right);
        if (!Quantities.IsClosed(l) || !Quantities.IsClosed(r)) return Open(s, i, l, r);
        var computes = left.Computes || right.Computes;
        if (!computes) return HasPercent(l) != HasPercent(r) && Same(l, r) ? (StepState.Right, "percent")
            : (StepState.Unchecked, "no-computation");
        if (op == Sign.Approx) return Near(l, r);
        return Values(s, i, l, r);
    }

    private (StepState, string) Values(Statement s, int i, Expr l, Expr r)
    {
        if (Equal(s.Sides[i], s.Sides[i + 1])) return (StepState.Right, "arithmetic");
        if (Rounded(l, r) || Rounded(r, l)) return (StepState.Right, "rounded");
        if (SamePercent(l, r)) return (StepState.Right, "percent");
        if (Excuse(s, i, l, r) is { } excuse) return (StepState.Unchecked, excuse);
        return (StepState.Wrong, "arithmetic");
    }

    /// <summary>True where any reading of both sides gives the same value.</summary>
    private bool Equal(Side left, Side right)
    {
        foreach (var l in (ReadOnlySpan<Expr?>)[left.Expr, left.Alternative])
            foreach (var r in (ReadOnlySpan<Expr?>)[right.Expr, right.Alternative])
                if (l is not null && r is not null && l.IsScalar && r.IsScalar && Same(l, r)) return true;
        return false;
    }

    private bool Same(Expr l, Expr r)
    {
        if (l.IsNumber && r.IsNumber) return l.Value == r.Value;
        var comparer = new Comparer(budget, null);
        return comparer.SameValue(l, r) || (HasRoot(l) || HasRoot(r)) && comparer.SameValue(r, l);
    }

    private static bool HasRoot(Expr e) => e.Any(x => x.Kind is ExprKind.Call or ExprKind.Power);

    /// <summary>True where the second is the first, rounded to the places that it shows.</summary>
    private bool Rounded(Expr exact, Expr shown)
    {
        if (!shown.IsNumber
            || (exact.IsNumber && exact.IsDecimal && Quantities.Places(exact.Value) is var p && p >= 0
            && p <= Math.Max(2, Quantities.Places(shown.Value)))) return false;
        var places = Quantities.Places(shown.Value);
        if (places < 1 && !(shown.IsDecimal && places == 0)) return false;
        var value = Quantities.Value(exact, budget);
        return value.IsFinite && value.IsReal
            && Math.Abs(value.Value.Real - shown.Value.ToDouble()) <= 0.5000001 * ExactMath.PowerOfTen(-places);
    }

    /// <summary>60/200 * 100 = 30%, 100 - 30 = 70%: the sign is a unit as often as a factor.</summary>
    private bool SamePercent(Expr l, Expr r)
    {
        if (!HasPercent(l) && !HasPercent(r)) return false;
        return Same(DropPercent(l), DropPercent(r));
    }

    private static bool HasPercent(Expr e) => e.Any(x => x.Kind == ExprKind.Percent);

    /// <summary>100 - 20%: a share of what stands before it.</summary>
    private static bool Mixed(Expr e) =>
        e.Any(x => x.Kind == ExprKind.Add && Array.Exists(x.Args, HasPercent) && !Array.TrueForAll(x.Args, HasPercent));

    private static bool Hundredfold(double x, double y)
    {
        var ratio = Math.Max(Math.Abs(x / y), Math.Abs(y / x));
        return !double.IsFinite(ratio) || Math.Abs(ratio - 100) < 0.5 || Math.Abs(ratio - 10000) < 50;
    }

    private static Expr DropPercent(Expr e) =>
        e.Args.Length == 0 ? e : e.Kind == ExprKind.Percent ? DropPercent(e.Args[0])
        : Simplifier.Tidy(e.With(Array.ConvertAll(e.Args, DropPercent)));

    /// <summary>What explains a difference without a fault, or null.</summary>
    private string? Excuse(Statement s, int i, Expr l, Expr r)
    {
        if ((i == 0 && s.OpenLeft) || (i == s.Ops.Length - 1 && s.OpenRight)) return "open";
        if (l.Any(Vague) || r.Any(Vague)) return "notation";
        var (a, b) = (Quantities.Value(l, budget), Quantities.Value(r, budget));
        if (!a.IsFinite || !b.IsFinite || !a.IsReal || !b.IsReal) return "no-value";
        var (x, y) = (a.Value.Real, b.Value.Real);
        if ((HasPercent(l) || HasPercent(r)) && (Mixed(l) || Mixed(r) || Hundredfold(x, y))) return "percent";
        if (Parts(l, y) || Parts(r, x)) return "part-of-whole";
        var (left, right) = (s.Sides[i], s.Sides[i + 1]);
        // 2 days = 7 + 2 = 9 miles: the bare quantity says what the sum is about.
        if (i == 0 && !s.IsFormula && !left.Computes) return "description";
        // Rounded up, down or to a coarser place.
        var size = Math.Max(Math.Abs(x), Math.Abs(y));
        var fraction = !(l.IsNumber && l.Value.IsInteger && r.IsNumber && r.Value.IsInteger);
        if (fraction && Math.Abs(x - y) < 1 && (IsWhole(x) || IsWhole(y)) && !(IsWhole(x) && IsWhole(y))) return "rounded-otherwise";
        if (fraction && Math.Abs(x - y) <= 1.0001 * ExactMath.PowerOfTen(-Math.Max(0, Math.Min(ShownPlaces(l), ShownPlaces(r)))))
            return "rounded-otherwise";
        if (Math.Abs(x - y) <= Quantities.Looseness(left.Unfolded ?? l, budget) + Quantities.Looseness(right.Unfolded ?? r, budget)
            + (1e-9 * size)) return "rounded-otherwise";
        if (UnitsDiffer(left, right, x, y)) return "units";
        if (s.IsFormula && (left.Reading!.Unit is not null || right.Reading!.Unit is not null)
            && !Units.Same(left.Reading!.Unit ?? "", right.Reading!.Unit ?? "")) return "units";
        if ((Scientific(left) || Scientific(right)) && Math.Abs(x - y) <= 0.05 * size) return "rounded-otherwise";
        if (RunOn(right, x)) return "run-on";
        if (LeftToRight(left, y) || DividesTwice(left) || DividesTwice(right)) return "order-of-operations";
        return Doubts.Around(s) ? "supposed" : null;
    }

    private static bool IsWhole(double v) => Math.Abs(v - Math.Round(v)) < 1e-9;

    private static int ShownPlaces(Expr e) =>
        e.IsNumber ? Math.Max(0, Quantities.Places(e.Value)) is var p && p > 0 && e.IsDecimal ? p : 20 : 20;

    /// <summary>Notation with more than one customary meaning.</summary>
    private static bool Vague(Expr e) => e.Kind is ExprKind.BaseNumber or ExprKind.Ratio or ExprKind.Degree
        || (e.Kind == ExprKind.Constant && e.Name is "e" or "i")
        || (e.Kind == ExprKind.Call
        && (e.Name is "sin" or "cos" or "tan" or "cot" or "sec" or "csc" or "mod" or "arg" or "root" or "pmod" or "floor" or "ceil" or "det"
        or "norm" or "star" || (e.Name == "log" && e.Args.Length == 1) || (e.Name.Length > 1 && e.Name[0] == 'a' && e.Name != "abs")));

    /// <summary>1/4 = 25 students, 3/5 - 1/5 = 40: a share stands for its size.</summary>
    private static bool Parts(Expr e, double other) =>
        e.IsNumber && e.Value > Rational.Zero && e.Value < Rational.One && !e.IsDecimal && Math.Abs(other) > 1;

    private static bool UnitsDiffer(Side left, Side right, double x, double y)
    {
        var (l, r) = (Stems(left), Stems(right));
        l.IntersectWith(Measures);
        r.IntersectWith(Measures);
        // 4 pounds - 6 ounces, 20 gallons = 160 pints
        if (Sums(left) && l.Count > 1 || Sums(right) && r.Count > 1) return true;
        if (l.Count > 0 && r.Count > 0 && !l.Overlaps(r)) return true;
        if (x == 0 || y == 0 || (l.Count > 0 && r.Count > 0 && l.SetEquals(r))) return false;
        var ratio = Math.Max(Math.Abs(x / y), Math.Abs(y / x));
        if (l.Count == 0 && r.Count == 0)
            return Math.Abs(ratio - 100) < 1e-7 || Math.Abs(ratio - 1000) < 1e-6 || Math.Abs(ratio - 1e6) < 1e-3;
        return Array.Exists(Conversions, c => Math.Abs(ratio - c) < 1e-9 * c);
    }

    /// <summary>Powers of ten stand beside figures of few digits.</summary>
    private static bool Scientific(Side side) =>
        side.Math!.Contains("10^", StringComparison.Ordinal)
        || (side.Expr is { IsNumber: true, IsDecimal: true } && side.Math.AsSpan().IndexOfAny('e', 'E') >= 0);

    private static bool Sums(Side side) => side.Math!.AsSpan(1).IndexOfAny('+', '-') >= 0;

    private static HashSet<string> Stems(Side side) =>
        [.. side.Units.Concat(side.Reading?.Unit is { } unit ? unit.Split([' ', '/', '*']) : []).Where(u => u.Length > 0)
        .Select(u => u.TrimStart('\0').ToLowerInvariant()).Select(u => u.Length > 3 && u[^1] == 's' ? u[..^1] : u)];

    /// <summary>20 * 2 = 40 + 10 = 50: the right side opens with the left side's value and goes on.</summary>
    private static bool RunOn(Side right, double value) =>
        right.Computes && First(right.Math!, out var first) && Math.Abs(first - value) <= (1e-9 * Math.Max(1, Math.Abs(value))) + 0.005;

    private static bool First(string math, out double value)
    {
        var n = 0;
        while (n < math.Length && (char.IsAsciiDigit(math[n]) || math[n] == '.')) n++;
        return double.TryParse(math.AsSpan(0, n), System.Globalization.CultureInfo.InvariantCulture, out value);
    }

    /// <summary>5 + 3 * 2 = 16 as a pocket calculator has it.</summary>
    private static bool LeftToRight(Side side, double wanted)
    {
        if (side.Math is not { } m || m.AsSpan().IndexOfAny('(', '^', '\\') >= 0) return false;
        var (total, op, p) = (0.0, '+', 0);
        while (p < m.Length)
        {
            var start = p;
            if (m[p] == '-' && (p == 0 || !char.IsAsciiDigit(m[p - 1]))) p++;
            while (p < m.Length && (char.IsAsciiDigit(m[p]) || m[p] == '.')) p++;
            if (!double.TryParse(m.AsSpan(start, p - start), System.Globalization.CultureInfo.InvariantCulture, out var v)) return false;
            total = op switch { '+' => total + v, '-' => total - v, '*' => total * v, _ => total / v };
            if (p < m.Length) op = m[p++];
            if (op is not ('+' or '-' or '*' or '/')) return false;
        }
        return Math.Abs(total - wanted) <= 1e-9 * Math.Max(1, Math.Abs(wanted));
    }

    /// <summary>28 / 1/5: a fraction behind a slash without its brackets.</summary>
    private static bool DividesTwice(Side side)
    {
        var m = side.Math!;
        for (var i = m.IndexOf('/', StringComparison.Ordinal); i >= 0 && i + 1 < m.Length; i = m.IndexOf('/', i + 1))
        {
            var q = i + 1;
            while (q < m.Length && (char.IsAsciiDigit(m[q]) || m[q] == '.')) q++;
            if (q < m.Length && q > i + 1 && m[q] == '/') return true;
        }
        return false;
    }

    /// <summary>a ≈ b: right within one unit of the last place shown or one percent; a difference by a fifth is wrong.</summary>
    private (StepState, string) Near(Expr l, Expr r)
    {
        var (a, b) = (Quantities.Value(l, budget), Quantities.Value(r, budget));
        if (!a.IsFinite || !b.IsFinite || !a.IsReal || !b.IsReal) return (StepState.Unchecked, "no-value");
        var (x, y) = (a.Value.Real, b.Value.Real);
        var size = Math.Max(Math.Abs(x), Math.Abs(y));
        return Math.Abs(x - y) <= 0.01 * size ? (StepState.Right, "approximate") : (StepState.Unchecked, "approximate");
    }

    private (StepState, string) Order(Statement s, char op, Expr l, Expr r)
    {
        if (!Quantities.IsClosed(l) || !Quantities.IsClosed(r)) return (StepState.Unchecked, "unknown");
        if (l.Any(Vague) || r.Any(Vague) || HasPercent(l) || HasPercent(r)) return (StepState.Unchecked, "notation");
        var (a, b) = (Quantities.Value(l, budget), Quantities.Value(r, budget));
        if (!a.IsFinite || !b.IsFinite || !a.IsReal || !b.IsReal) return (StepState.Unchecked, "no-value");
        var difference = a.Value.Real - b.Value.Real;
        var bound = 2 * (a.Error + b.Error) + 1e-12 * Math.Max(a.Size, b.Size);
        var equal = l.IsNumber && r.IsNumber ? l.Value == r.Value : Math.Abs(difference) <= bound;
        var holds =
            op switch
            {
                '<' => !equal && difference < 0,
                '>' => !equal && difference > 0,
                Sign.Le => equal || difference < 0,
                Sign.Ge =>
            equal || difference > 0,
                _ => !equal
            };
        if (holds) return (StepState.Right, "order");
        return !equal && !Doubts.Around(s) && !s.OpenLeft ? (StepState.Wrong, "order") : (StepState.Unchecked, "order");
    }

    private (StepState, string) Congruence(Statement s, Expr l, Expr r)
    {
        var m = s.Modulus is null ? null : Reading.Of(s.Modulus.Replace("mod", "", StringComparison.Ordinal)).Expr;
        if (m is not { IsNumber: true } || !m.Value.IsInteger || m.Value.Sign <= 0) return (StepState.Unchecked, "modulus");
        // Values that are no whole numbers may be inverses; that is left to others.
        if (l is not { IsNumber: true } || r is not { IsNumber: true } || !l.Value.IsInteger || !r.Value.IsInteger)
            return (StepState.Unchecked, "unknown");
        budget.Spend((int)Math.Min(20_000, (l.Value.Bits + r.Value.Bits) / 16));
        if (((l.Value.Num - r.Value.Num) % m.Value.Num).IsZero) return (StepState.Right, "congruence");
        return Doubts.Around(s
            with
        {
            Before = s.Before.Replace("mod", "", StringComparison.Ordinal),
            After = s.After.Replace("mod", "", StringComparison.Ordinal)
        }) || s.OpenLeft ? (StepState.Unchecked, "supposed")
            : (StepState.Wrong, "congruence");
    }

    /// <summary>Matrices, tuples, sets: equal or undecided.</summary>
    private (StepState, string) Whole(Side left, Side right)
    {
        var same = new Comparer(budget, null).SameValue(left.Expr!, right.Expr!);
        return same && left.Computes && right.Expr!.Kind != ExprKind.Text ? (StepState.Right, "structure")
            : (StepState.Unchecked, "structure");
    }

    /// <summary>Sides with unknowns: an identity, a substitution of known values, or nothing to decide.</summary>
    private (StepState, string) Open(Statement s, int i, Expr l, Expr r)
    {
        if (Identities.IsName(l) || Identities.IsName(r)) return Substituted(s, i, l, r) ?? (StepState.Unchecked, "definition");
        if (!Ordinary(l) || !Ordinary(r)) return (StepState.Unchecked, "unknown");
        if (new Comparer(budget, null).SameValue(l, r)) return (StepState.Right, "identity");
        if (Substituted(s, i, l, r) is { } known) return known;
        if (s.Ops[i] == '=' && Identities.IsClaim(s, i, budget) && !Doubts.Around(s) && !s.OpenLeft) return (StepState.Wrong, "identity");
        return (StepState.Unchecked, "equation");
    }

    private static bool Ordinary(Expr e) =>
        !e.Any(x => !x.IsScalar || x is { Kind: ExprKind.Constant, Name: "inf" } || x.Kind is ExprKind.PlusMinus or ExprKind.Apply
        || x is { Kind: ExprKind.Symbol, Name: "…" } || x is { Kind: ExprKind.Call, Name: "sum" or "prod" or "pmod" });

    /// <summary>
    /// With x = 3 known: 2x + 1 = 2(3) + 1 = 7 holds. It is only ever found right: a name may have got another value meanwhile.
    /// </summary>
    private (StepState, string)? Substituted(Statement s, int i, Expr l, Expr r)
    {
        if (known.Count == 0 || (l.Kind == ExprKind.Symbol && Quantities.IsClosed(r))
            || (r.Kind == ExprKind.Symbol && Quantities.IsClosed(l)) || !s.Sides[i].Computes && !s.Sides[i + 1].Computes) return null;
        var (a, b) = (Quantities.Put(l, known), Quantities.Put(r, known));
        if (!Quantities.IsClosed(a) || !Quantities.IsClosed(b)) return null;
        return Same(a, b) ? (StepState.Right, "substitution") : null;
    }
}
