using Tenon.Adapters.Peft;
using Tenon.Models.Config;
using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters.Methods;

/// <summary>HiRA (Huang et al. 2025): W' = W * (1 + B A), elementwise: an update of high rank from low-rank factors.</summary>
public sealed class Hira : AdapterMethod
{
    /// <inheritdoc/>
    public override string Name => "hira";

    /// <inheritdoc/>
    public override string Summary => "the frozen weight times 1 + B A, elementwise";

    /// <inheritdoc/>
    protected override double TunedRate => 1e-2;

    /// <inheritdoc/>
    public override SharedKeys Uses => SharedKeys.Rank | SharedKeys.Dropout;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Inits => ["gaussian", "random"];

    /// <inheritdoc/>
    protected override void Build(AdapterSet set)
    {
        var settings = set.Settings;
        var index = 0;
        if (Targets.Embedding(set.Model.Config, settings))
        {
            var part = new HiraEmbedding(set.Model.Embedding, Fit.Rank(settings));
            AdapterInit.Normal(part.B, settings.StartSeed, 0, 8, 1);
            set.Add(part);
        }

        foreach (var layer in Targets.Linears(set, besideEmbedding: true))
        {
            var rank = Fit.Rank(settings);
            var part = new HiraLayer(layer, rank);
            if (settings.Init is "gaussian" or "random")
                AdapterInit.Normal(part.A, settings.StartSeed, index, 0, settings.Init == "gaussian" ? 1.0 / rank : 1);
            else AdapterInit.Uniform(part.A, settings.StartSeed, index, 0, 1 / Math.Sqrt(layer.Inputs));
            if (settings.Init == "random") AdapterInit.Normal(part.B, settings.StartSeed, index, 1, 1);
            set.Add(part);
            index++;
        }
    }

    /// <inheritdoc/>
    public override long? Count(ModelConfig config, AdapterSettings settings) =>
        Targets.Shapes(config, settings, besideEmbedding: true).Concat(Embedding(config, settings))
        .Sum(s => (long)Fit.Rank(settings) * (s.Inputs + s.Outputs));

    private static IEnumerable<(string Path, long Outputs, long Inputs)> Embedding(ModelConfig config, AdapterSettings settings) =>
        Targets.Embedding(config, settings) ? [("model.embed_tokens", config.VocabSize, config.HiddenSize)] : [];

    /// <summary>PEFT 0.21.2 gives every layer the one rank, whatever <c>rank_pattern</c> says.</summary>
    private protected override PeftShape Shape => new("HIRA", Rank: "r", Dropout: "hira_dropout");

    /// <inheritdoc/>
    internal override PeftTraits Traits => new("HIRA", """
            {"r": 32, "target_modules": null, "exclude_modules": null, "hira_dropout": 0.0, "fan_in_fan_out": false, "modules_to_save": null,
            "init_weights": true, "layers_to_transform": null, "layers_pattern": null, "rank_pattern": {}}
            """)
    {
        LayersNeedList = true,
        Carries = [ModuleKind.Linear, ModuleKind.Head, ModuleKind.Embedding],
        CarriesWords = "a linear layer or the embedding",
    };

    /// <inheritdoc/>
    private protected override void Complete(PeftConfig config, AdapterSet adapter) =>
        config["init_weights"] = adapter.Settings.Init switch { "gaussian" => "gaussian", "random" => false, _ => true };

    /// <inheritdoc/>
    private protected override AdapterSettings Complete(AdapterSettings settings, PeftConfig config) =>
        settings
        with
        { Init = config["init_weights"]?.ToJsonString() switch { "false" => "random", "\"gaussian\"" => "gaussian", _ => null } };
}

/// <summary>HiRA's part of one layer.</summary>
public sealed class HiraLayer : DenseUpdate
{
    /// <summary>A zero update: B zero, A not yet drawn.</summary>
    public HiraLayer(Linear layer, int rank)
        : base(layer)
    {
        A = Parameter.Create($"{layer.Path}.hira_A", rank, layer.Inputs);
        B = Parameter.Create($"{layer.Path}.hira_B", layer.Outputs, rank);
    }

    /// <summary>A [r, in].</summary>
    public Parameter A { get; }

    /// <summary>B [out, r].</summary>
    public Parameter B { get; }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors => [("hira_A", A), ("hira_B", B)];

    private protected override DerivedParameter CreateUpdate() =>
        DerivedParameter.Of($"{Layer.Path}.hira_update", [Layer.Outputs, Layer.Inputs], [A, B],
        t => t.Multiply(t.Product(B, A), t.Input(Layer.Weight.ToArray(), Layer.Outputs, Layer.Inputs)));
}
