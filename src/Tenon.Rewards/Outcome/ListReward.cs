using Tenon.MathAnswers;

namespace Tenon.Rewards.Outcome;

/// <summary>
/// The last box holds the gold's list, item by item in its order, separated by commas; brackets around the list are allowed. Items agree as
/// plain
/// numbers or as texts, upper and lower case alike.
/// </summary>
public sealed class ListReward : IReward
{
    /// <inheritdoc/>
    public string Name => "list";

    /// <inheritdoc/>
    public bool IsOutcome => true;

    /// <inheritdoc/>
    public Verdict Judge(Problem problem, in Completion completion)
    {
        var gold = Items(GoldParts.Text(problem.Answer));
        if (gold.Length == 0) return Verdict.Skip("empty-gold");
        return BoxedAnswer.Judge(completion, text => Decide(gold, Items(text)));
    }

    private static (bool Correct, string Reason) Decide(string[] gold, string[] answer)
    {
        if (answer.Length != gold.Length) return (false, "list-length");
        for (var i = 0; i < gold.Length; i++)
            if (!Same(gold[i], answer[i])) return (false, "list-item");
        return (true, "list-equal");
    }

    private static bool Same(string gold, string answer) =>
        string.Equals(gold, answer, StringComparison.OrdinalIgnoreCase)
        || (PlainNumber.TryParse(gold, out var a) && PlainNumber.TryParse(answer, out var b) && a == b);

    private static string[] Items(string text)
    {
        text = text.Trim();
        if (text.Length >= 2 && (text[0], text[^1]) is ('[', ']') or ('(', ')')) text = text[1..^1];
        return text.Split(',', StringSplitOptions.TrimEntries) is [""] ? [] : text.Split(',', StringSplitOptions.TrimEntries);
    }
}
