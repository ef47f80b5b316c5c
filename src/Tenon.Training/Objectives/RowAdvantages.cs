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

    /// <summary>
    /// (R - mean) / mean of the group (MaxRL, arXiv 2602.02710): the gradient of log p, p the chance of a right answer, from as many
    /// samples as the group has. 0 where the mean is 0, and below, where the quotient would turn the sign.
    /// </summary>
    public static double[] MeanScaled(double[] rewards, int[][] groups)
    {
        var result = NaNs(rewards.Length);
        foreach (var rows in groups)
        {
            var spread = Spread.Of(rewards, rows);
            foreach (var row in rows)
                if (!double.IsNaN(rewards[row]))
                    result[row] = spread.AllEqual || !(spread.Mean > 0) ? 0 : (rewards[row] - spread.Mean) / spread.Mean;
        }
        return result;
    }

    /// <summary>
    /// The analytic advantage of pass@k training (arXiv 2508.10751, equations 14 and 15). Of N judged rows W are wrong; the chance that k
    /// of them hold a right one is m = 1 - C(W, k) / C(N, k), its deviation s = sqrt(m (1 - m)). A right row gets (1 - m) / s, a wrong one
    /// (1 - m - C(W - 1, k - 1) / C(N - 1, k - 1)) / s; all get 0 where s is 0.
    /// </summary>
    public static double[] PassAtK(double[] rewards, bool[] right, int[][] groups, int k)
    {
        var result = NaNs(rewards.Length);
        foreach (var rows in groups)
        {
            var (count, wrong) = (0, 0);
            foreach (var row in rows)
            {
                if (double.IsNaN(rewards[row])) continue;
                count++;
                if (!right[row]) wrong++;
            }
            var fails = Choose(wrong, count, k);
            var deviation = Math.Sqrt(fails * (1 - fails));
            foreach (var row in rows)
            {
                if (double.IsNaN(rewards[row])) continue;
                if (deviation == 0) result[row] = 0;
                else result[row] = (right[row] ? fails : fails - Choose(wrong - 1, count - 1, k - 1)) / deviation;
            }
        }
        return result;
    }

    // C(part, k) / C(whole, k): the chance that k of the whole, drawn without putting back, are all of the part.
    private static double Choose(int part, int whole, int k)
    {
        var chance = 1.0;
        for (var i = 0; i < k; i++)
        {
            if (part - i <= 0) return 0;
            chance *= (double)(part - i) / (whole - i);
        }
        return chance;
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
