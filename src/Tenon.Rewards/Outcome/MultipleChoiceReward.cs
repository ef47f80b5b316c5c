namespace Tenon.Rewards.Outcome;

/// <summary>
/// The completion gives the gold's choice: as a letter in the last box, after "Answer:" or in brackets, or as the choice's own text. Naming
/// two
/// choices is wrong, even where one of them is the gold.
/// </summary>
public sealed class MultipleChoiceReward(MultipleChoiceSettings settings) : IReward
{
    /// <inheritdoc/>
    public string Name => "multiple-choice";

    /// <inheritdoc/>
    public bool IsOutcome => true;

    /// <inheritdoc/>
    public Verdict Judge(Problem problem, in Completion completion)
    {
        if (ChoiceList.Of(problem, settings) is not { } choices) return Verdict.Skip("choices-unreadable");
        if (choices.Gold(problem.Answer, settings.Gold) is not { } gold) return Verdict.Skip("gold-no-choice");
        if (new ChoiceReader(choices).Read(completion, out var reason) is not { } place) return new Verdict(0, false, reason);
        return new Verdict(place == gold ? 1 : 0, place == gold, place == gold ? "choice-equal"
            : "choice-different")
        { Extracted = choices.Letters[place].ToString() };
    }
}
