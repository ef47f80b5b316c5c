using Tenon.MathAnswers.Numbers;
using Tenon.Rewards.Outcome;

namespace Tenon.Rewards.Tasks;

/// <summary>Linear equations with exactly one solution, from <c>x + 7 = 12</c> to two unknowns, worked line by line.</summary>
public sealed class LinearEquations : GeneratedTask
{
    /// <inheritdoc/>
    public override string Name => "linear-equations";

    /// <inheritdoc/>
    public override IReward Checker { get; } = new NumberReward();

    /// <inheritdoc/>
    protected internal override IReadOnlyList<string> LevelNames =>
    [
        "x + a = b, whole and positive",
        "ax + b = c, whole solution",
        "ax + b = cx + d, whole solution of either sign",
        "a(x + b) = cx + d, fractional solution",
        "two equations in x and y, whole solution; x is asked",
    ];

    private protected override Draft? Make(int level, CounterRandom random) => level switch
    {
        1 => OneStep(random.Between(1, 50), random.Between(1, 50)),
        2 => BothSides(random.Between(2, 12), random.Between(-20, 20), 0, random.Between(1, 20)),
        3 => BothSides(random.Between(2, 12), random.Between(-20, 20), random.Between(-12, 12), random.Between(-15, 15)),
        4 => Brackets(random.Between(2, 9), random.Between(-9, 9), random.Between(-9, 9), random.Between(-30, 30)),
        _ => System(random),
    };

    private static Draft OneStep(int solution, int added) =>
        Ask($"x + {added} = {solution + added}", solution, $"x={solution + added}-{added};x={solution}");

    private static Draft? BothSides(int a, int b, int c, int solution)
    {
        if (b == 0 || a == c) return null;
        var d = a * solution + b - c * solution;
        // A bare x on the left, or nothing left to do, is no question of this level.
        if (a - c is 1 or -1 || (c == 0 && solution == d)) return null;
        var moved = $"{Term(a - c, "x")}={d - b}";
        var worked = c == 0 ? $"{moved};x={solution}" : $"{Sum(Term(a, "x"), -c, "x")}={Sum($"{d}", -b, "")};{moved};x={solution}";
        return Ask($"{Sum(Term(a, "x"), b, "")} = {Side(c, d)}", solution, worked);
    }

    private static Draft? Brackets(int a, int b, int c, int d)
    {
        if (b == 0 || c == 0 || d == 0 || a == c) return null;
        var solution = new Rational(d - a * b, a - c);
        if (solution.Den > 12 || solution.IsInteger) return null;
        return Ask($"{a}({Sum("x", b, "")}) = {Side(c, d)}", solution,
            $"{Sum(Term(a, "x"), a * b, "")}={Side(c, d)};{Term(a - c, "x")}={d - a * b};x={solution}");
    }

    private static Draft? System(CounterRandom random)
    {
        int x = random.Between(-9, 9), y = random.Between(-9, 9);
        int a = random.Between(1, 6), b = random.Between(-6, 6), c = random.Between(1, 6), d = random.Between(-6, 6);
        var determinant = a * d - b * c;
        if (b == 0 || d == 0 || determinant == 0) return null;
        int p = a * x + b * y, q = c * x + d * y;
        string first = $"{Sum(Term(a, "x"), b, "y")} = {p}", second = $"{Sum(Term(c, "x"), d, "y")} = {q}";
        var worked = $"{Term(determinant, "x")}={p * d - b * q};x={x};\\boxed{{{x}}}";
        var (low, high) = string.CompareOrdinal(first, second) < 0 ? (first, second) : (second, first);
        return new($"{low}&{high}", $"{first} and {second}. What is x?", $"{x}", worked);
    }

    private static Draft Ask(string equation, Rational solution, string worked) =>
        new(equation, $"{equation}. What is x?", solution.ToString(), $"{worked};\\boxed{{{solution}}}");

    private static string Side(int c, int d) => c == 0 ? $"{d}" : Sum(Term(c, "x"), d, "");

    private static string Term(int factor, string letter) => factor switch { 1 => letter, -1 => $"-{letter}", _ => $"{factor}{letter}" };

    private static string Sum(string left, int factor, string letter)
    {
        if (factor == 0) return left;
        var size = letter.Length > 0 ? Term(Math.Abs(factor), letter) : $"{Math.Abs(factor)}";
        return $"{left} {(factor < 0 ? '-' : '+')} {size}";
    }
}
