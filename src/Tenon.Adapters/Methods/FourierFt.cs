using System.Globalization;
using Tenon.Adapters.Peft;
using Tenon.Models.Config;
using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Linalg;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters.Methods;

/// <summary>
/// FourierFT (Gao et al. 2024): a few coefficients of the update's two-dimensional spectrum are trained, dW = scaling Re(ifft2(S)). Their
/// places are PyTorch's permutation of the location seed; files do
/// not hold them.
/// </summary>
public sealed class FourierFt : AdapterMethod<FourierFtOptions>
{
    /// <inheritdoc/>
    public override string Name => "fourierft";

    /// <inheritdoc/>
    public override string Summary => "a few trained coefficients of the update's Fourier spectrum";

    /// <inheritdoc/>
    public override SharedKeys Uses => SharedKeys.None;

    /// <summary>PEFT starts with normal coefficients, away from the base model; a recipe starts with zeros.</summary>
    public override IReadOnlyList<string> Inits => ["zeros", "gaussian"];

    /// <inheritdoc/>
    protected override void Build(AdapterSet set)
    {
        var settings = set.Settings;
        var layers = Targets.Linears(set);
        var counts = SpectrumOptions.Counts(settings, layers.Select(l => (l.Path, (long)l.Outputs, (long)l.Inputs)), 1000);
        var index = 0;
        foreach (var layer in layers)
        {
            var part =
                new FourierFtLayer(layer, SpectrumOptions.Places(settings, layer, counts(layer.Path)),
                settings.OptionsAs<SpectrumChoice>().Scaling);
            if (settings.Init == "gaussian") AdapterInit.Normal(part.Spectrum, settings.StartSeed, index, 0, 1);
            set.Add(part);
            index++;
        }
    }

    /// <inheritdoc/>
    public override long? Count(ModelConfig config, AdapterSettings settings)
    {
        var shapes = Targets.Shapes(config, settings);
        var counts = SpectrumOptions.Counts(settings, shapes, 1000);
        return shapes.Sum(s => (long)counts(s.Path));
    }

    /// <inheritdoc/>
    private protected override PeftShape Shape => new("FOURIERFT");

    /// <inheritdoc/>
    internal override PeftTraits Traits => new("FOURIERFT", """
            {"n_frequency": 1000, "scaling": 150.0, "random_loc_seed": 777, "fan_in_fan_out": false, "target_modules": null, "exclude_modules": null,
            "bias": "none", "modules_to_save": null, "layers_to_transform": null, "layers_pattern": null, "n_frequency_pattern": {}, "init_weights": false}
            """)
    {
        LayersNeedList = true,
        PatternNeedsLayers = true,
        BiasWord = "fourier_only",
        Faults = SpectrumOptions.Faults,
    };

    /// <inheritdoc/>
    private protected override void Complete(PeftConfig config, AdapterSet adapter) =>
        SpectrumOptions.Write(config, adapter, 1000);

    /// <inheritdoc/>
    private protected override AdapterSettings Complete(AdapterSettings settings, PeftConfig config) =>
        SpectrumOptions.Read(settings, config);
}

/// <summary>What FourierFT and WaveFT share: how many coefficients a layer has, and where.</summary>
internal static class SpectrumOptions
{
    /// <summary>What is wrong with a configuration of FourierFT or WaveFT.</summary>
    public static IEnumerable<string> Faults(PeftConfig config)
    {
        if (config.Int("n_frequency") <= 0)
            yield return $"'n_frequency' should be a positive integer value but the value passed is {config.Int("n_frequency")}";
    }

    /// <summary>The number of each layer: a recipe's default fits the smallest one, what is written out must fit.</summary>
    public static Func<string,
        int> Counts(AdapterSettings settings, IEnumerable<(string Path, long Outputs, long Inputs)> layers, int otherwise)
    {
        var list = layers.ToList();
        var count = settings.OptionsAs<SpectrumChoice>().Frequencies ?? (int)Math.Min(otherwise, list.Min(l => l.Outputs * l.Inputs));
        var pattern = OptionPattern.Find(settings.OptionsAs<SpectrumChoice>().FrequencyPattern);
        foreach (var (path, outputs, inputs) in list)
            if ((int)(pattern(path) ?? count) is var own && (own < 1 || own > outputs * inputs))
                throw new TenonException($"frequencies of '{path}' ({settings.Method})",
                    $"a number from 1 to {outputs * inputs} (inputs times outputs)", $"{own}", usage: true);
        return path => (int)(pattern(path) ?? count);
    }

    public static int[] Places(AdapterSettings settings, Linear layer, int count) =>
        [.. new TorchRandom((ulong)settings.OptionsAs<SpectrumChoice>().LocationSeed).Permutation(layer.Outputs * layer.Inputs).Take(count)
        .Select(i => (int)i)];

    public static void Write(PeftConfig config, AdapterSet adapter, int otherwise)
    {
        var smallest = adapter.Linears.Where(l => l is not WholeLinear).Min(l => (long)l.Layer.Outputs * l.Layer.Inputs);
        config["n_frequency"] = adapter.Settings.OptionsAs<SpectrumChoice>().Frequencies ?? (int)Math.Min(otherwise, smallest);
        config["init_weights"] = adapter.Settings.Init != "gaussian";
    }

    public static AdapterSettings Read(AdapterSettings settings, PeftConfig config) =>
        (settings with { Init = config.Flag("init_weights") ? "zeros" : "gaussian" }).With("frequencies",
        config.Int("n_frequency").ToString(CultureInfo.InvariantCulture));
}

/// <summary>FourierFT's part of one layer: a token goes through two transforms, and the update itself is made only to merge.</summary>
public sealed class FourierFtLayer : LinearAdapter
{
    private readonly int[] _rows;
    private readonly int[] _columns;
    private readonly double _factor;

    internal FourierFtLayer(Linear layer, int[] places, double scaling)
        : base(layer)
    {
        _rows = [.. places.Select(p => p / layer.Inputs)];
        _columns = [.. places.Select(p => p % layer.Inputs)];
        _factor = scaling / ((double)layer.Outputs * layer.Inputs);
        Spectrum = Parameter.Create($"{layer.Path}.fourierft_spectrum", places.Length);
    }

    /// <summary>The trained coefficients [n].</summary>
    public Parameter Spectrum { get; }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors => [("fourierft_spectrum", Spectrum)];

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, Tensor x) =>
        tape.SpectrumInto(Drop(tape, x), Spectrum, _rows, _columns, (float)_factor, Base(tape, x));

    /// <summary>
    /// W + dW, dW[p, q] = scaling / (out in) sum_k s_k cos(2 pi (r_k p / out + c_k q / in)): the rows of the spectrum first, then one
    /// transform a column.
    /// </summary>
    public override float[] EffectiveWeight(float[] weight)
    {
        var (outputs, inputs) = (Layer.Outputs, Layer.Inputs);
        var (across, down) = (new Fourier(inputs), new Fourier(outputs));
        // Column by column in memory, [in][out], so that each transform reads a line.
        var (re, im) = (new double[outputs * inputs], new double[outputs * inputs]);
        for (var k = 0; k < _rows.Length; k++)
        {
            double s = Spectrum.Value[k];
            for (var q = 0; q < inputs; q++)
            {
                re[q * outputs + _rows[k]] += s * across.Cos((long)_columns[k] * q);
                im[q * outputs + _rows[k]] += s * across.Sin((long)_columns[k] * q);
            }
        }

        for (var q = 0; q < inputs; q++)
        {
            down.Transform(re.AsSpan(q * outputs, outputs), im.AsSpan(q * outputs, outputs), inverse: true);
            for (var p = 0; p < outputs; p++) weight[p * inputs + q] = (float)(weight[p * inputs + q] + _factor * re[q * outputs + p]);
        }

        return weight;
    }
}

/// <summary>Options that FourierFT and WaveFT share.</summary>
public record SpectrumChoice : ISettings
{
    /// <summary>Trained coefficients a layer.</summary>
    [Default("1000 for fourierft and 2592 for waveft, at most all")]
    [Bounds(1, int.MaxValue)]
    public int? Frequencies { get; init; }

    /// <summary>Numbers of single layers, by name or regular expression.</summary>
    [Peft("n_frequency_pattern")]
    public IReadOnlyDictionary<string, double> FrequencyPattern { get; init; } = new Dictionary<string, double>();

    /// <summary>The update is multiplied by it.</summary>
    [Peft("scaling")]
    public double Scaling { get; init; } = 150;

    /// <summary>Seed of the places.</summary>
    [Bounds(0, int.MaxValue)]
    [Peft("random_loc_seed")]
    public int LocationSeed { get; init; } = 777;
}

/// <summary>FourierFT's options.</summary>
public sealed record FourierFtOptions : SpectrumChoice
{
}
