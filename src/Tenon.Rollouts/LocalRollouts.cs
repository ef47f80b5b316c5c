using Tenon.Models;
using Tenon.Models.Generation;
using Tenon.Models.Layers;

namespace Tenon.Rollouts;

/// <summary>What a step draws.</summary>
public sealed record RolloutPlan
{
    /// <summary>Groups of a batch.</summary>
    public required int Prompts { get; init; }

    /// <summary>Completions of each.</summary>
    public required int Group { get; init; }

    /// <summary>The length at which a completion is cut.</summary>
    public required int MaxNewTokens { get; init; }

    /// <summary>A longer prompt is skipped and counted.</summary>
    public required int MaxPromptTokens { get; init; }

    /// <summary>Draw on until the batch holds only groups with both outcomes.</summary>
    public bool DynamicSampling { get; init; }

    /// <summary>Most rounds of drawing in one step.</summary>
    public int MaxRounds { get; init; } = 8;

    /// <summary>Groups with both outcomes beyond the batch go first into the next one; else they are dropped.</summary>
    public bool CarrySurplus { get; init; }

    /// <summary>The run's seed.</summary>
    public required ulong Seed { get; init; }
}

/// <summary>
/// Rollouts of this process: draws problems, encodes them, passes over prompts that are too long, samples, has them judged, and under
/// dynamic sampling draws on, each round
/// as large as the share of groups with both outcomes so far says it must be.
/// </summary>
public sealed class LocalRollouts(
    CausalModel model, ProblemPrompts prompts, ProblemSource problems, IReadOnlyList<WeightedReward> rewards, IAdapter? adapter,
    GeneratorOptions options, RolloutPlan plan) : IRolloutSource
{
    // A round is at most this many batches: where hardly any group has both outcomes, the rounds' number and not their size ends the step.
    private const int MostBatchesARound = 4;

    // What the policy was some tens of steps ago says little about the share today.
    private const double Forgetting = 0.9;

    // A source without an end has no whole to be too long: so many in a row are taken for it.
    private const long EndlessTries = 100_000;

    private readonly RolloutCollector _collector = new(model, prompts.Encoder, rewards, options);

    /// <inheritdoc/>
    public RolloutBatch Draw(int step, RolloutState state, Action<double>? progress = null, CancellationToken cancel = default)
    {
        var statistics = new RolloutStatistics(rewards);
        var place = new RandomPlace(plan.Seed, RandomPurpose.Sampling, step);
        var kept = new List<RolloutGroup>(state.Carried);
        var carried = kept.Count;
        var (cursor, judged, mixed) = (state.Cursor, state.Judged, state.Mixed);
        var rounds = plan.DynamicSampling ? plan.MaxRounds : 1;
        for (var round = 0; round < rounds && kept.Count < plan.Prompts; round++)
        {
            var before = kept.Count;
            var drawn = Prompts(Size(plan.Prompts - kept.Count, judged, mixed), ref cursor, statistics);
            foreach (var group in _collector.Collect(drawn, plan.Group, plan.MaxNewTokens, place, adapter, progress, cancel))
            {
                statistics.Add(group);
                if (!plan.DynamicSampling || statistics.IsMixed(group)) kept.Add(group);
            }

            if (!plan.DynamicSampling) break;
            judged += drawn.Count;
            mixed += kept.Count - before;
        }

        var surplus = kept.Skip(plan.Prompts).ToList();
        var groups = kept.Take(plan.Prompts).ToList();
        var later = plan.CarrySurplus ? surplus : [];
        var used = groups.Concat(later).Where(g => g.Step == step).Sum(Completions);
        return new RolloutBatch(statistics, groups,
            new RolloutState { Cursor = cursor, Judged = judged * Forgetting, Mixed = mixed * Forgetting, Carried = later })
        {
            Wanted = plan.Prompts,
            Carried = Math.Min(carried, groups.Count),
            Dropped = surplus.Count - later.Count,
            TokensUnused = statistics.Drawn.Sum(Completions) - used,
        };
    }

    /// <summary>
    /// Groups to draw so that about <paramref name="missing"/> of them have both outcomes; without anything known, so many.
    /// </summary>
    private int Size(int missing, double judged, double mixed)
    {
        if (!plan.DynamicSampling) return missing;
        var share = (mixed + 1) / (judged + 1);
        return (int)Math.Clamp(Math.Ceiling(missing / share), missing, Math.Max(missing, MostBatchesARound * (double)plan.Prompts));
    }

    private List<DrawnPrompt> Prompts(int count, ref long cursor, RolloutStatistics statistics)
    {
        var drawn = new List<DrawnPrompt>();
        for (var passed = 0L; drawn.Count < count;)
        {
            var prompt = prompts.Of(problems.At(cursor++), statistics.Drawn.Count + drawn.Count);
            if (prompt.Prompt.Length <= plan.MaxPromptTokens && prompt.Prompt.Length + plan.MaxNewTokens <= model.MaxLength)
            {
                drawn.Add(prompt);
                passed = 0;
                continue;
            }

            statistics.Skip("prompt-too-long");
            // Twice the file's length: each pass has an order of its own, so that fewer may miss a problem that fits.
            if (++passed >= (2L * problems.Count ?? EndlessTries)) throw NothingFits(passed);
        }

        return drawn;
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

    private static long Completions(RolloutGroup group) => group.Rollouts.Sum(r => (long)r.Sampled.Ids.Length);
}
