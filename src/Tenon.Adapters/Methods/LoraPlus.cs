using Tenon.Adapters.Peft;
using Tenon.Models.Layers;
using Tenon.Tensors;

namespace Tenon.Adapters.Methods;

/// <summary>
/// LoRA+ (Hayou et al. 2024): LoRA whose B learns faster than its A. As PEFT groups them: B and every vector (biases, DoRA's magnitudes) at ratio times the learning rate,
/// biases without weight decay, the factors of an adapted embedding at a rate of their own, all else at the recipe's. Files are plain LoRA.
/// </summary>
public sealed class LoraPlus : LoraFamily
{
    /// <inheritdoc/>
    public override string Name => "lora+";

    /// <inheritdoc/>
    public override string Summary => "LoRA whose B learns at a multiple of A's learning rate";

    /// <inheritdoc/>
    protected override double TunedRate => 3e-5;

    /// <inheritdoc/>
    public override IReadOnlyList<MethodOption> Options =>
    [
        .. base.Options,
        new("ratio", "16", "learning rate of B over that of A"),
        new("embedding-learning-rate", "1e-6", "learning rate of an adapted embedding's factors"),
        new("dora", "false", "DoRA in place of LoRA"),
    ];

    private protected override LoraLayer CreateLayer(Linear layer, int rank, float scale, AdapterSettings settings)
    {
        if (!settings.Flag("dora", false)) return base.CreateLayer(layer, rank, scale, settings);
        return settings.Flag("lora-bias", false) ? throw new TenonException("adapter.lora-bias", "false with DoRA", "true", usage: true) : new DoraLayer(layer, rank, scale);
    }

    private protected override void Start(LoraLayer part, AdapterSet set, int index)
    {
        base.Start(part, set, index);
        if (set.Settings.Init == "random" && part is DoraLayer dora) dora.ResetMagnitudes();
    }

    private protected override long CountLayer(AdapterSettings settings, int rank, long outputs, long inputs) =>
        base.CountLayer(settings, rank, outputs, inputs) + (settings.Flag("dora", false) ? outputs : 0);

    /// <inheritdoc/>
    public override PeftConfig ToPeft(AdapterSet adapter, string baseModel)
    {
        var config = base.ToPeft(adapter, baseModel)!;
        config["use_dora"] = adapter.Settings.Flag("dora", false);
        return config;
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<Parameter, OptimizerPart> OptimizerParts(AdapterSet adapter)
    {
        var parts = base.OptimizerParts(adapter).ToDictionary(p => p.Key, p => p.Value);
        var ratio = Positive(adapter.Settings, "ratio", 16);
        var embedding = Positive(adapter.Settings, "embedding-learning-rate", 1e-6);
        foreach (var tensor in adapter.Embeddings.OfType<LoraEmbedding>().SelectMany(e => e.Tensors)) parts[tensor.Tensor] = new OptimizerPart(LearningRate: embedding);
        var biases = adapter.Linears.Select(l => l.OwnBias).Concat(adapter.Linears.OfType<LoraLayer>().Select(l => l.BiasOfB)).OfType<Parameter>().ToHashSet();
        var factorsB = adapter.Linears.OfType<LoraLayer>().Select(l => l.B).ToHashSet();
        foreach (var parameter in adapter.Trainable)
            if (factorsB.Contains(parameter) || parameter.Dimensions.Count == 1)
                parts[parameter] = (parts.GetValueOrDefault(parameter) ?? new OptimizerPart()) with { RateFactor = ratio, WeightDecay = biases.Contains(parameter) ? 0 : null };
        return parts;
    }

    private static double Positive(AdapterSettings settings, string option, double otherwise) => settings.Number(option, otherwise) is > 0 and var value ? value
        : throw new TenonException($"adapter.{option}", "a number above 0", settings.Text(option)!, usage: true);

    /// <inheritdoc/>
    public override bool KeepsRecord(AdapterSet adapter) => true;

    // Its files are LoRA's, and are read as such where no record says more.
    private protected override bool Reads(PeftConfig config) => false;
}
