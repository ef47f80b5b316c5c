// Advantages that differ from token to token. Arrays are flat: the tokens of row i stand at rowStarts[i] .. rowStarts[i + 1], mask tells
// the
// loss tokens; results are 0 elsewhere. Formulas as in verl 0.9.1 (core_algos) and the papers named.

namespace Tenon.Training.Objectives;

/// <summary>Token-level returns, baselines and whitening.</summary>
internal static class TokenAdvantages
{
    /// <summary>
    /// Discounted reward to come, R_t = r_t + gamma R_(t+1); tokens outside the mask are passed over without a discount, their own reward
    /// is not counted (REINFORCE++, arXiv 2501.03262).
    /// </summary>
    public static double[] Returns(double[] rewards, ReadOnlySpan<int> rowStarts, ReadOnlySpan<bool> mask, double discount)
    {
        var returns = new double[rewards.Length];
        for (var row = 0; row + 1 < rowStarts.Length; row++)
        {
            var running = 0.0;
            for (var t = rowStarts[row + 1] - 1; t >= rowStarts[row]; t--)
                if (mask[t])
                    returns[t] = running = rewards[t] + discount * running;
        }
        return returns;
    }

    /// <summary>Generalised advantages from values (arXiv 1506.02438), before whitening: delta_t + gamma lambda A_(t+1).</summary>
    public static double[] Generalised(
        double[] rewards, double[] values, ReadOnlySpan<int> rowStarts, ReadOnlySpan<bool> mask, double discount, double lambda)
    {
        var advantages = new double[rewards.Length];
        for (var row = 0; row + 1 < rowStarts.Length; row++)
        {
            var (nextValue, next) = (0.0, 0.0);
            for (var t = rowStarts[row + 1] - 1; t >= rowStarts[row]; t--)
            {
                if (mask[t])
                {
                    next = rewards[t] + discount * nextValue - values[t] + discount * lambda * next;
                    nextValue = values[t];
                }
                advantages[t] = next;
            }
        }
        return advantages;
    }

    /// <summary>
    /// Mean 0 and variance 1 over the loss tokens: (x - mean) / sqrt(var + 1e-8), var with Bessel's correction; 0 elsewhere.
    /// </summary>
    public static double[] Whiten(double[] values, ReadOnlySpan<bool> mask)
    {
        var (count, sum) = (0, 0.0);
        for (var t = 0; t < values.Length; t++)
        {
            if (!mask[t]) continue;
            count++;
            sum += values[t];
        }
        var result = new double[values.Length];
        if (count < 2) return result;
        var mean = sum / (count + 1e-8);
        var squares = 0.0;
        for (var t = 0; t < values.Length; t++)
            if (mask[t])
                squares += (values[t] - mean) * (values[t] - mean);
        var variance = squares / (count + 1e-8) * ((double)count / (count - 1));
        var scale = 1 / Math.Sqrt(variance + 1e-8);
        for (var t = 0; t < values.Length; t++)
            if (mask[t])
                result[t] = (values[t] - mean) * scale;
        return result;
    }

    /// <summary>
    /// Reward to come minus the optimal baseline of its position in the group, sum(G W) / sum(W), where W_t is the running sum of
    /// 1 - 2 pi + sum(pi^2): the squared norm of the score (OTB). Past the second longest row of a group the longest has baseline 0.
    /// </summary>
    public static double[] OptimalToken(
        double[] rewards, int[] rowStarts, bool[] mask, int[][] groups, double[] oldLogps, double[] sumSquared, double[]? samplerWeights,
        bool zeroTail, bool skipHoles)
    {
        const double epsilon = 1e-8;
        var returns = Returns(rewards, rowStarts, mask, 1);
        var energy = new double[rewards.Length];
        for (var row = 0; row + 1 < rowStarts.Length; row++)
        {
            var running = 0.0;
            for (var t = rowStarts[row]; t < rowStarts[row + 1]; t++)
            {
                if (!mask[t]) continue;
                var step = 1 - 2 * ExactMath.Exp(oldLogps[t]) + sumSquared[t];
                if (samplerWeights is not null) step *= samplerWeights[t] * samplerWeights[t];
                energy[t] = running += step;
            }
        }
        var advantages = new double[rewards.Length];
        foreach (var rows in groups)
        {
            // The positions of a row: its loss tokens in order (skipHoles) or all its tokens.
            var places = Array.ConvertAll(rows, row => Places(rowStarts[row], rowStarts[row + 1], mask, skipHoles));
            var counts = Array.ConvertAll(rows, row => CountMask(rowStarts[row], rowStarts[row + 1], mask));
            var order = (int[])counts.Clone();
            Array.Sort(order);
            var longest = places.Length == 0 ? 0 : places.Max(p => p.Length);
            for (var position = 0; position < longest; position++)
            {
                var (weighted, weight) = (0.0, 0.0);
                foreach (var place in places)
                {
                    if (position >= place.Length || !mask[place[position]]) continue;
                    weighted += returns[place[position]] * energy[place[position]];
                    weight += energy[place[position]];
                }
                var present = skipHoles ? counts.Count(count => count > 0) : rows.Length;
                var baseline = present > 1 ? weighted / (weight + epsilon) : 0;
                for (var i = 0; i < rows.Length; i++)
                {
                    if (position >= places[i].Length || !mask[places[i][position]]) continue;
                    var aloneInTail = zeroTail && rows.Length > 1 && counts[i] == order[^1] && order[^1] > order[^2]
                        && position >= order[^2];
                    advantages[places[i][position]] = returns[places[i][position]] - (aloneInTail ? 0 : baseline);
                }
            }
        }
        return advantages;
    }

    private static int[] Places(int start, int end, bool[] mask, bool skipHoles)
    {
        var places = new List<int>();
        for (var t = start; t < end; t++)
            if (!skipHoles || mask[t])
                places.Add(t);
        return places.ToArray();
    }

    private static int CountMask(int start, int end, bool[] mask)
    {
        var count = 0;
        for (var t = start; t < end; t++)
            if (mask[t])
                count++;
        return count;
    }
}
