using Tenon.Models;
using Tenon.Models.Generation;
using Tenon.Models.Layers;
using Tenon.Text.Prompting;
using Tenon.Rewards;
using Tenon.Rewards.External;

namespace Tenon.Training.Rollouts;

/// <summary>A reward with its weight in the sum.</summary>
/// <param name="Reward">The reward.</param>
/// <param name="Weight">Its factor.</param>
public sealed record WeightedReward(IReward Reward, double Weight = 1);

/// <summary>A drawn problem with its prompt.</summary>
/// <param name="Problem">The question.</param>
/// <param name="Draw">Number of the draw within its step.</param>
/// <param name="Prompt">Prompt ids.</param>
public sealed record DrawnPrompt(Problem Problem, int Draw, int[] Prompt);

/// <summary>Samples groups of completions and has them judged; groups come back in the order they were drawn.</summary>
public sealed class RolloutCollector(CausalModel model, PromptEncoder encoder, IReadOnlyList<WeightedReward> rewards, GeneratorOptions options)
{
    private readonly Generator generator = new(model, options);

    /// <summary>The rewards, in the recipe's order.</summary>
    public IReadOnlyList<WeightedReward> Rewards => rewards;

    /// <summary>Samples <paramref name="group"/> completions of each prompt at places of (seed, purpose, step) and judges them.</summary>
    public IReadOnlyList<RolloutGroup> Collect(IReadOnlyList<DrawnPrompt> prompts, int group, int maxNewTokens, RandomPlace place, IAdapter? adapter, Action<double>? progress = null, CancellationToken cancel = default)
    {
        var requests = prompts.Select(p => new GenerationRequest(p.Prompt, group, maxNewTokens, place with { Draw = (uint)p.Draw }) { Adapter = adapter }).ToList();
        var expected = (double)Math.Max(1, prompts.Count * group);
        long tokens = 0;
        var samples = generator.Generate(requests, progress is null ? null : (_, _, _) =>
        {
            if (++tokens % 256 == 0) progress(Math.Min(1, tokens / (expected * maxNewTokens)));
        }, cancel);
        var texts = samples.Select(s => encoder.Decode(s.Ids)).ToList();
        var verdicts = Judge(prompts, samples, texts, maxNewTokens);
        return [.. prompts.Select((p, i) => new RolloutGroup(p.Problem, p.Draw, p.Prompt,
            [.. Enumerable.Range(i * group, group).Select(s => new Rollout(samples[s], texts[s], verdicts[s]))]))];
    }

    private Verdict[][] Judge(IReadOnlyList<DrawnPrompt> prompts, IReadOnlyList<GeneratedSample> samples, List<string> texts, int maxNewTokens)
    {
        // With its special tokens a prompt reads as the template has rendered it.
        var opened = prompts.Select(p => ThinkBlocks.LeftOpen(encoder.Tokenizer.Decode(p.Prompt))).ToArray();
        var items = samples.Select((s, i) => (prompts[s.Request].Problem,
            Completion: new Completion(texts[i], s.Ids.Length, s.Finish == FinishReason.Length, maxNewTokens, s.Ids) { OpenedBlock = opened[s.Request] })).ToArray();
        var result = new Verdict[samples.Count][];
        for (var i = 0; i < result.Length; i++) result[i] = new Verdict[rewards.Count];
        for (var k = 0; k < rewards.Count; k++)
        {
            if (rewards[k].Reward is IBatchReward batch)
            {
                var answers = batch.JudgeAll(items);
                for (var i = 0; i < answers.Length; i++) result[i][k] = answers[i];
                continue;
            }

            var (reward, column) = (rewards[k].Reward, k);
            Parallel.For(0, items.Length, i => result[i][column] = reward.Judge(items[i].Problem, items[i].Completion));
        }

        return result;
    }
}
