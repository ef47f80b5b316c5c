using Tenon.MathAnswers.Numbers;

namespace Tenon.Rewards.Outcome;

/// <summary>
/// The last box holds one plain number that equals the gold exactly: digits, a sign, thousands commas, a decimal point; a fraction in
/// lowest terms
/// where the gold is no whole number. Nothing is evaluated, so copying the question or leaving the sum undone (<c>8+1</c> for 9) never
/// pays.
/// </summary>
public sealed class NumberReward : IReward
{
    /// <inheritdoc/>
    public string Name => "number";

    /// <inheritdoc/>
    public bool IsOutcome => true;

    /// <inheritdoc/>
    public Verdict Judge(Problem problem, in Completion completion)
    {
        if (!PlainNumber.TryParse(problem.Answer, out var gold)) return Verdict.Skip("gold-no-number");
        return BoxedAnswer.Judge(completion, text => Decide(gold, text));
    }

    private static (bool Correct, string Reason) Decide(Rational gold, string text)
    {
        if (!PlainNumber.TryParse(text, out var answer)) return (false, "no-plain-number");
        if (answer != gold) return (false, "numeric-different");
        return gold.IsInteger && text.Contains('/') ? (false, "not-evaluated") : (true, "numeric-equal");
    }
}
