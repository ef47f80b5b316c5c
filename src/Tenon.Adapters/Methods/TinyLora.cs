using System.Text.Json;
using Tenon.Adapters.Peft;
using Tenon.Models.Config;
using Tenon.Tensors;

namespace Tenon.Adapters.Methods;

/// <summary>
/// TinyLoRA (arXiv 2602.04118): y = W x + b + B (sum_i v_i P_i) A x with frozen factors B A of the weight's largest singular triplets,
/// frozen random P_i [r, r], and vectors v of u values that groups of layers
/// share: an adapter of a handful of numbers.
/// </summary>
public sealed class TinyLora : AdapterMethod<TinyLoraOptions>
{
    /// <inheritdoc/>
    public override string Name => "tinylora";

    /// <inheritdoc/>
    public override string Summary => "a few shared numbers inside the weight's largest singular triplets";

    /// <inheritdoc/>
    protected override double TunedRate => 3e-4;

    /// <inheritdoc/>
    public override SharedKeys Uses => SharedKeys.Dropout;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Inits => ["random"];

    /// <inheritdoc/>
    protected override void Build(AdapterSet set)
    {
        var settings = set.Settings;
        var layers = Targets.Linears(set, besideEmbedding: true);
        // The embedding counts as the first layer; only a folder of PEFT's names it.
        var first = Targets.Embedding(set.Model.Config, settings) ? 1 : 0;
        var count = layers.Count + first;
        var (rank, size) = (OptionsIn(settings).R, OptionsIn(settings).U);
        var groups = Groups(settings, count);
        var vectors = new Parameter[groups];
        for (var g = 0; g < groups; g++)
        {
            vectors[g] = Parameter.Create($"base_model.tinylora_v.{g}", size);
            if (settings.Init == "random")
                AdapterInit.Uniform(vectors[g], settings.StartSeed, g, 0, OptionsIn(settings).InitBound);
            set.AddShared(vectors[g].Name, vectors[g]);
        }

        var saves = OptionsIn(settings).SaveProjection;
        var seed = (ulong)OptionsIn(settings).ProjectionSeed;
        var (embedding, table) = (set.Model.Embedding, set.Model.Embedding.Table);
        if (first == 1)
        {
            var core = new TinyLoraCore(embedding.Path, (int)Math.Min(rank, Math.Min(table.Outputs, table.Inputs)), VectorOf(0), saves);
            if (!saves) core.Draw(seed);
            set.Add(new TinyLoraEmbedding(embedding, core));
        }

        for (var i = 0; i < layers.Count; i++)
        {
            var place = first + i;
            var core =
                new TinyLoraCore(layers[i].Path, Math.Min(rank, Math.Min(layers[i].Outputs, layers[i].Inputs)), VectorOf(place), saves);
            var part = new TinyLoraLayer(layers[i], core);
            // A folder brings the frozen factors, and the random matrices unless they follow from the seed.
            if (settings.Start.Peft is null && !settings.Start.SkipStart) part.Start(seed, place);
            if (!saves) core.Draw(seed + (ulong)place);
            set.Add(part);
        }

        Parameter VectorOf(int place) => vectors[Math.Min(place / Math.Max(1, count / groups), groups - 1)];
    }

    /// <summary>Vectors of an adapter of so many layers; Python rounds halves to even.</summary>
    private static int Groups(AdapterSettings settings, int layers)
    {
        var tying = OptionsIn(settings).WeightTying;
        return Math.Max(1, (int)Math.Round(layers * (1 - tying), MidpointRounding.ToEven));
    }

    /// <inheritdoc/>
    public override long? Count(ModelConfig config, AdapterSettings settings)
    {
        return (long)OptionsIn(settings).U
            * Groups(settings, Targets.Shapes(config, settings, besideEmbedding: true).Count
            + (Targets.Embedding(config, settings) ? 1 : 0));
    }

    /// <inheritdoc/>
    private protected override PeftShape Shape => new("TINYLORA", Dropout: "tinylora_dropout");

    /// <inheritdoc/>
    internal override PeftTraits Traits => new("TINYLORA", """
            {"r": 2, "u": 64, "weight_tying": 0.0, "projection_seed": 42, "save_projection": true, "init_v_bound": 0.02, "target_modules": null,
            "tinylora_dropout": 0.0, "fan_in_fan_out": false, "bias": "none", "modules_to_save": null, "init_weights": true, "layers_to_transform": null,
            "layers_pattern": null}
            """)
    {
        PatternNeedsLayers = true,
        Carries = [ModuleKind.Linear, ModuleKind.Head, ModuleKind.Embedding],
        CarriesWords = "a linear layer or the embedding",
        Faults = PeftFaults,
    };

    private static IEnumerable<string> PeftFaults(PeftConfig config)
    {
        if (config.Number("weight_tying") is < 0 or > 1)
            yield return $"'weight_tying' should be between 0.0 and 1.0 but the value passed is {config.Number("weight_tying")}";
    }

    /// <inheritdoc/>
    private protected override void Complete(PeftConfig config, AdapterSet adapter) =>
        config["init_weights"] = adapter.Settings.Init == "random" ? "uniform" : true;

    /// <inheritdoc/>
    private protected override AdapterSettings Complete(AdapterSettings settings, PeftConfig config) =>
        settings with { Init = config["init_weights"]?.GetValueKind() == JsonValueKind.String ? "random" : null };
}

/// <summary>TinyLoRA's options.</summary>
public sealed record TinyLoraOptions : ISettings
{
    /// <summary>Singular triplets.</summary>
    [Bounds(1, int.MaxValue)]
    [Peft("r")]
    public int R { get; init; } = 2;

    /// <summary>Values of a vector.</summary>
    [Bounds(1, int.MaxValue)]
    [Peft("u")]
    public int U { get; init; } = 64;

    /// <summary>0: a vector for each layer, 1: one for all.</summary>
    [Bounds(0, 1)]
    [Peft("weight_tying")]
    public double WeightTying { get; init; }

    /// <summary>Seed of the random matrices.</summary>
    [Bounds(0, int.MaxValue)]
    [Peft("projection_seed")]
    public int ProjectionSeed { get; init; } = 42;

    /// <summary>Whether the random matrices are written into the adapter's file; else they are PyTorch's draws from the seed.</summary>
    [Peft("save_projection")]
    public bool SaveProjection { get; init; } = true;

    /// <summary>Bound of a random start (<c>init: random</c>).</summary>
    [Bounds(0, double.PositiveInfinity)]
    [Peft("init_v_bound")]
    public double InitBound { get; init; } = 0.02;
}
