namespace Tenon.Training.Objectives;

/// <summary>
/// Picks the tokens whose log-probability and advantage move together most, cov = (A - mean A)(l - mean l) over loss tokens: what drives
/// entropy collapse (arXiv 2505.22617).
/// </summary>
internal static class CovarianceSelection
{
    /// <summary>
    /// Clip-Cov: of the loss tokens with covariance inside (min, max) that clipping does not already stop, in order, the first
    /// max(1, int(share * tokens)) of the order that <paramref name="draw"/> gives for that many. True where a token is picked.
    /// </summary>
    public static bool[] Clip(CovarianceBounds bounds, ClipBounds clip, PolicyWindow window, Func<int, int[]> draw)
    {
        var (covariances, tokens) = Covariances(window, 1e-8);
        var candidates = new List<int>();
        for (var t = 0; t < covariances.Length; t++)
        {
            if (!window.Mask[t] || !(covariances[t] < bounds.Max && covariances[t] > bounds.Min)) continue;
            var ratio = ExactMath.Exp(window.Logps[t] - window.Old(t));
            var clipped = window.Advantages[t] > 0 ? ratio > 1 + clip.High
                : window.Advantages[t] < 0 && ratio < 1 - clip.Low;
            if (!clipped) candidates.Add(t);
        }
        var picked = new bool[covariances.Length];
        if (candidates.Count == 0) return picked;
        var order = draw(candidates.Count);
        var count = Math.Min(candidates.Count, Math.Max(1, (int)(bounds.Share * tokens)));
        for (var i = 0; i < count; i++) picked[candidates[order[i]]] = true;
        return picked;
    }

    /// <summary>KL-Cov: the max(1, int(share * tokens)) loss tokens of largest covariance, the earlier one first where equal.</summary>
    public static bool[] Largest(double share, PolicyWindow window)
    {
        var (covariances, tokens) = Covariances(window, 0);
        var picked = new bool[covariances.Length];
        if (tokens == 0) return picked;
        var places = Enumerable.Range(0, covariances.Length).Where(t => window.Mask[t]);
        foreach (var t in places.OrderByDescending(t => covariances[t]).Take(Math.Max(1, (int)(tokens * share))))
            picked[t] = true;
        return picked;
    }

    private static (double[] Covariances, int Tokens) Covariances(PolicyWindow window, double offset)
    {
        var (advantages, logps, tokens) = (0.0, 0.0, 0);
        for (var t = 0; t < window.Mask.Length; t++)
        {
            if (!window.Mask[t]) continue;
            advantages += window.Advantages[t];
            logps += window.Logps[t];
            tokens++;
        }
        var (meanAdvantage, meanLogp) = (advantages / (tokens + offset), logps / (tokens + offset));
        var result = new double[window.Mask.Length];
        for (var t = 0; t < result.Length; t++) result[t] = (window.Advantages[t] - meanAdvantage) * (window.Logps[t] - meanLogp);
        return (result, tokens);
    }
}
