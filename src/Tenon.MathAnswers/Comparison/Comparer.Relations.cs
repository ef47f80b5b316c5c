using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Comparison;

/// <summary>Equations up to a constant factor, inequalities up to a positive one, relations against the sets they describe.</summary>
internal sealed partial class Comparer
{
    private bool RelationsOrSets(Expr gold, Expr answer)
    {
        if (gold.Kind == ExprKind.Relation && answer.Kind == ExprKind.Relation) return Relations(gold, answer);
        if (Shapes.IsCollection(gold) || Shapes.IsCollection(answer))
        {
            var (relation, set) = gold.Kind == ExprKind.Relation ? (gold, answer) : (answer, gold);
            if (set.Kind == ExprKind.List && DropDomains(set) is { Kind: not ExprKind.List } bare)
                return gold.Kind == ExprKind.Relation ? Values(gold, bare) : Values(bare, answer);
            // x > 1, x < 2: conditions that hold together
            if (set.Kind == ExprKind.List && set.Name != "or" && Array.TrueForAll(set.Args, IsInequality)
                && RealSet.Of(relation, budget) is { } whole)
            {
                var meet = new Expr(ExprKind.SetOp, "cap", set.Args);
                return Decide("set-of-reals", RealSet.Of(meet, budget) is { } m && whole.Same(m, _scalars));
            }
            if (RealSet.Of(relation, budget) is { } a && RealSet.Of(set, budget) is { } b)
                return Decide("set-of-reals", relation == gold ? a.Same(b, _scalars) : b.Same(a, _scalars));
        }
        return Decide("shape-different", false);
    }

    private static bool IsInequality(Expr e) =>
        e.Kind == ExprKind.Relation && !e.Name.Contains('=', StringComparison.Ordinal)
        && !e.Name.Contains(Sign.In, StringComparison.Ordinal);

    private bool Relations(Expr gold, Expr answer)
    {
        if (gold.Name.Length == 1 && answer.Name.Length == 1) return Single(gold, answer);
        if (gold.Name.Length == answer.Name.Length)
        {
            if (Chain(gold, answer.Name, answer.Args)) return Decide("chain", true);
            var ops = answer.Name.ToCharArray();
            Array.Reverse(ops);
            var mirrored = new string(Array.ConvertAll(ops, MirrorOp));
            if (Chain(gold, mirrored, [.. answer.Args.Reverse()])) return Decide("chain", true);
        }
        if (RealSet.Of(gold, budget) is { } g && RealSet.Of(answer, budget) is { } a) return Decide("set-of-reals", g.Same(a, _scalars));
        // Chains of equations: what they end in, under the same first name.
        if (Shapes.ValueOf(gold) is { } gv && Shapes.ValueOf(answer) is { } av && gold.Name.Length + answer.Name.Length > 2)
            return Decide("chain", Values(gold.Args[0], answer.Args[0]) && Values(gv, av));
        return Decide("chain", false);
    }

    private static bool OneVariable(Expr gold, Expr answer)
    {
        var (g, a) = (new SortedSet<string>(StringComparer.OrdinalIgnoreCase), new SortedSet<string>(StringComparer.OrdinalIgnoreCase));
        SymbolsOf(gold, g);
        SymbolsOf(answer, a);
        g.Remove("Reals");
        a.Remove("Reals");
        return g.SetEquals(a);
    }

    private bool Chain(Expr gold, string ops, Expr[] sides)
    {
        if (gold.Name != ops) return false;
        for (var i = 0; i < sides.Length; i++) if (!Values(gold.Args[i], sides[i])) return false;
        return true;
    }

    private static char MirrorOp(char op) => op switch { '<' => '>', '>' => '<', Sign.Le => Sign.Ge, Sign.Ge => Sign.Le, _ => op };

    private bool Single(Expr gold, Expr answer)
    {
        var (g, a) = (gold.Name[0], answer.Name[0]);
        if (g == a && Values(gold.Args[0], answer.Args[0]) && Values(gold.Args[1], answer.Args[1])) return Decide("relation", true);
        if ((g == Sign.In || a == Sign.In) && RealSet.Of(gold, budget) is { } held && RealSet.Of(answer, budget) is { } shown)
            return Decide("set-of-reals", OneVariable(gold, answer) && held.Same(shown, _scalars));
        if (g == Sign.Equiv && a == Sign.Equiv && SameResidue(gold, answer)) return Decide("residue", true);
        if (g is Sign.In or Sign.NotIn or Sign.To) return Decide("relation", false);
        if (!(gold.Args[0].IsScalar && gold.Args[1].IsScalar && answer.Args[0].IsScalar && answer.Args[1].IsScalar))
        {
            if (g == '=' && a == '=' && Values(gold.Args[0], answer.Args[1]) && Values(gold.Args[1], answer.Args[0]))
                return Decide("relation", true);
            if (RealSet.Of(gold, budget) is { } gs && RealSet.Of(answer, budget) is { } ans)
                return Decide("set-of-reals", gs.Same(ans, _scalars));
            return Decide("relation", false);
        }
        answer = SameArgument(gold, answer);
        var sign = ConstantFactor(Expr.Sub(gold.Args[0], gold.Args[1]), Expr.Sub(answer.Args[0], answer.Args[1]));
        var verdict = sign switch
        {
            0 => false,
            _ when g is '=' or Sign.Ne or Sign.Equiv or Sign.Approx => a == g || (g is '=' && a is Sign.Equiv),
            > 0 => a == g,
            _ => a == MirrorOp(g),
        };
        return Decide(verdict ? "relation" : "relation-different", verdict);
    }

    // x ≡ 3 and x ≡ 10 (mod 7)
    private bool SameResidue(Expr gold, Expr answer) =>
        gold.Args[1] is { Name: "pmod", Args: [{ IsNumber: true } wanted, { IsNumber: true } modulus] }
        && answer.Args[1] is { Name: "pmod", Args: [{ IsNumber: true } given, { IsNumber: true } other] }
        && modulus.Value == other.Value && !modulus.Value.IsZero && ((wanted.Value - given.Value) / modulus.Value).IsInteger
        && Values(gold.Args[0], answer.Args[0]);

    /// <summary>f(x) = x^2 and f(t) = t^2 define the same function: the answer's argument gets the gold's name.</summary>
    private static Expr SameArgument(Expr gold, Expr answer)
    {
        var (g, a) = (gold.Args[0], answer.Args[0]);
        if (g.Kind != ExprKind.Apply || a.Kind != ExprKind.Apply || g.Name != a.Name || g.Args.Length != 1 || a.Args.Length != 1)
            return answer;
        if (g.Args[0].Kind != ExprKind.Symbol || a.Args[0].Kind != ExprKind.Symbol || g.Args[0].Name == a.Args[0].Name) return answer;
        return answer.Any(e => e.Kind == ExprKind.Symbol && e.Name == g.Args[0].Name) ? answer
            : Rename(answer, new Dictionary<string, string> { [a.Args[0].Name] = g.Args[0].Name });
    }

    /// <summary>The sign of c where gold = c · answer at every point with one constant c; 0 where there is none.</summary>
    private int ConstantFactor(Expr gold, Expr answer)
    {
        var (g, a) = (new SortedSet<string>(StringComparer.Ordinal), new SortedSet<string>(StringComparer.Ordinal));
        SymbolsOf(gold, g);
        SymbolsOf(answer, a);
        // Statements without variables (0 = 1) and equations in other variables say nothing of each other.
        if (g.Count == 0 || !g.SetEquals(a)) return 0;
        var evaluator = new Evaluator(budget);
        var state = 0xD1B54A32D192ED03UL;
        double? ratio = null;
        var agreed = 0;
        for (var round = 0; round < 24 && agreed < 7; round++)
        {
            // f(0) = 0 and f(0) = 1 have no variable: the function itself varies.
            evaluator.Functions = (ulong)round;
            foreach (var name in g) evaluator.Set(name, (Evaluator.Next(ref state) * 5) - 1.7);
            var (x, y) = (evaluator.Value(gold), evaluator.Value(answer));
            if (!x.IsFinite || !y.IsFinite || y.Size < 1e-6 || x.Size < 1e-9) continue;
            if (!x.IsReal || !y.IsReal) continue;
            var r = x.Value.Real / y.Value.Real;
            ratio ??= r;
            if (Math.Abs(r - ratio.Value) > 1e-9 * Math.Abs(ratio.Value)) return 0;
            agreed++;
        }
        return agreed >= 3 ? Math.Sign(ratio!.Value) : 0;
    }

    /// <summary>Two equations in the same two or more variables that are equal up to a factor.</summary>
    public bool EquationsInTwo(Expr gold, Expr answer)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        SymbolsOf(gold, names);
        return names.Count >= 2 && ConstantFactor(Expr.Sub(gold.Args[0], gold.Args[1]), Expr.Sub(answer.Args[0], answer.Args[1])) != 0;
    }

    private static void SymbolsOf(Expr e, SortedSet<string> names)
    {
        if (e.Kind is ExprKind.Symbol or ExprKind.Apply) names.Add(e.Name);
        foreach (var a in e.Args) SymbolsOf(a, names);
    }
}
