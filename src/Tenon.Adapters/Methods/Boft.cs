using Tenon.Adapters.Peft;
using Tenon.Checkpoints;
using Tenon.Models.Config;

namespace Tenon.Adapters.Methods;

/// <summary>
/// BOFT (Liu et al. 2024): orthogonal turns (I - S)(I + S)^-1, S = (D - D^T) / 2, of blocks of the input, and a trained scale of each
/// output; the bias is not scaled. A recipe has one butterfly factor, as PEFT
/// does without its CUDA extension; a folder may have more.
/// </summary>
public sealed class Boft : AdapterMethod<BoftOptions>
{
    /// <inheritdoc/>
    public override string Name => "boft";

    /// <inheritdoc/>
    public override string Summary => "orthogonal turns of blocks of the input and a scale of each output";

    /// <inheritdoc/>
    protected override double TunedRate => 3e-3;

    /// <inheritdoc/>
    public override SharedKeys Uses => SharedKeys.None;

    /// <inheritdoc/>
    protected override void Build(AdapterSet set)
    {
        var layers = Targets.Linears(set);
        var block = Blocks(set.Settings, layers.Select(l => (l.Path, (long)l.Inputs)));
        foreach (var layer in layers) set.Add(new BoftLayer(layer, block(layer.Inputs)));
    }

    private static Func<long, int> Blocks(AdapterSettings settings, IEnumerable<(string Path, long Inputs)> layers)
    {
        var list = layers.ToList();
        var blocks = OptionsIn(settings).Blocks;
        var size = OptionsIn(settings).BlockSize ?? (blocks > 0 ? 0 : Fit.Divisor(list.Select(l => l.Inputs), 4));
        if (blocks > 0 && size > 0)
            throw new TenonException("adapter of method 'boft'", "blocks or block-size, not both: their product is the number of inputs",
                $"blocks {blocks}, block-size {size}", usage: true);
        if (blocks == 0 && size == 0)
            throw new TenonException("adapter of method 'boft'", "blocks or block-size above 0", "both 0", usage: true);
        foreach (var (path, inputs) in list)
            if (inputs % Math.Max(blocks, size) != 0)
                throw new TenonException($"adapter.{(blocks > 0 ? "blocks" : "block-size")} of method 'boft'",
                    $"a number that divides the {inputs} inputs of '{path}'", $"{Math.Max(blocks, size)}", usage: true);
        return inputs => blocks > 0 ? (int)inputs / blocks : size;
    }

    /// <inheritdoc/>
    public override long? Count(ModelConfig config, AdapterSettings settings)
    {
        var shapes = Targets.Shapes(config, settings);
        var block = Blocks(settings, shapes.Select(s => (s.Path, s.Inputs)));
        return shapes.Sum(s => s.Inputs * block(s.Inputs) + s.Outputs);
    }

    /// <inheritdoc/>
    private protected override PeftShape Shape => new("BOFT");

    /// <inheritdoc/>
    internal override PeftTraits Traits => new("BOFT", """
            {"boft_block_size": 4, "boft_block_num": 0, "boft_n_butterfly_factor": 1, "target_modules": null, "exclude_modules": null, "boft_dropout": 0.0,
            "fan_in_fan_out": false, "bias": "none", "modules_to_save": null, "init_weights": true, "layers_to_transform": null, "layers_pattern": null}
            """) { PatternNeedsLayers = true, Faults = PeftFaults };

    private static IEnumerable<string> PeftFaults(PeftConfig config)
    {
        if (config.Int("boft_block_size") != 0 && config.Int("boft_block_num") != 0)
            yield return $"you can only specify either boft_block_size ({config.Int("boft_block_size")}) or boft_block_num "
                + $"({config.Int("boft_block_num")}), but not both: boft_block_size x boft_block_num == in_features";
        if (config.Int("boft_block_size") == 0 && config.Int("boft_block_num") == 0)
            yield return "either boft_block_size or boft_block_num must be non-zero";
    }

    /// <inheritdoc/>
    private protected override void Complete(PeftConfig config, AdapterSet adapter)
    {
        var (options, first) = (OptionsIn(adapter.Settings), adapter.Linears.OfType<BoftLayer>().First());
        config["boft_n_butterfly_factor"] = first.D.Dimensions[0];
        config["boft_block_size"] = options.BlockSize ?? (options.Blocks > 0 ? 0 : first.Block);
    }

    /// <inheritdoc/>
    public override void ReadTensors(AdapterSet adapter, SafetensorsFile file, string folder)
    {
        // Without its CUDA extension PEFT takes one factor, whatever the configuration says; the file tells which it was.
        foreach (var part in adapter.Linears.OfType<BoftLayer>())
            if (file.Tensors.TryGetValue(PeftKeys.Of(part.Layer.Path, "boft_R"), out var info)
                && info.Shape is [> 0 and < 32 and var factors, ..]) part.UseFactors((int)factors);
        base.ReadTensors(adapter, file, folder);
    }
}

/// <summary>BOFT's options.</summary>
public sealed record BoftOptions : ISettings
{
    /// <summary>Inputs that are turned together.</summary>
    [Default("the largest up to 4 that divides all inputs")]
    [Bounds(0, int.MaxValue)]
    [Peft("boft_block_size")]
    public int? BlockSize { get; init; }

    /// <summary>Number of blocks, in place of their size.</summary>
    [Bounds(0, int.MaxValue)]
    [Peft("boft_block_num")]
    public int Blocks { get; init; }
}
