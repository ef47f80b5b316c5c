namespace Tenon.Models.Weights;

/// <summary>Hugging Face names of GGUF tensors, for the families llama, qwen2 and qwen3.</summary>
internal static class GgufNames
{
    /// <summary>Divisors of the rotary frequencies; part of the configuration, no weight.</summary>
    public const string RopeFrequencies = "rope_freqs.weight";

    private static readonly Dictionary<string, string> Outer = new()
    {
        ["token_embd"] = "model.embed_tokens", ["output_norm"] = "model.norm", ["output"] = "lm_head",
    };

    private static readonly Dictionary<string, string> Inner = new()
    {
        ["attn_norm"] = "input_layernorm", ["attn_q"] = "self_attn.q_proj", ["attn_k"] = "self_attn.k_proj",
        ["attn_v"] = "self_attn.v_proj",
        ["attn_output"] = "self_attn.o_proj", ["attn_q_norm"] = "self_attn.q_norm", ["attn_k_norm"] = "self_attn.k_norm",
        ["ffn_norm"] = "post_attention_layernorm",
        ["ffn_gate"] = "mlp.gate_proj", ["ffn_up"] = "mlp.up_proj", ["ffn_down"] = "mlp.down_proj",
    };

    /// <summary>
    /// The Hugging Face name (<c>blk.3.ffn_up.weight</c> becomes <c>model.layers.3.mlp.up_proj.weight</c>), or null for a tensor of no
    /// known meaning.
    /// </summary>
    public static string? ToHuggingFace(string name)
    {
        var parts = name.Split('.');
        return parts switch
        {
            [var stem, "weight" or "bias"] when Outer.TryGetValue(stem, out var outer) => $"{outer}.{parts[1]}",
            ["blk", var layer, var stem, "weight"
                or "bias"] when int.TryParse(layer, System.Globalization.NumberStyles.None, null, out var n)
                && Inner.TryGetValue(stem, out var inner) => $"model.layers.{n}.{inner}.{parts[3]}",
            _ => null,
        };
    }
}
