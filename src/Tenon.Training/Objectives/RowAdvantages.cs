// Advantages that are one number a row. Rows that cannot be judged (reward NaN, or alone where that matters) come out as NaN, so that a
// later whitening can leave them out; Advantages.Of turns them into 0. Sources: spec of TRL 1.16 and verl 0.9.1, and the papers named.
namespace Tenon.Training.Objectives;

/// <summary>Row-level advantage estimators: N rewards (NaN = unscorable) and the rows of each group in, N advantages out.</summary>
internal static class RowAdvantages
{
    /// <summary>
    /// R - mean of the group, divided by the group's or the batch's standard deviation + epsilon or by nothing (GRPO, arXiv 2402.03300).
    /// </summary>
    public static double[] GroupMean(double[] rewards, int[][] groups, AdvantageScale scale, double epsilon, LoneRow lone)
    {
        var result = NaNs(rewards.Length);
        var batchStd = Spread.Of(rewards).Std;
        foreach (var rows in groups)
        {
            var spread = Spread.Of(rewards, rows);
            var (mean, std) = (spread.Mean, spread.Std);
            if (spread.Count == 1 && lone == LoneRow.Reward) (mean, std) = (0, 1);
            var divisor = scale switch
            {
                AdvantageScale.Group => std + epsilon,
                AdvantageScale.Batch => batchStd + epsilon,
                _ => 1,
            };
            foreach (var row in rows) result[row] = (rewards[row] - mean) / divisor;
        }
        return result;
    }

    /// <summary>R - mean of the group's other scorable rewards (RLOO, arXiv 2402.14740).</summary>
    public static double[] LeaveOneOut(double[] rewards, int[][] groups, LoneRow lone)
    {
        var result = NaNs(rewards.Length);
        foreach (var rows in groups)
        {
            var spread = Spread.Of(rewards, rows);
            var sum = 0.0;
            foreach (var row in rows)
                if (!double.IsNaN(rewards[row]))
                    sum += rewards[row];
            foreach (var row in rows)
            {
                if (double.IsNaN(rewards[row])) continue;
                if (spread.Count > 1) result[row] = spread.AllEqual ? 0 : rewards[row] - (sum - rewards[row]) / (spread.Count - 1);
                else if (lone == LoneRow.Reward) result[row] = rewards[row];
            }
        }
        return result;
    }

    /// <summary>
    /// Each reward column normalised within its groups, then summed by weight (GDPO, arXiv 2601.05242); whitening follows.
    /// </summary>
    public static double[] Decoupled(RewardTable table, AdvantageScale scale, double epsilon, LoneRow lone)
    {
        var normalised = Array.ConvertAll(table.Columns, column => GroupMean(column, table.Members, scale, epsilon, lone));
        return table.WeightedSum(normalised);
    }

    /// <summary>R - the group's mean weighted by length in loss tokens (OPO, arXiv 2505.23585).</summary>
    public static double[] LengthWeighted(double[] rewards, int[][] groups, ReadOnlySpan<int> lengths, LoneRow lone)
    {
        var result = NaNs(rewards.Length);
        foreach (var rows in groups)
        {
            var spread = Spread.Of(rewards, rows);
            var (weighted, tokens) = (0.0, 0L);
            foreach (var row in rows)
            {
                if (double.IsNaN(rewards[row])) continue;
                weighted += lengths[row] * rewards[row];
                tokens += lengths[row];
            }
            foreach (var row in rows)
            {
                if (double.IsNaN(rewards[row])) continue;
                if (spread.Count > 1) result[row] = spread.AllEqual || tokens == 0 ? 0 : rewards[row] - weighted / tokens;
                else if (lone == LoneRow.Reward) result[row] = rewards[row];
            }
        }
        return result;
    }

    /// <summary>(N / rows with a reward that is not zero) (R - group mean) (GPG, arXiv 2504.02546).</summary>
    public static double[] NonZeroScaled(double[] rewards, int[][] groups, LoneRow lone)
    {
        var result = GroupMean(rewards, groups, AdvantageScale.None, 0, lone);
        var (rows, nonZero) = (0, 0);
        foreach (var reward in rewards)
        {
            if (double.IsNaN(reward)) continue;
            rows++;
            if (reward != 0) nonZero++;
        }
        var factor = (double)rows / Math.Max(1, nonZero);
        for (var row = 0; row < result.Length; row++) result[row] *= factor;
        return result;
    }

    /// <summary>
    /// The best row of each group gets R_max - R_second, divided by the group's std + epsilon where scaled; all others 0 (arXiv
    /// 2503.19595).
    /// </summary>
    public static double[] BestOfGroup(double[] rewards, int[][] groups, AdvantageScale scale, double epsilon)
    {
        var result = NaNs(rewards.Length);
        var batchStd = Spread.Of(rewards).Std;
        foreach (var rows in groups)
        {
            var (best, second) = (-1, -1);
            foreach (var row in rows)
            {
                if (double.IsNaN(rewards[row])) continue;
                result[row] = 0;
                if (best < 0 || rewards[row] > rewards[best]) (best, second) = (row, best);
                else if (second < 0 || rewards[row] > rewards[second]) second = row;
            }
            if (second < 0 || rewards[best] == rewards[second]) continue;
            var divisor = scale switch
            {
                AdvantageScale.Group => Spread.Of(rewards, rows).Std + epsilon,
                AdvantageScale.Batch => batchStd + epsilon,
                _ => 1,
            };
            result[best] = (rewards[best] - rewards[second]) / divisor;
        }
        return result;
    }

    /// <summary>(x - mean) / (std + epsilon) over the rows that are not NaN.</summary>
    public static double[] Whiten(double[] advantages, double epsilon)
    {
        var spread = Spread.Of(advantages);
        return Array.ConvertAll(advantages, value => (value - spread.Mean) / (spread.Std + epsilon));
    }

    private static double[] NaNs(int count)
    {
        var result = new double[count];
        Array.Fill(result, double.NaN);
        return result;
    }
}
