using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Comparison;

/// <summary>Lists, tuples, sets, intervals, matrices.</summary>
internal sealed partial class Comparer
{
    private bool Collections(Expr gold, Expr answer)
    {
        gold = DropDomains(Flat(gold));
        answer = DropDomains(Flat(answer));
        if (gold.Kind == ExprKind.Relation || answer.Kind == ExprKind.Relation) return Values(gold, answer);
        if (Array.Exists(gold.Args, Shapes.IsDots) != Array.Exists(answer.Args, Shapes.IsDots))
            (gold, answer) = (Shapes.WithoutDots(gold), Shapes.WithoutDots(answer));
        if (gold.Kind != ExprKind.List && !Shapes.IsCollection(gold) && answer.Kind is ExprKind.List or ExprKind.Set)
        {
            if (answer.Args.Length == 1 && answer.Kind == ExprKind.Set) return Values(gold, answer.Args[0]);
            return Decide("one-wanted", Unordered([gold], Distinct(answer.Args)));
        }
        if (IsRealSet(gold) || IsRealSet(answer))
        {
            if (SameBrackets(gold, answer)) return Ordered(gold.Args, answer.Args, "interval");
            if (RealSet.Of(Together(gold), budget) is { } g && RealSet.Of(Together(answer), budget) is { } a)
                return Decide("set-of-reals", g.Same(a, _scalars));
            if (gold.Kind == ExprKind.SetOp || answer.Kind == ExprKind.SetOp || Shapes.IsKnownSet(gold) || Shapes.IsKnownSet(answer))
                return Decide("structure", Canonical.Key(gold) == Canonical.Key(answer));
        }
        if (!HasElements(gold) || !HasElements(answer))
        {
            // A column vector is the tuple of its entries; one element stands for the set that holds it alone.
            if (gold.Kind == ExprKind.Matrix || answer.Kind == ExprKind.Matrix) return Matrices(gold, answer);
            var (many, one) = HasElements(gold) ? (gold, answer) : (answer, gold);
            return many.Kind != ExprKind.Tuple && many.Args.Length == 1
                ? Values(HasElements(gold) ? many.Args[0] : one, HasElements(gold) ? one : many.Args[0]) : Decide("shape-different", false);
        }
        if (gold.Kind == ExprKind.Tuple && answer.Kind == ExprKind.Tuple)
            return gold.Name == answer.Name || !(IsInterval(gold) || IsInterval(answer)) ? Ordered(gold.Args, answer.Args, "tuple")
                : Decide("brackets-different", false);
        if (gold.Kind == ExprKind.Tuple)
            return IsHalfOpen(gold) ? Decide("shape-different", false) : Ordered(gold.Args, Answers(answer), "tuple");
        if (answer.Kind == ExprKind.Tuple && IsHalfOpen(answer)) return Decide("shape-different", false);
        if (Shapes.IsNamedValues(gold) && !Array.Exists(answer.Args, e => e.Kind == ExprKind.Relation))
            return Ordered(Answers(gold), answer.Args, "named-values");
        return Decide("elements", Unordered(Distinct(gold.Args), answer.Kind == ExprKind.Tuple ? answer.Args : Distinct(answer.Args)));
    }

    // y = 2, x = 1 for a gold (1, 2): coordinates come in their order, whatever the order they are named in.
    private static Expr[] Answers(Expr e)
    {
        if (!Shapes.IsNamedValues(e) || !Array.TrueForAll(e.Args, a => a.Args[0] is { Kind: ExprKind.Symbol, Name: "x" or "y" or "z" }))
            return e.Args;
        return [.. e.Args.OrderBy(a => a.Args[0].Name, StringComparer.Ordinal)];
    }

    /// <summary>x &gt; 0, x ≠ 1: conditions that hold together.</summary>
    private static Expr Together(Expr e) =>
        e.Kind == ExprKind.List && e.Name != "or" && e.Args.Length > 1 && Array.TrueForAll(e.Args, IsInequality)
        ? new Expr(ExprKind.SetOp, "cap", e.Args) : e;

    private static bool HasElements(Expr e) => e.Kind is ExprKind.List or ExprKind.Set or ExprKind.Tuple;

    /// <summary>True for brackets that can only be an interval: mixed or square ones around an increasing pair.</summary>
    private static bool IsInterval(Expr e) => e.Kind == ExprKind.Tuple && e.Args.Length == 2 && e.Name != "()" && Increasing(e);

    private static bool IsHalfOpen(Expr e) => IsInterval(e);

    private static bool Increasing(Expr e) => !(e.Args[0].IsNumber && e.Args[1].IsNumber) || e.Args[0].Value < e.Args[1].Value;

    private static bool SameBrackets(Expr gold, Expr answer) =>
        gold.Kind == ExprKind.Tuple && answer.Kind == ExprKind.Tuple && gold.Name == answer.Name && gold.Args.Length == answer.Args.Length;

    /// <summary>
    /// True where a set of real numbers has to be built to compare: unions, number sets, intervals against something else.
    /// </summary>
    private static bool IsRealSet(Expr e) =>
        e.Kind == ExprKind.SetOp || Shapes.IsKnownSet(e) || IsInterval(e)
        || (e.Kind == ExprKind.Tuple && e.Args.Length == 2 && e.Name == "()" && e.Any(x => x.Kind == ExprKind.Constant && x.Name == "inf"));

    /// <summary>x = kπ, k ∈ ℤ against x = nπ: without the domain, and with the gold's name for the parameter.</summary>
    private static (Expr Gold, Expr Answer) Parameters(Expr gold, Expr answer)
    {
        var (g, a) = (DropDomains(gold), DropDomains(answer));
        if (ReferenceEquals(g, gold) && ReferenceEquals(a, answer)) return (gold, answer);
        var (inGold, inAnswer) = (new SortedSet<string>(StringComparer.Ordinal), new SortedSet<string>(StringComparer.Ordinal));
        Names(g, inGold);
        Names(a, inAnswer);
        inGold.RemoveWhere(name => Shapes.IsKnownSet(Expr.Sym(name)));
        inAnswer.RemoveWhere(name => Shapes.IsKnownSet(Expr.Sym(name)));
        var (only, other) = (inGold.Except(inAnswer).ToList(), inAnswer.Except(inGold).ToList());
        if (only is not [var to] || other is not [var from]) return (g, a);
        return HasDomain(gold, to) || HasDomain(answer, from) ? (g, Rename(a, new Dictionary<string, string> { [from] = to })) : (g, a);
    }

    private static bool HasDomain(Expr list, string name) =>
        list.Kind == ExprKind.List
        && Array.Exists(list.Args, e => e is { Kind: ExprKind.Relation, Args: [{ Kind: ExprKind.Symbol } symbol, ..] }
        && symbol.Name == name && e.Name[0] == Sign.In);

    /// <summary>x = kπ, k ∈ ℤ: what says where a parameter lives is no element of the answer.</summary>
    private static Expr DropDomains(Expr e)
    {
        if (e.Kind != ExprKind.List || e.Args.Length < 2) return e;
        var kept =
            Array.FindAll(e.Args, a =>
            !(a.Kind == ExprKind.Relation && a.Name.Length == 1 && a.Name[0] == Sign.In && Shapes.IsKnownSet(a.Args[1])));
        if (kept.Length == e.Args.Length || kept.Length == 0) return e;
        return kept.Length == 1 ? kept[0] : new Expr(ExprKind.List, e.Name, kept);
    }

    /// <summary>A list inside a list is the same list; a named list (x = 1, 2) gives its values.</summary>
    private static Expr Flat(Expr e)
    {
        if (e.Kind is not (ExprKind.List or ExprKind.Set)) return e;
        if (!Array.Exists(e.Args, a => a.Kind == ExprKind.List || (a.Kind == ExprKind.Set && e.Kind == ExprKind.List)))
            return FirstNamed(e);
        var all = new List<Expr>();
        foreach (var a in e.Args)
        {
            if (a.Kind == ExprKind.List || (a.Kind == ExprKind.Set && e.Kind == ExprKind.List)) all.AddRange(a.Args);
            else all.Add(a);
        }
        return FirstNamed(new Expr(e.Kind, e.Name, [.. all]));
    }

    /// <summary>n = 1, 2, 3: the name before the first value belongs to all of them.</summary>
    private static Expr FirstNamed(Expr e)
    {
        if (e.Args.Length < 2 || e.Args[0].Kind != ExprKind.Relation || Shapes.ValueOf(e.Args[0]) is not { } first) return e;
        for (var i = 1; i < e.Args.Length; i++) if (e.Args[i].Kind == ExprKind.Relation) return e;
        var args = (Expr[])e.Args.Clone();
        args[0] = first;
        return new Expr(e.Kind, e.Name, args);
    }

    private bool Ordered(Expr[] gold, Expr[] answer, string rule)
    {
        if (gold.Length != answer.Length) return Decide("count-different", false);
        for (var i = 0; i < gold.Length; i++)
            if (!Values(gold[i], answer[i])) return Decide(rule, false);
        return Decide(rule, true);
    }

    private Expr[] Distinct(Expr[] elements)
    {
        var kept = new List<Expr>(elements.Length);
        foreach (var e in elements)
        {
            var seen = false;
            foreach (var k in kept)
                seen = seen
                    || (e.IsNumber && k.IsNumber ? e.Value == k.Value : elements.Length <= 24 && Canonical.Key(e) == Canonical.Key(k));
            if (!seen) kept.Add(e);
        }
        return [.. kept];
    }

    /// <summary>
    /// A one-to-one matching of the elements, found by augmenting paths, so that near-equal decimals cannot block each other.
    /// </summary>
    private bool Unordered(Expr[] gold, Expr[] answer)
    {
        if (gold.Length != answer.Length) return Decide("count-different", false);
        var n = gold.Length;
        var partner = new int[n];
        Array.Fill(partner, -1);
        var fits = new bool?[n, n];
        // Exact numbers need no rule: long lists of them stay cheap.
        bool Exact(Expr e) => tolerance is null && e is { IsNumber: true, IsDecimal: false };
        bool Fits(int i, int j) =>
            fits[i, j] ??= Exact(gold[i]) && Exact(answer[j]) ? gold[i].Value == answer[j].Value : Values(gold[i], answer[j]);
        bool Place(int i, bool[] tried)
        {
            for (var j = 0; j < n; j++)
            {
                if (tried[j] || !Fits(i, j)) continue;
                tried[j] = true;
                if (partner[j] >= 0 && !Place(partner[j], tried)) continue;
                partner[j] = i;
                return true;
            }
            return false;
        }
        for (var i = 0; i < n; i++)
        {
            budget.Spend(n);
            if (!Place(i, new bool[n])) return Decide("element-missing", false);
        }
        return Decide("elements", true);
    }

    private static bool HasMatrix(Expr e) =>
        e.Kind is ExprKind.Add or ExprKind.Mul or ExprKind.Call && Array.Exists(e.Args, a => a.Kind == ExprKind.Matrix || HasMatrix(a));

    private bool Matrices(Expr gold, Expr answer)
    {
        if (gold.Kind == ExprKind.Matrix && Shapes.Rows(answer) is { } rows) answer = rows;
        else if (answer.Kind == ExprKind.Matrix && Shapes.Rows(gold) is { } wanted) gold = wanted;
        gold = MatrixMath.Evaluate(gold, budget);
        answer = MatrixMath.Evaluate(answer, budget);
        if (gold.Kind == ExprKind.Matrix && answer.Kind == ExprKind.Matrix)
            return gold.Extra == answer.Extra ? Ordered(gold.Args, answer.Args, "matrix") : Decide("matrix-shape", false);
        if (gold.Kind != ExprKind.Matrix && answer.Kind != ExprKind.Matrix && !HasMatrix(gold) && !HasMatrix(answer))
            return Values(gold, answer);
        // A column (or row) and a tuple are the same vector.
        if (IsVector(gold) && IsVector(answer)) return Ordered(gold.Args, answer.Args, "vector");
        if (gold is { Kind: ExprKind.Matrix, Args.Length: 1 }) return Values(gold.Args[0], answer);
        return Decide("structure", Canonical.Key(gold) == Canonical.Key(answer));
    }

    private static bool IsVector(Expr e) =>
        (e.Kind == ExprKind.Matrix && (e.Extra == 1 || e.Extra == e.Args.Length)) || (e.Kind == ExprKind.Tuple && e.Name is "()" or "[]");
}
