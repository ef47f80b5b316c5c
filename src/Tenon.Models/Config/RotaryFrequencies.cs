namespace Tenon.Models.Config;

/// <summary>
/// The inverse frequencies of the rotary embedding: the angle of pair i at position p is p x <see cref="InverseFrequencies"/>[i]; cos and
/// sin
/// are multiplied by <see cref="AttentionFactor"/>. Formulas as transformers' <c>modeling_rope_utils</c>, in float64.
/// </summary>
/// <param name="InverseFrequencies">Head size / 2 numbers.</param>
/// <param name="AttentionFactor">1 but for YaRN.</param>
public sealed record RotaryFrequencies(double[] InverseFrequencies, double AttentionFactor)
{
    /// <summary>
    /// The frequencies for a run whose longest sequence has <paramref name="maxLength"/> tokens. Only the dynamic rule depends on it: it is
    /// fixed
    /// from this length, so that cached keys stay true.
    /// </summary>
    public static RotaryFrequencies For(ModelConfig config, long maxLength)
    {
        var scaling = config.RopeScaling;
        var d = config.HeadDim;
        var plain = Plain(config.RopeTheta, d);
        return scaling.Type switch
        {
            RopeType.Default => new(plain, 1),
            RopeType.Linear => new([.. plain.Select(f => f / scaling.Factor)], 1),
            RopeType.Divisors => new([.. plain.Select((f, i) => f / scaling.Divisors[i])], 1),
            RopeType.Dynamic => new(Plain(DynamicBase(config, maxLength), d), 1),
            RopeType.Llama3 => new([.. plain.Select(f => Llama3(f, scaling))], 1),
            RopeType.Yarn => new(Yarn(plain, config), YarnAttentionFactor(scaling)),
            _ => throw new ArgumentOutOfRangeException(nameof(config), scaling.Type, "rope type"),
        };
    }

    private static double[] Plain(double theta, int headDim) =>
        [.. Enumerable.Range(0, headDim / 2).Select(i => 1.0 / ExactMath.Pow(theta, 2.0 * i / headDim))];

    private static double DynamicBase(ModelConfig c, long maxLength)
    {
        double factor = c.RopeScaling.Factor, context = c.MaxPositionEmbeddings, length = Math.Max(maxLength, c.MaxPositionEmbeddings);
        var stretch = factor * length / context - (factor - 1);
        // A head of one pair has frequency 1 whatever the base; the exponent would be infinite.
        return c.HeadDim == 2 ? c.RopeTheta : c.RopeTheta * ExactMath.Pow(stretch, c.HeadDim / (c.HeadDim - 2.0));
    }

    private static double Llama3(double f, RopeScaling s)
    {
        double original = s.OriginalMaxPositionEmbeddings!.Value, wavelength = 2 * Math.PI / f;
        if (wavelength > original / s.LowFreqFactor) return f / s.Factor;
        if (wavelength < original / s.HighFreqFactor) return f;
        var smooth = (original / wavelength - s.LowFreqFactor) / (s.HighFreqFactor - s.LowFreqFactor);
        return (1 - smooth) * f / s.Factor + smooth * f;
    }

    private static double[] Yarn(double[] plain, ModelConfig c)
    {
        var s = c.RopeScaling;
        double original = s.OriginalMaxPositionEmbeddings ?? c.MaxPositionEmbeddings;
        // The (fractional) pair whose frequency makes this many turns over the original context.
        double Pair(double turns) => c.HeadDim * ExactMath.Log(original / (turns * 2 * Math.PI)) / (2 * ExactMath.Log(c.RopeTheta));
        double low = Pair(s.BetaFast), high = Pair(s.BetaSlow);
        if (s.Truncate) (low, high) = (Math.Floor(low), Math.Ceiling(high));
        (low, high) = (Math.Max(low, 0), Math.Min(high, c.HeadDim - 1));
        if (low == high) high += 0.001;
        var result = new double[plain.Length];
        for (var i = 0; i < plain.Length; i++)
        {
            var keep = 1 - Math.Clamp((i - low) / (high - low), 0, 1);
            result[i] = plain[i] / s.Factor * (1 - keep) + plain[i] * keep;
        }
        return result;
    }

    private static double YarnAttentionFactor(RopeScaling s)
    {
        double Scale(double weight) => s.Factor <= 1 ? 1 : 0.1 * weight * ExactMath.Log(s.Factor) + 1;
        if (s.AttentionFactor is { } given) return given;
        return s is { Mscale: { } m and not 0, MscaleAllDim: { } all and not 0 } ? Scale(m) / Scale(all) : Scale(1);
    }
}
