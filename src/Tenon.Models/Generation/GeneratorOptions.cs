using Tenon.Tensors;
using Tenon.Tensors.Threads;

namespace Tenon.Models.Generation;

/// <summary>
/// Settings of a <see cref="GenerationEngine"/>; none of them changes a result except <see cref="Sampling"/>, <see cref="EndTokens"/> and
/// <see cref="Precision"/>.
/// </summary>
public sealed record GeneratorOptions
{
    /// <summary>How tokens are chosen where a request does not say.</summary>
    public SamplingSettings Sampling { get; init; } = new();

    /// <summary>Ids that end a completion where a request does not say; empty to sample up to the limit.</summary>
    public IReadOnlySet<int> EndTokens { get; init; } = new HashSet<int>();

    /// <summary>Sequences alive at a time.</summary>
    public int Concurrency { get; init; } = 64;

    /// <summary>Most tokens of one forward pass (prompts are taken in pieces of it).</summary>
    public int MaxBatchTokens { get; init; } = 1024;

    /// <summary>
    /// Most bytes of keys and values; null for what the requests need. Work beyond it waits; a completion that alone is beyond it is
    /// refused where <see cref="LongestBytes"/> says nothing else.
    /// </summary>
    public long? CacheBytes { get; init; }

    /// <summary>
    /// Bytes that <see cref="CacheBytes"/> may become for a completion that needs them alone; null for no more than it is.
    /// </summary>
    public long? LongestBytes { get; init; }

    /// <summary>Compute the prompt of a group once.</summary>
    public bool SharePrompts { get; init; } = true;

    /// <summary>
    /// Try several tokens at a time where few sequences are alive: what followed the last tokens elsewhere in the request's texts. A token
    /// that the model would not have chosen there is dropped. Rows of a step cost little while they are few, so the end of a batch and
    /// single streams go faster where texts repeat; elsewhere hardly anything is tried.
    /// </summary>
    public bool Speculate { get; init; } = true;

    /// <summary>Rounding of inputs of products with frozen weights.</summary>
    public Precision Precision { get; init; } = Precision.F32;

    /// <summary>Where the frozen products of sampled tokens are kept while it is open; null keeps none.</summary>
    public KeptProducts? Kept { get; init; }

    /// <summary>Workers; null for the default pool.</summary>
    public WorkerPool? Pool { get; init; }
}
