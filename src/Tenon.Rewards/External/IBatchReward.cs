namespace Tenon.Rewards.External;

/// <summary>A reward that judges many completions in one call faster than one by one (an external judge).</summary>
public interface IBatchReward : IReward
{
    /// <summary>
    /// False where it only might: its completions are then judged one by one, on the threads of whoever asks (a reward that wraps another).
    /// </summary>
    bool JudgesBatches => true;

    /// <summary>One verdict for each item, in their order; the same verdicts as <see cref="IReward.Judge"/> item by item.</summary>
    Verdict[] JudgeAll(IReadOnlyList<(Problem Problem, Completion Completion)> items);
}
