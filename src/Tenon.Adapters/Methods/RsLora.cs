using Tenon.Adapters.Peft;

namespace Tenon.Adapters.Methods;

/// <summary>rsLoRA (Kalajdzievski 2023): LoRA with the scale alpha / sqrt(r), so that the update does not shrink with the rank.</summary>
public sealed class RsLora : LoraFamily<RsLoraOptions>
{
    /// <inheritdoc/>
    public override string Name => "rslora";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Aliases => ["rs-lora"];

    /// <inheritdoc/>
    public override string LoraFlag => "rs-lora";

    /// <inheritdoc/>
    public override string Summary => "LoRA with the scale alpha / sqrt(r)";

    /// <inheritdoc/>
    protected override double TunedRate => 3e-4;

    private protected override bool Reads(PeftConfig config) =>
        !config.Flag("use_dora") && config.Flag("use_rslora") && InitOf(config) is ("true" or "false" or "gaussian");
}

/// <summary>rsLoRA's options: LoRA's with the other scale.</summary>
public sealed record RsLoraOptions : LoraOptions
{
    /// <summary>The options of a recipe that names none.</summary>
    public RsLoraOptions() => RsLora = true;
}
