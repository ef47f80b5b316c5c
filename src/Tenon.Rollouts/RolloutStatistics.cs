using Tenon.Rollouts.Data;
using Tenon.Runs;

namespace Tenon.Rollouts;

/// <summary>What the drawn groups of a step say about rewards, accuracy and lengths: over all completions, before any filter.</summary>
public sealed class RolloutStatistics
{
    private readonly List<RolloutGroup> _drawn = [];
    private readonly IReadOnlyList<WeightedReward> _rewards;
    private readonly SortedDictionary<string, long> _skipped = new(StringComparer.Ordinal);

    /// <summary>Statistics under the recipe's rewards.</summary>
    public RolloutStatistics(IReadOnlyList<WeightedReward> rewards) => _rewards = rewards;

    private readonly List<Rollout> _greedy = [];

    /// <summary>True where verdicts are turned round on purpose: what they were before is then reported too.</summary>
    public bool IsNoisy { get; init; }

    /// <summary>All groups drawn so far, in order.</summary>
    public IReadOnlyList<RolloutGroup> Drawn => _drawn;

    /// <summary>Name of a reward.</summary>
    public string RewardName(int index) => _rewards[index].Reward.Name;

    /// <summary>Counts prompts or verdicts that were skipped for a reason.</summary>
    public void Skip(string reason, long count = 1) => _skipped[reason] = _skipped.GetValueOrDefault(reason) + count;

    /// <summary>Takes a drawn group in.</summary>
    public void Add(RolloutGroup group)
    {
        _drawn.Add(group);
        foreach (var verdict in group.Rollouts.SelectMany(r => r.Verdicts))
            if (verdict.Skipped is { } reason) Skip(reason);
    }

    /// <summary>Takes in the greedy answer to a prompt, which is a baseline and no completion of the step.</summary>
    public void AddGreedy(Rollout answer) => _greedy.Add(answer);

    /// <summary>The outcome of a completion: right where every outcome reward says so; null where one of them skipped it.</summary>
    public bool? IsRight(Rollout rollout) => WeightedReward.Outcome(_rewards, rollout.Verdicts);

    /// <summary>The outcome before any verdict was turned round on purpose.</summary>
    public bool? WasRight(Rollout rollout) => WeightedReward.Outcome(_rewards, [.. rollout.Verdicts.Select(verdict => verdict.Reason switch
    {
        RewardNoise.FalsePositive => verdict with { Correct = false },
        RewardNoise.FalseNegative => verdict with { Correct = true },
        _ => verdict,
    })]);

    /// <summary>True where a group has right and wrong completions: the test of dynamic sampling, on the outcome alone.</summary>
    public bool IsMixed(RolloutGroup group) => group.Rollouts.Any(r => IsRight(r) == true) && group.Rollouts.Any(r => IsRight(r) == false);

    /// <summary>The weighted reward of a completion; NaN where every reward skipped it.</summary>
    public double RewardOf(Rollout rollout)
    {
        var (sum, any) = (0.0, false);
        for (var k = 0; k < _rewards.Count; k++)
        {
            if (rollout.Verdicts[k].Skipped is not null) continue;
            sum += _rewards[k].Weight * rollout.Verdicts[k].Score;
            any = true;
        }

        return any ? sum : double.NaN;
    }

    /// <summary>Fills the metrics of a step that rollouts decide.</summary>
    public void Fill(MetricValues metrics)
    {
        var all = _drawn.SelectMany(g => g.Rollouts).ToList();
        var scores = all.Select(RewardOf).Where(r => !double.IsNaN(r)).ToList();
        var mean = scores.Count == 0 ? double.NaN : scores.Sum() / scores.Count;
        var variance = scores.Count < 2 ? double.NaN : scores.Sum(r => (r - mean) * (r - mean)) / (scores.Count - 1);
        var judged = all.Where(r => IsRight(r) is not null).ToList();
        var lengths = all.Select(r => r.Sampled.Ids.Length).ToList();
        var greedy = _greedy.Sum(r => (long)r.Sampled.Ids.Length);
        metrics[StepMetric.TokensSampled] = lengths.Sum(n => (long)n) + greedy;
        if (_greedy.Count > 0)
        {
            metrics[StepMetric.TokensGreedy] = greedy;
            metrics[StepMetric.RewardGreedy] = _greedy.Select(RewardOf).Where(r => !double.IsNaN(r)).DefaultIfEmpty(double.NaN).Average();
        }

        metrics[StepMetric.RewardMean] = mean;
        metrics[StepMetric.RewardStd] = Math.Sqrt(variance);
        for (var k = 0; k < _rewards.Count; k++) metrics[StepMetric.Reward[RewardName(k)]] = MeanOf(all, k);
        metrics[StepMetric.Accuracy] = judged.Count == 0 ? double.NaN : judged.Count(r => IsRight(r) == true) / (double)judged.Count;
        metrics[StepMetric.GroupsMixed] = _drawn.Count(IsMixed);
        metrics[StepMetric.GroupsAllRight] = _drawn.Count(g => g.Rollouts.All(r => IsRight(r) == true));
        metrics[StepMetric.GroupsAllWrong] = _drawn.Count(g => g.Rollouts.All(r => IsRight(r) == false));
        metrics[StepMetric.GroupsDrawn] = _drawn.Count;
        metrics[StepMetric.LengthMean] = all.Count == 0 ? double.NaN : lengths.Sum(n => (long)n) / (double)all.Count;
        metrics[StepMetric.LengthMax] = all.Count == 0 ? 0 : lengths.Max();
        metrics[StepMetric.Truncated] = all.Count == 0 ? double.NaN : all.Count(r => r.IsTruncated) / (double)all.Count;
        foreach (var (reason, count) in _skipped) metrics[StepMetric.Skipped[reason]] = count;
        FillSources(metrics);
        if (!IsNoisy) return;
        var truth = all.Select(WasRight).OfType<bool>().ToList();
        metrics[StepMetric.AccuracyTrue] = truth.Count == 0 ? double.NaN : truth.Count(right => right) / (double)truth.Count;
        metrics[StepMetric.FalsePositives] = all.Count(r => r.Verdicts.Any(v => v.Reason == RewardNoise.FalsePositive));
        metrics[StepMetric.FalseNegatives] = all.Count(r => r.Verdicts.Any(v => v.Reason == RewardNoise.FalseNegative));
    }

    private void FillSources(MetricValues metrics)
    {
        foreach (var source in _drawn.Where(g => g.Problem.Origin is not null).GroupBy(g => g.Problem.Origin!.Name))
        {
            var judged = source.SelectMany(g => g.Rollouts).Select(IsRight).OfType<bool>().ToList();
            metrics[StepMetric.SourceDrawn[source.Key]] = source.Count();
            metrics[StepMetric.SourceAccuracy[source.Key]] =
                judged.Count == 0 ? double.NaN : judged.Count(right => right) / (double)judged.Count;
        }
    }

    private static double MeanOf(List<Rollout> all, int k)
    {
        var scores = all.Select(r => r.Verdicts[k]).Where(v => v.Skipped is null).Select(v => v.Score).ToList();
        return scores.Count == 0 ? double.NaN : scores.Sum() / scores.Count;
    }
}
