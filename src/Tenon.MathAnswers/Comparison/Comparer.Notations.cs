using Tenon.MathAnswers.Numbers;
using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Comparison;

/// <summary>
/// What two answers may still be the same by, where they differ as they were read: letters of several choices, formulas of chemistry,
/// remarks behind a value, unit vectors, names of constants, hours and minutes.
/// </summary>
internal sealed partial class Comparer
{
    private bool InOtherNotation(Reading gold, Reading answer, string? statedUnit)
    {
        if (gold.Text.Length == 0 || answer.Text.Length == 0) return false;
        if (SeveralChoices(gold.Text) is { } wanted && SeveralChoices(answer.Text) == wanted) return Decide("choice-letters", true);
        if (Chemistry.Formula(gold.Text) is { } formula && Chemistry.Formula(answer.Text) == formula) return Decide("chemistry", true);
        if (Remarks.Without(answer.Text) is { } bare && Reading.Of(bare) is var value && AsRead(gold, value, statedUnit)) return true;
        if (gold.Expr is not { } g || answer.Expr is not { } a) return Affirms(gold, answer);
        if (g.Kind == ExprKind.Text) return Affirms(gold, answer) || SameDay(g, a)
            || g.Name == "infinitely many" && a.Kind == ExprKind.Constant && a.Name == "inf" && Decide("text", true);
        if (g.IsNumber && a.IsNumber) return false;
        if (InUnitLetters(gold, answer, statedUnit) is { } equal) return Decide("letter-unit", equal);
        if (HoursAndMinutes(gold, answer) is { } same) return Decide("time", same);
        if (UnitVectors(g, a)) return Decide("vector", true);
        if (Renamed(g, a) is { } renamed && Forms(g, renamed)) return true;
        return false;
    }

    /// <summary>True for a list whose elements are one value in several notations: "0.5 or 1/2".</summary>
    public bool AllSame(Expr? list) =>
        list is { Kind: ExprKind.List } && Array.TrueForAll(list.Args, a => a.IsScalar && Values(list.Args[0], a));

    // "Yes, it is", "No, because 7 is odd"
    private bool Affirms(Reading gold, Reading answer)
    {
        var word = TextForm.Words(gold.Text.Replace("\\text", "", StringComparison.Ordinal));
        if (word is not ("yes" or "no" or "true" or "false")) return false;
        var text = answer.Text.AsSpan().TrimStart(" \\{$*");
        if (text.StartsWith("text")) text = text["text".Length..].TrimStart(" {");
        var opposite = word switch { "yes" => "no", "no" => "yes", "true" => "false", _ => "true" };
        return text.Length > word.Length && text.StartsWith(word, StringComparison.OrdinalIgnoreCase)
            && !text.Contains(opposite + ".", StringComparison.OrdinalIgnoreCase)
            && !text.EndsWith(opposite, StringComparison.OrdinalIgnoreCase)
            && text[word.Length..].TrimStart("}* $\\") is [',' or '.' or ';' or '!' or ':' or '-' or '–' or '—' or '(', ..]
            && Decide("text", true);
    }

    private static readonly string[] Days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

    // Tue for Tuesday
    private bool SameDay(Expr gold, Expr answer)
    {
        if (WordsOf(gold) is not { Length: > 2 } g || WordsOf(answer) is not { Length: > 2 } a) return false;
        return Array.Exists(Days, day => day.StartsWith(g, StringComparison.Ordinal) && day.StartsWith(a, StringComparison.Ordinal))
            && Decide("text", true);
    }

    // v = 0.5 m/s in letters that the text does not mark as units; null where neither side is such a quantity.
    private bool? InUnitLetters(Reading gold, Reading answer, string? statedUnit)
    {
        var (g, a) = (Shapes.ValueOf(gold.Expr!) ?? gold.Expr!, Shapes.ValueOf(answer.Expr!) ?? answer.Expr!);
        var (wanted, given) = (statedUnit ?? gold.Unit, answer.Unit);
        var (inGold, inAnswer) = (Quantity(g, ref wanted), Quantity(a, ref given));
        if (inGold is null && inAnswer is null) return null;
        var factor = Rational.One;
        if (wanted is not null && given is not null && !Units.Same(wanted, given) && !Units.TryConvert(given, wanted, out factor, out _))
            return false;
        return Forms(inGold ?? g, Simplifier.Tidy(Expr.Mul(Expr.Num(factor), inAnswer ?? a)));
    }

    // A number times letters of units, at least one of them below the line; the number, and the unit as a text.
    private static Expr? Quantity(Expr e, ref string? unit)
    {
        if (e.Kind != ExprKind.Mul || !Array.Exists(e.Args, f => f.Kind == ExprKind.Power && IsUnitLetter(f.Args[0]))) return null;
        var value = Expr.One;
        var letters = new List<string>();
        foreach (var factor in e.Args)
        {
            if (factor.IsNumber && letters.Count == 0) value = Simplifier.Tidy(Expr.Mul(value, factor));
            else if (factor.Kind == ExprKind.Symbol && IsUnitLetter(factor)) letters.Add(factor.Name);
            else if (factor.Kind == ExprKind.Power && Exponent(factor) is { } power) letters.Add($"{Base(factor)}^{power}");
            else return null;
        }

        if (letters.Count < 2 || !letters.Exists(l => l.Contains('-', StringComparison.Ordinal))) return null;
        unit ??= string.Join('*', letters);
        return value;
    }

    private static string Base(Expr power) => power.Args[0].Kind == ExprKind.Power ? power.Args[0].Args[0].Name : power.Args[0].Name;

    // s^{-1}, and (s^2)^{-1} as s^{-2}
    private static int? Exponent(Expr power)
    {
        if (power.Args[1] is not { IsNumber: true, Value: { IsInteger: true, Bits: < 8 } outer }) return null;
        var inner = power.Args[0];
        if (inner.Kind == ExprKind.Symbol) return (int)outer.Num;
        return inner is { Kind: ExprKind.Power, Args: [var letter, { IsNumber: true, Value: { IsInteger: true, Bits: < 8 } below }] }
            && IsUnitLetter(letter) ? (int)(outer.Num * below.Num) : null;
    }

    private static bool IsUnitLetter(Expr e) =>
        e.Kind == ExprKind.Power ? IsUnitLetter(e.Args[0])
            : e.Kind == ExprKind.Symbol && e.Name is "m" or "s" or "g" or "h" or "N" or "J" or "W" or "L" or "V" or "A" or "K" or "C";

    // 2:30 for 2 h 30 min: null where neither side is a time of that kind.
    private static bool? HoursAndMinutes(Reading gold, Reading answer)
    {
        var (clock, other) = gold.Expr!.Kind == ExprKind.Ratio ? (gold, answer) : (answer, gold);
        if (clock.Expr!.Kind != ExprKind.Ratio || other.Unit is null || !other.Expr!.IsNumber || Clock(clock) is not { } minutes
            || !Units.TryConvert(other.Unit, "minutes", out var factor, out _)) return null;
        return other.Expr.Value * factor == minutes;
    }

    /// <summary>Components on both sides: 3i + 4j, 3\hat{i} + 4\hat{j}, (3, 4).</summary>
    private bool UnitVectors(Expr gold, Expr answer)
    {
        gold = Shapes.ValueOf(gold) ?? gold;
        answer = Shapes.ValueOf(answer) ?? answer;
        var decorated = false;
        if (Basis.Components(gold, ref decorated) is not { } g || Basis.Components(answer, ref decorated) is not { } a || !decorated)
            return false;
        for (var i = 0; i < 3; i++)
            if (!Values(g[i], a[i])) return false;
        return true;
    }

    // 3 + 4j for 3 + 4i, x^2 + K for x^2 + C: the answer with the gold's name; null where there is nothing to rename.
    private static Expr? Renamed(Expr gold, Expr answer)
    {
        if (Holds(gold, ExprKind.Constant, "i") && !Holds(answer, ExprKind.Constant, "i") && Holds(answer, ExprKind.Symbol, "j")
            && !Holds(gold, ExprKind.Symbol, "j")) return Replaced(answer, "j", Expr.I);
        if (Integration(gold) is { } wanted && Integration(answer) is { } name && wanted.Name != name.Name
            && !Holds(answer, ExprKind.Symbol, wanted.Name)) return Replaced(answer, name.Name, wanted);
        return null;
    }

    // The constant of integration: a lone term with one of its usual names.
    private static Expr? Integration(Expr e)
    {
        if (e.Kind == ExprKind.Relation) e = e.Args[^1];
        return e.Kind != ExprKind.Add ? null : Array.Find(e.Args, term => term.Kind is ExprKind.Symbol or ExprKind.Text
            && term.Name is "C" or "c" or "K" or "k" or "C_1" or "c_1" or "C_0" or "const" or "constant");
    }

    private static Expr Replaced(Expr e, string name, Expr by) =>
        e.Args.Length == 0 ? e.Kind is ExprKind.Symbol or ExprKind.Text or ExprKind.Constant && e.Name == name ? by : e
            : e.With(Array.ConvertAll(e.Args, a => Replaced(a, name, by)));
}
