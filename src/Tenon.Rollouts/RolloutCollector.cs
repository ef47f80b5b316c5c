using Tenon.Models;
using Tenon.Models.Generation;
using Tenon.Models.Layers;
using Tenon.Text.Prompting;

namespace Tenon.Rollouts;

/// <summary>
/// Samples groups of completions and has them judged; groups come back in the order they were drawn. It keeps its engine between calls.
/// </summary>
public sealed class RolloutCollector(CausalModel model, PromptEncoder encoder, IReadOnlyList<WeightedReward> rewards,
    GeneratorOptions options)
{
    private const int TokensAReport = 256;
    private readonly Generator _generator = new(model, options);
    private readonly RolloutJudge _judge = new(rewards, options.Pool);

    /// <summary>Samples <paramref name="group"/> completions of each prompt at places of (seed, purpose, step) and judges them.</summary>
    public IReadOnlyList<RolloutGroup> Collect(
        IReadOnlyList<DrawnPrompt> prompts, int group, int maxNewTokens, RandomPlace place, IAdapter? adapter, Action<double>? progress =
        null, CancellationToken cancel = default)
    {
        var requests =
            prompts.Select(p =>
            new GenerationRequest(p.Prompt, group, maxNewTokens, place with { Draw = (uint)p.Draw }) { Adapter = adapter }).ToList();
        var expected = (double)Math.Max(1, prompts.Count * group);
        long tokens = 0;
        var samples = _generator.Generate(requests, progress is null ? null : (_, _, _) =>
        {
            if (++tokens % TokensAReport == 0) progress(Math.Min(1, tokens / (expected * maxNewTokens)));
        }, cancel);
        var texts = samples.Select(s => encoder.Decode(s.Ids)).ToList();
        // With its special tokens a prompt reads as the template has rendered it.
        var rendered = prompts.Select(p => encoder.Tokenizer.Decode(p.Prompt)).ToList();
        var verdicts = _judge.Judge([.. samples.Select((s, i) =>
            (prompts[s.Request].Problem, RolloutJudge.Completion(rendered[s.Request], texts[i], s, maxNewTokens)))]);
        return [.. prompts.Select((p, i) => new RolloutGroup(p.Problem, p.Draw, p.Prompt,
            [.. Enumerable.Range(i * group, group).Select(s => new Rollout(samples[s], texts[s], verdicts[s]))]) { Step = place.Step })];
    }
}
