using Tenon.MathAnswers.Numbers;
using Tenon.Rewards.Outcome;

namespace Tenon.Rewards.Tasks;

/// <summary>
/// Judges a countdown answer: the box holds an expression of the given numbers (each exactly once, or at most once), the four operations
/// and
/// brackets, whose exact value is the target; <c>= target</c> may follow. No other number, no sign before a number, no power.
/// </summary>
internal sealed class CountdownChecker : IReward
{
    public string Name => "countdown";

    public bool IsOutcome => true;

    public Verdict Judge(Problem problem, in Completion completion)
    {
        if (problem.Fields is not { } f || !f.TryGetValue("numbers", out var list) || !f.TryGetValue("target", out var goal))
            return Verdict.Skip("no-task-data");
        var numbers = list.EnumerateArray().Select(n => n.GetInt64()).Order().ToList();
        var target = goal.GetInt64();
        var all = !f.TryGetValue("all", out var a) || a.GetBoolean();
        return BoxedAnswer.Judge(completion, text => Decide(text, numbers, target, all));
    }

    private static (bool Correct, string Reason) Decide(string text, List<long> numbers, long target, bool all)
    {
        var sides = text.Split('=');
        if (sides.Length > 2 || (sides.Length == 2 && (!PlainNumber.TryParse(sides[1], out var right) || right != new Rational(target))))
            return (false, "not-an-expression");
        if (!FourOperations.TryEvaluate(sides[0], out var value, out var used)) return (false, "not-an-expression");
        used.Sort();
        var left = new List<long>(numbers);
        if (!used.TrueForAll(left.Remove) || (all && left.Count > 0)) return (false, "wrong-numbers");
        if (used.Count < 2) return (false, "no-operation");
        return value == new Rational(target) ? (true, "makes-target") : (false, "misses-target");
    }
}
