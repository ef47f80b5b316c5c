using System.Globalization;
using System.Text.Json;
using Tenon.Adapters.Peft;
using Tenon.Models.Config;
using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;
using Tenon.Tensors.Random;

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

/// <summary>The core sum_i v_i P_i [r, r] of one layer, v shared with others.</summary>
internal sealed class TinyLoraCore
{
    private readonly Parameter vector;
    private readonly DerivedParameter sum;
    private readonly bool isSaved;

    /// <summary>P still to be set; <paramref name="isSaved"/> tells whether the file holds it.</summary>
    public TinyLoraCore(string path, int rank, Parameter vector, bool isSaved)
    {
        (Rank, this.vector, this.isSaved) = (rank, vector, isSaved);
        P = Parameter.Create($"{path}.tinylora_P", vector.Length, rank, rank);
        P.Trainable = false;
        sum = new DerivedParameter($"{path}.tinylora_core", [rank, rank], [vector, P], Compute, PullBack);
    }

    /// <summary>r.</summary>
    public int Rank { get; }

    /// <summary>P [u, r, r], normal with variance 1 / r.</summary>
    public Parameter P { get; }

    /// <summary>The sum as it stands.</summary>
    public Parameter Value => sum.Value;

    /// <summary>P as the file holds it, or nothing.</summary>
    public IEnumerable<(string Key, Parameter Tensor)> Tensors => isSaved ? [("tinylora_P", P)] : [];

    /// <summary>Sets P to PyTorch's draws from a seed.</summary>
    public void Draw(ulong seed) => P.Update(values => new TorchRandom(seed).Normal(values, 1 / Math.Sqrt(Rank)));

    private void Compute(Span<float> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            var total = 0.0;
            for (var u = 0; u < (int)vector.Length; u++) total += (double)vector.Value[u] * P.Value[u * values.Length + i];
            values[i] = (float)total;
        }
    }

    private void PullBack(ReadOnlySpan<float> gradient)
    {
        for (var u = 0; u < (int)vector.Length; u++)
        {
            var total = 0.0;
            for (var i = 0; i < gradient.Length; i++) total += (double)gradient[i] * P.Value[u * gradient.Length + i];
            vector.GradientSum[u] += (float)total;
        }
    }
}

/// <summary>TinyLoRA's part of one layer.</summary>
public sealed class TinyLoraLayer : FactoredAdapter
{
    private readonly TinyLoraCore core;

    /// <summary>Frozen tensors still to be set.</summary>
    internal TinyLoraLayer(Linear layer, TinyLoraCore core)
        : base(layer)
    {
        this.core = core;
        A = Parameter.Create($"{layer.Path}.tinylora_A", core.Rank, layer.Inputs);
        B = Parameter.Create($"{layer.Path}.tinylora_B", layer.Outputs, core.Rank);
        A.Trainable = B.Trainable = false;
    }

    /// <summary>A [r, in]: the first right singular vectors times the roots of their values.</summary>
    public Parameter A { get; }

    /// <summary>B [out, r]: the left ones.</summary>
    public Parameter B { get; }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors => [("tinylora_A", A), ("tinylora_B", B), .. core.Tensors];

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, Tensor x) => tape.MatMulInto(tape.MatMul(tape.MatMul(Drop(tape, x), A), core.Value), B, Base(tape, x));

    /// <inheritdoc/>
    public override LowRankFactors ToLora() => new(A.ToArray(), LowRank.Product(B.Value, core.Value.Value, Layer.Outputs, core.Rank), core.Rank);

    /// <summary>Sets the frozen tensors of layer number <paramref name="index"/>.</summary>
    internal void Start(ulong seed, int index)
    {
        var svd = WeightSvd.Of(Layer.Weight);
        var places = svd.Top(core.Rank);
        A.Set(svd.Rows(places, Math.Sqrt));
        B.Set(svd.Columns(places, Math.Sqrt));
        AdapterInit.Normal(core.P, seed, index, 1, 1 / Math.Sqrt(core.Rank));
    }
}

/// <summary>TinyLoRA's part of the embedding, in folders of PEFT's: row[id] = table[id] + B[id] (sum_i v_i P_i) A, B [vocabulary, r] and A [r, size].</summary>
internal sealed class TinyLoraEmbedding : EmbeddingAdapter
{
    private readonly TinyLoraCore core;
    private readonly Parameter a;
    private readonly Parameter b;

    /// <summary>Frozen tensors still to be set.</summary>
    public TinyLoraEmbedding(Embedding layer, TinyLoraCore core)
        : base(layer)
    {
        this.core = core;
        a = Parameter.Create($"{layer.Path}.tinylora_A", core.Rank, layer.Table.Inputs);
        b = Parameter.Create($"{layer.Path}.tinylora_B", layer.Table.Outputs, core.Rank);
        a.Trainable = b.Trainable = false;
    }

    public override IEnumerable<(string Key, Parameter Tensor)> Tensors => [("tinylora_A", a), ("tinylora_B", b), .. core.Tensors];

    public override Tensor Forward(Tape tape, int[] ids) => tape.Add(tape.Embed(Layer.Table, ids), tape.Product(tape.Product(tape.Embed(b, ids), core.Value), a));

    public override float[] EffectiveTable(float[] table)
    {
        LowRank.Add(table, LowRank.Product(b.Value, core.Value.Value, (int)b.Rows, core.Rank), a.Value, (int)b.Rows, core.Rank, (int)a.Columns, 1);
        return table;
    }
}
