using Tenon.Adapters.Peft;
using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters.Methods;

/// <summary>LoRA (Hu et al. 2021): y = W x + b + s B A x, s = alpha / r.</summary>
public sealed class Lora : LoraFamily<LoraOptions>
{
    /// <inheritdoc/>
    public override string Name => "lora";

    /// <inheritdoc/>
    public override string Summary => "low-rank update s B A beside each linear layer, s = alpha / r";

    private protected override bool Reads(PeftConfig config) =>
        !config.Flag("use_dora") && !config.Flag("use_rslora") && InitOf(config) is ("true" or "false" or "gaussian");
}

/// <summary>LoRA's part of one layer.</summary>
public class LoraLayer : LinearAdapter
{
    private readonly DerivedParameter? _scaledBias;

    /// <summary>A zero update of a rank and scale; <paramref name="withBias"/> adds PEFT's <c>lora_bias</c>.</summary>
    public LoraLayer(Linear layer, int rank, float scale, bool withBias = false)
        : base(layer)
    {
        A = Parameter.Create($"{layer.Path}.lora_A.weight", rank, layer.Inputs);
        B = Parameter.Create($"{layer.Path}.lora_B.weight", layer.Outputs, rank);
        Scale = scale;
        if (!withBias) return;
        var bias = BiasOfB = Parameter.Create($"{layer.Path}.lora_B.bias", layer.Outputs);
        _scaledBias = new DerivedParameter($"{layer.Path}.scaled_bias", [layer.Outputs], [bias], values =>
        {
            for (var o = 0; o < values.Length; o++) values[o] = bias.Value[o] * scale;
        }, gradient =>
        {
            var sum = bias.GradientSum;
            for (var o = 0; o < sum.Length; o++) sum[o] += gradient[o] * scale;
        });
    }

    /// <summary>A [r, in].</summary>
    public Parameter A { get; }

    /// <summary>B [out, r].</summary>
    public Parameter B { get; }

    /// <summary>A trained vector [out] that is added with the update, scaled as it is; null where the settings do not ask for it.</summary>
    public Parameter? BiasOfB { get; }

    /// <summary>s.</summary>
    public float Scale { get; }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors =>
        BiasOfB is null ? [("lora_A.weight", A), ("lora_B.weight", B)]
        : [("lora_A.weight", A), ("lora_B.weight", B), ("lora_B.bias", BiasOfB)];

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, Tensor x) => Update(tape, Drop(tape, x), Base(tape, x));

    // What follows from this class may do something else in its forward pass.
    internal override JoinedProduct? Joined =>
        GetType() == typeof(LoraLayer) && _scaledBias is null ? new JoinedProduct(Layer.Weight, Bias, A, B, Scale) : null;

    /// <summary>y += s (B A x + bias). The scale goes onto the narrow middle: r values a token instead of out.</summary>
    private protected Tensor Update(Tape tape, Tensor x, Tensor y)
    {
        y = tape.MatMulInto(tape.Scale(tape.MatMul(x, A), Scale), B, y);
        return _scaledBias is null ? y : tape.AddRowInPlace(y, _scaledBias.Value);
    }

    /// <inheritdoc/>
    public override float[] EffectiveWeight(float[] weight)
    {
        LowRank.Add(weight, B.Value, A.Value, Layer.Outputs, (int)A.Rows, Layer.Inputs, Scale);
        return weight;
    }

    /// <inheritdoc/>
    public override float[]? EffectiveBias(float[]? bias)
    {
        if (BiasOfB is null) return bias;
        // PEFT refuses this merge where the base has no bias; a bias of its own says the same function.
        var merged = new float[Layer.Outputs];
        for (var o = 0; o < merged.Length; o++) merged[o] = (float)((bias?[o] ?? 0.0) + (double)Scale * BiasOfB.Value[o]);
        return merged;
    }

    /// <inheritdoc/>
    public override LowRankFactors? ToLora() =>
        BiasOfB is not null ? null : new LowRankFactors(A.ToArray(), LowRank.Scaled(B.Value, Scale), (int)A.Rows);
}
