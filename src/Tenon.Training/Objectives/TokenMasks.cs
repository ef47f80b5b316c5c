namespace Tenon.Training.Objectives;

/// <summary>The masks that take tokens out of the policy term; each reads the whole optimizer step and answers one flag a token.</summary>
internal static class TokenMasks
{
    /// <summary>
    /// Off-policy sequence mask (DeepSeek-V3.2): a token stays where its advantage is 0 or more, or where the row's mean of
    /// l_sampler - l does not exceed the threshold. The sampler is the old policy where there is no other; NaN counts as 0.
    /// </summary>
    public static bool[] OnPolicy(PolicyWindow window, double threshold)
    {
        var kept = new bool[window.Mask.Length];
        for (var row = 0; row < window.Rows; row++)
        {
            var (sum, count) = (0.0, 0);
            for (var t = window.RowStarts[row]; t < window.RowStarts[row + 1]; t++)
            {
                if (!window.Mask[t]) continue;
                count++;
                var sampler = window.SamplerLogps is null ? window.Old(t) : window.SamplerLogps[t];
                if (!double.IsNaN(sampler)) sum += sampler - window.Logps[t];
            }
            var near = sum / Math.Max(1, count) <= threshold;
            for (var t = window.RowStarts[row]; t < window.RowStarts[row + 1]; t++) kept[t] = near || window.Advantages[t] >= 0;
        }
        return kept;
    }

    /// <summary>
    /// Loss tokens whose entropy reaches the quantile 1 - share of all loss tokens (linear interpolation, taken in float32).
    /// </summary>
    public static bool[] HighEntropy(PolicyWindow window, double share)
    {
        var entropies = window.Entropies ?? throw new TenonException("entropy-quantile", "the entropy of each token", "none");
        var values = new List<float>();
        for (var t = 0; t < entropies.Length; t++)
            if (window.Mask[t])
                values.Add((float)entropies[t]);
        var kept = new bool[entropies.Length];
        if (values.Count == 0) return kept;
        double threshold = Quantile(values, (float)(1 - share));
        for (var t = 0; t < kept.Length; t++) kept[t] = window.Mask[t] && entropies[t] >= threshold;
        return kept;
    }

    /// <summary>
    /// M2PO (arXiv 2510.01161): with d = l - l_old, the tokens of largest d^2 are left out, one by one, until the mean of d^2 over those
    /// that are left is below <paramref name="most"/>; the later of two equal ones goes first. Also gives the mean over all loss tokens.
    /// </summary>
    public static (bool[] Kept, double Mean) Calm(PolicyWindow window, double most)
    {
        var kept = new bool[window.Mask.Length];
        Array.Fill(kept, true);
        var squares = new List<(double Square, int Token)>();
        for (var t = 0; t < window.Mask.Length; t++)
        {
            if (!window.Mask[t]) continue;
            var d = window.Logps[t] - window.Old(t);
            squares.Add((d * d, t));
        }
        if (squares.Count == 0) return (kept, double.NaN);
        squares.Sort();
        var sums = new double[squares.Count + 1];
        for (var i = 0; i < squares.Count; i++) sums[i + 1] = sums[i] + squares[i].Square;
        for (var left = squares.Count; left > 0 && !(sums[left] / left < most); left--) kept[squares[left - 1].Token] = false;
        return (kept, sums[^1] / squares.Count);
    }

    private static float Quantile(List<float> values, float q)
    {
        values.Sort();
        var rank = q * (values.Count - 1);
        var below = (int)MathF.Floor(rank);
        var above = Math.Min(values.Count - 1, (int)MathF.Ceiling(rank));
        var (weight, span) = (rank - below, values[above] - values[below]);
        return weight < 0.5f ? values[below] + weight * span : values[above] - span * (1 - weight);
    }
}
