using Tenon.Models.Layers;
using Tenon.Tensors;

namespace Tenon.Adapters.Methods;

/// <summary>
/// LoRA that starts away from zero and has its start taken off: y = W x + b + (s B A x - s B0 A0 x), computed from what has moved
/// (<see cref="MovedProduct"/>), so that the first step sees the base bit for
/// bit, and the base itself stays as it is.
/// </summary>
/// <typeparam name="TOptions">The method's options.</typeparam>
public abstract class SubtractedLora<TOptions> : StartedLora<TOptions>
    where TOptions : ScaleOptions, new()
{
    private protected override LoraLayer CreateStarted(Linear layer, int rank, float scale, AdapterSettings settings) =>
        new SubtractedLoraLayer(layer, rank, scale);

    private protected sealed override void StartFrom(LoraLayer part, AdapterSettings settings, int index)
    {
        var (a, b) = Factors(part.Layer, (int)part.A.Rows, part.Scale, settings, index);
        part.A.Set(a);
        part.B.Set(b);
        (part as SubtractedLoraLayer)?.KeepStart();
    }

    /// <summary>A [rank, in] and B [out, rank] of layer number <paramref name="index"/>.</summary>
    private protected abstract (float[] A, float[] B) Factors(Linear layer, int rank, double scale, AdapterSettings settings, int index);
}

/// <summary>The part of one layer whose start is taken off.</summary>
public sealed class SubtractedLoraLayer : LoraLayer
{
    private readonly MovedProduct _moved;

    /// <summary>Factors and start all zero.</summary>
    public SubtractedLoraLayer(Linear layer, int rank, float scale)
        : base(layer, rank, scale)
    {
        _moved = new MovedProduct(A, B, $"{layer.Path}.lora_A.start", $"{layer.Path}.lora_B.start");
    }

    /// <summary>A0 [r, in].</summary>
    public Parameter StartA => _moved.StartA;

    /// <summary>B0 [out, r].</summary>
    public Parameter StartB => _moved.StartB;

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> PrivateTensors => [("lora_A.start", StartA), ("lora_B.start", StartB)];

    /// <summary>Takes the values at hand for the start.</summary>
    internal void KeepStart() => _moved.KeepStart();

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, Tensor x) => _moved.AddTo(tape, Base(tape, x), Drop(tape, x), Scale);

    /// <inheritdoc/>
    public override float[] EffectiveWeight(float[] weight)
    {
        var (a, b, rank) = _moved.Factors();
        LowRank.Add(weight, b, a, Layer.Outputs, rank, Layer.Inputs, Scale);
        return weight;
    }

    /// <inheritdoc/>
    public override LowRankFactors ToLora()
    {
        var (a, b, rank) = _moved.Factors();
        return new LowRankFactors(a, LowRank.Scaled(b, Scale), rank);
    }
}
