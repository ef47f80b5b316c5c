using Tenon.Models;
using Tenon.Models.Generation;
using Tenon.Models.Layers;
using Tenon.Tensors;

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

    /// <summary>Answer each prompt of the batch greedily, too: the baseline of ReMax.</summary>
    public bool GreedyBaseline { get; init; }

    /// <summary>The run's seed.</summary>
    public required ulong Seed { get; init; }

    /// <summary>What its random numbers are for.</summary>
    public RandomPurpose Purpose { get; init; } = RandomPurpose.Sampling;
}

/// <summary>
/// Rollouts of this process: draws problems, encodes them, passes over prompts that are too long, samples, has them judged, and under
/// dynamic sampling draws on, each round as large as the share of groups with both outcomes so far says it must be. Groups of the next
/// round join the batch as soon as they are certain to be drawn, so that a round's longest completions do not run alone.
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

    private static readonly SamplingSettings S_greedy = new() { Temperature = 0 };

    private readonly RolloutCollector _collector = new(model, prompts.Encoder, rewards, options);

    /// <inheritdoc/>
    public RolloutBatch Draw(int step, RolloutState state, Action<double>? progress = null, CancellationToken cancel = default)
    {
        var statistics = new RolloutStatistics(rewards);
        var kept = new List<RolloutGroup>(state.Carried);
        var carried = kept.Count;
        var (cursor, judged, mixed, submitted) = (state.Cursor, state.Judged, state.Mixed, 0);
        var done = new Dictionary<int, RolloutGroup>();
        var rounds = plan.DynamicSampling ? plan.MaxRounds : 1;

        void Submit(int until)
        {
            foreach (var prompt in Prompts(until - submitted, submitted, ref cursor, statistics))
                _collector.Submit(prompt, Request(prompt, step), adapter);
            submitted = Math.Max(until, submitted);
        }

        try
        {
            for (var round = 0; round < rounds && kept.Count < plan.Prompts; round++)
            {
                var (first, size) = (statistics.Drawn.Count, Size(plan.Prompts - kept.Count, judged, mixed));
                var refills = _collector.JudgesAnyTime && round + 1 < rounds;
                Submit(first + size);
                while (Enumerable.Range(first, size).Any(draw => !done.ContainsKey(draw)))
                {
                    if (_collector.Step(progress, cancel) && !(refills && _collector.HasRoom)) continue;
                    foreach (var group in _collector.Take()) done[group.Draw] = group;
                    if (!refills) continue;
                    // Were all that are open mixed, so many would still be missing, and the next round would draw so many at least.
                    var gain = Enumerable.Range(first, size).Count(d => !done.TryGetValue(d, out var group) || statistics.IsMixed(group));
                    if (kept.Count + gain < plan.Prompts)
                        Submit(first + size + Size(plan.Prompts - kept.Count - gain, judged + size, mixed + gain));
                }

                foreach (var draw in Enumerable.Range(first, size))
                {
                    done.Remove(draw, out var group);
                    statistics.Add(group!);
                    var isMixed = statistics.IsMixed(group!);
                    if (!plan.DynamicSampling || isMixed) kept.Add(group!);
                    if (plan.DynamicSampling) (judged, mixed) = (judged + 1, mixed + (isMixed ? 1 : 0));
                }
            }
        }
        finally
        {
            _collector.Clear();
        }

        var surplus = kept.Skip(plan.Prompts).ToList();
        var groups = kept.Take(plan.Prompts).ToList();
        var later = plan.CarrySurplus ? surplus : [];
        if (plan.GreedyBaseline) groups = WithGreedy(groups, step, statistics, cancel);
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

    // Of those that are trained on alone: a group that was carried over is answered by the policy of today.
    private List<RolloutGroup> WithGreedy(List<RolloutGroup> groups, int step, RolloutStatistics statistics, CancellationToken cancel)
    {
        try
        {
            for (var i = 0; i < groups.Count; i++)
            {
                var prompt = new DrawnPrompt(groups[i].Problem, i, groups[i].Prompt);
                _collector.Submit(prompt, Request(prompt, step) with { Sampling = S_greedy, Samples = 1 }, adapter);
            }

            while (_collector.Step(null, cancel)) { }
            var answers = _collector.Take().Select(group => group.Rollouts[0]).ToList();
            foreach (var answer in answers) statistics.AddGreedy(answer);
            return [.. groups.Zip(answers, (group, answer) => group with { Greedy = answer })];
        }
        finally
        {
            _collector.Clear();
        }
    }

    private RolloutRequest Request(DrawnPrompt prompt, int step) => new()
    {
        Model = model.Fingerprint,
        AdapterVersion = adapter?.Version ?? 0,
        Numerics = Numerics.Version,
        Tier = Numerics.Tier,
        Precision = options.Precision.Word(),
        Sampling = options.Sampling,
        EndTokens = [.. options.EndTokens.Order()],
        Seed = plan.Seed,
        Purpose = plan.Purpose,
        Step = step,
        Draw = prompt.Draw,
        Prompt = prompt.Prompt,
        Samples = plan.Group,
        MaxNewTokens = plan.MaxNewTokens,
    };

    /// <summary>
    /// Groups to draw so that about <paramref name="missing"/> of them have both outcomes; without anything known, so many.
    /// </summary>
    private int Size(int missing, double judged, double mixed)
    {
        if (!plan.DynamicSampling) return missing;
        var share = (mixed + 1) / (judged + 1);
        return (int)Math.Clamp(Math.Ceiling(missing / share), missing, Math.Max(missing, MostBatchesARound * (double)plan.Prompts));
    }

    private List<DrawnPrompt> Prompts(int count, int firstDraw, ref long cursor, RolloutStatistics statistics)
    {
        var drawn = new List<DrawnPrompt>();
        for (var passed = 0L; drawn.Count < count;)
        {
            var prompt = prompts.Of(problems.At(cursor++), firstDraw + drawn.Count);
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
