using Tenon.Models;
using Tenon.Models.Generation;
using Tenon.Models.Layers;
using Tenon.Rollouts.Data;
using Tenon.Tensors;

namespace Tenon.Rollouts;

/// <summary>
/// Rollouts that this process draws and judges, wherever they are sampled: draws problems, encodes them, passes over prompts that are
/// too long, has them sampled and judged, and under
/// dynamic sampling draws on, each round as large as the share of groups with both outcomes so far says it must be. Groups of the next
/// round join the batch as soon as they are certain to be drawn, so that a round's longest completions do not run alone.
/// </summary>
public sealed class LocalRollouts(
    CausalModel model, ProblemPrompts prompts, ProblemSource problems, IReadOnlyList<WeightedReward> rewards, IAdapter? adapter,
    GeneratorOptions options, RolloutPlan plan, IGroupStore? store = null, IGroupSampler? sampler = null) : IRolloutSource
{
    // A round is at most this many batches: where hardly any group has both outcomes, the rounds' number and not their size ends the step.
    private const int MostBatchesARound = 4;

    // What the policy was some tens of steps ago says little about the share today.
    private const double Forgetting = 0.9;

    private static readonly SamplingSettings S_greedy = new() { Temperature = 0 };

    private readonly RolloutCollector _collector = new(sampler ?? new LocalSampler(model, options), prompts.Encoder, rewards,
        options.Pool);

    private readonly RewardNoise? _noise = plan.RewardNoise is { } noise ? new RewardNoise(noise, rewards, plan.Seed) : null;

    /// <inheritdoc/>
    public RolloutBatch Draw(int step, RolloutState state, Action<double>? progress = null, CancellationToken cancel = default)
    {
        var statistics = new RolloutStatistics(rewards) { IsNoisy = _noise is not null };
        var draws = new PromptDraws(model, prompts, problems, plan, state, step, statistics);
        var kept = new List<RolloutGroup>(state.Carried);
        var carried = kept.Count;
        var (judged, mixed, submitted) = (state.Judged, state.Mixed, 0);
        var replayed = plan.Replay is { } replay
            ? ReplayBuffer.Pick(state.Replay, ReplayBuffer.Most(replay, plan.Prompts), replay, plan.Seed, step) : [];
        // Under dynamic sampling replayed groups stand for drawn ones; else they take the places of those that are not mixed.
        var wanted = plan.DynamicSampling ? plan.Prompts - Math.Min(replayed.Count, plan.Prompts - Math.Min(carried, plan.Prompts))
            : plan.Prompts;
        var stored = store?.Begin(step);
        var done = new Dictionary<int, RolloutGroup>();
        var rounds = plan.DynamicSampling ? plan.MaxRounds : 1;

        void Submit(int until)
        {
            for (; submitted < until; submitted++)
            {
                var prompt = draws.Next(submitted);
                var request = Request(prompt, step);
                if (stored?.GetValueOrDefault(submitted) is { } group && IsOf(group, prompt))
                    _collector.Restore(prompt, request, group.Samples);
                else _collector.Submit(prompt, request, adapter, store is null ? null
                    : samples => store.Add(new SampledGroup(prompt.Draw, prompt.Problem.Id, prompt.Prompt, samples)));
            }
        }

        options.Kept?.Begin();
        try
        {
            for (var round = 0; round < rounds && kept.Count < wanted; round++)
            {
                var (first, size) = (statistics.Drawn.Count, Size(wanted - kept.Count, judged, mixed));
                var refills = _collector.JudgesAnyTime && round + 1 < rounds;
                Submit(first + size);
                while (Enumerable.Range(first, size).Any(draw => !done.ContainsKey(draw)))
                {
                    if (_collector.Step(progress, cancel) && !(refills && _collector.HasRoom)) continue;
                    foreach (var group in _collector.Take()) done[group.Draw] = _noise is null ? group : _noise.Of(group);
                    if (!refills) continue;
                    // Were all that are open mixed, so many would still be missing, and the next round would draw so many at least.
                    var gain = Enumerable.Range(first, size).Count(d => !done.TryGetValue(d, out var group) || statistics.IsMixed(group));
                    if (kept.Count + gain < wanted)
                        Submit(first + size + Size(wanted - kept.Count - gain, judged + size, mixed + gain));
                }

                foreach (var draw in Enumerable.Range(first, size))
                {
                    done.Remove(draw, out var group);
                    statistics.Add(group!);
                    var isMixed = statistics.IsMixed(group!);
                    if (!plan.DynamicSampling || isMixed) kept.Add(group!);
                    else
                        foreach (var rollout in group!.Rollouts)
                            rollout.Sampled.Kept?.Free();
                    if (plan.DynamicSampling) (judged, mixed) = (judged + 1, mixed + (isMixed ? 1 : 0));
                }
            }
        }
        finally
        {
            _collector.Clear();
            if (options.Kept is { } products) products.IsOpen = false;
        }

        var surplus = kept.Skip(wanted).ToList();
        var (groups, used) = plan.DynamicSampling
            ? ([.. kept.Take(wanted), .. replayed.Take(plan.Prompts - wanted)], plan.Prompts - wanted)
            : Replaced(kept, replayed, statistics);
        var later = plan.CarrySurplus ? surplus : [];
        if (plan.GreedyBaseline) groups = WithGreedy(groups, step, statistics, cancel);
        var trained = groups.Concat(later).Where(g => g.Step == step).ToList();
        return new RolloutBatch(statistics, groups, draws.After(new RolloutState
        {
            Judged = judged * Forgetting,
            Mixed = mixed * Forgetting,
            Carried = later,
            Memory = state.Memory,
            Replay = plan.Replay is { } kind ? ReplayBuffer.After(state.Replay, trained.Where(statistics.IsMixed), kind, step) : [],
        }))
        {
            Wanted = plan.Prompts,
            Carried = Math.Min(carried, groups.Count),
            Dropped = surplus.Count - later.Count,
            TokensUnused = statistics.Drawn.Sum(Completions) - trained.Sum(Completions),
            Replayed = plan.Replay is null ? null : used,
            Levels = draws.Levels,
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
            var answers = _collector.Take().Select(group => _noise is null ? group.Rollouts[0] : _noise.OfGreedy(group)).ToList();
            foreach (var answer in answers) statistics.AddGreedy(answer);
            return [.. groups.Zip(answers, (group, answer) => group with { Greedy = answer })];
        }
        finally
        {
            _collector.Clear();
        }
    }

    private bool IsOf(SampledGroup group, DrawnPrompt prompt) => group.Id == prompt.Problem.Id
        && group.Prompt.AsSpan().SequenceEqual(prompt.Prompt) && group.Samples.Count == plan.Group;

    // The groups with replayed ones in the places of those that are right or wrong throughout, as many as there are.
    private static (List<RolloutGroup> Groups, int Used) Replaced(List<RolloutGroup> drawn, IReadOnlyList<RolloutGroup> replayed,
        RolloutStatistics statistics)
    {
        var used = 0;
        return ([.. drawn.Select(group => used < replayed.Count && !statistics.IsMixed(group) ? replayed[used++] : group)], used);
    }

    private RolloutRequest Request(DrawnPrompt prompt, int step) => new()
    {
        Model = model.Fingerprint,
        AdapterVersion = adapter?.Version ?? 0,
        Numerics = Numerics.Of(options.Precision),
        Tier = options.Precision.Tier(),
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

    private static long Completions(RolloutGroup group) => group.Rollouts.Sum(r => (long)r.Sampled.Ids.Length);
}
