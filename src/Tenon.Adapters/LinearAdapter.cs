using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters;

/// <summary>
/// What one method does to one linear layer: its parameters, the cheap forward pass, and the same function as one weight. From these the
/// machinery gives
/// merge, save, load, disable and counts.
/// </summary>
public abstract class LinearAdapter(Linear layer)
{
    /// <summary>The adapted layer; its weight is never written to.</summary>
    public Linear Layer { get; } = layer;

    /// <summary>
    /// The layer's bias as the adapter has it: trained where the settings say so, else the base's; null where there is none.
    /// </summary>
    public Parameter? Bias => OwnBias ?? Layer.Bias;

    /// <summary>A bias that is trained with the adapter (<c>bias: all</c> or <c>only</c>).</summary>
    internal Parameter? OwnBias { get; set; }

    /// <summary>Its place among the adapter's parts: what dropout masks are drawn by.</summary>
    internal int Index { get; set; }

    /// <summary>Share of the adapter's inputs dropped in training.</summary>
    internal double DropoutRate { get; set; }

    /// <summary>True where it stands in place of the frozen weight rather than beside it.</summary>
    internal virtual bool Replaces => false;

    /// <summary>True where the layer's own weight or bias is trained.</summary>
    internal virtual bool TrainsBase => false;

    /// <summary>The key suffix of <see cref="OwnBias"/> in PEFT's files.</summary>
    internal virtual string BiasKey => "base_layer.bias";

    /// <summary>
    /// All tensors of this layer under the key suffix that PEFT's files use (<c>lora_A.weight</c>); shared tensors appear in each layer
    /// that has them in its file.
    /// </summary>
    public abstract IEnumerable<(string Key, Parameter Tensor)> Tensors { get; }

    /// <summary>
    /// Tensors that PEFT's file has no place for and going on needs (a subtracted start, frozen factors), by a name within the layer.
    /// </summary>
    public virtual IEnumerable<(string Key, Parameter Tensor)> PrivateTensors => [];

    /// <summary>y [tokens, out] of x [tokens, in], the base product included.</summary>
    public abstract Tensor Forward(Tape tape, Tensor x);

    /// <summary>
    /// <see cref="Forward"/> without recording and dropout as one product with a narrow update, where it is nothing else; null for most
    /// methods.
    /// </summary>
    internal virtual JoinedProduct? Joined => null;

    /// <summary>
    /// The weight [out, in], row-major, whose plain product with x equals <see cref="Forward"/> up to rounding; made from a copy of the
    /// base weight, which it may change in place.
    /// </summary>
    public abstract float[] EffectiveWeight(float[] weight);

    /// <summary>
    /// The bias that belongs to <see cref="EffectiveWeight"/>, from the value of <see cref="Bias"/>; most methods leave it.
    /// </summary>
    public virtual float[]? EffectiveBias(float[]? bias) => bias;

    /// <summary>The update as factors, W' = W + B A exactly, for the methods that are a low-rank sum; null for the others.</summary>
    public virtual LowRankFactors? ToLora() => null;

    /// <summary>W x + b: the frozen product with the adapter's bias.</summary>
    protected Tensor Base(Tape tape, Tensor x) => WithBias(tape, tape.MatMul(x, Layer.Weight));

    /// <summary>y + b, in place.</summary>
    protected Tensor WithBias(Tape tape, Tensor y) => Bias is { } bias ? tape.AddRowInPlace(y, bias) : y;

    /// <summary>x as the adapter takes it: with dropout in training, itself in sampling and scoring.</summary>
    protected Tensor Drop(Tape tape, Tensor x) => tape.Dropout(x, DropoutRate, Index);
}

/// <summary>A low-rank update B A.</summary>
/// <param name="A">A [rank, in], row-major.</param>
/// <param name="B">B [out, rank], row-major, scale included.</param>
/// <param name="Rank">The rank.</param>
public sealed record LowRankFactors(float[] A, float[] B, int Rank);
