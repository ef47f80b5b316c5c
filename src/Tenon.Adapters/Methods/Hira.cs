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
        foreach (var layer in Targets.Linears(set))
        {
            var rank = Fit.Rank(settings, layer.Path);
            var part = new HiraLayer(layer, rank);
            if (settings.Init == "gaussian") AdapterInit.Normal(part.A, settings.Seed, index, 0, 1.0 / rank);
            else AdapterInit.Uniform(part.A, settings.Seed, index, 0, 1 / Math.Sqrt(layer.Inputs));
            if (settings.Init == "random") AdapterInit.Uniform(part.B, settings.Seed, index, 1, 1 / Math.Sqrt(rank));
            set.Add(part);
            index++;
        }
    }

    /// <inheritdoc/>
    public override long? Count(ModelConfig config, AdapterSettings settings) => Targets.Shapes(config, settings).Sum(s => (long)settings.RankOf(s.Path) * (s.Inputs + s.Outputs));

    /// <inheritdoc/>
    public override PeftConfig ToPeft(AdapterSet adapter, string baseModel)
    {
        var config = PeftConfig.Create("HIRA", baseModel);
        var settings = adapter.Settings;
        config["r"] = settings.Rank;
        config["hira_dropout"] = settings.Dropout;
        config["rank_pattern"] = PeftNumbers.Ranks(settings.RankPattern);
        config["init_weights"] = settings.Init switch { "gaussian" => "gaussian", "random" => false, _ => true };
        return config;
    }

    /// <inheritdoc/>
    public override AdapterSettings? FromPeft(PeftConfig config) => config.PeftType != "HIRA" ? null : new AdapterSettings
    {
        Method = Name,
        Rank = config.Int("r"),
        Dropout = config.Number("hira_dropout"),
        RankPattern = PeftNumbers.Ranks(config["rank_pattern"]),
        Init = config["init_weights"]?.ToJsonString() switch { "false" => "random", "\"gaussian\"" => "gaussian", _ => null },
    };
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

    private protected override DerivedParameter CreateUpdate() => DerivedParameter.Of($"{Layer.Path}.hira_update", [Layer.Outputs, Layer.Inputs], [A, B], t => t.Multiply(t.Product(B, A), t.Input(Layer.Weight.ToArray(), Layer.Outputs, Layer.Inputs)));
}
