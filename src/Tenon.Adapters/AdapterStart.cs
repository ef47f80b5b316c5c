using Tenon.Adapters.Peft;

namespace Tenon.Adapters;

/// <summary>
/// What an adapter is made from beside its settings, and what no recipe says: a folder that is read, or text that the model will meet.
/// </summary>
public sealed record AdapterStart
{
    /// <summary>A fresh adapter, with nothing at hand.</summary>
    public static AdapterStart Fresh { get; } = new();

    /// <summary>
    /// The configuration of the folder that the adapter is read from; it is written back as it was. Null for a fresh adapter.
    /// </summary>
    public PeftConfig? Peft { get; init; }

    /// <summary>What is odd about that folder and was let pass, one sentence each.</summary>
    public IReadOnlyList<string> Notices { get; init; } = [];

    /// <summary>
    /// True where all tensors, private ones included, are read from a record right after: a start that costs a decomposition may then be
    /// left out.
    /// </summary>
    public bool SkipStart { get; init; }

    /// <summary>
    /// By layer, which of AdaLoRA's initial triplets a folder still has (PEFT prunes files); a layer that is not named has them all.
    /// </summary>
    public IReadOnlyDictionary<string, bool[]> Kept { get; init; } = new Dictionary<string, bool[]>();

    /// <summary>
    /// Token sequences that the model will meet (the run's first prompts), for starts that look at activations; null where nobody has any.
    /// </summary>
    public IReadOnlyList<int[]>? Calibration { get; init; }
}
