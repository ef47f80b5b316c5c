namespace Tenon.Rewards.Outcome;

/// <summary>The answer's text is the gold's text, character for character (case and white space as the settings say).</summary>
public sealed class ExactReward(ExactSettings settings) : IReward
{
    /// <inheritdoc/>
    public string Name => "exact";

    /// <inheritdoc/>
    public bool IsOutcome => true;

    /// <inheritdoc/>
    public Verdict Judge(Problem problem, in Completion completion)
    {
        var gold = Normal(problem.Answer);
        if (gold.Length == 0) return Verdict.Skip("empty-gold");
        if (settings.Where == AnswerPlace.Box) return BoxedAnswer.Judge(completion, text => Decide(gold, text));
        if (completion.AfterThinking() is not { } rest) return new Verdict(0, false, "unclosed-think");
        var (correct, reason) = Decide(gold, rest);
        return new Verdict(correct ? 1 : 0, correct, reason) { Extracted = rest.Trim() };
    }

    private (bool Correct, string Reason) Decide(string gold, string text)
    {
        var same = string.Equals(gold, Normal(text), settings.IgnoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);
        return same ? (true, "text-equal") : (false, "text-different");
    }

    private string Normal(string text) =>
        settings.IgnoreSpace ? string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)) : text.Trim();
}
