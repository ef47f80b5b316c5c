using Tenon.Adapters.Peft;
using Tenon.Models.Layers;

namespace Tenon.Adapters.Methods;

/// <summary>
/// MiCA (PEFT's <c>init_lora_weights: mica</c>): B is frozen at the left singular vectors of the r smallest singular values, A starts at
/// zero and is trained alone.
/// </summary>
public sealed class Mica : StartedLora<ScaleOptions>
{
    /// <inheritdoc/>
    public override string Name => "mica";

    /// <inheritdoc/>
    public override bool IsStartOfLora => true;

    /// <inheritdoc/>
    public override string Summary => "LoRA with B frozen at the minor left singular vectors";

    private protected override string PeftInit => "mica";

    private protected override bool StartsBeforeReading => false;

    private protected override bool SavesPlainLora(AdapterSettings settings) => false;

    private protected override LoraLayer CreateStarted(Linear layer, int rank, float scale, AdapterSettings settings)
    {
        var part = base.CreateStarted(layer, rank, scale, settings);
        part.B.Trainable = false;
        return part;
    }

    private protected override void StartFrom(LoraLayer part, AdapterSettings settings, int index)
    {
        var svd = WeightSvd.Of(part.Layer.Weight);
        part.B.Set(svd.Columns(svd.Bottom((int)part.A.Rows)));
    }

    private protected override long CountLayer(AdapterSettings settings, int rank, long outputs, long inputs) =>
        Fit("a layer", rank, outputs, inputs, settings) * inputs;

    private protected override bool Reads(PeftConfig config) => !config.Flag("use_dora") && InitOf(config) == "mica";
}
