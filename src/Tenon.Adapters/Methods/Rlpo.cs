namespace Tenon.Adapters.Methods;

/// <summary>
/// RLPO (arXiv 2606.31813): LoRA whose A starts at the right singular vectors of the r largest singular values, orthonormal, and whose B
/// starts at zero.
/// </summary>
public sealed class Rlpo : StartedLora<ScaleOptions>
{
    /// <inheritdoc/>
    public override string Name => "rlpo";

    /// <inheritdoc/>
    public override string Summary => "LoRA whose A starts at the principal right singular vectors";

    /// <inheritdoc/>
    protected override double TunedRate => 3e-4;

    private protected override void StartFrom(LoraLayer part, AdapterSettings settings, int index)
    {
        var svd = WeightSvd.Of(part.Layer.Weight);
        part.A.Set(svd.Rows(svd.Top((int)part.A.Rows)));
    }
}
