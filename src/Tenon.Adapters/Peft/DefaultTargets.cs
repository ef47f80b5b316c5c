namespace Tenon.Adapters.Peft;

/// <summary>
/// The target modules that PEFT takes when a configuration names none, by PEFT type and <c>model_type</c> of <c>config.json</c> (qwen2,
/// qwen3, llama).
/// </summary>
public static class DefaultTargets
{
    /// <summary>The list, or null where PEFT has none for the model.</summary>
    public static IReadOnlyList<string>? Of(string peftType, string? modelType)
    {
        if (modelType is not ("qwen2" or "qwen3" or "llama")) return null;
        var llama = modelType == "llama";
        return peftType switch
        {
            "IA3" => llama ? ["k_proj", "v_proj", "down_proj"] : ["q_proj", "v_proj", "down_proj"],
            "LN_TUNING" => llama ? ["input_layernorm", "post_attention_layernorm", "norm"] : ["post_attention_layernorm"],
            "TRAINABLE_TOKENS" => ["embed_tokens"],
            _ => ["q_proj", "v_proj"],
        };
    }

    /// <summary>IA3's modules that are scaled at their input, or null where PEFT has none for the model.</summary>
    public static IReadOnlyList<string>? FeedForward(string? modelType) =>
        modelType is "qwen2" or "qwen3" or "llama" ? ["down_proj"] : null;
}
