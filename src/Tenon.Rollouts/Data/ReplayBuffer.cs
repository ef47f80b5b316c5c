namespace Tenon.Rollouts.Data;

/// <summary>The groups that may be trained on again (<see cref="ReplaySettings"/>).</summary>
public static class ReplayBuffer
{
    /// <summary>
    /// At most <paramref name="count"/> groups that are young enough, picked at random by the step and in the order they were sampled.
    /// </summary>
    public static IReadOnlyList<RolloutGroup> Pick(IReadOnlyList<RolloutGroup> kept, int count, ReplaySettings settings, ulong seed,
        int step)
    {
        var young = kept.Where(group => step - group.Step <= settings.MaxAge).ToList();
        var order = new RandomKey(seed).Permutation(young.Count, RandomPurpose.Replay, step, 0, 0);
        return [.. order.Take(Math.Max(0, count)).Order().Select(i => young[i])];
    }

    /// <summary>Groups that a batch may replay at most.</summary>
    public static int Most(ReplaySettings settings, int prompts) => (int)Math.Floor(settings.Share * prompts);

    /// <summary>What is kept after a step that has sampled <paramref name="fresh"/> groups with right and wrong completions.</summary>
    public static IReadOnlyList<RolloutGroup> After(IReadOnlyList<RolloutGroup> kept, IEnumerable<RolloutGroup> fresh,
        ReplaySettings settings, int step) =>
        [.. kept.Where(group => step - group.Step < settings.MaxAge).Concat(fresh).TakeLast(settings.Size)];
}
