using Tenon.Models.Layers;
using Tenon.Tensors;

namespace Tenon.Adapters.Methods;

/// <summary>
/// Full training as a method: every weight of the model becomes a parameter that starts at its frozen value. The frozen weights stay as
/// they are, so that the
/// base remains the reference of the KL term and of every fingerprint. A tied head and the embedding train one matrix.
/// </summary>
public sealed class Full : AdapterMethod
{
    /// <inheritdoc/>
    public override string Name => "full";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Aliases => ["none"];

    /// <inheritdoc/>
    public override string Summary => "all weights of the model";

    /// <inheritdoc/>
    protected override double TunedRate => 1e-4;

    /// <inheritdoc/>
    public override bool IsWhole => true;

    /// <inheritdoc/>
    public override SharedKeys Uses => SharedKeys.None;

    /// <inheritdoc/>
    protected override void Build(AdapterSet set)
    {
        var model = set.Model;
        var table = Trained.Copy(model.Embedding.Path + ".weight", model.Embedding.Table);
        set.Add(new WholeEmbedding(model.Embedding, table, isHead: model.IsTied));
        foreach (var layer in model.Linears) set.Add(Whole(layer, Trained.Copy(layer.Path + ".weight", layer.Weight), ownsWeight: true));
        foreach (var norm in model.Norms) set.Add(norm, Trained.Copy(norm.Path + ".weight", norm.Weight));
        set.Add(model.IsTied ? Whole(model.Head, table, ownsWeight: false)
            : Whole(model.Head, Trained.Copy(model.Head.Path + ".weight", model.Head.Weight), ownsWeight: true));
    }

    private static WholeLinear Whole(Linear layer, Parameter weight, bool ownsWeight) =>
        new(layer, weight, ownsWeight) { OwnBias = layer.Bias is null ? null : Trained.Copy(layer.Path + ".bias", layer.Bias) };

    /// <inheritdoc/>
    public override long? Count(Tenon.Models.Config.ModelConfig config, AdapterSettings settings) =>
        Tenon.Models.Weights.ExpectedTensors.Of(config).Sum(t => t.Shape.Aggregate(1L, (a, b) => a * b));
}
