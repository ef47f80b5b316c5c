using Tenon.Checkpoints;

namespace Tenon.Models.Config;

/// <summary>
/// Reads the rotary settings of <c>config.json</c>: <c>rope_parameters</c> (transformers 5) or <c>rope_theta</c> and <c>rope_scaling</c>.
/// Precedence and defaults are those of transformers' <c>RotaryEmbeddingConfigMixin</c>.
/// </summary>
internal static class HuggingFaceRope
{
    public static (double Theta, RopeScaling Scaling) Read(JsonFields c)
    {
        var outer = c.Number("rope_theta");
        var rope = NonEmpty(c.Object("rope_scaling")) ?? NonEmpty(c.Object("rope_parameters"));
        if (rope is not { } r)
        {
            RefusePartial(c);
            return (outer ?? 10000, RopeScaling.None);
        }
        if (r.Object("full_attention") is { } nested) r = nested;
        RefusePartial(r);
        RefusePartial(c);
        var theta = r.Number("rope_theta") ?? outer ?? 10000;
        var name = r.String("rope_type") ?? r.String("type") ?? "default";
        if (!RopeScaling.Names.TryGetValue(name, out var type))
            throw new TenonException($"'{c.File}' has an unknown rope type", string.Join(", ", RopeScaling.Names.Keys), name,
                "Take a checkpoint whose rope type is supported.");
        if (type == RopeType.Default)
            return r.Has("mrope_section")
                ? throw new TenonException($"'{c.File}' asks for something that is not supported: mrope_section", "one position a token",
                "multimodal rotary positions", "Take a text-only checkpoint.")
                : (theta, RopeScaling.None);
        var context = c.Long("max_position_embeddings");
        var original = type is RopeType.Llama3 or RopeType.Yarn
            ? c.Long("original_max_position_embeddings") ?? r.Long("original_max_position_embeddings") ?? context
            : r.Long("original_max_position_embeddings");
        double? factor = r.Number("factor") ?? (type == RopeType.Yarn && original > 0 ? (double?)context / original : null);
        return (theta, new RopeScaling
        {
            Type = type,
            Factor = factor ?? throw Missing(c, name, "factor"),
            OriginalMaxPositionEmbeddings = original,
            LowFreqFactor = r.Number("low_freq_factor") ?? (type == RopeType.Llama3 ? throw Missing(c, name, "low_freq_factor") : 1),
            HighFreqFactor = r.Number("high_freq_factor") ?? (type == RopeType.Llama3 ? throw Missing(c, name, "high_freq_factor") : 4),
            AttentionFactor = r.Number("attention_factor"),
            BetaFast = r.Number("beta_fast") is { } fast and not 0 ? fast : 32,
            BetaSlow = r.Number("beta_slow") is { } slow and not 0 ? slow : 1,
            Mscale = r.Number("mscale"),
            MscaleAllDim = r.Number("mscale_all_dim"),
            Truncate = r.Bool("truncate") ?? true,
        });
    }

    private static JsonFields? NonEmpty(JsonFields? o) => o is { } f && f.Element.EnumerateObject().Any() ? f : null;

    private static void RefusePartial(JsonFields c)
    {
        if (c.Number("partial_rotary_factor") is { } share and not 1)
            throw new TenonException($"'{c.File}' asks for something that is not supported: partial_rotary_factor",
                "1 (the whole head is rotated)", $"{share}", "Take a checkpoint without it.");
    }

    private static TenonException Missing(JsonFields c, string type, string key) =>
        new($"'{c.File}' has no key '{key}' for rope type {type}", "a number", "nothing",
        "Use the config.json that came with the checkpoint.");
}
