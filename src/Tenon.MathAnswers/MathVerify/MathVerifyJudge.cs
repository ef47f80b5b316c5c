using Tenon.MathAnswers.Comparison;
using Tenon.MathAnswers.Numbers;
using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.MathVerify;

/// <summary>
/// Math-Verify's decision on two readings, in its order: texts, shapes by the gold, structure, relations, sets, bare symbols, numbers
/// rounded to six
/// decimals, identities. Its oddities are kept on purpose: this profile says what other people's figures were made with.
/// </summary>
internal sealed class MathVerifyJudge(WorkBudget budget, int decimals)
{
    private readonly Scalars _scalars = new(budget, null);

    public string Rule { get; private set; } = "";

    public bool Same(MathVerifyReading gold, MathVerifyReading answer)
    {
        if (gold.Value is not null && answer.Value is not null && Values(gold.Value, answer.Value)) return true;
        if (gold.Text is { Length: > 0 } g && g == answer.Text?.Trim()) return Decide("same-text", true);
        return Decide(Rule.Length == 0 ? "unread" : Rule, false);
    }

    private bool Decide(string rule, bool verdict)
    {
        Rule = rule;
        return verdict;
    }

    private bool Values(Expr gold, Expr answer)
    {
        budget.Spend(1);
        (gold, answer) = (Elements(Shapes.Expand(Elements(gold))), Elements(Shapes.Expand(Elements(answer))));
        if (answer.Kind == ExprKind.Relation && !IsEquation(gold) && LastSide(answer) is { } right) answer = Elements(right);
        else if (gold.Kind == ExprKind.Relation && !IsEquation(answer) && Shapes.IsName(gold.Args[0]) && LastSide(gold) is { } named)
            gold = Elements(named);
        if (Canonical.Key(gold, flat: false) == Canonical.Key(answer, flat: false)) return Decide("structure", true);
        if (gold.Kind == ExprKind.Percent && answer.IsNumber && gold.Args[0].IsNumber && gold.Args[0].Value == answer.Value)
            return Decide("percent", true);
        if (answer.Kind == ExprKind.Percent && gold.IsNumber && answer.Args[0].IsNumber && answer.Args[0].Value == gold.Value)
            return Decide("percent", true);
        if (gold.Kind == ExprKind.Relation) return answer.Kind == ExprKind.Relation ? Relations(gold, answer) : SetOf(gold, answer);
        if (answer.Kind == ExprKind.Relation) return Decide("shape-different", false);
        if (Shapes.IsCollection(gold) || Shapes.IsCollection(answer)) return Sets(gold, answer);
        gold = MatrixMath.Evaluate(gold, budget);
        answer = MatrixMath.Evaluate(answer, budget);
        if (gold.Kind == ExprKind.Matrix || answer.Kind == ExprKind.Matrix)
            return gold.Kind == answer.Kind && gold.Extra == answer.Extra ? Ordered(gold.Args, answer.Args, "matrix")
                : Decide("shape-different", false);
        return gold.Kind == ExprKind.Symbol || answer.Kind == ExprKind.Symbol ? Symbols(gold, answer) : Numbers(gold, answer);
    }

    private static bool IsEquation(Expr e) => e.Kind == ExprKind.Relation && LastSide(e) is not null;

    /// <summary>An unbracketed list is a set that remembers its order.</summary>
    private static Expr Elements(Expr e)
    {
        if (e is { Kind: ExprKind.List } && e.Args[0].Kind == ExprKind.Relation
            && !Array.Exists(e.Args[1..], a => a.Kind == ExprKind.Relation) && LastSide(e.Args[0]) is { } first)
            return new Expr(ExprKind.Set, "", [first, .. e.Args[1..]]);
        return e.Kind == ExprKind.List ? new Expr(ExprKind.Set, "", e.Args) : e;
    }

    private static Expr? LastSide(Expr relation)
    {
        var approx = relation.Name.IndexOf(Sign.Approx);
        if (approx >= 0) return approx > 0 || !Shapes.IsName(relation.Args[0]) ? relation.Args[approx] : relation.Args[1];
        foreach (var op in relation.Name) if (op is not ('=' or Sign.Equiv or Sign.In or Sign.To)) return null;
        return relation.Args[^1];
    }

    private bool SetOf(Expr relation, Expr set)
    {
        if (Shapes.IsCollection(set) && RealSet.Of(relation, budget) is { } a && RealSet.Of(set, budget) is { } b)
            return Decide("set-of-reals", a.Same(b, _scalars));
        return Decide("shape-different", false);
    }

    private bool Relations(Expr gold, Expr answer)
    {
        if (LastSide(gold) is { } g && LastSide(answer) is { } a && gold.Name.Length + answer.Name.Length > 2
            && Shapes.IsName(gold.Args[0])) return Decide("chain", Values(gold.Args[0], answer.Args[0]) && Values(g, a));
        if (gold.Name.Length > 1 || answer.Name.Length > 1)
            return Decide("chain", gold.Name == answer.Name && Ordered(gold.Args, answer.Args, "chain"));
        var (go, ao) = (gold.Name[0], answer.Name[0]);
        if (!(gold.Args.All(x => x.IsScalar) && answer.Args.All(x => x.IsScalar)))
            return Decide("relation", go == ao && Ordered(gold.Args, answer.Args, "relation"));
        var (gd, ad) = (Difference(gold), Difference(answer));
        if (go == ao && Numbers(gd, ad)) return Decide("relation", true);
        var mirrored = go switch { '<' => '>', '>' => '<', Sign.Le => Sign.Ge, Sign.Ge => Sign.Le, '=' => '=', _ => '\0' };
        if (mirrored == ao && Numbers(gd, Simplifier.Tidy(Expr.Neg(ad)))) return Decide("relation", true);
        return Decide("relation-different", go == '=' && ao == '=' && new Comparer(budget, null).EquationsInTwo(gold, answer));
    }

    private static Expr Difference(Expr relation) => Simplifier.Tidy(Expr.Sub(relation.Args[0], relation.Args[1]));

    private bool Sets(Expr gold, Expr answer)
    {
        var (g, a) = (One(gold), One(answer));
        if (g.Kind == ExprKind.Tuple && a.Kind == ExprKind.Tuple && g.Args.Length == a.Args.Length && g.Args.Length == 2)
            return g.Name == a.Name || !(IsInterval(g) && IsInterval(a)) ? Ordered(g.Args, a.Args, "tuple")
                : Decide("brackets-different", false);
        if (g.Kind == ExprKind.SetOp || a.Kind == ExprKind.SetOp || Shapes.IsKnownSet(g) || Shapes.IsKnownSet(a))
            return Decide("set-of-reals", RealSet.Of(g, budget) is { } x && RealSet.Of(a, budget) is { } y && x.Same(y, _scalars));
        if (!(g.Kind is ExprKind.Set or ExprKind.Tuple) || !(a.Kind is ExprKind.Set or ExprKind.Tuple))
            return Decide("shape-different", false);
        if ((g.Kind == ExprKind.Tuple && IsInterval(g) && g.Name != "()") || (a.Kind == ExprKind.Tuple && IsInterval(a) && a.Name != "()"))
            return Decide("shape-different", false);
        if (g.Kind == ExprKind.Tuple) return Ordered(g.Args, a.Kind == ExprKind.Set ? Distinct(a.Args) : a.Args, "tuple");
        var (left, right) = (Distinct(g.Args), a.Kind == ExprKind.Set ? Distinct(a.Args) : a.Args);
        if (left.Length != right.Length) return Decide("count-different", false);
        var used = new bool[right.Length];
        foreach (var e in left)
        {
            var j = Array.FindIndex(right, r => !used[Array.IndexOf(right, r)] && Values(e, r));
            if (j < 0) return Decide("element-missing", false);
            used[j] = true;
        }
        return Decide("elements", true);
    }

    private static Expr One(Expr e) =>
        e.Kind is ExprKind.Set or ExprKind.Tuple or ExprKind.SetOp || Shapes.IsKnownSet(e) ? e : new Expr(ExprKind.Set, "", [e]);

    private static bool IsInterval(Expr e) =>
        e.Args.Length == 2 && !(e.Args[0].IsNumber && e.Args[1].IsNumber && e.Args[0].Value >= e.Args[1].Value);

    private static Expr[] Distinct(Expr[] elements) => [.. elements.DistinctBy(e => Canonical.Key(e, flat: false))];

    private bool Ordered(Expr[] gold, Expr[] answer, string rule)
    {
        if (gold.Length != answer.Length) return Decide("count-different", false);
        for (var i = 0; i < gold.Length; i++) if (!Values(gold[i], answer[i])) return Decide(rule, false);
        return Decide(rule, true);
    }

    /// <summary>No algebra on a bare symbol: names, letters of a product, printed forms.</summary>
    private bool Symbols(Expr gold, Expr answer) => Decide("symbol", Letters(gold) is { } g && g == Letters(answer));

    private static string? Letters(Expr e) => e.Kind switch
    {
        ExprKind.Symbol or ExprKind.Constant => e.Name.ToLowerInvariant(),
        ExprKind.Number => e.Value.ToString(),
        ExprKind.Mul when Array.TrueForAll(e.Args, a => a.Kind is ExprKind.Symbol or ExprKind.Constant) =>
            string.Concat(e.Args.Select(a => a.Name.ToLowerInvariant())),
        _ => null,
    };

    private bool Numbers(Expr gold, Expr answer)
    {
        (gold, answer) = (Percent(gold), Percent(answer));
        if (gold.IsNumber && answer.IsNumber && gold.Value == answer.Value) return Decide("numeric-equal", true);
        var literal = gold.IsNumber || answer.IsNumber;
        if (literal && (gold.IsDecimal || answer.IsDecimal))
        {
            // An integer and a decimal never round together; everything else is rounded to six decimals.
            if (gold is { IsNumber: true, IsDecimal: false, Value.IsInteger: true }
                || answer is { IsNumber: true, IsDecimal: false, Value.IsInteger: true }) return Decide("numeric-different", false);
            if (Rounded(gold) is { } g && Rounded(answer) is { } a) return Decide("rounded", g == a);
        }
        // Its evaluation drops what lies below 1e-16: two tiny closed forms are equal to it.
        if (gold.IsNumber && answer.IsNumber)
            return Decide("numeric-tiny", IsTiny(gold) && IsTiny(answer) && Rational.Abs(gold.Value - answer.Value).ToDouble() < 1e-16);
        var same = _scalars.Same(gold, answer);
        return Decide(_scalars.Rule, same && !(HasSymbolI(gold) && !HasSymbolI(answer)));
    }

    private static bool IsTiny(Expr e) => e.Value.Den.GetBitLength() > 50;

    private static bool HasSymbolI(Expr e) => e.Any(x => x.Kind == ExprKind.Symbol && x.Name == "i");

    private static Expr Percent(Expr e) =>
        e.Kind == ExprKind.Percent ? Simplifier.Tidy(Expr.Mul(e.Args[0], Expr.Num(new Rational(1, 100), e.Args[0].IsDecimal))) : e;

    private decimal? Rounded(Expr e)
    {
        var v = new Evaluator(budget).Value(e);
        return v.IsFinite && v.IsReal && v.Size < 1e12 ? Math.Round((decimal)v.Value.Real, decimals) : null;
    }
}
