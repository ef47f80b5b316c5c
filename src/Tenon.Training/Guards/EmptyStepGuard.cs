using Tenon.Rollouts;
using Tenon.Runs;
using Tenon.Training.Settings;

namespace Tenon.Training.Guards;

/// <summary>
/// Watches steps whose problems were all too easy or too hard: a group teaches only where some of its answers are right and some wrong.
/// </summary>
internal sealed class EmptyStepGuard(RolloutSettings rollout, RunFolder folder, Action<string> say)
{
    private int _said;

    /// <summary>
    /// Says that a step has fewer groups to train on than its recipe wants: the first time, and again each time that it has happened
    /// twice as often; every one is in the metrics.
    /// </summary>
    public void Drawn(int step, RolloutBatch drawn)
    {
        if (drawn.Groups.Count >= drawn.Wanted || !int.IsPow2(++_said)) return;
        say($"step {step}: {drawn.Groups.Count} of {drawn.Wanted} groups with right and wrong answers after "
            + $"{drawn.Statistics.Drawn.Count} groups"
            + (drawn.Groups.Count == 0 ? ": nothing to learn from in this step" : "")
            + (_said > 1 ? $" ({_said} such steps so far)" : ""));
    }

    /// <summary>The state after a step that has trained on <paramref name="drawn"/>.</summary>
    public static TrainerState Count(TrainerState state, RolloutBatch drawn) =>
        state with { EmptySteps = drawn.Groups.Count == 0 ? state.EmptySteps + 1 : 0 };

    /// <summary>True where so many steps in a row had nothing to train on that the run ends (<c>rollout.max-empty-steps</c>).</summary>
    public bool Ends(TrainerState state) => rollout.MaxEmptySteps > 0 && state.EmptySteps >= rollout.MaxEmptySteps;

    /// <summary>What a run says that ends so.</summary>
    public TenonException Fault(TrainerState state) => new(
        $"the run stopped after step {state.Step}", "groups with right and wrong answers",
        $"{rollout.MaxEmptySteps} steps in a row without one",
        $"problems of another level, a larger rollout.group than {rollout.Group}, or rollout.max-empty-steps: 0 to go on; the "
        + $"checkpoint is written: {folder.ResumeCommand()}");
}
