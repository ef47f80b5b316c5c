namespace Tenon.Training.Settings;

/// <summary>How a batch of completions is cut into optimizer steps and micro-batches.</summary>
public sealed record UpdateSettings : ISettings
{
    /// <summary>How many times a batch is gone through.</summary>
    [Bounds(1, 1000)]
    public int Epochs { get; init; } = 1;

    /// <summary>Optimizer steps in one pass; each takes its share of the groups.</summary>
    [Bounds(1, 1_000_000)]
    public int Minibatches { get; init; } = 1;

    /// <summary>
    /// Shards of an optimizer step: the gradients of the groups at places g with the same g mod shards are summed by themselves, and these
    /// sums added in order. Another number rounds another way; any number of workers gives the same bits.
    /// </summary>
    [Bounds(1, 4096)]
    public int Shards { get; init; } = 1;

    /// <summary>
    /// Shards that are computed at the same time in this process, each by a copy of the adapter over the one base; it changes no bit of the
    /// result.
    /// </summary>
    [Bounds(1, 4096)]
    public int Workers { get; init; } = 1;

    /// <summary>
    /// Tokens that are in memory at once; <c>auto</c> takes as many as fit in twice the memory of the weights. It changes no bit of the
    /// result.
    /// </summary>
    [Auto]
    [Bounds(1, 1_000_000_000)]
    public int? MicroBatchTokens { get; init; }

    /// <summary>
    /// Whether activations are computed again in the backward pass instead of kept; <c>auto</c> decides by memory. It changes no bit of the
    /// result.
    /// </summary>
    [Auto]
    public bool? Recompute { get; init; }

    /// <summary>
    /// Memory in which sampling keeps the outputs of its products with frozen weights, for the first optimizer step over them to take
    /// instead of computing them again: <c>off</c>, or a size (<c>512MB</c>, <c>2GB</c>). What does not fit is computed. It does nothing
    /// under <c>overlap</c>, with dropout, and where other machines sample or train. It changes no bit of the result.
    /// </summary>
    public ByteSize KeepActivations { get; init; }

    /// <summary>
    /// Whether completions that no gradient can come from (all their tokens masked, rejected, or with advantage 0 while nothing else pulls
    /// at them) are left out of the forward and backward passes. It changes no bit of the result.
    /// </summary>
    public bool SkipIdle { get; init; } = true;
}
