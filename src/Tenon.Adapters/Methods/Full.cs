using Tenon.Models;
using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters.Methods;

/// <summary>
/// Full training as a method: every weight of the model becomes a parameter that starts at its frozen value. The frozen weights stay as they are, so that the
/// base remains the reference of the KL term and of every fingerprint. A tied head and the embedding train one matrix.
/// </summary>
public sealed class Full : AdapterMethod
{
    /// <inheritdoc/>
    public override string Name => "full";

    /// <inheritdoc/>
    public override string Summary => "all weights of the model";

    /// <inheritdoc/>
    public override AdapterSet Create(CausalModel model, AdapterSettings settings)
    {
        var set = new AdapterSet("default", this, settings, model);
        var table = Copy(model.Embedding.Path + ".weight", model.Embedding.Table);
        set.Add(new FullEmbedding(model.Embedding, table));
        foreach (var layer in model.Linears) set.Add(new FullLinear(layer, Copy(layer.Path + ".weight", layer.Weight), ownsWeight: true));
        foreach (var norm in model.Norms) set.Add(norm, Copy(norm.Path + ".weight", norm.Weight));
        set.Add(model.IsTied
            ? new FullLinear(model.Head, table, ownsWeight: false)
            : new FullLinear(model.Head, Copy(model.Head.Path + ".weight", model.Head.Weight), ownsWeight: true));
        return set.Attach();
    }

    /// <inheritdoc/>
    public override long? Count(Tenon.Models.Config.ModelConfig config, AdapterSettings settings) =>
        Tenon.Models.Weights.ExpectedTensors.Of(config).Sum(t => t.Shape.Aggregate(1L, (a, b) => a * b));

    private static Parameter Copy(string name, FrozenMatrix weight)
    {
        var copy = Parameter.Create(name, weight.Outputs, weight.Inputs);
        copy.Update(values => weight.CopyRows(0, values));
        return copy;
    }

    internal static Parameter Copy(string name, Parameter vector)
    {
        var copy = Parameter.Create(name, [.. vector.Dimensions]);
        copy.Set(vector.Value);
        return copy;
    }

    private sealed class FullLinear : LinearAdapter
    {
        private readonly Parameter weight;
        private readonly Parameter? bias;
        private readonly bool ownsWeight;

        public FullLinear(Linear layer, Parameter weight, bool ownsWeight)
            : base(layer)
        {
            this.weight = weight;
            this.ownsWeight = ownsWeight;
            bias = layer.Bias is null ? null : Copy(layer.Path + ".bias", layer.Bias);
        }

        public override IEnumerable<(string Key, Parameter Tensor)> Tensors
        {
            get
            {
                if (ownsWeight) yield return ("weight", weight);
                if (bias is not null) yield return ("bias", bias);
            }
        }

        public override Tensor Forward(Tape tape, Tensor x)
        {
            var y = tape.MatMul(x, weight);
            return bias is null ? y : tape.AddRowInPlace(y, bias);
        }

        public override float[] EffectiveWeight(float[] original) => weight.ToArray();

        public override float[]? EffectiveBias(float[]? original) => bias?.ToArray();
    }

    private sealed class FullEmbedding(Embedding layer, Parameter table) : EmbeddingAdapter(layer)
    {
        public override IEnumerable<(string Key, Parameter Tensor)> Tensors => [("weight", table)];

        public override Tensor Forward(Tape tape, int[] ids) => tape.Embed(table, ids);

        public override float[] EffectiveTable(float[] original) => table.ToArray();
    }
}
