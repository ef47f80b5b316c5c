using Tenon.Models;
using Tenon.Rollouts.Data;

namespace Tenon.Rollouts;

/// <summary>
/// A step's prompts, one by one: the next problem whose prompt fits and that memory takes. What the step itself learns of its problems
/// acts from the next step on, so that no draw depends on how long another takes.
/// </summary>
internal sealed class PromptDraws(
    CausalModel model, ProblemPrompts prompts, ProblemSource problems, RolloutPlan plan, RolloutState state, int step,
    RolloutStatistics statistics)
{
    // A source without an end has no whole to be too long: so many in a row are taken for it.
    private const long EndlessTries = 100_000;

    private readonly ProblemDraws _problems = problems.Begin(state.Sources, step);

    private readonly PromptMemory? _memory =
        plan.Memory is { } settings ? new PromptMemory(settings, plan.Seed, step, state.Memory) : null;

    /// <summary>Problems drawn by the run so far.</summary>
    public long Cursor { get; private set; } = state.Cursor;

    /// <summary>The levels that curricula stand at in this step.</summary>
    public IReadOnlyList<(string Name, int Level)> Levels { get; } = [.. problems.Begin(state.Sources, step).Levels];

    // Twice the problems' number: each pass has an order of its own, so that fewer may miss one that fits.
    private long Patience => 2L * problems.Count ?? EndlessTries;

    /// <summary>The prompt that is the <paramref name="draw"/>th of its step.</summary>
    /// <exception cref="TenonException">No prompt fits.</exception>
    public DrawnPrompt Next(int draw)
    {
        for (long passed = 0, refused = 0; ;)
        {
            var cursor = Cursor++;
            var problem = _problems.Next(cursor);
            // Where all are solved one is taken all the same.
            if (refused < Patience && _memory?.Refuses(problem, cursor) is { } reason)
            {
                statistics.Skip(reason);
                (refused, passed) = (refused + 1, 0);
                continue;
            }

            var prompt = prompts.Of(problem, draw);
            if (prompt.Prompt.Length <= plan.MaxPromptTokens && prompt.Prompt.Length + plan.MaxNewTokens <= model.MaxLength) return prompt;
            statistics.Skip("prompt-too-long");
            if (++passed >= Patience) throw NothingFits(passed);
        }
    }

    /// <summary>What the next step goes on from, once this one's groups are all judged.</summary>
    public RolloutState After(RolloutState next)
    {
        foreach (var group in statistics.Drawn)
        {
            var verdicts = group.Rollouts.Select(statistics.IsRight).OfType<bool>().ToList();
            var right = verdicts.Count(correct => correct);
            _problems.Judged(group.Problem, right, verdicts.Count);
            _memory?.Judged(group.Problem, right, verdicts.Count);
        }

        return next with { Cursor = Cursor, Sources = _problems.States, Memory = _memory?.Rates ?? next.Memory };
    }

    private TenonException NothingFits(long passed)
    {
        var room = model.MaxLength - plan.MaxNewTokens;
        return new TenonException("problems of the run", $"prompts of at most {Math.Min(plan.MaxPromptTokens, room)} tokens",
            problems.Count is { } all ? $"longer ones only: all {all} problems" : $"{passed} longer ones in a row",
            room < plan.MaxPromptTokens
                ? $"the model's context of {model.MaxLength} tokens holds prompt and completion: lower rollout.max-new-tokens, or take "
                + $"a model with a longer context"
                : "raise rollout.max-prompt-tokens");
    }
}
