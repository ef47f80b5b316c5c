using Tenon.Rewards.Tasks;

namespace Tenon.Rewards.Outcome;

/// <summary>
/// The last box holds one plain number that equals the gold exactly: digits, a sign, thousands commas, a decimal point; a fraction in lowest terms
/// where the gold is no whole number. Nothing is evaluated, so copying the question or leaving the sum undone (<c>8+1</c> for 9) never pays.
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
        if (!Fraction.TryParse(problem.Answer, out var gold)) return Verdict.Skip("gold-no-number");
        if (BoxedAnswer.Find(completion.Text, out var reason) is not { } text) return new Verdict(0, false, reason);
        return Judge(gold, text);
    }

    /// <summary>The verdict on an answer's text that was already extracted.</summary>
    internal static Verdict Judge(Fraction gold, string text)
    {
        var (correct, reason) = Fraction.TryParse(text, out var answer)
            ? answer != gold ? (false, "numeric-different")
            : gold.IsWhole && text.Contains('/') ? (false, "not-evaluated")
            : (true, "numeric-equal")
            : (false, "no-plain-number");
        return new Verdict(correct ? 1 : 0, correct, reason) { Extracted = text };
    }
}
