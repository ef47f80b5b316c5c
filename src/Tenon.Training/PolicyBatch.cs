using Tenon.Rollouts;
using Tenon.Tensors.Ops;
using Tenon.Training.Objectives;

namespace Tenon.Training;

/// <summary>
/// The completions of a step as flat token arrays, rows in the order of the groups: what advantages and losses are computed from.
/// </summary>
internal sealed record PolicyBatch
{
    public required int[] RowStarts { get; init; }

    /// <summary>Index of the first row of each group, and the number of rows at the end.</summary>
    public required int[] GroupStarts { get; init; }

    public required bool[] Mask { get; init; }

    public required bool[] Truncated { get; init; }

    /// <summary>
    /// Log-probabilities that the tokens were sampled with: the same bits that the trainer computes before its first update.
    /// </summary>
    public required double[] SampledLogps { get; init; }

    /// <summary>One column a reward, NaN where skipped.</summary>
    public required double[][] Rewards { get; init; }

    /// <summary>Which rows' outcome is right.</summary>
    public bool[]? Right { get; init; }

    public double[]? RefLogps { get; init; }

    /// <summary>What the teacher says; null where there is none.</summary>
    public TeacherScores? Teacher { get; init; }

    /// <summary>What the teacher's distributions over the vocabulary are made of; null where the loss reads none.</summary>
    public TeacherStates? States { get; init; }

    /// <summary>Sum of squared probabilities at each token (optimal token baseline); null where nothing asks for it.</summary>
    public double[]? SumSquaredProbabilities { get; init; }

    /// <summary>The reward of the greedy answer to each row's prompt (ReMax); null where nothing asks for it.</summary>
    public double[]? GreedyRewards { get; init; }

    public static PolicyBatch Of(IReadOnlyList<RolloutGroup> groups, RolloutStatistics statistics, ObjectiveSettings objective)
    {
        var rows = groups.SelectMany(g => g.Rollouts).ToList();
        var starts = new int[rows.Count + 1];
        for (var r = 0; r < rows.Count; r++) starts[r + 1] = starts[r] + rows[r].Sampled.Ids.Length;
        var mask = new bool[starts[^1]];
        var logps = new double[starts[^1]];
        for (var r = 0; r < rows.Count; r++)
        {
            var unscored = double.IsNaN(statistics.RewardOf(rows[r]));
            mask.AsSpan(starts[r]..starts[r + 1]).Fill(!unscored && !(objective.MaskTruncated && rows[r].IsTruncated));
            for (var t = 0; t < rows[r].Sampled.Ids.Length; t++) logps[starts[r] + t] = rows[r].Sampled.FullLogProbabilities[t];
        }

        var groupStarts = new int[groups.Count + 1];
        for (var g = 0; g < groups.Count; g++) groupStarts[g + 1] = groupStarts[g] + groups[g].Rollouts.Count;
        var columns = rows.Count == 0 ? 0 : rows[0].Verdicts.Length;
        return new PolicyBatch
        {
            RowStarts = starts,
            GroupStarts = groupStarts,
            Mask = mask,
            Truncated = [.. rows.Select(r => r.IsTruncated)],
            SampledLogps = logps,
            Right = [.. rows.Select(r => statistics.IsRight(r) == true)],
            GreedyRewards = groups.Any(g => g.Greedy is null) ? null
            : [.. groups.SelectMany(g => Enumerable.Repeat(statistics.RewardOf(g.Greedy!), g.Rollouts.Count))],
            Rewards = [.. Enumerable.Range(0, columns)
            .Select(k => rows.Select(r => r.Verdicts[k].Skipped is null ? r.Verdicts[k].Score : double.NaN).ToArray())],
        };
    }

    /// <summary>The advantage of every token.</summary>
    public double[] Advantages(ObjectiveSettings objective, double[] weights)
    {
        if (Truncated.Length == 0) return [];
        var groups = new int[Truncated.Length];
        for (var g = 0; g + 1 < GroupStarts.Length; g++) groups.AsSpan(GroupStarts[g]..GroupStarts[g + 1]).Fill(g);
        var input = new AdvantageInput
        {
            Rewards = new RewardTable(Rewards, groups, weights), RowStarts = RowStarts, Mask = Mask, Truncated = Truncated,
            Right = Right, OldLogps = SampledLogps, RefLogps = RefLogps, SumSquaredProbabilities = SumSquaredProbabilities,
            GreedyRewards = GreedyRewards,
        };
        if (Teacher is { IsLeftOut: true } && objective.FallsBack) objective = objective with { Advantage = AdvantageEstimator.GroupMean };
        var own = Objectives.Advantages.Of(objective, input).PerToken;
        if (Teacher is null || Teacher.IsLeftOut) return own;
        return TeacherAdvantages.Of(objective.Teaching, Teacher.Weight, own, SampledLogps, Teacher.Logps, Teacher.Factors);
    }

    /// <summary>
    /// The batch with its teacher's log-probabilities. Where nothing is learned from rewards, a completion without a teacher is out of the
    /// loss; a batch whose teacher is left out is as without one, but for the advantage that stands in for it.
    /// </summary>
    public PolicyBatch Taught(TaughtTokens scores, ObjectiveSettings objective, int step)
    {
        var weight = TeacherAdvantages.Weight(objective.Teaching, step);
        var isLeftOut = TeacherGuard.LeavesOut(objective.TeacherGapMin, this, scores.Logps);
        var mask = (bool[])Mask.Clone();
        if (objective.Advantage == AdvantageEstimator.None && !(isLeftOut && objective.FallsBack))
            for (var t = 0; t < mask.Length; t++) mask[t] &= !isLeftOut && !double.IsNaN(scores.Logps[t]);
        var factors = new double[Mask.Length];
        Array.Fill(factors, double.NaN);
        return this with
        {
            Mask = mask,
            Teacher = new TeacherScores(scores.Logps, scores.Entropies, factors, weight, this, objective) { IsLeftOut = isLeftOut },
            States = scores.States is { } states
                ? new TeacherStates(scores.Head, scores.Size, isLeftOut ? 0 : weight, states)
                : null,
        };
    }

    /// <summary>
    /// The advantage of each row: the mean over its loss tokens, or the one value where all are the same; NaN without loss tokens.
    /// </summary>
    public double[] RowAdvantages(double[] advantages)
    {
        var result = new double[Truncated.Length];
        for (var row = 0; row < result.Length; row++)
        {
            var (sum, count, first, same) = (0.0, 0, double.NaN, true);
            for (var t = RowStarts[row]; t < RowStarts[row + 1]; t++)
            {
                if (!Mask[t]) continue;
                if (count++ == 0) first = advantages[t];
                same &= advantages[t] == first;
                sum += advantages[t];
            }

            result[row] = same ? first : sum / count;
        }

        return result;
    }

    /// <summary>Share of the tokens that are kept out of the loss; NaN without tokens.</summary>
    public double MaskedShare => Mask.Length == 0 ? double.NaN : Mask.Count(kept => !kept) / (double)Mask.Length;

    /// <summary>The window of some groups, ascending: one optimizer step.</summary>
    public PolicyWindow Window(IReadOnlyList<int> groups, double[] advantages)
    {
        if (groups.Count > 0 && groups[^1] - groups[0] == groups.Count - 1) return Window(groups[0], groups[^1] + 1, advantages);
        var rows = groups.SelectMany(g => Enumerable.Range(GroupStarts[g], GroupStarts[g + 1] - GroupStarts[g])).ToList();
        var starts = new int[rows.Count + 1];
        for (var i = 0; i < rows.Count; i++) starts[i + 1] = starts[i] + RowStarts[rows[i] + 1] - RowStarts[rows[i]];
        var groupStarts = new int[groups.Count + 1];
        for (var i = 0; i < groups.Count; i++) groupStarts[i + 1] = groupStarts[i] + GroupStarts[groups[i] + 1] - GroupStarts[groups[i]];
        T[] Gather<T>(T[] all) => [.. rows.SelectMany(row => all[RowStarts[row]..RowStarts[row + 1]])];
        return new PolicyWindow
        {
            RowStarts = starts,
            GroupStarts = groupStarts,
            Right = Right is null ? null : [.. rows.Select(row => Right[row])],
            Mask = Gather(Mask),
            Logps = Gather(SampledLogps),
            OldLogps = Gather(SampledLogps),
            Advantages = Gather(advantages),
            RefLogps = RefLogps is null ? null : Gather(RefLogps),
            Entropies = new double[starts[^1]],
            Teacher = States?.Of(rows),
            Divergences = States is null ? null : new TokenDivergence[starts[^1]],
        };
    }

    /// <summary>The window of the groups [first, end): one optimizer step.</summary>
    public PolicyWindow Window(int first, int end, double[] advantages)
    {
        var (firstRow, endRow) = (GroupStarts[first], GroupStarts[end]);
        var (start, stop) = (RowStarts[firstRow], RowStarts[endRow]);
        return new PolicyWindow
        {
            RowStarts = [.. RowStarts[firstRow..(endRow + 1)].Select(s => s - start)],
            GroupStarts = [.. GroupStarts[first..(end + 1)].Select(s => s - firstRow)],
            Right = Right?[firstRow..endRow],
            Mask = Mask[start..stop],
            Logps = SampledLogps[start..stop],
            OldLogps = SampledLogps[start..stop],
            Advantages = advantages[start..stop],
            RefLogps = RefLogps?[start..stop],
            Entropies = new double[stop - start],
            Teacher = States?.Of(Enumerable.Range(firstRow, endRow - firstRow)),
            Divergences = States is null ? null : new TokenDivergence[stop - start],
        };
    }

    /// <summary>
    /// max |sampled - trained| over a window whose log-probabilities were just computed before any update: exactly 0, or sampler and
    /// trainer have come apart.
    /// </summary>
    public double LargestDifference(double[] logps, int firstGroup, Func<int, bool> isFresh)
    {
        var start = RowStarts[GroupStarts[firstGroup]];
        var largest = 0.0;
        for (var g = firstGroup; g + 1 < GroupStarts.Length && RowStarts[GroupStarts[g]] - start < logps.Length; g++)
        {
            if (!isFresh(g)) continue;
            for (var t = RowStarts[GroupStarts[g]]; t < RowStarts[GroupStarts[g + 1]]; t++)
                largest = Math.Max(largest, Math.Abs(logps[t - start] - SampledLogps[t]));
        }

        return largest;
    }
}
