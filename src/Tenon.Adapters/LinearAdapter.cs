using Tenon.Models.Layers;
using Tenon.Tensors;

namespace Tenon.Adapters;

/// <summary>
/// What one method does to one linear layer: its parameters, the cheap forward pass, and the same function as one weight. From these the machinery gives
/// merge, save, load, disable and counts.
/// </summary>
public abstract class LinearAdapter(Linear layer)
{
    /// <summary>The adapted layer; its weight is never written to.</summary>
    public Linear Layer { get; } = layer;

    /// <summary>All tensors of this layer under the key suffix that PEFT's files use (<c>lora_A.weight</c>); shared tensors appear in each layer that has them in its file.</summary>
    public abstract IEnumerable<(string Key, Parameter Tensor)> Tensors { get; }

    /// <summary>y [tokens, out] of x [tokens, in], the base product included.</summary>
    public abstract Tensor Forward(Tape tape, Tensor x);

    /// <summary>The weight [out, in], row-major, whose plain product with x equals <see cref="Forward"/> up to rounding; made from a copy of the base weight.</summary>
    public abstract float[] EffectiveWeight(float[] weight);

    /// <summary>The bias that belongs to <see cref="EffectiveWeight"/>; most methods leave the base bias.</summary>
    public virtual float[]? EffectiveBias(float[]? bias) => bias;
}
