using Tenon.Checkpoints;

namespace Tenon.Models.Weights;

/// <summary>
/// Tensors that lie in a checkpoint and are no part of the model: empty ones, tables that follow from the configuration, states of an
/// optimizer, heads
/// that judge instead of predicting tokens. What could change the numbers (scales of a quantisation, adapters that were not merged, further
/// layers) is none.
/// </summary>
internal static class Leftovers
{
    private static readonly string[] Ends =
        [".rotary_emb.inv_freq", ".rotary_emb.cos_cached", ".rotary_emb.sin_cached", ".self_attn.masked_bias", ".self_attn.causal_mask"];

    private static readonly string[] Beginnings =
        ["v_head.", "value_head.", "score.", "critic.", "reward_head.", "optimizer.", "optimizer_state.", "optim.", "lr_scheduler.",
        "scheduler.", "ema."];

    private static readonly string[] States = ["exp_avg", "exp_avg_sq", "max_exp_avg_sq", "momentum_buffer"];

    /// <summary>True for a tensor that may be passed over.</summary>
    public static bool Is(WeightInfo tensor) => tensor.Count == 0
        || Ends.Any(end => tensor.Name.EndsWith(end, StringComparison.Ordinal))
        || Beginnings.Any(start => tensor.Name.StartsWith(start, StringComparison.Ordinal))
        || tensor.Name.Split('.').Any(States.Contains);
}
