using Tenon.Adapters.Peft;
using Tenon.Models.Config;
using Tenon.Models.Layers;
using Tenon.Tensors;

namespace Tenon.Adapters.Methods;

/// <summary>
/// WaveFT (Bilican et al. 2025): a few coefficients of a one-level wavelet transform of the update are trained (Haar, <c>db1</c>, or
/// <c>db2</c>), or with <c>use-idwt: false</c> single entries of the update
/// itself. A coefficient reaches a handful of entries, so the update stays sparse.
/// </summary>
public sealed class WaveFt : AdapterMethod<WaveFtOptions>
{
    /// <inheritdoc/>
    public override string Name => "waveft";

    /// <inheritdoc/>
    public override string Summary => "a few trained wavelet coefficients of the update";

    /// <inheritdoc/>
    protected override double TunedRate => 3e-5;

    /// <inheritdoc/>
    public override SharedKeys Uses => SharedKeys.None;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Inits => ["zeros", "gaussian"];

    /// <inheritdoc/>
    protected override void Build(AdapterSet set)
    {
        var settings = set.Settings;
        var layers = Targets.Linears(set);
        var counts = Counts(settings, [.. layers.Select(l => (l.Path, (long)l.Outputs, (long)l.Inputs))]);
        (double[] Low, double[] High)? wavelet = OptionsIn(settings).UseIdwt ? Wavelet(settings) : null;
        var index = 0;
        foreach (var layer in layers)
        {
            var part =
                new WaveFtLayer(layer, SpectrumOptions.Places(settings, layer, counts(layer.Path)), wavelet,
                OptionsIn(settings).Scaling);
            if (settings.Init == "gaussian") AdapterInit.Normal(part.Spectrum, settings.StartSeed, index, 0, 0.01);
            set.Add(part);
            index++;
        }
    }

    /// <summary>Reconstruction filters, low and high, of the orthogonal Daubechies wavelets with one and two vanishing moments.</summary>
    private static (double[] Low, double[] High) Wavelet(AdapterSettings settings)
    {
        var (root, two) = (Math.Sqrt(3), 4 * Math.Sqrt(2));
        double[] low = OptionsIn(settings).Wavelet == "db1" ? [1 / Math.Sqrt(2), 1 / Math.Sqrt(2)]
            : [(1 + root) / two, (3 + root) / two, (3 - root) / two, (1 - root) / two];
        return (low, [.. low.Reverse().Select((v, i) => i % 2 == 0 ? v : -v)]);
    }

    private static Func<string, int> Counts(AdapterSettings settings, IReadOnlyList<(string Path, long Outputs, long Inputs)> layers)
    {
        if (!OptionsIn(settings).Proportional) return SpectrumOptions.Counts(settings, layers, 2592);
        var total = (double)layers.Sum(l => l.Outputs * l.Inputs);
        var budget = (double)(OptionsIn(settings).Frequencies ?? (int)Math.Min(2592, layers.Min(l => l.Outputs * l.Inputs)))
            * layers.Count;
        // Python rounds halves to even.
        var counts =
            layers.ToDictionary(l => l.Path,
            l => Math.Max(1, (int)Math.Round(l.Outputs * l.Inputs / total * budget, MidpointRounding.ToEven)));
        return path => counts[path];
    }

    /// <inheritdoc/>
    public override long? Count(ModelConfig config, AdapterSettings settings)
    {
        var shapes = Targets.Shapes(config, settings);
        var counts = Counts(settings, shapes);
        return shapes.Sum(s => (long)counts(s.Path));
    }

    /// <inheritdoc/>
    private protected override PeftShape Shape => new("WAVEFT");

    /// <inheritdoc/>
    internal override PeftTraits Traits => new("WAVEFT", """
            {"n_frequency": 2592, "scaling": 25.0, "wavelet_family": "db1", "use_idwt": true, "random_loc_seed": 777, "fan_in_fan_out": false,
            "target_modules": null, "exclude_modules": null, "bias": "none", "modules_to_save": null, "layers_to_transform": null, "layers_pattern": null,
            "n_frequency_pattern": {}, "proportional_parameters": false, "init_weights": true}
            """)
    {
        LayersNeedList = true,
        PatternNeedsLayers = true,
        Faults = SpectrumOptions.Faults,
    };

    /// <inheritdoc/>
    private protected override void Complete(PeftConfig config, AdapterSet adapter)
    {
        SpectrumOptions.Write(config, adapter, 2592);
        config["wavelet_family"] = OptionsIn(adapter.Settings).Wavelet;
    }

    /// <inheritdoc/>
    private protected override AdapterSettings Complete(AdapterSettings settings, PeftConfig config)
    {
        if (config.Flag("use_idwt") && config.Text("wavelet_family") is not ("db1" or "db2"))
            throw new TenonException($"'wavelet_family' of {config.Source}", "db1 or db2: the filters of the others are not built in",
                $"{config["wavelet_family"]?.ToJsonString()}", usage: true);
        return SpectrumOptions.Read(settings, config).With("wavelet", config.Text("wavelet_family") is "db2" ? "db2" : "db1");
    }
}

/// <summary>
/// WaveFT's part of one layer: the entries that its coefficients reach, and each entry as a fixed combination of coefficients.
/// </summary>
public sealed class WaveFtLayer : SparseUpdate
{
    private readonly List<(int Entry, int Coefficient, double Weight)> _terms = [];
    private readonly DerivedParameter _values;

    internal WaveFtLayer(Linear layer, int[] places, (double[] Low, double[] High)? wavelet, double scaling)
        : base(layer)
    {
        Spectrum = Parameter.Create($"{layer.Path}.waveft_spectrum", places.Length);
        var entries = new Dictionary<int, int>();
        for (var k = 0; k < places.Length; k++)
        {
            var (row, column) = (places[k] / layer.Inputs, places[k] % layer.Inputs);
            // The right half of the spectrum holds the band that alternates along the outputs, the lower half the one along the inputs.
            var (isLower, isRight) = (IsUpperBand(row, layer.Outputs, wavelet), IsUpperBand(column, layer.Inputs, wavelet));
            foreach (var (o, down) in Reach(row, layer.Outputs, wavelet, isRight))
                foreach (var (i, across) in Reach(column, layer.Inputs, wavelet, isLower))
                {
                    var place = o * layer.Inputs + i;
                    if (!entries.TryGetValue(place, out var entry)) entries[place] = entry = entries.Count;
                    _terms.Add((entry, k, scaling * down * across));
                }
        }

        var order = entries.OrderBy(e => e.Value).Select(e => e.Key).ToList();
        Outputs = [.. order.Select(p => p / layer.Inputs)];
        Inputs = [.. order.Select(p => p % layer.Inputs)];
        _values = new DerivedParameter($"{layer.Path}.waveft_values", [order.Count], [Spectrum], Compute, PullBack);
    }

    /// <summary>The trained coefficients [n].</summary>
    public Parameter Spectrum { get; }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors => [("waveft_spectrum", Spectrum)];

    private protected override int[] Outputs { get; }

    private protected override int[] Inputs { get; }

    private protected override Parameter Values => _values.Value;

    /// <summary>
    /// Along one side: the places that a coefficient reaches, and with which factor. The side is padded by the filter's length less 2 and
    /// to an even number, halved into low and high bands, reconstructed with
    /// stride 2, cut by the filter's overhang and cropped at the centre.
    /// </summary>
    private static IEnumerable<(int Place, double Factor)> Reach(int index, int size, (double[] Low, double[] High)? wavelet, bool isHigh)
    {
        if (wavelet is not var (low, high))
        {
            yield return (index, 1);
            yield break;
        }

        var (place, half) = Padded(index, size, low.Length);
        var filter = isHigh ? high : low;
        var reconstructed = 2 * half - low.Length + 2;
        var crop = low.Length - 2 + (reconstructed - size) / 2;
        for (var t = 0; t < filter.Length; t++)
            if (2 * (place % half) + t - crop is var reached && reached >= 0 && reached < size) yield return (reached, filter[t]);
    }

    private static bool IsUpperBand(int index, int size, (double[] Low, double[] High)? wavelet) =>
        wavelet is var (low, _) && Padded(index, size, low.Length) is var (place, half) && place >= half;

    private static (int Place, int Half) Padded(int index, int size, int filter)
    {
        var padded = size + filter - 2;
        padded += padded % 2;
        return (index + (padded - size) / 2, padded / 2);
    }

    private void Compute(Span<float> target)
    {
        var sums = new double[target.Length];
        foreach (var (entry, coefficient, weight) in _terms) sums[entry] += weight * Spectrum.Value[coefficient];
        for (var i = 0; i < sums.Length; i++) target[i] = (float)sums[i];
    }

    private void PullBack(ReadOnlySpan<float> gradient)
    {
        var sums = new double[Spectrum.Length];
        foreach (var (entry, coefficient, weight) in _terms) sums[coefficient] += weight * gradient[entry];
        for (var k = 0; k < sums.Length; k++) Spectrum.GradientSum[k] += (float)sums[k];
    }
}

/// <summary>WaveFT's options.</summary>
public sealed record WaveFtOptions : SpectrumChoice
{
    /// <summary>PEFT's scaling for this type.</summary>
    public WaveFtOptions() => Scaling = 25;

    /// <summary>The wavelet: Haar or the second of Daubechies.</summary>
    [Words("db1", "db2")]
    public string Wavelet { get; init; } = "db1";

    /// <summary>Whether coefficients of the wavelet transform are trained, or entries of the update itself.</summary>
    [Peft("use_idwt")]
    public bool UseIdwt { get; init; } = true;

    /// <summary>Whether the coefficients are shared out by the layers' sizes.</summary>
    [Peft("proportional_parameters")]
    public bool Proportional { get; init; }
}
