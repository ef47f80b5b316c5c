using System.Globalization;
using System.Text.Json;
using Tenon.Adapters.Peft;
using Tenon.Models.Config;
using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

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
        new("init-bound", "0.02", "bound of a random start (init: random)"),
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Inits => ["random"];

    /// <inheritdoc/>
    protected override void Build(AdapterSet set)
    {
        var settings = set.Settings;
        var layers = Targets.Linears(set);
        var (rank, size) = (settings.Int("r", 2, 1), settings.Int("u", 64, 1));
        var groups = Groups(settings, layers.Count);
        var vectors = new Parameter[groups];
        for (var g = 0; g < groups; g++)
        {
            vectors[g] = Parameter.Create($"base_model.tinylora_v.{g}", size);
            if (settings.Init == "random") AdapterInit.Uniform(vectors[g], settings.Seed, g, 0, settings.Number("init-bound", 0.02));
            set.AddShared(vectors[g].Name, vectors[g]);
        }

        for (var i = 0; i < layers.Count; i++)
        {
            var part = new TinyLoraLayer(layers[i], Math.Min(rank, Math.Min(layers[i].Outputs, layers[i].Inputs)), vectors[Math.Min(i / Math.Max(1, layers.Count / groups), groups - 1)]);
            // A folder brings all frozen tensors.
            if (settings.Peft is null && !settings.SkipStart) part.Start((ulong)settings.Int("projection-seed", 42, 0), i);
            set.Add(part);
        }
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
        return (long)settings.Int("u", 64, 1) * Groups(settings, Targets.Shapes(config, settings).Count);
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
        config["init_v_bound"] = settings.Number("init-bound", 0.02);
        config["tinylora_dropout"] = settings.Dropout;
        config["init_weights"] = settings.Init == "random" ? "uniform" : true;
        return config;
    }

    /// <inheritdoc/>
    public override AdapterSettings? FromPeft(PeftConfig config)
    {
        if (config.PeftType != "TINYLORA") return null;
        if (!config.Flag("save_projection"))
            throw new TenonException($"'save_projection' of {config.Source}", "true: the frozen factors in the file", "false", "without them the function depends on the signs of PEFT's singular vectors: save it again with save_projection, or convert it to LoRA there", usage: true);
        return new AdapterSettings
        {
            Method = Name,
            Dropout = config.Number("tinylora_dropout"),
            Init = config["init_weights"]?.GetValueKind() == JsonValueKind.String ? "random" : null,
            Options = new Dictionary<string, string>
            {
                ["r"] = config.Int("r").ToString(CultureInfo.InvariantCulture), ["u"] = config.Int("u").ToString(CultureInfo.InvariantCulture),
                ["weight-tying"] = config.Number("weight_tying").ToString("R", CultureInfo.InvariantCulture), ["projection-seed"] = config.Int("projection_seed").ToString(CultureInfo.InvariantCulture),
                ["init-bound"] = config.Number("init_v_bound").ToString("R", CultureInfo.InvariantCulture),
            },
        };
    }
}

/// <summary>TinyLoRA's part of one layer.</summary>
public sealed class TinyLoraLayer : FactoredAdapter
{
    private readonly Parameter vector;
    private readonly DerivedParameter core;

    /// <summary>Frozen tensors still to be set.</summary>
    public TinyLoraLayer(Linear layer, int rank, Parameter vector)
        : base(layer)
    {
        this.vector = vector;
        A = Frozen("tinylora_A", rank, layer.Inputs);
        B = Frozen("tinylora_B", layer.Outputs, rank);
        P = Frozen("tinylora_P", vector.Length, rank, rank);
        core = new DerivedParameter($"{layer.Path}.tinylora_core", [rank, rank], [vector, P], Compute, PullBack);
    }

    /// <summary>A [r, in]: the first right singular vectors times the roots of their values.</summary>
    public Parameter A { get; }

    /// <summary>B [out, r]: the left ones.</summary>
    public Parameter B { get; }

    /// <summary>P [u, r, r], normal with variance 1 / r.</summary>
    public Parameter P { get; }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors => [("tinylora_A", A), ("tinylora_B", B), ("tinylora_P", P)];

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, Tensor x) => tape.MatMulInto(tape.MatMul(tape.MatMul(Drop(tape, x), A), core.Value), B, Base(tape, x));

    /// <inheritdoc/>
    public override LowRankFactors ToLora() => new(A.ToArray(), LowRank.Product(B.Value, core.Value.Value, Layer.Outputs, (int)A.Rows), (int)A.Rows);

    /// <summary>Sets the frozen tensors of layer number <paramref name="index"/>.</summary>
    internal void Start(ulong seed, int index)
    {
        var svd = WeightSvd.Of(Layer.Weight);
        var places = svd.Top((int)A.Rows);
        A.Set(svd.Rows(places, Math.Sqrt));
        B.Set(svd.Columns(places, Math.Sqrt));
        AdapterInit.Normal(P, seed, index, 1, 1 / Math.Sqrt(A.Rows));
    }

    private Parameter Frozen(string key, params long[] dimensions)
    {
        var parameter = Parameter.Create($"{Layer.Path}.{key}", dimensions);
        parameter.Trainable = false;
        return parameter;
    }

    private void Compute(Span<float> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            var sum = 0.0;
            for (var u = 0; u < (int)vector.Length; u++) sum += (double)vector.Value[u] * P.Value[u * values.Length + i];
            values[i] = (float)sum;
        }
    }

    private void PullBack(ReadOnlySpan<float> gradient)
    {
        for (var u = 0; u < (int)vector.Length; u++)
        {
            var sum = 0.0;
            for (var i = 0; i < gradient.Length; i++) sum += (double)gradient[i] * P.Value[u * gradient.Length + i];
            vector.GradientSum[u] += (float)sum;
        }
    }
}
