using Tenon.Adapters.Peft;
using Tenon.Models.Config;
using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters.Methods;

/// <summary>
/// GraLoRA (Jung et al. 2025): the weight in k x k blocks, each with a LoRA of rank r / k of its own: y_j += s sum_n (x_n A_n[:, chunk j])
/// B_j[chunk n, :], s = alpha / (r + hybrid rank); the
/// hybrid part is a plain LoRA beside it.
/// </summary>
public sealed class Gralora : AdapterMethod<GraloraOptions>
{
    /// <inheritdoc/>
    public override string Name => "gralora";

    /// <inheritdoc/>
    public override string Summary => "k x k blocks, each with a LoRA of rank r / k";

    /// <inheritdoc/>
    protected override void Build(AdapterSet set)
    {
        var settings = set.Settings;
        var layers = Targets.Linears(set);
        var (rank, hybrid) = (Fit.Rank(settings), OptionsIn(settings).HybridRank);
        if (settings.AlphaPattern.Count > 0)
            throw new TenonException("alpha-pattern of method 'gralora'", "none: all its layers have one alpha",
                string.Join(", ", settings.AlphaPattern.Keys), usage: true);
        var k = Blocks(settings, rank, layers.Select(l => (l.Path, (long)l.Outputs, (long)l.Inputs)));
        var scale = (float)((settings.Alpha ?? 2 * settings.CommonRank) / (rank + hybrid));
        var index = 0;
        foreach (var layer in layers)
        {
            var part = new GraloraLayer(layer, rank, k, hybrid, scale);
            AdapterInit.Uniform(part.A, settings.StartSeed, index, 0, 1 / Math.Sqrt(layer.Inputs / k));
            if (part.GeneralA is { } general) AdapterInit.Uniform(general, settings.StartSeed, index, 1, 1 / Math.Sqrt(layer.Inputs));
            set.Add(part);
            index++;
        }
    }

    private static int Blocks(AdapterSettings settings, int rank, IEnumerable<(string Path, long Outputs, long Inputs)> layers)
    {
        var list = layers.ToList();
        var k = OptionsIn(settings).K ?? Fit.Divisor(list.SelectMany(l => new[] { l.Outputs, l.Inputs }).Append(rank), 2);
        if (rank % k != 0)
            throw new TenonException("adapter.k of method 'gralora'", $"a number that divides the rank {rank}", $"{k}", usage: true);
        foreach (var (path, outputs, inputs) in list)
            if (outputs % k != 0 || inputs % k != 0)
                throw new TenonException("adapter.k of method 'gralora'",
                    $"a number that divides the {outputs} outputs and {inputs} inputs of '{path}'", $"{k}", usage: true);
        return k;
    }

    /// <inheritdoc/>
    public override long? Count(ModelConfig config, AdapterSettings settings)
    {
        var rank = Fit.Rank(settings);
        var shapes = Targets.Shapes(config, settings);
        _ = Blocks(settings, rank, shapes);
        return shapes.Sum(s => (rank + OptionsIn(settings).HybridRank) * (s.Inputs + s.Outputs));
    }

    /// <inheritdoc/>
    private protected override PeftShape Shape => new("GRALORA", "r", "alpha", "gralora_dropout");

    /// <inheritdoc/>
    internal override PeftTraits Traits => new("GRALORA", """
            {"r": 32, "hybrid_r": 0, "target_modules": null, "alpha": 64, "gralora_dropout": 0.0, "gralora_k": 2, "fan_in_fan_out": false, "bias": "none",
            "modules_to_save": null, "init_weights": true, "layers_to_transform": null, "layers_pattern": null}
            """) { Faults = PeftFaults };

    private static IEnumerable<string> PeftFaults(PeftConfig config)
    {
        if (config.Int("gralora_k") <= 0 || config.Int("r") % config.Int("gralora_k") != 0)
            yield return $"r should be divisible by gralora_k, but got {config.Int("r")} and {config.Int("gralora_k")}";
    }

    /// <inheritdoc/>
    private protected override void Complete(PeftConfig config, AdapterSet adapter) =>
        config["gralora_k"] = adapter.Linears.OfType<GraloraLayer>().First().K;
}

/// <summary>GraLoRA's part of one layer.</summary>
public sealed class GraloraLayer : FactoredAdapter
{
    private readonly int _rank;
    private readonly float _scale;

    /// <summary>A zero update: B zero, A not yet drawn.</summary>
    public GraloraLayer(Linear layer, int rank, int k, int hybrid, float scale)
        : base(layer)
    {
        _rank = rank;
        _scale = scale;
        K = k;
        A = Parameter.Create($"{layer.Path}.gralora_A", k, layer.Inputs / k, rank);
        B = Parameter.Create($"{layer.Path}.gralora_B", k, rank, layer.Outputs / k);
        if (hybrid == 0) return;
        GeneralA = Parameter.Create($"{layer.Path}.gralora_A_general.weight", hybrid, layer.Inputs);
        GeneralB = Parameter.Create($"{layer.Path}.gralora_B_general.weight", layer.Outputs, hybrid);
    }

    /// <summary>Blocks along each side.</summary>
    public int K { get; }

    /// <summary>A [k, in / k, r].</summary>
    public Parameter A { get; }

    /// <summary>B [k, r, out / k].</summary>
    public Parameter B { get; }

    /// <summary>A of the plain LoRA [hybrid rank, in], or null.</summary>
    public Parameter? GeneralA { get; }

    /// <summary>B of the plain LoRA [out, hybrid rank], or null.</summary>
    public Parameter? GeneralB { get; }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors
    {
        get
        {
            yield return ("gralora_A", A);
            if (GeneralA is not null) yield return ("gralora_A_general.weight", GeneralA);
            yield return ("gralora_B", B);
            if (GeneralB is not null) yield return ("gralora_B_general.weight", GeneralB);
        }
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, Tensor x)
    {
        var dropped = Drop(tape, x);
        var middle = tape.Scale(tape.TransposeChunks(tape.BlockMatMul(dropped, A), K), _scale);
        var y = tape.BlockMatMulInto(middle, B, Base(tape, x));
        return GeneralA is null ? y : tape.MatMulInto(tape.Scale(tape.MatMul(dropped, GeneralA), _scale), GeneralB!, y);
    }

    /// <summary>
    /// Rank k r: row (n, c) of the factors is column c of A_n on the inputs of block n; its outputs are those of block c / (r / k).
    /// </summary>
    public override LowRankFactors ToLora()
    {
        var (inputs, outputs, chunk, hybrid) = (Layer.Inputs / K, Layer.Outputs / K, _rank / K, (int)(GeneralA?.Rows ?? 0));
        var width = K * _rank + hybrid;
        var a = new float[width * Layer.Inputs];
        var b = new float[Layer.Outputs * width];
        for (var n = 0; n < K; n++)
            for (var c = 0; c < _rank; c++)
            {
                var (row, j) = (n * _rank + c, c / chunk);
                for (var i = 0; i < inputs; i++) a[row * Layer.Inputs + n * inputs + i] = A.Value[(n * inputs + i) * _rank + c];
                for (var o = 0; o < outputs; o++)
                    b[(j * outputs + o) * width + row] = _scale * B.Value[(j * _rank + n * chunk + c % chunk) * outputs + o];
            }

        for (var h = 0; h < hybrid; h++)
        {
            GeneralA!.Value.Slice(h * Layer.Inputs, Layer.Inputs).CopyTo(a.AsSpan((K * _rank + h) * Layer.Inputs));
            for (var o = 0; o < Layer.Outputs; o++) b[o * width + K * _rank + h] = _scale * GeneralB!.Value[o * hybrid + h];
        }

        return new LowRankFactors(a, b, width);
    }
}

/// <summary>GraLoRA's options.</summary>
public sealed record GraloraOptions : ISettings
{
    /// <summary>Blocks along each side.</summary>
    [Default("2 where it divides rank, inputs and outputs, else 1")]
    [Bounds(1, int.MaxValue)]
    [Peft("gralora_k")]
    public int? K { get; init; }

    /// <summary>Rank of a plain LoRA beside the blocks.</summary>
    [Bounds(0, int.MaxValue)]
    [Peft("hybrid_r")]
    public int HybridRank { get; init; }
}
