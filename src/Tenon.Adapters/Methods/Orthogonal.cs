using Tenon.Adapters.Peft;
using Tenon.Models.Layers;
using Tenon.Tensors.Linalg;

namespace Tenon.Adapters.Methods;

/// <summary>
/// LoRA with PEFT's orthogonal start: with Q from the QR of a normal matrix, A lies in the span of its even rows and B in that of its odd
/// ones, so that B A = 0 while both get
/// a gradient at once. What rounding leaves of B0 A0 is subtracted, so that the start is the base bit for bit. The rank must be even.
/// </summary>
public sealed class Orthogonal : SubtractedLora<ScaleOptions>
{
    /// <inheritdoc/>
    public override string Name => "orthogonal";

    /// <inheritdoc/>
    public override bool IsStartOfLora => true;

    /// <inheritdoc/>
    public override string Summary => "LoRA whose A and B start orthogonal to each other, both away from zero";

    /// <inheritdoc/>
    protected override double TunedRate => 3e-4;

    private protected override string PeftInit => "orthogonal";

    private protected override bool StartsBeforeReading => false;

    private protected override bool SavesPlainLora(AdapterSettings settings) => false;

    // Nothing here comes from the weight, so the rank may exceed its sides.
    private protected override int Fit(string path, int rank, long outputs, long inputs, AdapterSettings settings) => rank;

    // PEFT subtracts nothing, so a folder of its own is read without a start.
    private protected override LoraLayer CreateStarted(Linear layer, int rank, float scale, AdapterSettings settings)
    {
        if (rank % 2 != 0)
            throw new TenonException($"rank of '{layer.Path}'", "an even rank for the orthogonal start", $"{rank}", usage: true);
        return settings.Start.Peft is null ? base.CreateStarted(layer, rank, scale, settings) : new LoraLayer(layer, rank, scale);
    }

    private protected override (float[] A, float[] B) Factors(Linear layer, int rank, double scale, AdapterSettings settings, int index)
    {
        var key = new RandomKey(settings.StartSeed);
        var q = QrFactors.Of(Normal(rank, rank, 0)).Q;
        var (even, odd) = (new Matrix(rank / 2, rank), new Matrix(rank / 2, rank));
        for (var k = 0; k < rank; k++) q.Row(k).CopyTo((k % 2 == 0 ? even : odd).Row(k / 2));
        var a = 0.1 * (Normal(layer.Inputs, rank / 2, 1) * even).Transposed();
        var b = 0.1 * (Normal(layer.Outputs, rank / 2, 2) * odd);
        return (a.ToFloats(), b.ToFloats());

        Matrix Normal(int rows, int columns, uint which)
        {
            var matrix = new Matrix(rows, columns);
            for (var i = 0; i < matrix.Values.Length; i++)
                matrix.Values[i] = key.Normal(RandomPurpose.AdapterInit, 0, (uint)index, which, (uint)i);
            return matrix;
        }
    }

    private protected override bool Reads(PeftConfig config) => !config.Flag("use_dora") && InitOf(config) == "orthogonal";
}
