namespace Tenon.Models.Config;

/// <summary>
/// Finds the llama3 rule behind the frequency divisors of a GGUF file, which keeps the divisors but not the rule. The factor is the largest
/// divisor;
/// low and high factors are 1 and 4 in every published model; the original length is a power of two. A rule counts only if it gives all
/// divisors back.
/// </summary>
internal static class Llama3Fit
{
    private const double Tolerance = 1e-6; // the divisors are float32

    /// <summary>The rule, or null where none fits.</summary>
    public static RopeScaling? Find(ModelConfig config)
    {
        var divisors = config.RopeScaling.Divisors;
        var factor = Math.Round(divisors.Max() * 1e4) / 1e4;
        if (factor < 1) return null;
        if (divisors.All(d => d == 1)) return RopeScaling.None;
        var plain = RotaryFrequencies.For(config with { RopeScaling = RopeScaling.None }, 1).InverseFrequencies;
        for (long original = 16; original <= 1 << 24; original *= 2)
        {
            var rule = new RopeScaling { Type = RopeType.Llama3, Factor = factor, OriginalMaxPositionEmbeddings = original };
            var scaled = RotaryFrequencies.For(config with { RopeScaling = rule }, 1).InverseFrequencies;
            if (Enumerable.Range(0, plain.Length).All(i => Math.Abs(plain[i] / scaled[i] / divisors[i] - 1) < Tolerance)) return rule;
        }
        return null;
    }
}
