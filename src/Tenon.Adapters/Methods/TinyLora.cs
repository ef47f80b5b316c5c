using System.Globalization;
using System.Text.Json;
using Tenon.Adapters.Peft;
using Tenon.Models.Config;
using Tenon.Tensors;

namespace Tenon.Adapters.Methods;

/// <summary>
/// TinyLoRA (arXiv 2602.04118): y = W x + b + B (sum_i v_i P_i) A x with frozen factors B A of the weight's largest singular triplets, frozen random P_i [r, r], and vectors v of u values that groups of layers
/// share: an adapter of a handful of numbers.
/// </summary>
public sealed class TinyLora : AdapterMethod
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
    public override IReadOnlyList<MethodOption> Options =>
    [
        new("r", "2", "singular triplets"), new("u", "64", "values of a vector"), new("weight-tying", "0", "0: a vector for each layer, 1: one for all"), new("projection-seed", "42", "seed of the random matrices"),
        new("save-projection", "true", "write the random matrices into the adapter's file; else PyTorch's draws from the seed"), new("init-bound", "0.02", "bound of a random start (init: random)"),
    ];

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
        var (rank, size) = (settings.Int("r", 2, 1), settings.Int("u", 64, 1));
        var groups = Groups(settings, count);
        var vectors = new Parameter[groups];
        for (var g = 0; g < groups; g++)
        {
            vectors[g] = Parameter.Create($"base_model.tinylora_v.{g}", size);
            if (settings.Init == "random") AdapterInit.Uniform(vectors[g], settings.Seed, g, 0, settings.Number("init-bound", 0.02));
            set.AddShared(vectors[g].Name, vectors[g]);
        }

        var saves = settings.Flag("save-projection", true);
        var seed = (ulong)settings.Int("projection-seed", 42);
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
            var core = new TinyLoraCore(layers[i].Path, Math.Min(rank, Math.Min(layers[i].Outputs, layers[i].Inputs)), VectorOf(place), saves);
            var part = new TinyLoraLayer(layers[i], core);
            // A folder brings the frozen factors, and the random matrices unless they follow from the seed.
            if (settings.Peft is null && !settings.SkipStart) part.Start(seed, place);
            if (!saves) core.Draw(seed + (ulong)place);
            set.Add(part);
        }

        Parameter VectorOf(int place) => vectors[Math.Min(place / Math.Max(1, count / groups), groups - 1)];
    }

    /// <summary>Vectors of an adapter of so many layers; Python rounds halves to even.</summary>
    private static int Groups(AdapterSettings settings, int layers)
    {
        var tying = settings.Number("weight-tying", 0);
        if (tying is < 0 or > 1) throw new TenonException("adapter.weight-tying of method 'tinylora'", "a number from 0 to 1", $"{tying}", usage: true);
        return Math.Max(1, (int)Math.Round(layers * (1 - tying), MidpointRounding.ToEven));
    }

    /// <inheritdoc/>
    public override long? Count(ModelConfig config, AdapterSettings settings)
    {
        _ = settings.Int("r", 2, 1);
        return (long)settings.Int("u", 64, 1) * Groups(settings, Targets.Shapes(config, settings, besideEmbedding: true).Count + (Targets.Embedding(config, settings) ? 1 : 0));
    }

    /// <inheritdoc/>
    public override PeftConfig ToPeft(AdapterSet adapter, string baseModel)
    {
        var config = PeftConfig.Create("TINYLORA", baseModel);
        var settings = adapter.Settings;
        config["r"] = settings.Int("r", 2);
        config["u"] = settings.Int("u", 64);
        config["weight_tying"] = settings.Number("weight-tying", 0);
        config["projection_seed"] = settings.Int("projection-seed", 42);
        config["save_projection"] = settings.Flag("save-projection", true);
        config["init_v_bound"] = settings.Number("init-bound", 0.02);
        config["tinylora_dropout"] = settings.Dropout;
        config["init_weights"] = settings.Init == "random" ? "uniform" : true;
        return config;
    }

    /// <inheritdoc/>
    public override AdapterSettings? FromPeft(PeftConfig config)
    {
        if (config.PeftType != "TINYLORA") return null;
        return new AdapterSettings
        {
            Method = Name,
            Dropout = config.Number("tinylora_dropout"),
            Init = config["init_weights"]?.GetValueKind() == JsonValueKind.String ? "random" : null,
            Options = new Dictionary<string, string>
            {
                ["r"] = config.Int("r").ToString(CultureInfo.InvariantCulture), ["u"] = config.Int("u").ToString(CultureInfo.InvariantCulture),
                ["weight-tying"] = config.Number("weight_tying").ToString("R", CultureInfo.InvariantCulture), ["projection-seed"] = config.Int("projection_seed").ToString(CultureInfo.InvariantCulture),
                ["save-projection"] = config.Flag("save_projection") ? "true" : "false", ["init-bound"] = config.Number("init_v_bound").ToString("R", CultureInfo.InvariantCulture),
            },
        };
    }
}
