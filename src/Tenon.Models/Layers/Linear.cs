using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Models.Layers;

/// <summary>A linear layer y = x Wᵀ + b with a frozen weight, and one empty slot.</summary>
public sealed class Linear(string path, FrozenMatrix weight, Parameter? bias)
{
    /// <summary>Its module path in the checkpoint (<c>model.layers.0.self_attn.q_proj</c>).</summary>
    public string Path { get; } = path;

    /// <summary>The frozen weight [out, in].</summary>
    public FrozenMatrix Weight { get; } = weight;

    /// <summary>The frozen bias [1, out], or null.</summary>
    public Parameter? Bias { get; } = bias;

    /// <summary>Output features.</summary>
    public int Outputs => (int)Weight.Outputs;

    /// <summary>Input features.</summary>
    public int Inputs => (int)Weight.Inputs;

    /// <summary>The adapter's place; null runs the base.</summary>
    public ILinearSlot? Slot { get; set; }

    /// <summary>The same weight behind an empty slot.</summary>
    internal Linear Share() => new(Path, Weight, Bias);

    /// <summary>y through the slot, where there is one.</summary>
    public Tensor Forward(Tape tape, Tensor x, TokenBatch batch) => Slot is null ? Base(tape, x) : Slot.Forward(tape, this, x, batch);

    /// <summary>The layer as a product with at most a narrow update; null where it is more for this batch.</summary>
    internal JoinedProduct? Joined(TokenBatch batch) => Slot is null ? new JoinedProduct(Weight, Bias) : Slot.Joined(this, batch);

    /// <summary>y of the frozen layer alone.</summary>
    public Tensor Base(Tape tape, Tensor x)
    {
        var y = tape.MatMul(x, Weight);
        return Bias is null ? y : tape.AddRowInPlace(y, Bias);
    }
}
