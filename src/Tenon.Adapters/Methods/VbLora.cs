using Tenon.Adapters.Peft;
using Tenon.Checkpoints;
using Tenon.Models.Config;
using Tenon.Tensors;

namespace Tenon.Adapters.Methods;

/// <summary>
/// VB-LoRA (Li et al. 2024): the factors of a LoRA are put together from one bank of vectors that all layers share, each piece a softmax
/// over its k largest logits. It does not start at the base model, so a
/// recipe subtracts the start, y = W x + b + B A x - B0 A0 x, and saves plain LoRA; <c>init: peft</c> leaves it in and saves PEFT's own
/// format.
/// </summary>
public sealed class VbLora : AdapterMethod<VbLoraOptions>
{
    /// <inheritdoc/>
    public override string Name => "vblora";

    /// <inheritdoc/>
    public override string Summary => "LoRA factors put together from one shared bank of vectors";

    /// <inheritdoc/>
    protected override double TunedRate => 3e-3;

    /// <inheritdoc/>
    public override SharedKeys Uses => SharedKeys.Rank | SharedKeys.Dropout;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Inits => ["peft"];

    /// <inheritdoc/>
    protected override void Build(AdapterSet set)
    {
        var settings = set.Settings;
        var layers = Targets.Linears(set);
        var (rank, vectors) = (Fit.Rank(settings), OptionsIn(settings).Vectors);
        var length = Length(settings, layers.Select(l => (l.Path, (long)l.Outputs, (long)l.Inputs)));
        var top = OptionsIn(settings).TopK;
        if (top > vectors)
            throw new TenonException("adapter.top-k of method 'vblora'", $"at most the {vectors} vectors", $"{top}", usage: true);
        var bank = Parameter.Create("base_model.vblora_vector_bank", vectors, length);
        AdapterInit.Uniform(bank, settings.StartSeed, 0, 7, OptionsIn(settings).BankBound);
        var index = 0;
        foreach (var layer in layers)
        {
            var part = new VbLoraLayer(layer, bank, rank, top, settings.Init != "peft");
            AdapterInit.Normal(part.LogitsA, settings.StartSeed, index, 0, OptionsIn(settings).LogitsStd);
            AdapterInit.Normal(part.LogitsB, settings.StartSeed, index, 1, OptionsIn(settings).LogitsStd);
            part.KeepStart();
            set.Add(part);
            index++;
        }

        set.AddShared(bank.Name, bank);
    }

    private static int Length(AdapterSettings settings, IEnumerable<(string Path, long Outputs, long Inputs)> layers)
    {
        var list = layers.ToList();
        var length = OptionsIn(settings).VectorLength
            ?? Fit.Divisor(list.SelectMany(l => new[] { l.Outputs, l.Inputs }), 256);
        foreach (var (path, outputs, inputs) in list)
            if (outputs % length != 0 || inputs % length != 0)
                throw new TenonException("adapter.vector-length of method 'vblora'",
                    $"a number that divides the {inputs} inputs and {outputs} outputs of '{path}'", $"{length}", usage: true);
        return length;
    }

    /// <inheritdoc/>
    public override long? Count(ModelConfig config, AdapterSettings settings)
    {
        var shapes = Targets.Shapes(config, settings);
        var (rank, vectors, length) = (Fit.Rank(settings), OptionsIn(settings).Vectors, Length(settings, shapes));
        return (long)vectors * length + shapes.Sum(s => rank * (s.Inputs + s.Outputs) / length * vectors);
    }

    private static bool IsPeft(AdapterSet adapter) => adapter.Settings.Init == "peft";

    private static bool OnlyTop(AdapterSettings settings) => OptionsIn(settings).SaveOnlyTopk;

    /// <inheritdoc/>
    private protected override PeftShape Shape => new("VBLORA", Rank: "r", Dropout: "vblora_dropout");

    /// <inheritdoc/>
    internal override PeftTraits Traits => new("VBLORA", """
            {"r": 4, "num_vectors": 256, "vector_length": 256, "topk": 2, "target_modules": null, "exclude_modules": null, "save_only_topk_weights": false,
            "vblora_dropout": 0.0, "fan_in_fan_out": false, "bias": "none", "modules_to_save": null, "init_vector_bank_bound": 0.02, "init_logits_std": 0.1,
            "layers_to_transform": null, "layers_pattern": null}
            """) { PatternNeedsLayers = true };

    /// <inheritdoc/>
    public override PeftConfig? ToPeft(AdapterSet adapter, string baseModel) =>
        IsPeft(adapter) ? base.ToPeft(adapter, baseModel) : PlainLora.Config(adapter, baseModel);

    /// <inheritdoc/>
    private protected override void Complete(PeftConfig config, AdapterSet adapter)
    {
        var bank = adapter.Linears.OfType<VbLoraLayer>().First().Bank;
        config["num_vectors"] = (long)bank.Rows;
        config["vector_length"] = (long)bank.Columns;
    }

    /// <inheritdoc/>
    private protected override AdapterSettings Complete(AdapterSettings settings, PeftConfig config) => settings with { Init = "peft" };

    /// <inheritdoc/>
    public override bool KeepsRecord(AdapterSet adapter) => !IsPeft(adapter);

    /// <inheritdoc/>
    public override IEnumerable<SafetensorsEntry> FileTensors(AdapterSet adapter)
    {
        if (!IsPeft(adapter)) return PlainLora.Tensors(adapter);
        if (!OnlyTop(adapter.Settings)) return base.FileTensors(adapter);
        var logits = adapter.Linears.OfType<VbLoraLayer>().SelectMany(l => new[] { l.LogitsA, l.LogitsB }).ToHashSet();
        return adapter.Tensors.Where(t => !logits.Contains(t.Tensor)).DistinctBy(t => t.Name)
            .Select(t => SafetensorsEntry.FromFloats(t.Name, t.Tensor.Dimensions, t.Tensor.ToArray()))
            .Concat(adapter.Linears.OfType<VbLoraLayer>().SelectMany(l => l.TopEntries()));
    }

    /// <inheritdoc/>
    public override void ReadTensors(AdapterSet adapter, SafetensorsFile file, string folder)
    {
        if (!OnlyTop(adapter.Settings))
        {
            base.ReadTensors(adapter, file, folder);
            return;
        }

        var layers = adapter.Linears.OfType<VbLoraLayer>().ToList();
        var logits = layers.SelectMany(l => new[] { l.LogitsA, l.LogitsB }).ToHashSet();
        PeftFolder.ReadAll(adapter.Tensors.Where(t => !logits.Contains(t.Tensor)), file, folder, Name,
            layers.SelectMany(l => l.TopNames).ToHashSet());
        foreach (var layer in layers) layer.ReadTop(file, folder);
    }
}

/// <summary>VB-LoRA's options.</summary>
public sealed record VbLoraOptions : ISettings
{
    /// <summary>Vectors of the bank.</summary>
    [Bounds(1, int.MaxValue)]
    [Peft("num_vectors")]
    public int Vectors { get; init; } = 256;

    /// <summary>Length of a vector.</summary>
    [Default("the largest up to 256 that divides all inputs and outputs")]
    [Bounds(1, int.MaxValue)]
    [Peft("vector_length")]
    public int? VectorLength { get; init; }

    /// <summary>Vectors that a piece mixes; at most all.</summary>
    [Bounds(1, int.MaxValue)]
    [Peft("topk")]
    public int TopK { get; init; } = 2;

    /// <summary>With <c>init: peft</c>, save only what scoring needs; such a file cannot be trained on.</summary>
    [Peft("save_only_topk_weights")]
    public bool SaveOnlyTopk { get; init; }

    /// <summary>Bound of the bank's start.</summary>
    [Bounds(0, double.PositiveInfinity)]
    [Peft("init_vector_bank_bound")]
    public double BankBound { get; init; } = 0.02;

    /// <summary>Deviation of the logits' start.</summary>
    [Bounds(0, double.PositiveInfinity)]
    [Peft("init_logits_std")]
    public double LogitsStd { get; init; } = 0.1;

    /// <inheritdoc/>
    public IEnumerable<SettingsFault> Rules()
    {
        if (TopK > Vectors) yield return new("top-k", $"{TopK} is more than the {Vectors} vectors", "at most vectors");
    }
}
