using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters.Methods;

/// <summary>
/// AdaLoRA's part of one layer: y = W x + b + k B (E o (A x)), k = alpha / (initial rank + 1e-5), whatever is masked later.
/// </summary>
public sealed class AdaLoraLayer : LinearAdapter
{
    private readonly float _scale;
    private readonly double _exactScale;

    /// <summary>A zero update; <paramref name="pattern"/> says of each of the initial triplets whether it is still there.</summary>
    public AdaLoraLayer(Linear layer, bool[] pattern, double alpha)
        : base(layer)
    {
        Pattern = pattern;
        var rank = pattern.Count(k => k);
        A = Parameter.Create($"{layer.Path}.lora_A", rank, layer.Inputs);
        E = Parameter.Create($"{layer.Path}.lora_E", rank, 1);
        B = Parameter.Create($"{layer.Path}.lora_B", layer.Outputs, rank);
        _exactScale = (alpha > 0 ? alpha : pattern.Length) / (pattern.Length + 1e-5);
        _scale = (float)_exactScale;
        Kept = Own("kept", rank);
        (Importance, Uncertainty) = (Statistics("importance"), Statistics("uncertainty"));
    }

    /// <summary>Of each initial triplet: does this layer still have it (a folder that PEFT pruned lacks some).</summary>
    public IReadOnlyList<bool> Pattern { get; }

    /// <summary>A [r, in].</summary>
    public Parameter A { get; }

    /// <summary>E [r, 1], the singular values.</summary>
    public Parameter E { get; }

    /// <summary>B [out, r].</summary>
    public Parameter B { get; }

    /// <summary>1 for each triplet that the last mask kept, else 0 [r].</summary>
    internal Parameter Kept { get; }

    /// <summary>Smoothed importance of A, E and B.</summary>
    internal IReadOnlyList<Parameter> Importance { get; }

    /// <summary>Smoothed distance of the importance from its mean, of A, E and B.</summary>
    internal IReadOnlyList<Parameter> Uncertainty { get; }

    /// <summary>Triplets of the layer.</summary>
    internal int Rank => (int)A.Rows;

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors => [("lora_A", A), ("lora_B", B), ("lora_E", E)];

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> PrivateTensors =>
        Importance.Concat(Uncertainty).Append(Kept).Select(p => (p.Name[(Layer.Path.Length + 1)..], p));

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, Tensor x)
    {
        var y = Base(tape, x);
        return Rank == 0 ? y : tape.MatMulInto(tape.Scale(tape.MultiplyRow(tape.MatMul(Drop(tape, x), A), E), _scale), B, y);
    }

    /// <inheritdoc/>
    public override float[] EffectiveWeight(float[] weight)
    {
        if (Rank == 0) return weight;
        LowRank.Add(weight, B.Value, ScaledRows(1), Layer.Outputs, Rank, Layer.Inputs, _exactScale);
        return weight;
    }

    /// <inheritdoc/>
    public override LowRankFactors ToLora() => new(ScaledRows(_exactScale), B.ToArray(), Rank);

    /// <summary>What PEFT saves after the last mask: the tensors with the rows (columns of B) of kept triplets only.</summary>
    internal IEnumerable<(Parameter Tensor, long[] Dimensions, float[] Values)> Sliced()
    {
        int[] rows = [.. Enumerable.Range(0, Rank).Where(i => Kept.Value[i] != 0)];
        var (inputs, rank) = (Layer.Inputs, Rank);
        float[] a = [.. rows.SelectMany(r => A.Value.Slice(r * inputs, inputs).ToArray())];
        float[] e = [.. rows.Select(r => E.Value[r])];
        var b = new float[Layer.Outputs * rows.Length];
        for (var i = 0; i < b.Length; i++) b[i] = B.Value[i / rows.Length * rank + rows[i % rows.Length]];
        return [(A, [rows.Length, inputs], a), (E, [rows.Length, 1], e), (B, [Layer.Outputs, rows.Length], b)];
    }

    /// <summary>The pattern over the initial triplets as it is saved; <paramref name="masked"/> takes the last mask into account.</summary>
    internal bool[] SavedPattern(bool masked)
    {
        bool[] pattern = [.. Pattern];
        for (int i = 0, row = 0; i < pattern.Length; i++)
            if (pattern[i])
            {
                pattern[i] = !masked || Kept.Value[row] != 0;
                row++;
            }

        return pattern;
    }

    private float[] ScaledRows(double factor)
    {
        var rows = A.ToArray();
        for (var i = 0; i < rows.Length; i++) rows[i] = (float)(factor * E.Value[i / Layer.Inputs] * rows[i]);
        return rows;
    }

    private Parameter[] Statistics(string kind) =>
        [Own($"{kind}_A", Rank, Layer.Inputs), Own($"{kind}_E", Rank, 1), Own($"{kind}_B", Layer.Outputs, Rank)];

    private Parameter Own(string name, params long[] dimensions)
    {
        var parameter = Parameter.Create($"{Layer.Path}.{name}", dimensions);
        parameter.Trainable = false;
        return parameter;
    }
}
