using Tenon.Adapters.Peft;

namespace Tenon.Adapters.Methods;

/// <summary>rsLoRA (Kalajdzievski 2023): LoRA with the scale alpha / sqrt(r), so that the update does not shrink with the rank.</summary>
public sealed class RsLora : LoraFamily
{
    /// <inheritdoc/>
    public override string Name => "rslora";

    /// <inheritdoc/>
    public override string Summary => "LoRA with the scale alpha / sqrt(r)";

    /// <inheritdoc/>
    protected override double TunedRate => 3e-4;

    private protected override bool RankStabilized => true;

    private protected override bool Reads(PeftConfig config) =>
        !config.Flag("use_dora") && config.Flag("use_rslora") && InitOf(config) is ("true" or "false" or "gaussian");
}
