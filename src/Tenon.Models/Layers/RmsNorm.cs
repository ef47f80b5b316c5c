using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Models.Layers;

/// <summary>Root-mean-square norm with a frozen weight [1, n], and one empty slot.</summary>
public sealed class RmsNorm(string path, Parameter weight, float epsilon)
{
    /// <summary>Its module path (<c>model.layers.0.input_layernorm</c>).</summary>
    public string Path { get; } = path;

    /// <summary>The frozen weight.</summary>
    public Parameter Weight { get; } = weight;

    /// <summary>Added to the mean square.</summary>
    public float Epsilon { get; } = epsilon;

    /// <summary>The adapter's place; null runs the base.</summary>
    public INormSlot? Slot { get; set; }

    /// <summary>The same weight behind an empty slot.</summary>
    internal RmsNorm Share() => new(Path, Weight, Epsilon);

    /// <summary>Normalised rows through the slot, where there is one. Rows longer than the weight are normalised head by head.</summary>
    public Tensor Forward(Tape tape, Tensor x, TokenBatch batch) =>
        Slot is null ? With(tape, x, Weight) : Slot.Forward(tape, this, x, batch);

    /// <summary>Normalised rows scaled by another weight.</summary>
    public Tensor With(Tape tape, Tensor x, Parameter weight) => tape.RmsNorm(x, weight, Epsilon);
}
