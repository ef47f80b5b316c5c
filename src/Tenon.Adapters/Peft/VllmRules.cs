using System.Text.Json.Nodes;

namespace Tenon.Adapters.Peft;

/// <summary>
/// What vLLM makes of an adapter folder (its <c>vllm/lora</c>). It knows plain LoRA of one rank and scale and looks at few fields of the
/// configuration, so some folders it refuses, and others it loads as
/// another function without a word: a start that is to be subtracted, or ranks and scales by layer.
/// </summary>
public static class VllmRules
{
    /// <summary>The largest rank that it can be started for (<c>--max-lora-rank</c>).</summary>
    private const int LargestRank = 512;

    /// <summary>
    /// Why vLLM does not compute the folder's function from the folder as it is, given the names of its tensors; null where it does.
    /// </summary>
    public static string? Obstacle(PeftConfig config, IEnumerable<string> tensors)
    {
        if (PeftTraits.Of(config.PeftType).VllmObstacle(config) is { } unknown) return unknown;
        if (config.Text("bias") is not (null or "none")) return "it refuses trained biases";
        if (config.Texts("modules_to_save") is { Count: > 0 }) return "it refuses modules_to_save";
        foreach (var field in new[] { "rank_pattern", "alpha_pattern" })
            if (config[field] is JsonObject { Count: > 0 }) return $"it would give every layer the same scale, whatever {field} says";
        if (config.Int("r") is var rank and > LargestRank) return $"it takes ranks up to {LargestRank}, not {rank}";
        var strange = tensors.Order(StringComparer.Ordinal)
            .FirstOrDefault(k => !k.EndsWith(".lora_A.weight", StringComparison.Ordinal)
            && !k.EndsWith(".lora_B.weight", StringComparison.Ordinal));
        return strange is null ? null : $"it does not know tensors like '{strange}'";
    }
}
