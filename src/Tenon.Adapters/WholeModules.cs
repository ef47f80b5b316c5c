using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters;

/// <summary>Copies of frozen tensors that training may change.</summary>
internal static class Trained
{
    public static Parameter Copy(string name, FrozenMatrix weight)
    {
        var copy = Parameter.Create(name, weight.Outputs, weight.Inputs);
        copy.Update(values => weight.CopyRows(0, values));
        return copy;
    }

    public static Parameter Copy(string name, Parameter vector)
    {
        var copy = Parameter.Create(name, [.. vector.Dimensions]);
        copy.Set(vector.Value);
        return copy;
    }
}

/// <summary>
/// A linear layer that is trained whole (full training, <c>modules_to_save</c>), or whose bias alone is: its weight and bias in place of
/// the frozen ones. Where
/// <paramref name="weight"/> is null the frozen weight stays; where <paramref name="ownsWeight"/> is false another part has it in the file.
/// </summary>
internal sealed class WholeLinear(Linear layer, Parameter? weight, bool ownsWeight = true) : LinearAdapter(layer)
{
    internal override bool Replaces => true;

    internal override bool TrainsBase => true;

    internal override string BiasKey => Prefix + "bias";

    /// <summary>What stands between the module's path and <c>weight</c> or <c>bias</c> in the file.</summary>
    public string Prefix { get; init; } = "";

    public override IEnumerable<(string Key, Parameter Tensor)> Tensors =>
        weight is not null && ownsWeight ? [(Prefix + "weight", weight)] : [];

    public override Tensor Forward(Tape tape, Tensor x) => weight is null ? Base(tape, x) : WithBias(tape, tape.MatMul(x, weight));

    public override float[] EffectiveWeight(float[] original) => weight?.ToArray() ?? original;
}

/// <summary>
/// An embedding whose table is trained whole; where the same table is trained as the head, <paramref name="isHead"/> is true.
/// </summary>
internal sealed class WholeEmbedding(Embedding layer, Parameter table, bool isHead = false) : EmbeddingAdapter(layer)
{
    private readonly DeferredRows? _deferred = isHead ? new DeferredRows(table) : null;

    internal override bool Replaces => true;

    public override IEnumerable<(string Key, Parameter Tensor)> Tensors => [("weight", table)];

    public override Tensor Forward(Tape tape, int[] ids) => _deferred is null ? tape.Embed(table, ids) : tape.Embed(_deferred, ids);

    public override float[] EffectiveTable(float[] original) => table.ToArray();
}
