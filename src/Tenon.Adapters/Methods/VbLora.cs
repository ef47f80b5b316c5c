using System.Globalization;
using Tenon.Adapters.Peft;
using Tenon.Models.Config;
using Tenon.Models.Weights;
using Tenon.Tensors;

namespace Tenon.Adapters.Methods;

/// <summary>
/// VB-LoRA (Li et al. 2024): the factors of a LoRA are put together from one bank of vectors that all layers share, each piece a softmax over its k largest logits. It does not start at the base model, so a
/// recipe subtracts the start, y = W x + b + B A x - B0 A0 x, and saves plain LoRA; <c>init: peft</c> leaves it in and saves PEFT's own format.
/// </summary>
public sealed class VbLora : AdapterMethod
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
    public override IReadOnlyList<MethodOption> Options =>
    [
        new("vectors", "256", "vectors of the bank"), new("vector-length", "largest up to 256 that divides all inputs and outputs", "length of a vector"), new("top-k", "2", "vectors that a piece mixes"),
        new("save-only-topk", "false", "with init: peft, save only what scoring needs; such a file cannot be trained on"), new("bank-bound", "0.02", "bound of the bank's start"), new("logits-std", "0.1", "deviation of the logits' start"),
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Inits => ["peft"];

    /// <inheritdoc/>
    protected override void Build(AdapterSet set)
    {
        var settings = set.Settings;
        var layers = Targets.Linears(set);
        var (rank, vectors) = (Fit.Rank(settings), settings.Int("vectors", 256, 1));
        var length = Length(settings, layers.Select(l => (l.Path, (long)l.Outputs, (long)l.Inputs)));
        var top = settings.Int("top-k", 2, 1);
        if (top > vectors) throw new TenonException("adapter.top-k of method 'vblora'", $"at most the {vectors} vectors", $"{top}", usage: true);
        var bank = Parameter.Create("base_model.vblora_vector_bank", vectors, length);
        AdapterInit.Uniform(bank, settings.Seed, 0, 7, settings.Number("bank-bound", 0.02));
        var index = 0;
        foreach (var layer in layers)
        {
            var part = new VbLoraLayer(layer, bank, rank, top, settings.Init != "peft");
            AdapterInit.Normal(part.LogitsA, settings.Seed, index, 0, settings.Number("logits-std", 0.1));
            AdapterInit.Normal(part.LogitsB, settings.Seed, index, 1, settings.Number("logits-std", 0.1));
            part.KeepStart();
            set.Add(part);
            index++;
        }

        set.AddShared(bank.Name, bank);
    }

    private static int Length(AdapterSettings settings, IEnumerable<(string Path, long Outputs, long Inputs)> layers)
    {
        var list = layers.ToList();
        var length = settings.Int("vector-length", Fit.Divisor(list.SelectMany(l => new[] { l.Outputs, l.Inputs }), 256), 1);
        foreach (var (path, outputs, inputs) in list)
            if (outputs % length != 0 || inputs % length != 0)
                throw new TenonException("adapter.vector-length of method 'vblora'", $"a number that divides the {inputs} inputs and {outputs} outputs of '{path}'", $"{length}", usage: true);
        return length;
    }

    /// <inheritdoc/>
    public override long? Count(ModelConfig config, AdapterSettings settings)
    {
        var shapes = Targets.Shapes(config, settings);
        var (rank, vectors, length) = (Fit.Rank(settings), settings.Int("vectors", 256, 1), Length(settings, shapes));
        return (long)vectors * length + shapes.Sum(s => rank * (s.Inputs + s.Outputs) / length * vectors);
    }

    private static bool IsPeft(AdapterSet adapter) => adapter.Settings.Init == "peft";

    private static bool OnlyTop(AdapterSettings settings) => settings.Flag("save-only-topk", false);

    /// <inheritdoc/>
    public override PeftConfig ToPeft(AdapterSet adapter, string baseModel)
    {
        if (!IsPeft(adapter)) return PlainLora.Config(adapter, baseModel);
        var config = PeftConfig.Create("VBLORA", baseModel);
        var settings = adapter.Settings;
        var first = adapter.Linears.OfType<VbLoraLayer>().First();
        config["r"] = settings.Rank;
        config["num_vectors"] = (long)first.Bank.Rows;
        config["vector_length"] = (long)first.Bank.Columns;
        config["topk"] = settings.Int("top-k", 2);
        config["save_only_topk_weights"] = OnlyTop(settings);
        config["vblora_dropout"] = settings.Dropout;
        config["init_vector_bank_bound"] = settings.Number("bank-bound", 0.02);
        config["init_logits_std"] = settings.Number("logits-std", 0.1);
        return config;
    }

    /// <inheritdoc/>
    public override AdapterSettings? FromPeft(PeftConfig config) => config.PeftType != "VBLORA" ? null : new AdapterSettings
    {
        Method = Name,
        Init = "peft",
        Rank = config.Int("r"),
        Dropout = config.Number("vblora_dropout"),
        Options = new Dictionary<string, string>
        {
            ["vectors"] = config.Int("num_vectors").ToString(CultureInfo.InvariantCulture), ["vector-length"] = config.Int("vector_length").ToString(CultureInfo.InvariantCulture),
            ["top-k"] = config.Int("topk").ToString(CultureInfo.InvariantCulture), ["save-only-topk"] = config.Flag("save_only_topk_weights") ? "true" : "false",
            ["bank-bound"] = config.Number("init_vector_bank_bound").ToString("R", CultureInfo.InvariantCulture), ["logits-std"] = config.Number("init_logits_std").ToString("R", CultureInfo.InvariantCulture),
        },
    };

    /// <inheritdoc/>
    public override bool KeepsRecord(AdapterSet adapter) => !IsPeft(adapter);

    /// <inheritdoc/>
    public override IEnumerable<SafetensorsEntry> FileTensors(AdapterSet adapter)
    {
        if (!IsPeft(adapter)) return PlainLora.Tensors(adapter);
        if (!OnlyTop(adapter.Settings)) return base.FileTensors(adapter);
        var logits = adapter.Linears.OfType<VbLoraLayer>().SelectMany(l => new[] { l.LogitsA, l.LogitsB }).ToHashSet();
        return adapter.Tensors.Where(t => !logits.Contains(t.Tensor)).DistinctBy(t => t.Name).Select(t => SafetensorsEntry.FromFloats(t.Name, t.Tensor.Dimensions, t.Tensor.ToArray()))
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
        PeftFolder.ReadAll(adapter.Tensors.Where(t => !logits.Contains(t.Tensor)), file, folder, Name, layers.SelectMany(l => l.TopNames).ToHashSet());
        foreach (var layer in layers) layer.ReadTop(file, folder);
    }
}
