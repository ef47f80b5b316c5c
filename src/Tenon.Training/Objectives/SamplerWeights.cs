// Importance weights against a sampler whose log-probabilities differ from the trainer's. Log-ratios d are trainer minus sampler, held
// within
// plus or minus 20 before exp. A token whose sampler log-probability is NaN counts as d = 0.

namespace Tenon.Training.Objectives;

/// <summary>rho = exp(d), of tokens or of whole rows, truncated or zeroed outside its bounds.</summary>
internal static class SamplerWeights
{
    private const double Safe = 20;

    /// <summary>Trainer minus sampler at each loss token, 0 elsewhere.</summary>
    public static double[] LogRatios(PolicyWindow window, double[] trainer, double[] sampler)
    {
        var result = new double[trainer.Length];
        for (var t = 0; t < result.Length; t++)
            if (window.Mask[t] && !double.IsNaN(sampler[t]))
                result[t] = trainer[t] - sampler[t];
        return result;
    }

    /// <summary>One weight a token (for the sequence modes the row's, repeated); 1 outside the mask.</summary>
    public static double[] Of(SamplerCorrection mode, double[] logRatios, ReadOnlySpan<int> rowStarts, ReadOnlySpan<bool> mask, double? min,
        double? max)
    {
        var weights = new double[logRatios.Length];
        Array.Fill(weights, 1.0);
        var perRow = mode is SamplerCorrection.SequenceMask or SamplerCorrection.SequenceTruncate;
        var zeroOutside = mode is SamplerCorrection.TokenMask or SamplerCorrection.SequenceMask;
        for (var row = 0; row + 1 < rowStarts.Length; row++)
        {
            var sum = 0.0;
            for (var t = rowStarts[row]; t < rowStarts[row + 1]; t++)
                if (mask[t])
                    sum += logRatios[t];
            for (var t = rowStarts[row]; t < rowStarts[row + 1]; t++)
                if (mask[t])
                    weights[t] = Bounded(ExactMath.Exp(Math.Clamp(perRow ? sum : logRatios[t], -Safe, Safe)), min, max, zeroOutside);
        }
        return weights;
    }

    /// <summary>The mean weight: over loss tokens, or over the rows that have any of their mean; what a normalisation divides by.</summary>
    public static double Mean(double[] weights, ReadOnlySpan<int> rowStarts, ReadOnlySpan<bool> mask, bool overRows)
    {
        var (tokenSum, tokens, rowSum, rows) = (0.0, 0, 0.0, 0);
        for (var row = 0; row + 1 < rowStarts.Length; row++)
        {
            var (sum, count) = (0.0, 0);
            for (var t = rowStarts[row]; t < rowStarts[row + 1]; t++)
            {
                if (!mask[t]) continue;
                sum += weights[t];
                count++;
            }
            if (count == 0) continue;
            rows++;
            rowSum += sum / (count + 1e-8);
            tokens += count;
            tokenSum += sum;
        }
        return overRows ? rowSum / Math.Max(rows, 1e-8) : tokenSum / (tokens + 1e-8);
    }

    /// <summary>Divides the weights by their mean, unless that is next to nothing.</summary>
    public static double[] Normalised(double[] weights, ReadOnlySpan<int> rowStarts, ReadOnlySpan<bool> mask, bool overRows)
    {
        var mean = Mean(weights, rowStarts, mask, overRows);
        return mean > 1e-8 ? Array.ConvertAll(weights, weight => weight / mean) : weights;
    }

    private static double Bounded(double weight, double? min, double? max, bool zeroOutside)
    {
        if (zeroOutside) return weight < min || weight > max ? 0 : weight;
        if (weight > max) weight = max.Value;
        return weight < min ? min.Value : weight;
    }
}
