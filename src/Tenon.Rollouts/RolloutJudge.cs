using Tenon.MathAnswers;
using Tenon.Models.Generation;
using Tenon.Rewards;
using Tenon.Rewards.External;
using Tenon.Tensors.Threads;

namespace Tenon.Rollouts;

/// <summary>Has completions judged by every reward, on as many threads as the workers have.</summary>
public sealed class RolloutJudge(IReadOnlyList<WeightedReward> rewards, WorkerPool? pool = null)
{
    /// <summary>The rewards, in the recipe's order.</summary>
    public IReadOnlyList<WeightedReward> Rewards => rewards;

    /// <summary>What a reward sees of a sampled completion.</summary>
    /// <param name="prompt">The prompt with its special tokens, as the template has rendered it.</param>
    /// <param name="text">The completion, special tokens left out.</param>
    /// <param name="sample">Its ids and end.</param>
    /// <param name="maxNewTokens">The limit it was sampled under.</param>
    public static Completion Completion(string prompt, string text, GeneratedSample sample, int maxNewTokens) =>
        new(text, sample.Ids.Length, sample.Finish == FinishReason.Length, maxNewTokens,
        sample.Ids)
        { OpenedBlock = ThinkBlocks.LeftOpen(prompt) };

    /// <summary>The verdicts on completions, one array each with a verdict a reward.</summary>
    public Verdict[][] Judge(IReadOnlyList<(Problem Problem, Completion Completion)> completions)
    {
        var items = completions.ToArray();
        var result = new Verdict[items.Length][];
        for (var i = 0; i < result.Length; i++) result[i] = new Verdict[rewards.Count];
        var threads = new ParallelOptions { MaxDegreeOfParallelism = (pool ?? WorkerPool.Default).Threads };
        for (var k = 0; k < rewards.Count; k++)
        {
            if (rewards[k].Reward is IBatchReward { JudgesBatches: true } batch)
            {
                var answers = batch.JudgeAll(items);
                for (var i = 0; i < answers.Length; i++) result[i][k] = answers[i];
                continue;
            }

            var (reward, column) = (rewards[k].Reward, k);
            Parallel.For(0, items.Length, threads, i => result[i][column] = reward.Judge(items[i].Problem, items[i].Completion));
        }

        return result;
    }
}
