using Tenon.Adapters.Peft;
using Tenon.Models.Config;
using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Linalg;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters.Methods;

/// <summary>
/// C3A (Chen et al. 2024): dW in blocks [b, b], each a circulant matrix of one kernel: dW_ij[p, q] = w_ij[(q - p) mod b] / in.
/// </summary>
public sealed class C3a : AdapterMethod<C3aOptions>
{
    /// <inheritdoc/>
    public override string Name => "c3a";

    /// <inheritdoc/>
    public override string Summary => "blocks of circulant matrices";

    /// <inheritdoc/>
    protected override double TunedRate => 3e-2;

    /// <inheritdoc/>
    public override SharedKeys Uses => SharedKeys.None;

    /// <summary>PEFT's default, <c>xavier-uniform</c>, does not start at the base model; a recipe starts with zero kernels.</summary>
    public override IReadOnlyList<string> Inits => ["zeros", "xavier-uniform", "kaiming-uniform", "gaussian"];

    /// <inheritdoc/>
    protected override void Build(AdapterSet set)
    {
        var settings = set.Settings;
        var layers = Targets.Linears(set);
        var size = Sizes(settings, layers.Select(l => (l.Path, (long)l.Outputs, (long)l.Inputs)));
        var index = 0;
        foreach (var layer in layers)
        {
            var part = new C3aLayer(layer, size(layer.Path), OptionsIn(settings).InputGradient == "peft");
            var bound =
                settings.Init switch
                {
                    "xavier-uniform" => Math.Sqrt(6.0 / (layer.Inputs + layer.Outputs)),
                    "kaiming-uniform" =>
                Math.Sqrt(1.0 / layer.Inputs),
                    _ => 0
                };
            if (bound > 0) AdapterInit.Uniform(part.Kernel, settings.StartSeed, index, 0, bound);
            if (settings.Init == "gaussian") AdapterInit.Normal(part.Kernel, settings.StartSeed, index, 0, 1);
            set.Add(part);
            index++;
        }
    }

    private static Func<string, int> Sizes(AdapterSettings settings, IEnumerable<(string Path, long Outputs, long Inputs)> layers)
    {
        var list = layers.ToList();
        var sizes = list.SelectMany(l => new[] { l.Outputs, l.Inputs }).ToList();
        var size = OptionsIn(settings).BlockSize ?? Fit.Divisor(sizes, Math.Max(1, Math.Min(256, sizes.Min() / 4)));
        var pattern = OptionPattern.Find(OptionsIn(settings).BlockSizePattern);
        foreach (var (path, outputs, inputs) in list)
            if ((int)(pattern(path) ?? size) is var own && (own < 1 || outputs % own != 0 || inputs % own != 0))
                throw new TenonException($"block size of '{path}' (c3a)", $"a factor of its {inputs} inputs and {outputs} outputs",
                    $"{own}", usage: true);
        return path => (int)(pattern(path) ?? size);
    }

    /// <inheritdoc/>
    public override long? Count(ModelConfig config, AdapterSettings settings)
    {
        var shapes = Targets.Shapes(config, settings);
        var size = Sizes(settings, shapes);
        return shapes.Sum(s => s.Outputs * s.Inputs / size(s.Path));
    }

    /// <inheritdoc/>
    private protected override PeftShape Shape => new("C3A");

    /// <inheritdoc/>
    internal override PeftTraits Traits => new("C3A", """
            {"block_size": 256, "target_modules": null, "bias": "none", "modules_to_save": null, "layers_to_transform": null, "layers_pattern": null,
            "block_size_pattern": {}, "init_weights": "xavier_uniform"}
            """) { LayersNeedList = true };

    /// <inheritdoc/>
    private protected override void Complete(PeftConfig config, AdapterSet adapter)
    {
        config["block_size"] = OptionsIn(adapter.Settings).BlockSize ?? adapter.Linears.OfType<C3aLayer>().First().Block;
        config["init_weights"] = adapter.Settings.Init switch
        {
            "xavier-uniform" => "xavier_uniform",
            "kaiming-uniform" => "kaiming_uniform",
            "gaussian" => "gaussian",
            _ => true,
        };
    }

    /// <inheritdoc/>
    private protected override AdapterSettings Complete(AdapterSettings settings, PeftConfig config)
    {
        var init = config["init_weights"]?.ToJsonString() switch
        {
            "true" => "zeros",
            "\"kaiming_uniform\"" => "kaiming-uniform",
            "\"gaussian\"" => "gaussian",
            _ => "xavier-uniform",
        };
        return (settings with { Init = init }).With("input-gradient", "peft");
    }
}

/// <summary>C3A's part of one layer: blocks of a token meet the kernels' transforms, and the update itself is made only to merge.</summary>
public sealed class C3aLayer : LinearAdapter
{
    private readonly DerivedParameter _transforms;
    private readonly bool _peftGradient;

    /// <summary>Zero kernels; <paramref name="peftGradient"/> sends PEFT's gradient to the input.</summary>
    public C3aLayer(Linear layer, int block, bool peftGradient = false)
        : base(layer)
    {
        Block = block;
        _peftGradient = peftGradient;
        Kernel = Parameter.Create($"{layer.Path}.c3a_kernel", layer.Outputs / block, layer.Inputs / block, block);
        _transforms = new DerivedParameter($"{layer.Path}.c3a_transforms", [2, Kernel.Length], [Kernel], Transform, PullBack);
    }

    /// <summary>b.</summary>
    public int Block { get; }

    /// <summary>w [out / b, in / b, b].</summary>
    public Parameter Kernel { get; }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors => [("c3a_kernel", Kernel)];

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, Tensor x) =>
        tape.CirculantInto(Drop(tape, x), _transforms.Value, Block, Base(tape, x), _peftGradient);

    /// <summary>W[o, i] + w[(i - o) mod b] / in, block by block.</summary>
    public override float[] EffectiveWeight(float[] weight)
    {
        var kernel = Kernel.Value;
        var inverse = 1.0 / Layer.Inputs;
        for (var o = 0; o < Layer.Outputs; o++)
            for (var i = 0; i < Layer.Inputs; i++)
            {
                var lag = (i % Block - o % Block + Block) % Block;
                weight[o * Layer.Inputs + i] += (float)(kernel[(o / Block * (Layer.Inputs / Block) + i / Block) * Block + lag] * inverse);
            }

        return weight;
    }

    /// <summary>fft(w) / in of each kernel: all real parts, then all imaginary ones.</summary>
    private void Transform(Span<float> values)
    {
        var (fourier, half) = (new Fourier(Block), (int)Kernel.Length);
        var (re, im) = (new double[Block], new double[Block]);
        for (var start = 0; start < half; start += Block)
        {
            for (var n = 0; n < Block; n++) (re[n], im[n]) = (Kernel.Value[start + n], 0);
            fourier.Transform(re, im);
            for (var f = 0; f < Block; f++)
                (values[start + f], values[half + start + f]) = ((float)(re[f] / Layer.Inputs), (float)(im[f] / Layer.Inputs));
        }
    }

    private void PullBack(ReadOnlySpan<float> gradient)
    {
        var (fourier, half) = (new Fourier(Block), (int)Kernel.Length);
        var (re, im) = (new double[Block], new double[Block]);
        var sum = Kernel.GradientSum;
        for (var start = 0; start < half; start += Block)
        {
            for (var f = 0; f < Block; f++) (re[f], im[f]) = (gradient[start + f], gradient[half + start + f]);
            fourier.Transform(re, im, inverse: true);
            for (var n = 0; n < Block; n++) sum[start + n] += (float)(re[n] / Layer.Inputs);
        }
    }
}

/// <summary>C3A's options.</summary>
public sealed record C3aOptions : ISettings
{
    /// <summary>Size of a circulant block.</summary>
    [Default("the largest up to 256 that divides all inputs and outputs, at most a quarter of the smallest")]
    [Bounds(1, int.MaxValue)]
    [Peft("block_size")]
    public int? BlockSize { get; init; }

    /// <summary>Sizes of single layers, by name or regular expression.</summary>
    [Peft("block_size_pattern")]
    public IReadOnlyDictionary<string, double> BlockSizePattern { get; init; } = new Dictionary<string, double>();

    /// <summary>
    /// The gradient of a layer's input: <c>peft</c> is what PEFT 0.21 has, w[(q + p) mod b] where the derivative is w[(q - p) mod b]; a
    /// folder that is read goes on as there.
    /// </summary>
    [Words("exact", "peft")]
    public string InputGradient { get; init; } = "exact";
}
