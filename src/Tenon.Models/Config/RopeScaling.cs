namespace Tenon.Models.Config;

/// <summary>The rule that turns the plain rotary frequencies into those of a longer context.</summary>
public enum RopeType
{
    /// <summary>Plain frequencies.</summary>
    Default,

    /// <summary>All frequencies divided by the factor (position interpolation).</summary>
    Linear,

    /// <summary>A larger base that depends on the length (dynamic NTK); here fixed from the run's maximum length.</summary>
    Dynamic,

    /// <summary>YaRN: high frequencies kept, low ones divided, a ramp between; cos and sin are scaled.</summary>
    Yarn,

    /// <summary>Llama 3.1's rule: high frequencies kept, low ones divided, a smooth part between.</summary>
    Llama3,

    /// <summary>One divisor a frequency (GGUF's <c>rope_freqs.weight</c>).</summary>
    Divisors,
}

/// <summary>The contents of <c>rope_scaling</c> (or <c>rope_parameters</c>); which fields count depends on <see cref="Type"/>.</summary>
public sealed record RopeScaling
{
    /// <summary>No scaling.</summary>
    public static RopeScaling None { get; } = new();

    /// <summary>The types by their names in <c>config.json</c>.</summary>
    internal static readonly IReadOnlyDictionary<string, RopeType> Names = new Dictionary<string, RopeType>
    {
        ["default"] = RopeType.Default, ["linear"] = RopeType.Linear, ["dynamic"] = RopeType.Dynamic, ["yarn"] = RopeType.Yarn,
        ["llama3"] = RopeType.Llama3,
    };

    /// <summary>The rule.</summary>
    public RopeType Type { get; init; }

    /// <summary>How much longer the context becomes (1 or more).</summary>
    public double Factor { get; init; } = 1;

    /// <summary>The context length before scaling; null where the file does not say.</summary>
    public long? OriginalMaxPositionEmbeddings { get; init; }

    /// <summary>llama3: wavelengths above original / this are divided in full.</summary>
    public double LowFreqFactor { get; init; } = 1;

    /// <summary>llama3: wavelengths below original / this are kept.</summary>
    public double HighFreqFactor { get; init; } = 4;

    /// <summary>yarn: the factor on cos and sin; null: computed from the others.</summary>
    public double? AttentionFactor { get; init; }

    /// <summary>yarn: number of turns over the original context above which a frequency is kept.</summary>
    public double BetaFast { get; init; } = 32;

    /// <summary>yarn: number of turns below which a frequency is divided in full.</summary>
    public double BetaSlow { get; init; } = 1;

    /// <summary>yarn: weight in the numerator of the factor on cos and sin.</summary>
    public double? Mscale { get; init; }

    /// <summary>yarn: weight in its denominator.</summary>
    public double? MscaleAllDim { get; init; }

    /// <summary>yarn: the ends of the ramp are whole dimensions.</summary>
    public bool Truncate { get; init; } = true;

    /// <summary>divisors: head size / 2 numbers, one a frequency.</summary>
    public IReadOnlyList<float> Divisors { get; init; } = [];

    internal void Validate(string location, int headDim)
    {
        void Require(bool holds, string key, string expected, object? got)
        {
            if (!holds)
                throw new TenonException($"'{location}' has an impossible rope scaling: {key}", expected, $"{got ?? "nothing"}",
                    "Restore the file that came with the checkpoint.");
        }
        if (Type == RopeType.Divisors)
        {
            Require(Divisors.Count == headDim / 2, "rope_freqs.weight", $"{headDim / 2} values (half the head size)", Divisors.Count);
            foreach (var d in Divisors) Require(d > 0 && float.IsFinite(d), "rope_freqs.weight", "positive numbers", d);
        }
        if (Type is RopeType.Default or RopeType.Divisors) return;
        Require(Factor >= 1 && double.IsFinite(Factor), "factor", "a number of 1 or more", Factor);
        Require(OriginalMaxPositionEmbeddings is null
            or > 0, "original_max_position_embeddings", "a positive number", OriginalMaxPositionEmbeddings);
        if (Type == RopeType.Llama3)
        {
            Require(OriginalMaxPositionEmbeddings is not null, "original_max_position_embeddings", "a positive number", null);
            Require(LowFreqFactor > 0
                && HighFreqFactor > LowFreqFactor, "low_freq_factor, high_freq_factor", "0 < low < high",
                $"{LowFreqFactor}, {HighFreqFactor}");
        }
        if (Type == RopeType.Yarn)
        {
            Require(BetaSlow > 0 && BetaFast >= BetaSlow, "beta_slow, beta_fast", "0 < slow <= fast", $"{BetaSlow}, {BetaFast}");
            Require(AttentionFactor is null or > 0, "attention_factor", "a positive number", AttentionFactor);
        }
    }
}
