namespace Tenon.Training.Objectives;

/// <summary>
/// Weights of the advantages by what follows (FIPO, arXiv 2603.19835): F_t = sum over k of gamma^(k-t) d_k from t to the row's end, with
/// d = l - l_old, gamma = 2^(-1 / half-life), f_t = exp(F_t) held in [1 - low, 1 + high] and never differentiated. Tokens whose ratio
/// exceeds <c>delta</c> are left out of the sum. The authors' code has the same; their paper's window over chunks only bounds memory.
/// </summary>
internal static class FutureWeights
{
    // ln 2.
    private const double LogOfTwo = 0.693147180559945309417232121458;

    /// <summary>Fills in the weight of each token of a row; 1 outside the mask.</summary>
    /// <param name="future">Half-life and bounds.</param>
    /// <param name="clip">Its delta leaves outliers out of the sum.</param>
    /// <param name="logRatioBound">Bound of d; null for none.</param>
    /// <param name="logRatios">d of each token, 0 outside the mask.</param>
    /// <param name="advantages">A of each token.</param>
    /// <param name="mask">Which tokens are loss tokens.</param>
    /// <param name="weights">Room for the weights.</param>
    public static void Fill(
        FutureBounds future, ClipBounds clip, double? logRatioBound, ReadOnlySpan<double> logRatios,
        ReadOnlySpan<double> advantages, ReadOnlySpan<bool> mask, Span<double> weights)
    {
        var decay = ExactMath.Exp(-LogOfTwo / future.HalfLife);
        var outlier = clip.Delta is { } delta ? ExactMath.Log(delta) : double.PositiveInfinity;
        var bound = logRatioBound ?? double.PositiveInfinity;
        var sum = 0.0;
        for (var t = weights.Length - 1; t >= 0; t--)
        {
            weights[t] = 1;
            // Every place between two tokens counts as one, whether it is a loss token or not.
            sum *= decay;
            if (!mask[t]) continue;
            var d = Math.Clamp(logRatios[t], -bound, bound);
            if (d <= outlier) sum += d;
            var weight = Math.Clamp(ExactMath.Exp(Math.Clamp(sum, -700, 700)), 1 - future.Low, 1 + future.High);
            if (future.Safety is { } safety && advantages[t] < 0 && ExactMath.Exp(d) > safety)
                weight = Math.Clamp(weight, 0.8, 1.0);
            weights[t] = weight;
        }
    }
}
