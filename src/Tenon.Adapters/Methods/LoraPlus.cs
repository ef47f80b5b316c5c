using Tenon.Adapters.Peft;
using Tenon.Models.Layers;
using Tenon.Tensors;

namespace Tenon.Adapters.Methods;

/// <summary>
/// LoRA+ (Hayou et al. 2024): LoRA whose B learns faster than its A. As PEFT groups them: B and every vector (biases, DoRA's magnitudes) at
/// ratio times the learning rate,
/// biases without weight decay, the factors of an adapted embedding at a rate of their own, all else at the recipe's. Files are plain LoRA.
/// </summary>
public sealed class LoraPlus : LoraFamily<LoraPlusOptions>
{
    /// <inheritdoc/>
    public override string Name => "lora+";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Aliases => ["lora-plus", "loraplus"];

    /// <inheritdoc/>
    public override string Summary => "LoRA whose B learns at a multiple of A's learning rate";

    /// <inheritdoc/>
    protected override double TunedRate => 3e-5;

    private protected override LoraLayer CreateLayer(Linear layer, int rank, float scale, AdapterSettings settings)
    {
        if (!OptionsIn(settings).Dora) return base.CreateLayer(layer, rank, scale, settings);
        return WithBias(settings) ? throw new TenonException("adapter.lora-bias", "false with DoRA", "true", usage: true)
            : new DoraLayer(layer, rank, scale);
    }

    private protected override void Start(LoraLayer part, AdapterSet set, int index)
    {
        base.Start(part, set, index);
        if (set.Settings.Init == "random" && part is DoraLayer dora) dora.ResetMagnitudes();
    }

    private protected override long CountLayer(AdapterSettings settings, int rank, long outputs, long inputs) =>
        base.CountLayer(settings, rank, outputs, inputs) + (OptionsIn(settings).Dora ? outputs : 0);

    /// <inheritdoc/>
    public override IReadOnlyDictionary<Parameter, OptimizerPart> OptimizerParts(AdapterSet adapter)
    {
        var parts = base.OptimizerParts(adapter).ToDictionary(p => p.Key, p => p.Value);
        var options = OptionsIn(adapter.Settings);
        var ratio = options.Ratio;
        var embedding = options.EmbeddingLearningRate;
        foreach (var tensor in adapter.Embeddings.OfType<LoraEmbedding>().SelectMany(e => e.Tensors))
            parts[tensor.Tensor] = new OptimizerPart(LearningRate: embedding);
        var biases = adapter.Linears.Select(l => l.OwnBias).Concat(adapter.Linears.OfType<LoraLayer>().Select(l => l.BiasOfB))
            .OfType<Parameter>().ToHashSet();
        var factorsB = adapter.Linears.OfType<LoraLayer>().Select(l => l.B).ToHashSet();
        foreach (var parameter in adapter.Trainable)
            if (factorsB.Contains(parameter) || parameter.Dimensions.Count == 1)
                parts[parameter] = (parts.GetValueOrDefault(parameter) ?? new OptimizerPart())
                    with
                { RateFactor = ratio, WeightDecay = biases.Contains(parameter) ? 0 : null };
        return parts;
    }

    /// <inheritdoc/>
    public override bool KeepsRecord(AdapterSet adapter) => true;

    // Its files are LoRA's, and are read as such where no record says more.
    private protected override bool Reads(PeftConfig config) => false;
}

/// <summary>LoRA+'s options.</summary>
public sealed record LoraPlusOptions : LoraOptions
{
    /// <summary>Learning rate of B over that of A.</summary>
    [Bounds(0, double.PositiveInfinity, Above = true)]
    public double Ratio { get; init; } = 16;

    /// <summary>Learning rate of an adapted embedding's factors.</summary>
    [Bounds(0, double.PositiveInfinity, Above = true)]
    public double EmbeddingLearningRate { get; init; } = 1e-6;

    /// <summary>DoRA in place of LoRA.</summary>
    [Peft("use_dora")]
    public bool Dora { get; init; }
}
