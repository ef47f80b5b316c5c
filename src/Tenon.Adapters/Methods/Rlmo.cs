namespace Tenon.Adapters.Methods;

/// <summary>
/// RLMO (arXiv 2606.31813): LoRA whose A starts at the right singular vectors of the r smallest singular values, orthonormal, and whose B
/// starts at zero.
/// </summary>
public sealed class Rlmo : StartedLora<ScaleOptions>
{
    /// <inheritdoc/>
    public override string Name => "rlmo";

    /// <inheritdoc/>
    public override string Summary => "LoRA whose A starts at the minor right singular vectors";

    private protected override void StartFrom(LoraLayer part, AdapterSettings settings, int index)
    {
        var svd = WeightSvd.Of(part.Layer.Weight);
        part.A.Set(svd.Rows(svd.Bottom((int)part.A.Rows)));
    }
}
