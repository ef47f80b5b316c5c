using System.Text.Json;
using Tenon.Adapters.Peft;
using Tenon.Models.Config;
using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters.Methods;

/// <summary>
/// MiSS (Kang and Yin 2024/25, the successor of Bone): one block D [r, out] that all input blocks of width r share, y = W x + b + D^T h,
/// h_k = sum_j x_(j r + k).
/// <c>mini</c>: D repeats its first mini-r columns. <c>bat</c>: blocks B_I [r, r], W'_IJ = W_IJ + W_IJ B_I + B_I.
/// </summary>
public sealed class Miss : AdapterMethod<MissOptions>
{
    /// <inheritdoc/>
    public override string Name => "miss";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Aliases => ["bone"];

    /// <inheritdoc/>
    public override string Summary => "one block that all input blocks of a layer share";

    /// <inheritdoc/>
    protected override double TunedRate => 3e-4;

    /// <inheritdoc/>
    public override SharedKeys Uses => SharedKeys.Rank | SharedKeys.Dropout;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Inits => ["random"];

    /// <inheritdoc/>
    protected override void Build(AdapterSet set)
    {
        var settings = set.Settings;
        var (rank, variant) = (Fit.Rank(settings), Variant(settings));
        var index = 0;
        foreach (var layer in Targets.Linears(set))
        {
            RequireFit(layer.Path, layer.Outputs, layer.Inputs, rank, settings);
            if (variant == "bat") set.Add(new MissBatLayer(layer, rank));
            else
            {
                var part = new MissLayer(layer, rank, variant == "mini" ? MiniRank(settings) : null);
                if (settings.Init == "random") AdapterInit.Uniform(part.D, settings.StartSeed, index, 0, 1 / Math.Sqrt(layer.Outputs));
                set.Add(part);
            }

            index++;
        }
    }

    private static string Variant(AdapterSettings settings) => OptionsIn(settings).Variant;

    private static int MiniRank(AdapterSettings settings) => OptionsIn(settings).MiniR;

    private static void RequireFit(string path, long outputs, long inputs, int rank, AdapterSettings settings)
    {
        if (rank > inputs) throw new TenonException($"rank of '{path}'", $"at most its {inputs} inputs", $"{rank}", usage: true);
        if (Variant(settings) == "bat" && (inputs % rank != 0 || outputs % rank != 0))
            throw new TenonException($"rank of '{path}' (miss, bat)",
                $"a number that divides both {outputs} outputs and {inputs} inputs: the weight must be cut into [r, r] blocks", $"{rank}",
                usage: true);
        if (Variant(settings) == "mini" && outputs % MiniRank(settings) != 0)
            throw new TenonException($"mini-r of '{path}'", $"a number that divides its {outputs} outputs", $"{MiniRank(settings)}",
                usage: true);
    }

    /// <inheritdoc/>
    public override long? Count(ModelConfig config, AdapterSettings settings)
    {
        var rank = Fit.Rank(settings);
        var count = 0L;
        foreach (var (path, outputs, inputs) in Targets.Shapes(config, settings))
        {
            RequireFit(path, outputs, inputs, rank, settings);
            count += Variant(settings) == "mini" ? rank * MiniRank(settings) : rank * outputs;
        }

        return count;
    }

    /// <inheritdoc/>
    private protected override PeftShape Shape => new("MISS", Rank: "r", Dropout: "miss_dropout");

    /// <inheritdoc/>
    internal override PeftTraits Traits => new("MISS", """
            {"r": 64, "miss_dropout": 0.0, "mini_r": 1, "target_modules": null, "exclude_modules": null, "init_weights": true, "layers_to_transform": null,
            "layers_pattern": null, "bias": "none", "modules_to_save": null}
            """) { LayersNeedList = true, BiasWord = "MiSS_only", Faults = PeftFaults };

    private static IEnumerable<string> PeftFaults(PeftConfig config)
    {
        if (config["init_weights"]?.GetValueKind() == JsonValueKind.String && config.Text("init_weights") is not ("bat" or "mini"))
            yield return $"unknown init_weights '{config.Text("init_weights")}'; it must be true, false, bat or mini";
    }

    /// <inheritdoc/>
    private protected override void Complete(PeftConfig config, AdapterSet adapter) =>
        config["init_weights"] =
        Variant(adapter.Settings) switch { "bat" => "bat", "mini" => "mini", _ => adapter.Settings.Init != "random" };

    /// <inheritdoc/>
    private protected override AdapterSettings Complete(AdapterSettings settings, PeftConfig config)
    {
        var init = config["init_weights"];
        // PEFT takes any other word for true.
        var variant = init?.GetValueKind() == JsonValueKind.String && config.Text("init_weights") is "bat" or "mini"
            ? config.Text("init_weights")! : "default";
        return (settings with { Init = init?.GetValueKind() == JsonValueKind.False ? "random" : null }).With("variant", variant);
    }
}

/// <summary>MiSS's part of one layer, default and mini.</summary>
public sealed class MissLayer : LinearAdapter
{
    private readonly int _rank;
    private readonly int _columns;
    private readonly DerivedParameter _turned;

    /// <summary>A zero block; <paramref name="miniRank"/> is the width of the mini block.</summary>
    public MissLayer(Linear layer, int rank, int? miniRank)
        : base(layer)
    {
        _rank = rank;
        _columns = miniRank ?? layer.Outputs;
        D = Parameter.Create($"{layer.Path}.miss_block", rank, _columns);
        _turned = new DerivedParameter($"{layer.Path}.miss_block^T", [layer.Outputs, rank], [D], Turn, TurnBack);
    }

    /// <summary>D [r, out], or [r, mini-r].</summary>
    public Parameter D { get; }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors => [("miss_block", D)];

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, Tensor x) => tape.MatMulInto(tape.Fold(Drop(tape, x), _rank), _turned.Value, Base(tape, x));

    /// <inheritdoc/>
    public override float[] EffectiveWeight(float[] weight)
    {
        var d = D.Value;
        for (var o = 0; o < Layer.Outputs; o++)
            for (var i = 0; i < Layer.Inputs; i++) weight[o * Layer.Inputs + i] += d[i % _rank * _columns + o % _columns];
        return weight;
    }

    /// <inheritdoc/>
    public override LowRankFactors ToLora()
    {
        var a = new float[_rank * Layer.Inputs];
        for (var i = 0; i < Layer.Inputs; i++) a[i % _rank * Layer.Inputs + i] = 1;
        return new LowRankFactors(a, _turned.Value.ToArray(), _rank);
    }

    private void Turn(Span<float> values)
    {
        var d = D.Value;
        for (var o = 0; o < Layer.Outputs; o++)
            for (var k = 0; k < _rank; k++) values[o * _rank + k] = d[k * _columns + o % _columns];
    }

    private void TurnBack(ReadOnlySpan<float> gradient)
    {
        var sum = D.GradientSum;
        for (var o = 0; o < Layer.Outputs; o++)
            for (var k = 0; k < _rank; k++) sum[k * _columns + o % _columns] += gradient[o * _rank + k];
    }
}

/// <summary>MiSS's part of one layer, bat: the update W_IJ B_I + B_I is made once after each optimizer step.</summary>
public sealed class MissBatLayer : DenseUpdate
{
    private readonly int _rank;

    /// <summary>Zero blocks.</summary>
    public MissBatLayer(Linear layer, int rank)
        : base(layer)
    {
        _rank = rank;
        B = Parameter.Create($"{layer.Path}.miss_block", layer.Outputs / rank, rank, rank);
    }

    /// <summary>B [out / r, r, r].</summary>
    public Parameter B { get; }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors => [("miss_block", B)];

    /// <summary>The input is never dropped: PEFT builds W + dW here and leaves its dropout out.</summary>
    private protected override bool IsWhole => true;

    private protected override DerivedParameter CreateUpdate() =>
        new($"{Layer.Path}.miss_update", [Layer.Outputs, Layer.Inputs], [B], Compute, PullBack);

    /// <summary>Row a of block row I: dW[a, J r + c] = sum_b W[a, J r + b] B_I[b, c] + B_I[a, c].</summary>
    private void Compute(Span<float> values)
    {
        var (inputs, b) = (Layer.Inputs, B.ToArray());
        var weight = new float[inputs];
        var sums = new double[_rank];
        for (var o = 0; o < Layer.Outputs; o++)
        {
            Layer.Weight.CopyRows(o, weight);
            var (block, row) = (o / _rank * _rank * _rank, o % _rank);
            for (var j = 0; j < inputs; j += _rank)
            {
                for (var c = 0; c < _rank; c++) sums[c] = b[block + row * _rank + c];
                for (var k = 0; k < _rank; k++)
                    for (var c = 0; c < _rank; c++) sums[c] += (double)weight[j + k] * b[block + k * _rank + c];
                for (var c = 0; c < _rank; c++) values[o * inputs + j + c] = (float)sums[c];
            }
        }
    }

    private void PullBack(ReadOnlySpan<float> gradient)
    {
        var inputs = Layer.Inputs;
        var weight = new float[inputs];
        var sums = new double[_rank * _rank];
        var target = B.GradientSum;
        for (var block = 0; block < Layer.Outputs / _rank; block++)
        {
            Array.Clear(sums);
            for (var row = 0; row < _rank; row++)
            {
                var o = block * _rank + row;
                Layer.Weight.CopyRows(o, weight);
                for (var j = 0; j < inputs; j += _rank)
                {
                    var g = gradient.Slice(o * inputs + j, _rank);
                    for (var c = 0; c < _rank; c++) sums[row * _rank + c] += g[c];
                    for (var k = 0; k < _rank; k++)
                        for (var c = 0; c < _rank; c++) sums[k * _rank + c] += (double)weight[j + k] * g[c];
                }
            }

            for (var i = 0; i < sums.Length; i++) target[block * _rank * _rank + i] += (float)sums[i];
        }
    }
}

/// <summary>MiSS's options.</summary>
public sealed record MissOptions : ISettings
{
    /// <summary>The form of the block: <c>mini</c> repeats its first columns, <c>bat</c> has square blocks on the weight.</summary>
    [Words("default", "mini", "bat")]
    public string Variant { get; init; } = "default";

    /// <summary>Columns of the mini block; it divides all outputs.</summary>
    [Bounds(1, int.MaxValue)]
    [Peft("mini_r")]
    public int MiniR { get; init; } = 1;
}
