using Tenon.Adapters.Peft;
using Tenon.Models.Config;
using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters.Methods;

/// <summary>
/// LoHa (Hyeon-Woo et al. 2022, LyCORIS): the elementwise product of two low-rank matrices, dW = s (w1a w1b) * (w2a w2b), s = alpha / r;
/// its rank reaches r squared.
/// </summary>
public sealed class Loha : AdapterMethod
{
    /// <inheritdoc/>
    public override string Name => "loha";

    /// <inheritdoc/>
    public override string Summary => "elementwise product of two low-rank matrices";

    /// <inheritdoc/>
    protected override double TunedRate => 3e-3;

    /// <inheritdoc/>
    public override SharedKeys Uses => SharedKeys.Rank | SharedKeys.Alpha;

    /// <inheritdoc/>
    protected override void Build(AdapterSet set)
    {
        var settings = set.Settings;
        var index = 0;
        foreach (var layer in Targets.Linears(set))
        {
            var rank = Fit.Rank(settings, layer.Path);
            var part = new LohaLayer(layer, rank, (float)(settings.AlphaOf(layer.Path) / rank));
            AdapterInit.Uniform(part.W1A, settings.StartSeed, index, 0, 1 / Math.Sqrt(rank));
            AdapterInit.Uniform(part.W1B, settings.StartSeed, index, 1, 1 / Math.Sqrt(layer.Inputs));
            AdapterInit.Uniform(part.W2A, settings.StartSeed, index, 2, 1 / Math.Sqrt(rank));
            set.Add(part);
            index++;
        }
    }

    /// <inheritdoc/>
    public override long? Count(ModelConfig config, AdapterSettings settings) =>
        Targets.Shapes(config, settings).Sum(s => 2L * settings.RankOf(s.Path) * (s.Inputs + s.Outputs));

    /// <inheritdoc/>
    private protected override PeftShape Shape => new("LOHA", Rank: "r", Alpha: "alpha", RankPattern: true, AlphaPattern: true);

    /// <inheritdoc/>
    internal override PeftTraits Traits => new("LOHA", """
            {"rank_pattern": {}, "alpha_pattern": {}, "r": 8, "alpha": 8, "rank_dropout": 0.0, "module_dropout": 0.0, "use_effective_conv2d": false,
            "target_modules": null, "exclude_modules": null, "init_weights": true, "layers_to_transform": null, "layers_pattern": null, "modules_to_save": null}
            """) { PatternNeedsLayers = true };
}

/// <summary>
/// LoHa's part of one layer: where the rank is small beside the layer as the low-rank product of rank r squared that it is, else as a dense
/// update.
/// </summary>
public sealed class LohaLayer : DenseUpdate
{
    private readonly float _scale;
    private readonly DerivedParameter? _a;
    private readonly DerivedParameter? _b;

    /// <summary>A zero update: w2b zero, the others not yet drawn.</summary>
    public LohaLayer(Linear layer, int rank, float scale)
        : base(layer)
    {
        _scale = scale;
        W1A = Parameter.Create($"{layer.Path}.hada_w1_a", layer.Outputs, rank);
        W1B = Parameter.Create($"{layer.Path}.hada_w1_b", rank, layer.Inputs);
        W2A = Parameter.Create($"{layer.Path}.hada_w2_a", layer.Outputs, rank);
        W2B = Parameter.Create($"{layer.Path}.hada_w2_b", rank, layer.Inputs);
        // Three products of rank r squared a token against one of the layer's size.
        if (3L * rank * rank * (layer.Inputs + layer.Outputs) >= (long)layer.Inputs * layer.Outputs) return;
        var places = Enumerable.Range(0, rank * rank).ToList();
        _a = DerivedParameter.Of($"{layer.Path}.hada_a", [rank * rank, layer.Inputs], [W1B, W2B],
            t => t.Multiply(t.SelectRows(W1B, [.. places.Select(p => p / rank)]), t.SelectRows(W2B, [.. places.Select(p => p % rank)])));
        _b = new DerivedParameter($"{layer.Path}.hada_b", [layer.Outputs, rank * rank], [W1A, W2A], values => Columns(values, rank),
            gradient => ColumnsBack(gradient, rank));
    }

    /// <summary>w1a [out, r].</summary>
    public Parameter W1A { get; }

    /// <summary>w1b [r, in].</summary>
    public Parameter W1B { get; }

    /// <summary>w2a [out, r].</summary>
    public Parameter W2A { get; }

    /// <summary>w2b [r, in].</summary>
    public Parameter W2B { get; }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors =>
        [("hada_w1_a", W1A), ("hada_w1_b", W1B), ("hada_w2_a", W2A), ("hada_w2_b", W2B)];

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, Tensor x) =>
        _a is null ? base.Forward(tape, x)
        : tape.MatMulInto(tape.Scale(tape.MatMul(Drop(tape, x), _a.Value), _scale), _b!.Value, Base(tape, x));

    /// <inheritdoc/>
    public override float[] EffectiveWeight(float[] weight)
    {
        if (_a is null) return base.EffectiveWeight(weight);
        var (low, high, rank) = ToLora();
        LowRank.Add(weight, high, low, Layer.Outputs, rank, Layer.Inputs, 1);
        return weight;
    }

    /// <summary>Column (k, l) of the factor: w1a_k * w2a_l.</summary>
    private void Columns(Span<float> values, int rank)
    {
        var (first, second) = (W1A.ToArray(), W2A.ToArray());
        for (var o = 0; o < Layer.Outputs; o++)
            for (var k = 0; k < rank; k++)
                for (var l = 0; l < rank; l++) values[(o * rank + k) * rank + l] = first[o * rank + k] * second[o * rank + l];
    }

    private void ColumnsBack(ReadOnlySpan<float> gradient, int rank)
    {
        var (first, second) = (W1A.ToArray(), W2A.ToArray());
        var dFirst = W1A.GradientSum;
        var dSecond = W2A.GradientSum;
        for (var o = 0; o < Layer.Outputs; o++)
            for (var k = 0; k < rank; k++)
                for (var l = 0; l < rank; l++)
                {
                    var g = gradient[(o * rank + k) * rank + l];
                    dFirst[o * rank + k] += g * second[o * rank + l];
                    dSecond[o * rank + l] += g * first[o * rank + k];
                }
    }

    private protected override DerivedParameter CreateUpdate() =>
        DerivedParameter.Of($"{Layer.Path}.hada_update", [Layer.Outputs, Layer.Inputs], [W1A, W1B, W2A, W2B],
        t => t.Scale(t.Multiply(t.Product(W1A, W1B), t.Product(W2A, W2B)), _scale));

    /// <summary>Rank r squared: column (k, l) of B is w1a_k * w2a_l, row (k, l) of A is w1b_k * w2b_l.</summary>
    public override LowRankFactors ToLora()
    {
        var (rank, inputs, outputs) = ((int)W1B.Rows, Layer.Inputs, Layer.Outputs);
        var (a, b) = (new float[rank * rank * inputs], new float[outputs * rank * rank]);
        for (var k = 0; k < rank; k++)
            for (var l = 0; l < rank; l++)
            {
                for (var i = 0; i < inputs; i++) a[(k * rank + l) * inputs + i] = W1B.Value[k * inputs + i] * W2B.Value[l * inputs + i];
                for (var o = 0; o < outputs; o++)
                    b[o * rank * rank + k * rank + l] = _scale * W1A.Value[o * rank + k] * W2A.Value[o * rank + l];
            }

        return new LowRankFactors(a, b, rank * rank);
    }
}
