using Tenon.Models.Generation;
using Tenon.Models.Layers;
using Tenon.Rewards.External;
using Tenon.Tensors.Threads;
using Tenon.Text.Prompting;

namespace Tenon.Rollouts;

/// <summary>
/// Samples groups of completions and has them judged. Prompts may join while others run: a group is the same to the bit alone, in company
/// and joining late. One caller at a time.
/// </summary>
/// <param name="sampler">Where completions are sampled.</param>
/// <param name="encoder">Ids to text.</param>
/// <param name="rewards">The rewards, in the recipe's order.</param>
/// <param name="pool">Workers that judge; null for the default pool.</param>
internal sealed class RolloutCollector(IGroupSampler sampler, PromptEncoder encoder, IReadOnlyList<WeightedReward> rewards,
    WorkerPool? pool)
{
    private const int TokensAReport = 256;
    private readonly RolloutJudge _judge = new(rewards, pool);
    private readonly List<Sampled> _whole = [];
    private long _tokens;
    private long _most;

    /// <summary>True where a group may be judged before the others are there: a reward that judges many at once gets them all.</summary>
    public bool JudgesAnyTime { get; } = !rewards.Any(r => r.Reward is IBatchReward { JudgesBatches: true });

    /// <summary>True where another group would begin at once.</summary>
    public bool HasRoom => sampler.HasRoom;

    /// <summary>Takes a prompt in; <paramref name="onWhole"/> sees its completions once all are there, before they are judged.</summary>
    public void Submit(DrawnPrompt prompt, RolloutRequest request, IAdapter? adapter,
        Action<IReadOnlyList<GeneratedSample>>? onWhole = null)
    {
        _most += (long)request.Samples * request.MaxNewTokens;
        sampler.Submit(request, adapter, whole =>
        {
            var samples = whole.Select(sample => sample with { Request = prompt.Draw }).ToList();
            onWhole?.Invoke(samples);
            _whole.Add(new Sampled(prompt, request, samples));
        }, tokens => _tokens += tokens);
    }

    /// <summary>Takes completions in that were sampled before, to be judged with the others.</summary>
    public void Restore(DrawnPrompt prompt, RolloutRequest request, IReadOnlyList<GeneratedSample> samples) =>
        _whole.Add(new Sampled(prompt, request, samples));

    /// <summary>Goes on for a moment; false where nothing is left to sample.</summary>
    /// <param name="progress">Is told now and then which share of the most tokens there can be is sampled, 0 to 1.</param>
    /// <param name="cancel">Gives everything up.</param>
    public bool Step(Action<double>? progress, CancellationToken cancel)
    {
        var before = _tokens / TokensAReport;
        var any = sampler.Step();
        if (progress is not null && _tokens / TokensAReport > before) progress(Math.Min(1, _tokens / (double)_most));
        cancel.ThrowIfCancellationRequested();
        return any;
    }

    /// <summary>The groups that have become whole since the last call, judged, in the order they were drawn.</summary>
    public IReadOnlyList<RolloutGroup> Take()
    {
        var whole = _whole.OrderBy(w => w.Prompt.Draw).ToList();
        _whole.Clear();
        if (whole.Count == 0) return [];
        var items = new List<(Rewards.Problem, Rewards.Completion)>();
        var texts = new List<string>();
        foreach (var (prompt, request, samples) in whole)
        {
            // With its special tokens a prompt reads as the template has rendered it.
            var rendered = encoder.Tokenizer.Decode(prompt.Prompt);
            foreach (var sample in samples)
            {
                texts.Add(encoder.Decode(sample.Ids));
                items.Add((prompt.Problem, RolloutJudge.Completion(rendered, texts[^1], sample, request.MaxNewTokens)));
            }
        }

        var verdicts = _judge.Judge(items);
        var next = 0;
        return [.. whole.Select(w => new RolloutGroup(w.Prompt.Problem, w.Prompt.Draw, w.Prompt.Prompt,
            [.. w.Samples.Select(sample => new Rollout(sample, texts[next], verdicts[next++]))]) { Step = w.Request.Step })];
    }

    /// <summary>Forgets what is begun and what is whole.</summary>
    public void Clear()
    {
        sampler.CancelAll();
        _whole.Clear();
        (_tokens, _most) = (0, 0);
    }

    private sealed record Sampled(DrawnPrompt Prompt, RolloutRequest Request, IReadOnlyList<GeneratedSample> Samples);
}
