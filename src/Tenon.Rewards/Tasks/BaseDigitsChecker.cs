using System.Globalization;
using Tenon.Rewards.Outcome;

namespace Tenon.Rewards.Tasks;

/// <summary>
/// Judges digits of a base: the gold's digits, upper and lower case alike; the base may stand below (<c>1101_2</c>, <c>1101_{2}</c>). No
/// leading zeros, no <c>0x</c>.
/// </summary>
internal sealed class BaseDigitsChecker : IReward
{
    public string Name => "base-conversion";

    public bool IsOutcome => true;

    public Verdict Judge(Problem problem, in Completion completion)
    {
        if (problem.Answer.Length == 0 || problem.Fields is not { } fields || !fields.TryGetValue("base", out var radix))
            return Verdict.Skip("no-task-data");
        var name = radix.GetInt32().ToString(CultureInfo.InvariantCulture);
        return BoxedAnswer.Judge(completion, text => Decide(problem.Answer, name, text));
    }

    private static (bool Correct, string Reason) Decide(string gold, string radix, string text)
    {
        var parts = text.Split('_');
        if (parts.Length > 2 || (parts.Length == 2 && parts[1] != radix && parts[1] != $"{{{radix}}}")) return (false, "other-base");
        return string.Equals(parts[0].Trim(), gold, StringComparison.OrdinalIgnoreCase) ? (true, "digits-equal")
            : (false, "digits-different");
    }
}
