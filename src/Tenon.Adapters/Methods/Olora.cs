using Tenon.Adapters.Peft;
using Tenon.Models.Layers;
using Tenon.Tensors.Linalg;

namespace Tenon.Adapters.Methods;

/// <summary>
/// OLoRA (Büyükakyüz 2024): with W = Q R, B starts at the first r columns of Q and A at the first r rows of R; s B A is taken off beside
/// the weight. A folder holds the plain LoRA of rank 2r, or with <c>init: peft</c> PEFT's own form (see <see cref="Pissa"/>).
/// </summary>
public sealed class Olora : SubtractedLora<ScaleOptions>
{
    /// <inheritdoc/>
    public override string Name => "olora";

    /// <inheritdoc/>
    public override bool IsStartOfLora => true;

    /// <inheritdoc/>
    public override string Summary => "LoRA that starts at the QR factors of the weight";

    /// <inheritdoc/>
    protected override double TunedRate => 1e-4;

    private protected override bool NeedsWholeRank => false;

    private protected override string PeftInit => "olora";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Inits => ["peft"];

    private protected override bool SavesPlainLora(AdapterSettings settings) => settings.Init != "peft";

    /// <inheritdoc/>
    public override AdapterSettings? FromPeft(PeftConfig config) => InPeftsForm(base.FromPeft(config));

    private protected override (float[] A, float[] B) Factors(Linear layer, int rank, double scale, AdapterSettings settings, int index)
    {
        var qr = QrFactors.Of(Matrix.From(layer.Weight));
        return (qr.R.RowRange(0, rank).ToFloats(), qr.Q.ColumnRange(0, rank).ToFloats());
    }

    private protected override bool Reads(PeftConfig config) => !config.Flag("use_dora") && InitOf(config) == "olora";
}
