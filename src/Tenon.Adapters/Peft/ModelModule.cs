namespace Tenon.Adapters.Peft;

/// <summary>What a module of a base model is, as far as choosing targets goes.</summary>
public enum ModuleKind
{
    /// <summary>A linear layer inside the model.</summary>
    Linear,

    /// <summary>A norm with a weight.</summary>
    Norm,

    /// <summary>The input embedding.</summary>
    Embedding,

    /// <summary>The output head: a linear layer that <c>all-linear</c> leaves out.</summary>
    Head,
}

/// <summary>
/// One module of a base model by its Hugging Face path (<c>model.layers.0.self_attn.q_proj</c>) and its weight's shape ([out, in] of a
/// linear layer).
/// </summary>
public sealed record ModelModule(string Path, ModuleKind Kind, IReadOnlyList<int> Shape);
