using Tenon.MathAnswers.Numbers;
using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Comparison;

/// <summary>
/// Decides whether two readings are the same answer. The gold decides the shape: whether order counts, whether an equation stands for its
/// right side, whether a relation is a set. Keeps the name of the rule that decided.
/// </summary>
internal sealed partial class Comparer(WorkBudget budget, double? tolerance)
{
    private readonly Scalars _scalars = new(budget, tolerance);

    /// <summary>The rule that decided.</summary>
    public string Rule { get; private set; } = "";

    public bool Same(Reading gold, Reading answer, string? statedUnit)
    {
        if (AsRead(gold, answer, statedUnit)) return true;
        var rule = Rule;
        return InOtherNotation(gold, answer, statedUnit) || Decide(rule, false);
    }

    private bool AsRead(Reading gold, Reading answer, string? statedUnit)
    {
        if (gold.Normalised.Length > 0 && gold.Normalised == answer.Normalised
            && (gold.Unit is null || answer.Unit is null || gold.Unit == answer.Unit)) return Decide("same-text", true);
        if (gold.Expr is null || answer.Expr is null) return Texts(gold, answer);
        if (Angles(gold, answer) is { } angles) return Decide("radians", angles);
        if ((statedUnit ?? gold.Unit) is { } wanted && answer.Unit is null && LetterUnit(gold.Expr, answer.Expr) is { } number)
        {
            // 5000 m for 5 km: the letter is the unit that the gold asks for, or another.
            if (Units.TryConvert(answer.Expr.Args[^1].Name, wanted, out var scale, out var known))
                return Decide("letter-unit", Forms(gold.Expr, Simplifier.Tidy(Expr.Mul(Expr.Num(scale), number))));
            if (known) return Decide("unit-different", false);
        }

        // 500 cm for a gold "5 m" whose letter is a unit.
        if (gold.Unit is null && answer.Unit is not null && answer.Expr.IsNumber
            && gold.Expr is { Kind: ExprKind.Mul, Args: [{ IsNumber: true } size, { Kind: ExprKind.Symbol } letter] }
            && Units.TryConvert(answer.Unit, letter.Name, out var times, out _))
            return Decide("letter-unit", Forms(size, Simplifier.Tidy(Expr.Mul(Expr.Num(times), answer.Expr))));
        if (Units.IsHalfOfDay(gold.Unit) != Units.IsHalfOfDay(answer.Unit) && Clock(gold) is { } wantedTime && Clock(answer) is { } time
            && (Units.IsHalfOfDay(gold.Unit) ? time : wantedTime) is < 60 or >= 13 * 60) return Decide("time", wantedTime == time);
        if (!UnitsAgree(gold, answer, statedUnit, out var factor)) return Decide("unit-different", false);
        var expr = factor == Rational.One ? answer.Expr : Simplifier.Tidy(Expr.Mul(Expr.Num(factor), answer.Expr));
        if (Forms(gold.Expr, expr)) return true;
        var rule = Rule;
        if (Units.IsDozen(gold.Unit) && Units.IsDozen(answer.Unit)) return Decide(rule, false);
        if (gold.Alternative is { } g && Forms(g, expr)) return Decide("other-reading", true);
        if (answer.Alternative is { } a && Forms(gold.Expr, a)) return Decide("other-reading", true);
        if (Choice(gold, answer)) return Decide("choice-letter", true);
        if (LetterUnit(gold.Expr, expr) is { } bare && Forms(gold.Expr, bare)) return Decide("letter-unit", true);
        return Decide(rule, false);
    }

    /// <summary>Two expressions on their own, without units and second readings.</summary>
    public bool SameValue(Expr left, Expr right) => Values(left, right);

    private bool Decide(string rule, bool verdict)
    {
        Rule = rule;
        return verdict;
    }

    private bool Texts(Reading gold, Reading answer)
    {
        if (Choice(gold, answer)) return Decide("choice-letter", true);
        if (!TextForm.IsProse(gold.Text) || !TextForm.IsProse(answer.Text)) return Decide("unread", false);
        var g = TextForm.Words(gold.Text.Replace("\\text", "", StringComparison.Ordinal));
        var a = TextForm.Words(answer.Text.Replace("\\text", "", StringComparison.Ordinal));
        return Decide(gold.Expr is null && answer.Expr is null ? "text"
            : "unread", g.Length > 0 && g == a && gold.Expr is null == answer.Expr is null);
    }

    /// <summary>Degrees on one side and radians by name on the other are compared as angles; null for everything else.</summary>
    private bool? Angles(Reading gold, Reading answer)
    {
        if (!(Units.IsRadian(gold.Unit) && answer.Expr!.Kind == ExprKind.Degree)
            && !(Units.IsRadian(answer.Unit) && gold.Expr!.Kind == ExprKind.Degree)) return null;
        return Values(gold.Expr!, answer.Expr!);
    }

    /// <summary>
    /// Both with a known unit: the answer is converted; a unit of another kind is another answer. One unit alone says nothing.
    /// </summary>
    private static bool UnitsAgree(Reading gold, Reading answer, string? stated, out Rational factor)
    {
        factor = Rational.One;
        var wanted = stated ?? gold.Unit;
        if (wanted is null || answer.Unit is null || Units.Same(wanted, answer.Unit)) return true;
        if (Units.TryConvert(answer.Unit, wanted, out factor, out var known)) return true;
        factor = Rational.One;
        return !known && (stated is null || Units.Same(stated, answer.Unit));
    }

    /// <summary>5 m for a gold without letters: the letter can only be a unit.</summary>
    private static Expr? LetterUnit(Expr gold, Expr answer)
    {
        if (answer.Kind != ExprKind.Mul || answer.Args[^1].Kind != ExprKind.Symbol || !Array.TrueForAll(answer.Args[..^1], a => a.IsNumber))
            return null;
        if (answer.Args[^1].Name is not ("m" or "s" or "g" or "h" or "l" or "L" or "t" or "c" or "Omega")) return null;
        return gold.Any(e => e.Kind is ExprKind.Symbol or ExprKind.Text) ? null
            : answer.Args.Length == 2 ? answer.Args[0] : Simplifier.Tidy(answer.Args[..^1].Aggregate((a, b) => Expr.Mul(a, b)));
    }

    /// <summary>Angles and percentages at the top are compared by their number first, then by their value.</summary>
    private bool Forms(Expr gold, Expr answer)
    {
        if (gold.IsNumber && answer.IsNumber) return Values(gold, answer);
        if (HasNames(gold) && Holds(gold, ExprKind.Symbol, "I") && Holds(answer, ExprKind.Constant, "i")
            && !Holds(answer, ExprKind.Symbol, "I")) gold = ImaginaryUnit(gold);
        answer = FoldCase(gold, answer);
        var (gd, ad) = (HasDegrees(gold), HasDegrees(answer));
        // 3π/4 degrees are no 3π/4: a gold with π and without degrees is in radians.
        var radians = ad && !gd && gold.Any(x => x is { Kind: ExprKind.Constant, Name: "pi" });
        if (!radians && Values(DropDegrees(gold), DropDegrees(answer))) return true;
        var rule = Rule;
        if (gd != ad && Values(gd ? gold : DropDegrees(gold), ad ? answer : DropDegrees(answer))) return Decide("degrees", true);
        if (gold.Kind == ExprKind.Percent != (answer.Kind == ExprKind.Percent) && Values(DropPercent(gold), DropPercent(answer)))
            return Decide("percent", true);
        if (HasBareLog(gold) && !HasBareLog(answer) && Values(NaturalLog(DropDegrees(gold)), DropDegrees(answer)))
            return Decide("natural-log", true);
        return Decide(rule, false);
    }

    private static bool Holds(Expr e, ExprKind kind, string name) =>
        (e.Kind == kind && e.Name == name) || Array.Exists(e.Args, a => Holds(a, kind, name));

    /// <summary>3 + 4*I, as programs print it.</summary>
    private static Expr ImaginaryUnit(Expr e) =>
        e is { Kind: ExprKind.Symbol, Name: "I" } ? Expr.I : e.Args.Length == 0 ? e : e.With(Array.ConvertAll(e.Args, ImaginaryUnit));

    private static bool HasBareLog(Expr e) => e.Any(x => x is { Kind: ExprKind.Call, Name: "log", Args.Length: 1 });

    /// <summary>A gold's \log without a base is natural in analysis: it may be met as such by an answer that says \ln.</summary>
    private static Expr NaturalLog(Expr e)
    {
        if (e.Args.Length == 0) return e;
        var args = Array.ConvertAll(e.Args, NaturalLog);
        return e is { Kind: ExprKind.Call, Name: "log", Args.Length: 1 } ? Expr.Call("ln", args) : e.With(args);
    }

    private static Expr DropPercent(Expr e) => e.Kind == ExprKind.Percent ? e.Args[0] : e;

    private static bool HasDegrees(Expr e) => e.Kind == ExprKind.Degree || (e.Kind != ExprKind.Call && Array.Exists(e.Args, HasDegrees));

    /// <summary>Degrees outside a function's argument are a unit; inside (sin 30°) they are part of the value.</summary>
    private static Expr DropDegrees(Expr e)
    {
        if (!HasDegrees(e)) return e;
        if (e.Kind == ExprKind.Degree) return e.Args[0];
        return Simplifier.Tidy(e.With(Array.ConvertAll(e.Args, DropDegrees)));
    }

    /// <summary>x for X is the same variable, unless one side uses both.</summary>
    private static Expr FoldCase(Expr gold, Expr answer)
    {
        if (!HasNames(gold) || !HasNames(answer)) return answer;
        var (g, a) = (new SortedSet<string>(StringComparer.Ordinal), new SortedSet<string>(StringComparer.Ordinal));
        Names(gold, g);
        Names(answer, a);
        if (g.Count == 0 || a.Count == 0 || g.SetEquals(a)) return answer;
        Dictionary<string, string>? map = null;
        foreach (var name in a)
        {
            if (g.Contains(name)) continue;
            string? match = null;
            foreach (var other in g)
                if (string.Equals(other, name, StringComparison.OrdinalIgnoreCase))
                    match = match is null && !a.Contains(other) ? other : "";
            if (string.IsNullOrEmpty(match)) continue;
            (map ??= [])[name] = match;
        }
        return map is null ? answer : Rename(answer, map);
    }

    private static bool HasNames(Expr e)
    {
        if (e.Kind is ExprKind.Symbol or ExprKind.Apply) return true;
        foreach (var a in e.Args) if (HasNames(a)) return true;
        return false;
    }

    private static void Names(Expr e, SortedSet<string> names)
    {
        if (e.Kind is ExprKind.Symbol or ExprKind.Apply) names.Add(e.Name);
        foreach (var a in e.Args) Names(a, names);
    }

    private static Expr Rename(Expr e, Dictionary<string, string> map)
    {
        if (e.Kind == ExprKind.Symbol) return map.TryGetValue(e.Name, out var to) ? Expr.Sym(to) : e;
        if (e.Args.Length == 0) return e;
        var args = Array.ConvertAll(e.Args, a => Rename(a, map));
        return e.Kind == ExprKind.Apply && map.TryGetValue(e.Name, out var name) ? new Expr(ExprKind.Apply, name, args) : e.With(args);
    }

    /// <summary>The comparison itself, by the shapes of both sides.</summary>
    private bool Values(Expr gold, Expr answer)
    {
        budget.Spend(1);
        if (gold.Kind == ExprKind.List || answer.Kind == ExprKind.List) (gold, answer) = Parameters(gold, answer);
        (gold, answer) = (Shapes.Expand(gold), Shapes.Expand(answer));
        if (gold.Kind != ExprKind.Relation && Shapes.ValueOf(answer) is { } value) answer = value;
        if (answer.Kind != ExprKind.Relation && Shapes.ValueOf(gold) is { } named) gold = named;
        if (gold.Kind != ExprKind.Relation && answer.Kind == ExprKind.Relation && Result(answer) is { } result) answer = result;
        (gold, answer) = (Shapes.Expand(gold), Shapes.Expand(answer));
        if (gold.Kind == ExprKind.Relation || answer.Kind == ExprKind.Relation) return RelationsOrSets(gold, answer);
        if (gold.Kind is ExprKind.Piecewise or ExprKind.SetBuilder || answer.Kind is ExprKind.Piecewise or ExprKind.SetBuilder)
            return gold.Kind == ExprKind.Piecewise ? Pieces(gold, answer) : Builders(gold, answer);
        if (Shapes.IsCollection(gold) || Shapes.IsCollection(answer)) return Collections(gold, answer);
        if (gold.Kind == ExprKind.Matrix || answer.Kind == ExprKind.Matrix || HasMatrix(gold) || HasMatrix(answer))
            return Matrices(gold, answer);
        if (gold.Kind == ExprKind.Text || answer.Kind == ExprKind.Text)
            return Decide("text", WordsOf(gold) is { Length: > 0 } w && WordsOf(answer) is { } v
                && (w == v || (w.Length > 3 && w.TrimEnd('s') == v.TrimEnd('s')) || SameButForArticle(gold, answer)));
        if (gold.Kind == ExprKind.BaseNumber || answer.Kind == ExprKind.BaseNumber) return Bases(gold, answer);
        if (gold.Kind == ExprKind.Ratio || answer.Kind == ExprKind.Ratio) return Ratios(gold, answer);
        var same = _scalars.Same(gold, answer);
        return Decide(_scalars.Rule, same);
    }

    // \sqrt{242} = 11\sqrt{2} (and \approx 15.56 behind it): a true chain of equal values or identities stands for what it ends in.
    private Expr? Result(Expr chain)
    {
        var end = chain.Name.IndexOf(Sign.Approx) is >= 0 and var approx ? approx : chain.Name.Length;
        if (end == 0 || chain.Name.AsSpan(0, end).ContainsAnyExcept('=')) return null;
        // "2x^2 + 6x = 2x(x + 3)" holds for every x, while 2a = 6 is an equation to solve.
        for (var i = 0; i <= end; i++)
            if (!chain.Args[i].IsScalar || chain.Args[i].Kind == ExprKind.Text) return null;
        for (var i = 0; i < end; i++)
            if (!_scalars.Same(chain.Args[end], chain.Args[i])) return null;
        return chain.Args[end];
    }

    private static bool SameButForArticle(Expr gold, Expr answer) =>
        gold.Kind == ExprKind.Text && answer.Kind == ExprKind.Text
        && TextForm.Words(WordAnswers.DropArticle(gold.Name)) == TextForm.Words(WordAnswers.DropArticle(answer.Name));

    private static string? WordsOf(Expr e) => e.Kind switch
    {
        ExprKind.Text => TextForm.Words(e.Name),
        ExprKind.Symbol => TextForm.Words(e.Name),
        ExprKind.Constant => e.Name,
        ExprKind.Number when e.Value.Bits < 4096 => e.Value.ToString(),
        ExprKind.Mul when Array.TrueForAll(e.Args, a => a.Kind is ExprKind.Symbol or ExprKind.Constant or ExprKind.Text) =>
            string.Concat(Array.ConvertAll(e.Args, a => TextForm.Words(a.Name))),
        // \text{June } 20
        ExprKind.Mul when e.Args is [{ Kind: ExprKind.Text } word, { IsNumber: true, Value: { IsInteger: true, Bits: < 32 } } number] =>
            TextForm.Words(word.Name) + number.Value,
        _ => null,
    };

    /// <summary>An answer without a base is read in the gold's base: the question asked for it.</summary>
    private bool Bases(Expr gold, Expr answer)
    {
        if (gold.Kind == ExprKind.BaseNumber && answer is { IsNumber: true, IsDecimal: false } && answer.Value.Bits < 4096)
            return Decide("base-digits", gold.Name.TrimStart('0') == answer.Value.ToString().TrimStart('0')
                || gold.Extra < 0 && gold.Value == answer.Value);
        // 1010_2 for a gold 1010, whose question names the base.
        if (answer is { Kind: ExprKind.BaseNumber, Extra: > 0 } && gold is { IsNumber: true, IsDecimal: false } && gold.Value.Bits < 4096
            && answer.Name.TrimStart('0') == gold.Value.ToString()) return Decide("base-digits", true);
        if (gold.Kind == ExprKind.BaseNumber && BaseDigits(answer) is { } digits)
            return Decide("base-digits",
                string.Equals(gold.Name.TrimStart('0'), digits.TrimStart('0'), StringComparison.OrdinalIgnoreCase));
        var same = _scalars.Same(Plain(gold), Plain(answer));
        return Decide("base-value", same);

        static Expr Plain(Expr e) => e.Kind == ExprKind.BaseNumber ? Expr.Num(e.Value) : e;
    }

    /// <summary>2A without its base is read as a product; its digits, or null where it is something else.</summary>
    private static string? BaseDigits(Expr e) => e.Kind switch
    {
        ExprKind.Mul when Array.TrueForAll(e.Args, a => BaseDigits(a) is not null) => string.Concat(Array.ConvertAll(e.Args, BaseDigits)),
        ExprKind.Symbol when e.Name.Length == 1 => e.Name,
        ExprKind.Constant when e.Name == "e" => e.Name,
        ExprKind.Number when e.Value.IsInteger && e.Value.Sign >= 0 && !e.IsDecimal && e.Value.Bits < 4096 => e.Value.ToString(),
        _ => null,
    };

    /// <summary>Ratios are proportional; a time of day (12:05) is compared part by part.</summary>
    private bool Ratios(Expr gold, Expr answer)
    {
        if (gold.Kind != answer.Kind)
        {
            var (ratio, other) = gold.Kind == ExprKind.Ratio ? (gold, answer) : (answer, gold);
            // 7 o'clock for a gold 7:00
            if (ReferenceEquals(ratio, gold) && ratio.Args is [{ IsNumber: true } hour, { IsNumber: true, Value.IsZero: true }]
                && other.IsNumber)
                return Decide("time", _scalars.Same(hour, other));
            if (ratio.Args.Length != 2 || ratio.Args[1] is { IsNumber: true, Value.IsZero: true }) return Decide("ratio", false);
            var quotient = Simplifier.Tidy(Expr.Div(ratio.Args[0], ratio.Args[1]));
            var equal = ReferenceEquals(ratio, gold) ? _scalars.Same(quotient, other) : _scalars.Same(other, quotient);
            return Decide("ratio", equal);
        }
        if (gold.Args.Length != answer.Args.Length) return Decide("ratio", false);
        if (IsTime(gold) || IsTime(answer))
        {
            for (var i = 0; i < gold.Args.Length; i++) if (!_scalars.Same(gold.Args[i], answer.Args[i])) return Decide("time", false);
            return Decide("time", true);
        }
        for (var i = 1; i < gold.Args.Length; i++)
        {
            var (left, right) =
                (Simplifier.Tidy(Expr.Mul(gold.Args[0], answer.Args[i])), Simplifier.Tidy(Expr.Mul(answer.Args[0], gold.Args[i])));
            if (!_scalars.Same(left, right)) return Decide("ratio", false);
        }
        return Decide("ratio", true);
    }

    // Minutes since midnight of a time that is written 3:45, with AM or PM where they are said.
    private static int? Clock(Reading time)
    {
        if (time.Expr is not { Kind: ExprKind.Ratio, Args: [{ IsNumber: true } h, { IsNumber: true } m] } || !h.Value.IsInteger
            || !m.Value.IsInteger || h.Value.Bits > 8 || m.Value.Bits > 8) return null;
        var (hours, minutes) = ((int)h.Value.Num, (int)m.Value.Num);
        if (hours is < 0 or > 24 || minutes is < 0 or > 59) return null;
        if (Units.IsHalfOfDay(time.Unit)) hours = hours % 12 + (time.Unit!.Trim().StartsWith('p')
            || time.Unit!.Trim().StartsWith('P') ? 12 : 0);
        return hours * 60 + minutes;
    }

    private static bool IsTime(Expr e) => Array.Exists(e.Args, a => a is { IsNumber: true, Value.IsZero: true });
}
