using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters.Methods;

/// <summary>
/// OPLoRA (arXiv 2510.13003): W' = W + s P_L B A P_R with P_L = I - Uk Uk^T and P_R = I - Vk Vk^T, so that the k largest singular triplets
/// of W stay exactly as they are. A starts as in LoRA, B at
/// zero. Saved as plain LoRA of the projected factors.
/// </summary>
public sealed class Oplora : StartedLora<OploraOptions>
{
    /// <inheritdoc/>
    public override string Name => "oplora";

    /// <inheritdoc/>
    public override string Summary => "LoRA that leaves the largest singular triplets of the weight untouched";

    private protected override LoraLayer CreateStarted(Linear layer, int rank, float scale, AdapterSettings settings)
    {
        var side = Math.Min(layer.Outputs, layer.Inputs);
        var kept = OptionsIn(settings).K ?? Math.Min(rank, side / 2);
        return kept < side ? new OploraLayer(layer, rank, scale, kept)
            : throw new TenonException($"adapter.k for '{layer.Path}'",
            $"less than {side}, the smaller side of [{layer.Outputs}, {layer.Inputs}]", $"{kept}", usage: true);
    }

    private protected override void StartFrom(LoraLayer part, AdapterSettings settings, int index)
    {
        AdapterInit.Uniform(part.A, settings.StartSeed, index, 0, 1 / Math.Sqrt(part.Layer.Inputs));
        var (layer, svd) = ((OploraLayer)part, WeightSvd.Of(part.Layer.Weight));
        var places = svd.Top((int)layer.Right.Rows);
        layer.Right.Set(svd.Rows(places));
        layer.Left.Set(svd.Columns(places));
    }
}

/// <summary>
/// OPLoRA's part of one layer. The projected factors are computed once after each change of A or B, so that a token costs what LoRA's does.
/// </summary>
public sealed class OploraLayer : LoraLayer
{
    private readonly DerivedParameter _projectedA;
    private readonly DerivedParameter _projectedB;

    /// <summary>A zero update that keeps so many triplets, which are still to be set.</summary>
    public OploraLayer(Linear layer, int rank, float scale, int kept)
        : base(layer, rank, scale)
    {
        Left = Parameter.Create($"{layer.Path}.oplora_U", layer.Outputs, kept);
        Right = Parameter.Create($"{layer.Path}.oplora_Vt", kept, layer.Inputs);
        Left.Trainable = Right.Trainable = false;
        _projectedA =
            new DerivedParameter($"{layer.Path}.oplora_A", [rank, layer.Inputs], [A, Right],
            values => ProjectRows(A.Value, values, add: false), gradient => ProjectRows(gradient, A.GradientSum, add: true));
        _projectedB =
            new DerivedParameter($"{layer.Path}.oplora_B", [layer.Outputs, rank], [B, Left],
            values => ProjectColumns(B.Value, values, add: false), gradient => ProjectColumns(gradient, B.GradientSum, add: true));
    }

    /// <summary>Uk [out, k].</summary>
    public Parameter Left { get; }

    /// <summary>Vk^T [k, in].</summary>
    public Parameter Right { get; }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> PrivateTensors => [("oplora_U", Left), ("oplora_Vt", Right)];

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, Tensor x) =>
        tape.MatMulInto(tape.Scale(tape.MatMul(Drop(tape, x), _projectedA.Value), Scale), _projectedB.Value, Base(tape, x));

    /// <inheritdoc/>
    public override float[] EffectiveWeight(float[] weight)
    {
        LowRank.Add(weight, _projectedB.Value.Value, _projectedA.Value.Value, Layer.Outputs, (int)A.Rows, Layer.Inputs, Scale);
        return weight;
    }

    /// <inheritdoc/>
    public override LowRankFactors ToLora() =>
        new(_projectedA.Value.ToArray(), LowRank.Scaled(_projectedB.Value.Value, Scale), (int)A.Rows);

    /// <summary>
    /// Each row of [r, in] less its part in the span of Vk. The projection is its own transpose, so gradients go the same way.
    /// </summary>
    private void ProjectRows(ReadOnlySpan<float> source, Span<float> target, bool add)
    {
        var (inputs, v) = (Layer.Inputs, Right.ToArray());
        var row = new double[inputs];
        for (var start = 0; start < source.Length; start += inputs)
        {
            for (var i = 0; i < inputs; i++) row[i] = source[start + i];
            for (var k = 0; k < (int)Right.Rows; k++)
            {
                var share = 0.0;
                for (var i = 0; i < inputs; i++) share += source[start + i] * (double)v[k * inputs + i];
                for (var i = 0; i < inputs; i++) row[i] -= share * v[k * inputs + i];
            }

            for (var i = 0; i < inputs; i++) target[start + i] = (float)(add ? target[start + i] + row[i] : row[i]);
        }
    }

    /// <summary>Each column of [out, r] less its part in the span of Uk.</summary>
    private void ProjectColumns(ReadOnlySpan<float> source, Span<float> target, bool add)
    {
        var (rank, kept, u) = ((int)B.Columns, (int)Left.Columns, Left.ToArray());
        var column = new double[Layer.Outputs];
        for (var c = 0; c < rank; c++)
        {
            for (var o = 0; o < column.Length; o++) column[o] = source[o * rank + c];
            for (var k = 0; k < kept; k++)
            {
                var share = 0.0;
                for (var o = 0; o < column.Length; o++) share += source[o * rank + c] * (double)u[o * kept + k];
                for (var o = 0; o < column.Length; o++) column[o] -= share * u[o * kept + k];
            }

            for (var o = 0; o < column.Length; o++) target[o * rank + c] = (float)(add ? target[o * rank + c] + column[o] : column[o]);
        }
    }
}

/// <summary>OPLoRA's options.</summary>
public sealed record OploraOptions : ScaleOptions
{
    /// <summary>Singular triplets that are kept.</summary>
    [Default("rank, half of a smaller layer")]
    [Bounds(0, int.MaxValue)]
    public int? K { get; init; }
}
