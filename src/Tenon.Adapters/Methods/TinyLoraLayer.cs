using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters.Methods;

/// <summary>The core sum_i v_i P_i [r, r] of one layer, v shared with others.</summary>
internal sealed class TinyLoraCore
{
    private readonly Parameter _vector;
    private readonly DerivedParameter _sum;
    private readonly bool _isSaved;

    /// <summary>P still to be set; <paramref name="isSaved"/> tells whether the file holds it.</summary>
    public TinyLoraCore(string path, int rank, Parameter vector, bool isSaved)
    {
        (Rank, _vector, _isSaved) = (rank, vector, isSaved);
        P = Parameter.Create($"{path}.tinylora_P", vector.Length, rank, rank);
        P.Trainable = false;
        _sum = new DerivedParameter($"{path}.tinylora_core", [rank, rank], [vector, P], Compute, PullBack);
    }

    /// <summary>r.</summary>
    public int Rank { get; }

    /// <summary>P [u, r, r], normal with variance 1 / r.</summary>
    public Parameter P { get; }

    /// <summary>The sum as it stands.</summary>
    public Parameter Value => _sum.Value;

    /// <summary>P as the file holds it, or nothing.</summary>
    public IEnumerable<(string Key, Parameter Tensor)> Tensors => _isSaved ? [("tinylora_P", P)] : [];

    /// <summary>Sets P to PyTorch's draws from a seed.</summary>
    public void Draw(ulong seed) => P.Update(values => new TorchRandom(seed).Normal(values, 1 / Math.Sqrt(Rank)));

    private void Compute(Span<float> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            var total = 0.0;
            for (var u = 0; u < (int)_vector.Length; u++) total += (double)_vector.Value[u] * P.Value[u * values.Length + i];
            values[i] = (float)total;
        }
    }

    private void PullBack(ReadOnlySpan<float> gradient)
    {
        for (var u = 0; u < (int)_vector.Length; u++)
        {
            var total = 0.0;
            for (var i = 0; i < gradient.Length; i++) total += (double)gradient[i] * P.Value[u * gradient.Length + i];
            _vector.GradientSum[u] += (float)total;
        }
    }
}

/// <summary>TinyLoRA's part of one layer.</summary>
public sealed class TinyLoraLayer : FactoredAdapter
{
    private readonly TinyLoraCore _core;

    /// <summary>Frozen tensors still to be set.</summary>
    internal TinyLoraLayer(Linear layer, TinyLoraCore core)
        : base(layer)
    {
        _core = core;
        A = Parameter.Create($"{layer.Path}.tinylora_A", core.Rank, layer.Inputs);
        B = Parameter.Create($"{layer.Path}.tinylora_B", layer.Outputs, core.Rank);
        A.Trainable = B.Trainable = false;
    }

    /// <summary>A [r, in]: the first right singular vectors times the roots of their values.</summary>
    public Parameter A { get; }

    /// <summary>B [out, r]: the left ones.</summary>
    public Parameter B { get; }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors => [("tinylora_A", A), ("tinylora_B", B), .. _core.Tensors];

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, Tensor x) =>
        tape.MatMulInto(tape.MatMul(tape.MatMul(Drop(tape, x), A), _core.Value), B, Base(tape, x));

    /// <inheritdoc/>
    public override LowRankFactors ToLora() =>
        new(A.ToArray(), LowRank.Product(B.Value, _core.Value.Value, Layer.Outputs, _core.Rank), _core.Rank);

    /// <summary>Sets the frozen tensors of layer number <paramref name="index"/>.</summary>
    internal void Start(ulong seed, int index)
    {
        var svd = WeightSvd.Of(Layer.Weight);
        var places = svd.Top(_core.Rank);
        A.Set(svd.Rows(places, Math.Sqrt));
        B.Set(svd.Columns(places, Math.Sqrt));
        AdapterInit.Normal(_core.P, seed, index, 1, 1 / Math.Sqrt(_core.Rank));
    }
}

/// <summary>
/// TinyLoRA's part of the embedding, in folders of PEFT's: row[id] = table[id] + B[id] (sum_i v_i P_i) A, B [vocabulary, r] and A [r,
/// size].
/// </summary>
internal sealed class TinyLoraEmbedding : EmbeddingAdapter
{
    private readonly TinyLoraCore _core;
    private readonly Parameter _a;
    private readonly Parameter _b;

    /// <summary>Frozen tensors still to be set.</summary>
    public TinyLoraEmbedding(Embedding layer, TinyLoraCore core)
        : base(layer)
    {
        _core = core;
        _a = Parameter.Create($"{layer.Path}.tinylora_A", core.Rank, layer.Table.Inputs);
        _b = Parameter.Create($"{layer.Path}.tinylora_B", layer.Table.Outputs, core.Rank);
        _a.Trainable = _b.Trainable = false;
    }

    public override IEnumerable<(string Key, Parameter Tensor)> Tensors => [("tinylora_A", _a), ("tinylora_B", _b), .. _core.Tensors];

    public override Tensor Forward(Tape tape, int[] ids) =>
        tape.Add(tape.Embed(Layer.Table, ids), tape.Product(tape.Product(tape.Embed(_b, ids), _core.Value), _a));

    public override float[] EffectiveTable(float[] table)
    {
        LowRank.Add(table, LowRank.Product(_b.Value, _core.Value.Value, (int)_b.Rows, _core.Rank), _a.Value, (int)_b.Rows, _core.Rank,
            (int)_a.Columns, 1);
        return table;
    }
}
