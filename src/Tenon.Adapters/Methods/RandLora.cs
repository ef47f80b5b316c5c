using Tenon.Adapters.Peft;
using Tenon.Models.Config;
using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters.Methods;

/// <summary>
/// RandLoRA (Albert et al. 2025): a full-rank sum of frozen random bases that all layers share, with trained diagonal scales: dW = s B_flat
/// (lambda * A * gamma)_flat, transposed where a layer has more inputs
/// than outputs, s = alpha / r. The bases are PyTorch's draws from the projection key, rounded to bfloat16 as there.
/// </summary>
public sealed class RandLora : AdapterMethod<RandLoraOptions>
{
    /// <inheritdoc/>
    public override string Name => "randlora";

    /// <inheritdoc/>
    public override string Summary => "trained scales of frozen random bases that together have full rank";

    /// <inheritdoc/>
    protected override void Build(AdapterSet set)
    {
        var settings = set.Settings;
        var rank = Fit.Rank(settings);
        var layers = Targets.Linears(set);
        var (outputs, inputs) = (layers.Max(l => l.Outputs), layers.Max(l => l.Inputs));
        var (most, least) = (Math.Max(outputs, inputs), Math.Min(outputs, inputs));
        var (a, b) = RandLoraBases.Draw(settings, rank, most, least);
        var save = OptionsIn(settings).SaveProjection;
        var scale = (float)((settings.Alpha ?? 2 * rank) / rank);
        foreach (var layer in layers) set.Add(new RandLoraLayer(layer, a, b, rank, scale, save));
        if (!save) return;
        set.AddShared(a.Name, a);
        set.AddShared(b.Name, b);
    }

    /// <inheritdoc/>
    public override long? Count(ModelConfig config, AdapterSettings settings)
    {
        var rank = Fit.Rank(settings);
        return Targets.Shapes(config, settings)
            .Sum(s => (Math.Min(s.Outputs, s.Inputs) + rank - 1) / rank * (rank + Math.Min(s.Outputs, s.Inputs)));
    }

    /// <inheritdoc/>
    private protected override PeftShape Shape => new("RANDLORA", "r", "randlora_alpha", "randlora_dropout");

    /// <inheritdoc/>
    internal override PeftTraits Traits => new("RANDLORA", """
            {"r": 32, "target_modules": null, "projection_prng_key": 0, "save_projection": true, "sparse": false, "very_sparse": false, "randlora_dropout": 0.0,
            "fan_in_fan_out": false, "randlora_alpha": 640, "bias": "none", "modules_to_save": null, "init_weights": true, "layers_to_transform": null,
            "layers_pattern": null}
            """);

    /// <inheritdoc/>
    private protected override void Complete(PeftConfig config, AdapterSet adapter)
    {
        config["sparse"] = RandLoraBases.Kind(adapter.Settings) == "sparse";
        config["very_sparse"] = RandLoraBases.Kind(adapter.Settings) == "very-sparse";
    }

    /// <inheritdoc/>
    private protected override AdapterSettings Complete(AdapterSettings settings, PeftConfig config)
    {
        if (config.Flag("very_sparse")) return settings.With("bases", "very-sparse");
        return config.Flag("sparse") ? settings.With("bases", "sparse") : settings;
    }
}

/// <summary>The frozen bases A [r, 1, least] and B [most, n, r], each divided by its standard deviation.</summary>
internal static class RandLoraBases
{
    public static string Kind(AdapterSettings settings) => settings.OptionsAs<RandLoraOptions>().Bases;

    public static (Parameter A, Parameter B) Draw(AdapterSettings settings, int rank, int most, int least)
    {
        var random = new TorchRandom((ulong)settings.OptionsAs<RandLoraOptions>().ProjectionKey);
        var count = (least + rank - 1) / rank;
        var (a, b) = (new float[rank * least], new float[most * count * rank]);
        if (Kind(settings) == "uniform")
        {
            Uniform(random, a, least);
            // B is drawn as one piece [most, 1, r] after the other, joined along the bases.
            var piece = new float[most * rank];
            for (var n = 0; n < count; n++)
            {
                Uniform(random, piece, rank);
                for (var o = 0; o < most; o++) piece.AsSpan(o * rank, rank).CopyTo(b.AsSpan((o * count + n) * rank));
            }

            DivideRounded(a);
            DivideRounded(b);
        }
        else
        {
            var share = 1 / (2 * (Kind(settings) == "sparse" ? 3.0 : Math.Sqrt(least)));
            Signs(random, a, share);
            Signs(random, b, share);
        }

        return (Frozen("base_model.randlora_A", [rank, 1, least], a), Frozen("base_model.randlora_B", [most, count, rank], b));
    }

    private static Parameter Frozen(string name, long[] dimensions, float[] values)
    {
        var parameter = Parameter.Create(name, dimensions);
        parameter.Trainable = false;
        parameter.Set(values);
        return parameter;
    }

    /// <summary>
    /// Uniform in +-1/sqrt(fan in), rounded to bfloat16; PyTorch turns a value that rounds up to the bound into its lower end.
    /// </summary>
    private static void Uniform(TorchRandom random, float[] values, int fanIn)
    {
        var bound = (float)(Math.Sqrt(3) * (Math.Sqrt(1.0 / 3) / Math.Sqrt(fanIn)));
        random.Uniform(values, -bound, bound);
        var (low, high) = (Round(-bound), Round(bound));
        for (var i = 0; i < values.Length; i++) values[i] = Round(values[i]) is var rounded && rounded == high ? low : rounded;
    }

    private static void Signs(TorchRandom random, float[] values, double share)
    {
        random.Uniform(values, 0, 1);
        for (var i = 0; i < values.Length; i++) values[i] = values[i] < share ? -1 : values[i] > 1 - share ? 1 : 0;
        var deviation = (float)Deviation(values);
        for (var i = 0; i < values.Length; i++) values[i] /= deviation;
    }

    private static void DivideRounded(float[] values)
    {
        var deviation = Round((float)Deviation(values));
        for (var i = 0; i < values.Length; i++) values[i] = Round(values[i] / deviation);
    }

    private static double Deviation(float[] values)
    {
        var mean = values.Average(v => (double)v);
        return Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Length - 1));
    }

    /// <summary>To the nearest bfloat16, halves to even.</summary>
    private static float Round(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return BitConverter.UInt32BitsToSingle((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000);
    }
}

/// <summary>
/// RandLoRA's part of one layer. Row j of the scaled A pairs basis j mod n with rank j / n, column j of B basis j / r with rank j mod r, as
/// PEFT's flattening has it.
/// </summary>
public sealed class RandLoraLayer : DenseUpdate
{
    private readonly Parameter _a;
    private readonly Parameter _b;
    private readonly int _rank;
    private readonly int _bases;
    private readonly int _least;
    private readonly float _scale;
    private readonly bool _save;

    internal RandLoraLayer(Linear layer, Parameter a, Parameter b, int rank, float scale, bool save)
        : base(layer)
    {
        (_a, _b, _rank, _scale, _save) = (a, b, rank, scale, save);
        _least = Math.Min(layer.Outputs, layer.Inputs);
        _bases = (_least + rank - 1) / rank;
        Lambda = Parameter.Create($"{layer.Path}.randlora_lambda", rank, _bases);
        Gamma = Parameter.Create($"{layer.Path}.randlora_gamma", _bases, _least);
        Gamma.Update(values => values.Fill(1f / Math.Max(_bases, _least)));
    }

    /// <summary>lambda [r, bases], zero at the start.</summary>
    public Parameter Lambda { get; }

    /// <summary>gamma [bases, least side].</summary>
    public Parameter Gamma { get; }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors => _save
        ? [("randlora_A", _a), ("randlora_B", _b), ("randlora_lambda", Lambda), ("randlora_gamma", Gamma)]
        : [("randlora_lambda", Lambda), ("randlora_gamma", Gamma)];

    private bool IsTurned => Layer.Inputs > Layer.Outputs;

    private protected override DerivedParameter CreateUpdate()
    {
        var (width, most) = (_rank * _bases, Math.Max(Layer.Outputs, Layer.Inputs));
        var scaled =
            new DerivedParameter($"{Layer.Path}.randlora_scaled", IsTurned ? [_least, width]
            : [width, _least], [Lambda, Gamma, _a], Flatten, FlattenBack);
        return DerivedParameter.Of($"{Layer.Path}.randlora_update", [Layer.Outputs, Layer.Inputs], [_b], t =>
        {
            var flat = new float[most * width];
            for (var o = 0; o < most; o++)
                for (var j = 0; j < width; j++)
                    flat[IsTurned ? j * most + o : o * width + j] = _b.Value[(o * (int)_b.Dimensions[1] + j / _rank) * _rank + j % _rank];
            return IsTurned ? t.Product(scaled.Value, t.Input(flat, width, most)) : t.Product(t.Input(flat, most, width), scaled.Value);
        }, [scaled]);
    }

    private int Place(int j, int i) => IsTurned ? i * _rank * _bases + j : j * _least + i;

    private void Flatten(Span<float> values)
    {
        for (var j = 0; j < _rank * _bases; j++)
        {
            var (k, n) = (j / _bases, j % _bases);
            for (var i = 0; i < _least; i++)
                values[Place(j, i)] =
                    (float)((double)_scale * Lambda.Value[j] * _a.Value[k * (int)_a.Dimensions[2] + i] * Gamma.Value[n * _least + i]);
        }
    }

    private void FlattenBack(ReadOnlySpan<float> gradient)
    {
        var dGamma = new double[Gamma.Length];
        for (var j = 0; j < _rank * _bases; j++)
        {
            var (k, n, sum) = (j / _bases, j % _bases, 0.0);
            for (var i = 0; i < _least; i++)
            {
                var g = (double)_scale * gradient[Place(j, i)] * _a.Value[k * (int)_a.Dimensions[2] + i];
                sum += g * Gamma.Value[n * _least + i];
                dGamma[n * _least + i] += g * Lambda.Value[j];
            }

            Lambda.GradientSum[j] += (float)sum;
        }

        for (var i = 0; i < dGamma.Length; i++) Gamma.GradientSum[i] += (float)dGamma[i];
    }
}

/// <summary>RandLoRA's options.</summary>
public sealed record RandLoraOptions : ISettings
{
    /// <summary>Seed of the bases.</summary>
    [Bounds(0, int.MaxValue)]
    [Peft("projection_prng_key")]
    public int ProjectionKey { get; init; }

    /// <summary>Whether the bases are written into the adapter's file.</summary>
    [Peft("save_projection")]
    public bool SaveProjection { get; init; } = true;

    /// <summary>How the bases are drawn: <c>sparse</c> ones have values -1, 0 and 1.</summary>
    [Words("uniform", "sparse", "very-sparse")]
    public string Bases { get; init; } = "uniform";
}
