using System.Text.Json;
using Tenon.Rewards.External;
using Tenon.Rewards.Shaping;
using Tenon.Rewards.Tasks;

namespace Tenon.Rewards.Format;

/// <summary>Settings of <see cref="CosineLengthReward"/>.</summary>
public sealed record CosineLengthSettings : ISettings
{
    /// <summary>
    /// The outcome reward whose verdict is scaled, or a generated task's name for its checker; null is the task's checker where the run has
    /// a task, else <c>math</c>.
    /// </summary>
    public string? Of { get; init; }

    /// <summary>That reward's own settings.</summary>
    public JsonElement? Options { get; init; }

    /// <summary>The length at which the scale ends, in tokens; null is the longest completion the run samples.</summary>
    [Bounds(1, int.MaxValue)]
    public int? Limit { get; init; }

    /// <summary>A wrong answer of length 0.</summary>
    public double MinWrong { get; init; } = -1;

    /// <summary>A wrong answer at the limit.</summary>
    public double MaxWrong { get; init; } = -0.5;

    /// <summary>A right answer at the limit.</summary>
    public double MinCorrect { get; init; } = 0.5;

    /// <summary>A right answer of length 0.</summary>
    public double MaxCorrect { get; init; } = 1;

    /// <inheritdoc/>
    public IEnumerable<SettingsFault> Rules()
    {
        if (!(Math.Min(MinCorrect, MaxCorrect) > Math.Max(MinWrong, MaxWrong)))
            yield return new("min-correct", "a right answer may earn no more than a wrong one",
                "every right answer to earn more than any wrong one");
        if (Options is { ValueKind: not JsonValueKind.Object })
            yield return new("options", "is no mapping", "a mapping of the inner reward's settings");
        else foreach (var fault in OfFaults()) yield return fault;
    }

    /// <summary>The reward that is scaled.</summary>
    internal IReward Inner()
    {
        if (Of is { } task && TaskFinder.Names.Contains(task)) return TaskFinder.Create(task).Checker;
        return RewardFinder.Create(Of ?? "math", OptionMap());
    }

    private Dictionary<string, object?>? OptionMap() => Options?.EnumerateObject().ToDictionary(p => p.Name, p => (object?)p.Value);

    private IEnumerable<SettingsFault> OfFaults()
    {
        if (Of is { } task && TaskFinder.Names.Contains(task))
            return OptionMap() is { Count: > 0 }
                ? [new("options", $"task '{task}' brings its own checker, which has no settings", "no options")] : [];
        var name = Of ?? "math";
        if (!RewardFinder.Names.Contains(name)) return [SettingsCheck.NoChoice("of", name, [.. RewardFinder.Names, .. TaskFinder.Names])];
        var faults = RewardFinder.Check(name, OptionMap()).Select(fault => fault with { Key = $"options.{fault.Key}" }).ToList();
        if (faults.Count > 0) return faults;
        var inner = Inner();
        (inner as IDisposable)?.Dispose();
        return inner is CosineLengthReward || !inner.IsOutcome ? [new("of", $"'{name}' judges no outcome", "an outcome reward")] : [];
    }
}

/// <summary>
/// An outcome reward scaled by length (arXiv 2502.03373): right answers earn more when short, wrong ones lose less when long. It takes the
/// outcome
/// reward's place: what is right stays right, only the score follows the length.
/// </summary>
public sealed class CosineLengthReward(CosineLengthSettings settings) : IBatchReward, INotifyingReward, IDisposable
{
    private readonly IReward _inner = settings.Inner();
    private readonly CosineEnds _ends = new(settings.MinWrong, settings.MaxWrong, settings.MinCorrect, settings.MaxCorrect);

    /// <inheritdoc/>
    public string Name => "cosine-length";

    /// <inheritdoc/>
    public bool IsOutcome => true;

    /// <inheritdoc/>
    public bool ReadsAnyGold => _inner.ReadsAnyGold;

    /// <inheritdoc/>
    public bool JudgesBatches => _inner is IBatchReward { JudgesBatches: true };

    /// <inheritdoc/>
    public Verdict Judge(Problem problem, in Completion completion) => Scaled(_inner.Judge(problem, completion), completion);

    /// <inheritdoc/>
    public Verdict[] JudgeAll(IReadOnlyList<(Problem Problem, Completion Completion)> items)
    {
        var verdicts = _inner is IBatchReward batch ? batch.JudgeAll(items)
            : items.Select(item => _inner.Judge(item.Problem, item.Completion));
        return [.. verdicts.Select((v, i) => Scaled(v, items[i].Completion))];
    }

    /// <inheritdoc/>
    public event Action<string>? Notified
    {
        add
        {
            if (_inner is INotifyingReward inner) inner.Notified += value;
        }

        remove
        {
            if (_inner is INotifyingReward inner) inner.Notified -= value;
        }
    }

    /// <summary>Ends the inner reward, where it is a command.</summary>
    public void Dispose() => (_inner as IDisposable)?.Dispose();

    // The inner reward's extraction and reason stay; only the score is another.
    private Verdict Scaled(Verdict verdict, in Completion completion) =>
        verdict.Correct is { } correct
        ? verdict
        with
        { Score = CosineLength.Reward(correct, completion.Tokens, settings.Limit ?? Math.Max(1, completion.MaxTokens), _ends) }
        : verdict;
}
