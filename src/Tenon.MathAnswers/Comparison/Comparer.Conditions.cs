using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Comparison;

/// <summary>Values by cases and sets by conditions: the same parts, in any order.</summary>
internal sealed partial class Comparer
{
    private bool Pieces(Expr gold, Expr answer)
    {
        if (answer.Kind != ExprKind.Piecewise || gold.Args.Length != answer.Args.Length) return Decide("cases", false);
        var taken = new bool[answer.Args.Length];
        for (var i = 0; i < gold.Args.Length; i += 2)
        {
            var found = false;
            for (var j = 0; j < answer.Args.Length && !found; j += 2)
            {
                budget.Spend(4);
                if (taken[j] || !Values(gold.Args[i], answer.Args[j]) || !Conditions(gold.Args[i + 1], answer.Args[j + 1])) continue;
                found = taken[j] = true;
            }
            if (!found) return Decide("cases", false);
        }
        return Decide("cases", true);
    }

    private bool Conditions(Expr gold, Expr answer)
    {
        if (gold.Kind == ExprKind.Text || answer.Kind == ExprKind.Text)
            return gold.Kind == answer.Kind && ElseWord(gold.Name) == ElseWord(answer.Name);
        return Values(gold, answer);
    }

    private static string ElseWord(string words) =>
        TextForm.Words(words) is var w && w is "else" or "otherwise" or "elsewhere" ? "otherwise" : words;

    /// <summary>\{x \mid P(x)\} and \{t : P(t)\}: the bound name is free.</summary>
    private bool Builders(Expr gold, Expr answer)
    {
        if (gold.Kind != ExprKind.SetBuilder || answer.Kind != ExprKind.SetBuilder || gold.Args.Length != answer.Args.Length)
            return Decide("set-builder", false);
        if (Bound(gold.Args[0]) is { } g && Bound(answer.Args[0]) is { } a && g != a
            && !gold.Any(e => e.Kind == ExprKind.Symbol && e.Name == a) && !answer.Any(e => e.Kind == ExprKind.Symbol && e.Name == g))
            answer = Rename(answer, new Dictionary<string, string> { [a] = g });
        if (!Values(gold.Args[0], answer.Args[0])) return Decide("set-builder", false);
        return Decide("set-builder", Unordered(gold.Args[1..], answer.Args[1..]));
    }

    private static string? Bound(Expr element) =>
        element.Kind == ExprKind.Symbol ? element.Name
        : element is { Kind: ExprKind.Relation, Name.Length: 1 } && element.Args[0].Kind == ExprKind.Symbol ? element.Args[0].Name : null;
}
