using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters.Methods;

/// <summary>
/// LoRA (Hu et al. 2021): y = W x + b + s B A x, s = alpha / r. Left out here: dropout while scoring (always off) and PEFT's <c>lora_bias</c>.
/// </summary>
public sealed class Lora : LoraFamily
{
    /// <inheritdoc/>
    public override string Name => "lora";

    /// <inheritdoc/>
    public override string Summary => "low-rank update s B A beside each linear layer, s = alpha / r";
}

/// <summary>LoRA's part of one layer.</summary>
public class LoraLayer : LinearAdapter
{
    /// <summary>A zero update of a rank and scale.</summary>
    public LoraLayer(Linear layer, int rank, float scale)
        : base(layer)
    {
        A = Parameter.Create($"{layer.Path}.lora_A.weight", rank, layer.Inputs);
        B = Parameter.Create($"{layer.Path}.lora_B.weight", layer.Outputs, rank);
        Scale = scale;
    }

    /// <summary>A [r, in].</summary>
    public Parameter A { get; }

    /// <summary>B [out, r].</summary>
    public Parameter B { get; }

    /// <summary>s.</summary>
    public float Scale { get; }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors => [("lora_A.weight", A), ("lora_B.weight", B)];

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, Tensor x) => Update(tape, x, Layer.Base(tape, x));

    /// <summary>y += s B A x. The scale goes onto the narrow middle: r values a token instead of out.</summary>
    private protected Tensor Update(Tape tape, Tensor x, Tensor y) => tape.MatMulInto(tape.Scale(tape.MatMul(x, A), Scale), B, y);

    /// <inheritdoc/>
    public override float[] EffectiveWeight(float[] weight)
    {
        LowRank.Add(weight, B.Value, A.Value, Layer.Outputs, (int)A.Rows, Layer.Inputs, Scale);
        return weight;
    }
}
