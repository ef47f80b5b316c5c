using Tenon.Adapters.Peft;
using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters.Methods;

/// <summary>
/// DoRA (Liu et al. 2024): y = m / n o (W x + s B A x) + b, n the norms of the rows of W + s B A, m a trained magnitude a row that starts
/// at the norms of W. As in
/// PEFT, n counts as a constant in the gradient.
/// </summary>
public sealed class Dora : LoraFamily<ScaleOptions>
{
    /// <inheritdoc/>
    public override string Name => "dora";

    /// <inheritdoc/>
    public override string LoraFlag => "use-dora";

    /// <inheritdoc/>
    public override string Summary => "LoRA on the direction of the weight's rows, with a trained magnitude a row";

    private protected override LoraLayer CreateLayer(Linear layer, int rank, float scale, AdapterSettings settings) =>
        new DoraLayer(layer, rank, scale);

    private protected override LoraEmbedding CreateEmbedding(Embedding embedding, int rank, float scale) =>
        new DoraEmbedding(embedding, rank, scale);

    private protected override long CountEmbedding(long rank, long words, long size) => base.CountEmbedding(rank, words, size) + size;

    private protected override void Start(LoraLayer part, AdapterSet set, int index)
    {
        base.Start(part, set, index);
        // With B = 0 the magnitudes of the constructor are the norms to the bit; only another start needs them anew.
        if (set.Settings.Init == "random") ((DoraLayer)part).ResetMagnitudes();
    }

    private protected override long CountLayer(AdapterSettings settings, int rank, long outputs, long inputs) =>
        rank * (inputs + outputs) + outputs;

    /// <inheritdoc/>
    public override PeftConfig ToPeft(AdapterSet adapter, string baseModel)
    {
        var config = base.ToPeft(adapter, baseModel)!;
        config["use_dora"] = true;
        return config;
    }

    private protected override bool Reads(PeftConfig config) =>
        config.Flag("use_dora") && InitOf(config) is ("true" or "false" or "gaussian");
}

/// <summary>
/// DoRA's part of one layer, as c o (W x) + (c o B) (s A x) + b with c = m / n. The norms n come from |W_o|^2 + 2 s B_o (A W^T)_o + s^2 B_o
/// (A A^T) B_o^T: a product of r rows after each update,
/// never the sum W + s B A itself, and nothing at all while sampling.
/// </summary>
public sealed class DoraLayer : LoraLayer
{
    private readonly double[] _squares;
    private readonly Tape _norming = new();
    private readonly DerivedParameter _factor;
    private readonly OutputScale _scale;
    private readonly DerivedParameter _scaledB;
    private float[] _norms = [];

    /// <summary>A zero update whose magnitudes are the norms of the frozen weight's rows.</summary>
    public DoraLayer(Linear layer, int rank, float scale)
        : base(layer, rank, scale)
    {
        _squares = RowSquares(layer.Weight);
        Magnitude = Parameter.Create($"{layer.Path}.lora_magnitude_vector", layer.Outputs);
        Magnitude.Set([.. _squares.Select(s => (float)Math.Sqrt(s))]);
        _factor = new DerivedParameter($"{layer.Path}.dora_factor", [layer.Outputs], [Magnitude, A, B], ComputeFactor, PullBack);
        _scale = new OutputScale($"{layer.Path}.dora_factor", layer.Outputs, _factor);
        _scaledB = _scale.Rows($"{layer.Path}.dora_scaled_B", B, rank);
    }

    /// <summary>m [out].</summary>
    public Parameter Magnitude { get; }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors =>
        [("lora_A.weight", A), ("lora_B.weight", B), ("lora_magnitude_vector", Magnitude)];

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, Tensor x)
    {
        var dropped = Drop(tape, x);
        if (ReferenceEquals(dropped, x))
        {
            // What is scaled can be had back from y, but not where a factor is zero.
            var y = _scale.IsInvertible
                ? _scale.Of(tape,
                tape.MatMulInto(tape.Scale(tape.MatMul(x, A), Scale), _scaledB.Value, tape.MatMulScaled(x, Layer.Weight, _scale.Value)))
                : tape.MultiplyRow(Update(tape, x, tape.MatMul(x, Layer.Weight)), _scale.Value);
            return WithBias(tape, y);
        }

        // With dropout PEFT leaves the base product whole: W x + b + c (W x' + s B A x') - W x'.
        var direction = tape.MatMul(dropped, Layer.Weight);
        var rest = tape.Scale(tape.MatMul(dropped, Layer.Weight), -1);
        return tape.Add(Base(tape, x), tape.Add(tape.MultiplyRow(Update(tape, dropped, direction), _scale.Value), rest));
    }

    /// <summary>Sets the magnitudes to the row norms of W + s B A.</summary>
    internal void ResetMagnitudes() => Magnitude.Set(Norms());

    /// <inheritdoc/>
    public override LowRankFactors? ToLora() => null;

    /// <inheritdoc/>
    public override float[] EffectiveWeight(float[] weight)
    {
        base.EffectiveWeight(weight);
        var inputs = Layer.Inputs;
        for (var o = 0; o < Layer.Outputs; o++)
        {
            var row = weight.AsSpan(o * inputs, inputs);
            var square = 0.0;
            foreach (var w in row) square += (double)w * w;
            var ratio = square == 0 ? 0 : Magnitude.Value[o] / Math.Sqrt(square);
            foreach (ref var w in row) w = (float)(w * ratio);
        }

        return weight;
    }

    /// <summary>
    /// c = m / |W + s B A| by row; m over itself is exactly 1, and a row of zeros stays one. The norm counts as a constant, so the gradient
    /// reaches m alone.
    /// </summary>
    private void ComputeFactor(Span<float> values)
    {
        _norms = Norms();
        for (var o = 0; o < values.Length; o++) values[o] = _norms[o] == 0 ? 0 : Magnitude.Value[o] / _norms[o];
    }

    private void PullBack(ReadOnlySpan<float> gradient)
    {
        var sum = Magnitude.GradientSum;
        for (var o = 0; o < sum.Length; o++)
            if (_norms[o] != 0) sum[o] += gradient[o] / _norms[o];
    }

    /// <summary>The norms of the rows of W + s B A [out].</summary>
    private float[] Norms()
    {
        var (rank, outputs) = ((int)A.Rows, Layer.Outputs);
        // [r, out]: 2 s A Wᵀ + s² (A Aᵀ) Bᵀ, of which each row's square takes its product with B's row.
        var cross =
            _norming.Add(_norming.Scale(_norming.MatMul(A, Layer.Weight), 2 * Scale),
            _norming.Scale(_norming.MatMul(_norming.MatMul(A, A), B), Scale * Scale)).ToArray();
        _norming.Reset();
        var b = B.Value;
        var result = new float[outputs];
        for (var o = 0; o < outputs; o++)
        {
            var square = _squares[o];
            for (var k = 0; k < rank; k++) square += (double)b[o * rank + k] * cross[k * outputs + o];
            result[o] = (float)Math.Sqrt(Math.Max(0, square));
        }

        return result;
    }

    private static double[] RowSquares(FrozenMatrix weight)
    {
        var row = new float[weight.Inputs];
        var squares = new double[weight.Outputs];
        for (var o = 0; o < squares.Length; o++)
        {
            weight.CopyRows(o, row);
            foreach (var w in row) squares[o] += (double)w * w;
        }

        return squares;
    }
}
