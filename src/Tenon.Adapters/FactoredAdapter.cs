using Tenon.Models.Layers;

namespace Tenon.Adapters;

/// <summary>A part whose update is exactly a product of two narrow factors: merging and plain LoRA both follow from them.</summary>
public abstract class FactoredAdapter(Linear layer) : LinearAdapter(layer)
{
    /// <inheritdoc/>
    public abstract override LowRankFactors ToLora();

    /// <inheritdoc/>
    public sealed override float[] EffectiveWeight(float[] weight)
    {
        var (a, b, rank) = ToLora();
        LowRank.Add(weight, b, a, Layer.Outputs, rank, Layer.Inputs, 1);
        return weight;
    }
}
