namespace Tenon.Adapters.Methods;

/// <summary>
/// MiLoRA+ (as PeRL has it): A starts at the right singular vectors of the r smallest singular values, B at zero; the base is untouched.
/// </summary>
public sealed class MiloraPlus : StartedLora<SingularOptions>
{
    /// <inheritdoc/>
    public override string Name => "milora+";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Aliases => ["milora-plus", "miloraplus"];

    /// <inheritdoc/>
    public override bool IsStartOfLora => true;

    /// <inheritdoc/>
    public override string Summary => "LoRA whose A starts at the minor right singular vectors, chosen by mode";

    private protected override void StartFrom(LoraLayer part, AdapterSettings settings, int index)
    {
        var svd = WeightSvd.Of(part.Layer.Weight);
        part.A.Set(svd.Rows(SingularChoice.Of(svd, (int)part.A.Rows, OptionsIn(settings), settings.StartSeed, index)));
    }
}
