using System.Globalization;
using Tenon.Adapters.Peft;
using Tenon.Models.Config;
using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters.Methods;

/// <summary>C3A (Chen et al. 2024): dW in blocks [b, b], each a circulant matrix of one kernel: dW_ij[p, q] = w_ij[(q - p) mod b] / in.</summary>
public sealed class C3a : AdapterMethod
{
    /// <inheritdoc/>
    public override string Name => "c3a";

    /// <inheritdoc/>
    public override string Summary => "blocks of circulant matrices";

    /// <inheritdoc/>
    protected override double TunedRate => 3e-2;

    /// <inheritdoc/>
    public override SharedKeys Uses => SharedKeys.None;

    /// <inheritdoc/>
    public override IReadOnlyList<MethodOption> Options =>
        [new("block-size", "largest up to 256 that divides all inputs and outputs, at most a quarter of the smallest", "size of a circulant block"), new("block-size-pattern", "{}", "sizes of single layers: a JSON object by name or regular expression"),
            new("input-gradient", "exact", "exact, or peft: PEFT 0.21 sends w[(q + p) mod b] back to a layer's input where the derivative is w[(q - p) mod b]; a folder that is read goes on as there")];

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
            var part = new C3aLayer(layer, size(layer.Path), settings.Word("input-gradient", "exact", "exact", "peft") == "peft");
            var bound = settings.Init switch { "xavier-uniform" => Math.Sqrt(6.0 / (layer.Inputs + layer.Outputs)), "kaiming-uniform" => Math.Sqrt(1.0 / layer.Inputs), _ => 0 };
            if (bound > 0) AdapterInit.Uniform(part.Kernel, settings.Seed, index, 0, bound);
            if (settings.Init == "gaussian") AdapterInit.Normal(part.Kernel, settings.Seed, index, 0, 1);
            set.Add(part);
            index++;
        }
    }

    private static Dictionary<string, double> Pattern(AdapterSettings settings) => OptionPattern.Of(settings, "block-size-pattern");

    private static Func<string, int> Sizes(AdapterSettings settings, IEnumerable<(string Path, long Outputs, long Inputs)> layers)
    {
        var list = layers.ToList();
        var sizes = list.SelectMany(l => new[] { l.Outputs, l.Inputs }).ToList();
        var size = settings.Int("block-size", Fit.Divisor(sizes, Math.Max(1, Math.Min(256, sizes.Min() / 4))), 1);
        var pattern = OptionPattern.Find(Pattern(settings));
        foreach (var (path, outputs, inputs) in list)
            if ((int)(pattern(path) ?? size) is var own && (own < 1 || outputs % own != 0 || inputs % own != 0))
                throw new TenonException($"block size of '{path}' (c3a)", $"a factor of its {inputs} inputs and {outputs} outputs", $"{own}", usage: true);
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
    public override PeftConfig ToPeft(AdapterSet adapter, string baseModel)
    {
        var config = PeftConfig.Create("C3A", baseModel);
        var settings = adapter.Settings;
        config["block_size"] = settings.Options.ContainsKey("block-size") ? settings.Int("block-size", 0) : adapter.Linears.OfType<C3aLayer>().First().Block;
        config["block_size_pattern"] = PeftNumbers.Pattern(Pattern(settings));
        config["init_weights"] = settings.Init switch { "xavier-uniform" => "xavier_uniform", "kaiming-uniform" => "kaiming_uniform", "gaussian" => "gaussian", _ => true };
        return config;
    }

    /// <inheritdoc/>
    public override AdapterSettings? FromPeft(PeftConfig config) => config.PeftType != "C3A" ? null : new AdapterSettings
    {
        Method = Name,
        Init = config["init_weights"]?.ToJsonString() switch { "true" => "zeros", "\"kaiming_uniform\"" => "kaiming-uniform", "\"gaussian\"" => "gaussian", _ => "xavier-uniform" },
        Options = new Dictionary<string, string> { ["block-size"] = config.Int("block_size").ToString(CultureInfo.InvariantCulture), ["block-size-pattern"] = config["block_size_pattern"]?.ToJsonString() ?? "{}", ["input-gradient"] = "peft" },
    };
}

/// <summary>C3A's part of one layer.</summary>
public sealed class C3aLayer : DenseUpdate
{
    private readonly DerivedParameter? backward;

    /// <summary>Zero kernels; <paramref name="peftGradient"/> sends PEFT's gradient to the input.</summary>
    public C3aLayer(Linear layer, int block, bool peftGradient = false)
        : base(layer)
    {
        Block = block;
        Kernel = Parameter.Create($"{layer.Path}.c3a_kernel", layer.Outputs / block, layer.Inputs / block, block);
        if (!peftGradient) return;
        backward = new DerivedParameter($"{layer.Path}.c3a_backward", [layer.Outputs, layer.Inputs], [Kernel], values =>
        {
            for (var o = 0; o < Layer.Outputs; o++)
                for (var i = 0; i < Layer.Inputs; i++) values[o * Layer.Inputs + i] = (float)(Kernel.Value[Place(o, i, (i % Block + o % Block) % Block)] / (double)Layer.Inputs);
        }, _ => { });
    }

    /// <summary>b.</summary>
    public int Block { get; }

    /// <summary>w [out / b, in / b, b].</summary>
    public Parameter Kernel { get; }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors => [("c3a_kernel", Kernel)];

    private protected override DerivedParameter CreateUpdate() => new($"{Layer.Path}.c3a_update", [Layer.Outputs, Layer.Inputs], [Kernel], values =>
    {
        var kernel = Kernel.Value;
        var inverse = 1.0 / Layer.Inputs;
        for (var o = 0; o < Layer.Outputs; o++)
            for (var i = 0; i < Layer.Inputs; i++) values[o * Layer.Inputs + i] = (float)(kernel[Place(o, i)] * inverse);
    }, gradient =>
    {
        var sums = new double[Kernel.Length];
        for (var o = 0; o < Layer.Outputs; o++)
            for (var i = 0; i < Layer.Inputs; i++) sums[Place(o, i)] += gradient[o * Layer.Inputs + i];
        for (var k = 0; k < sums.Length; k++) Kernel.GradientSum[k] += (float)(sums[k] / Layer.Inputs);
    });

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, Tensor x) =>
        backward is null ? base.Forward(tape, x) : tape.GradientThrough(x, backward.Value, tape.MatMulInto(tape.Detach(x), Update, Base(tape, x)));

    private int Place(int o, int i) => Place(o, i, (i % Block - o % Block + Block) % Block);

    private int Place(int o, int i, int lag) => (o / Block * (Layer.Inputs / Block) + i / Block) * Block + lag;
}
