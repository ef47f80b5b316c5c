using Tenon.Adapters.Peft;
using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Linalg;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters.Methods;

/// <summary>
/// DoRA (Liu et al. 2024): y = m / n o (W x + s B A x) + b, n the norms of the rows of W + s B A, m a trained magnitude a row that starts at the norms of W. As in
/// PEFT, n counts as a constant in the gradient.
/// </summary>
public sealed class Dora : LoraFamily
{
    /// <inheritdoc/>
    public override string Name => "dora";

    /// <inheritdoc/>
    public override string Summary => "LoRA on the direction of the weight's rows, with a trained magnitude a row";

    /// <inheritdoc/>
    public override IReadOnlyList<MethodOption> Options => [.. base.Options.Where(o => o.Name == "rs-lora")];

    private protected override LoraLayer CreateLayer(Linear layer, int rank, float scale, AdapterSettings settings) => new DoraLayer(layer, rank, scale);

    private protected override void Start(LoraLayer part, AdapterSet set, int index)
    {
        base.Start(part, set, index);
        // With B = 0 the magnitudes of the constructor are the norms to the bit; only another start needs them anew.
        if (set.Settings.Init == "random") ((DoraLayer)part).ResetMagnitudes();
    }

    private protected override long CountLayer(AdapterSettings settings, int rank, long outputs, long inputs) => rank * (inputs + outputs) + outputs;

    /// <inheritdoc/>
    public override PeftConfig ToPeft(AdapterSet adapter, string baseModel)
    {
        var config = base.ToPeft(adapter, baseModel)!;
        config["use_dora"] = true;
        return config;
    }

    private protected override bool Reads(PeftConfig config) => config.Flag("use_dora") && InitOf(config) is ("true" or "false" or "gaussian");
}

/// <summary>
/// DoRA's part of one layer. The norms come from |W_o|^2 + 2 s B_o (A W^T)_o + s^2 B_o (A A^T) B_o^T: a product of r rows after each update, never the sum
/// W + s B A itself, and nothing at all while sampling.
/// </summary>
public sealed class DoraLayer : LoraLayer
{
    private readonly double[] squares;
    private readonly DerivedParameter factor;
    private float[] norms = [];

    /// <summary>A zero update whose magnitudes are the norms of the frozen weight's rows.</summary>
    public DoraLayer(Linear layer, int rank, float scale)
        : base(layer, rank, scale)
    {
        squares = RowSquares(layer.Weight);
        Magnitude = Parameter.Create($"{layer.Path}.lora_magnitude_vector", layer.Outputs);
        Magnitude.Set([.. squares.Select(s => (float)Math.Sqrt(s))]);
        factor = new DerivedParameter($"{layer.Path}.dora_factor", [layer.Outputs], [Magnitude, A, B], ComputeFactor, PullBack);
    }

    /// <summary>m [out].</summary>
    public Parameter Magnitude { get; }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors => [("lora_A.weight", A), ("lora_B.weight", B), ("lora_magnitude_vector", Magnitude)];

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, Tensor x)
    {
        var scale = factor.Value;
        var dropped = Drop(tape, x);
        if (ReferenceEquals(dropped, x))
        {
            var y = tape.MultiplyRow(Update(tape, x, tape.MatMul(x, Layer.Weight)), scale);
            return Bias is null ? y : tape.AddRowInPlace(y, Bias);
        }

        // With dropout PEFT leaves the base product whole: W x + b + c (W x' + s B A x') - W x'.
        var direction = tape.MatMul(dropped, Layer.Weight);
        var rest = tape.Scale(tape.MatMul(dropped, Layer.Weight), -1);
        return tape.Add(Base(tape, x), tape.Add(tape.MultiplyRow(Update(tape, dropped, direction), scale), rest));
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
            var factor = Magnitude.Value[o] / Math.Sqrt(square);
            foreach (ref var w in row) w = (float)(w * factor);
        }

        return weight;
    }

    /// <summary>c = m / |W + s B A| by row; m over itself is exactly 1. The norm counts as a constant, so the gradient reaches m alone.</summary>
    private void ComputeFactor(Span<float> values)
    {
        norms = Norms();
        for (var o = 0; o < values.Length; o++) values[o] = Magnitude.Value[o] / norms[o];
    }

    private void PullBack(ReadOnlySpan<float> gradient)
    {
        var sum = Magnitude.GradientSum;
        for (var o = 0; o < sum.Length; o++) sum[o] += gradient[o] / norms[o];
    }

    /// <summary>The norms of the rows of W + s B A [out].</summary>
    private float[] Norms()
    {
        var (rank, outputs) = ((int)A.Rows, Layer.Outputs);
        var cross = new Tape().MatMul(A, Layer.Weight).ToArray();
        var (a, b) = (Matrix.From(A), Matrix.From(B));
        var spread = b * a.TimesTranspose(a);
        var result = new float[outputs];
        for (var o = 0; o < outputs; o++)
        {
            var (linear, square) = (0.0, 0.0);
            var row = b.Row(o);
            var spreadRow = spread.Row(o);
            for (var k = 0; k < rank; k++)
            {
                linear += row[k] * cross[k * outputs + o];
                square += row[k] * spreadRow[k];
            }

            result[o] = (float)Math.Sqrt(Math.Max(0, squares[o] + 2.0 * Scale * linear + (double)Scale * Scale * square));
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
