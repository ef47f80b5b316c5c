using Tenon.Models.Layers;
using Tenon.Tensors.Linalg;

namespace Tenon.Adapters.Methods;

/// <summary>
/// GeoRA (arXiv 2601.09361): of W only the entries stay that are among the share rho smallest in magnitude in W itself or in its rank-r
/// approximation; A = sqrt(S) V^T and
/// B = U sqrt(S) start at the r largest triplets of what is left, and s B A is taken off beside the weight. Saved as plain LoRA of rank 2r.
/// </summary>
public sealed class Geora : SubtractedLora<GeoraOptions>
{
    /// <inheritdoc/>
    public override string Name => "geora";

    /// <inheritdoc/>
    public override string Summary => "LoRA that starts in the part of the weight which training with rewards moves";

    private protected override (float[] A, float[] B) Factors(Linear layer, int rank, double scale, AdapterSettings settings, int index)
    {
        var w = Matrix.From(layer.Weight);
        var count = (int)(Rho(settings) * w.Values.Length);
        if (count < 1) throw new TenonException("adapter.rho", $"at least one entry of '{layer.Path}'", $"{Rho(settings)}", usage: true);
        var low = WeightSvd.Of(w.Clone()).Low(rank);
        var (spectral, euclidean) = (Threshold(low, count), Threshold(w, count));
        for (var i = 0; i < w.Values.Length; i++)
            if (Math.Abs(low.Values[i]) > spectral && Math.Abs(w.Values[i]) > euclidean) w.Values[i] = 0;
        var svd = WeightSvd.Of(w);
        return (svd.Rows(svd.Top(rank), Math.Sqrt), svd.Columns(svd.Top(rank), Math.Sqrt));
    }

    private static double Rho(AdapterSettings settings) => OptionsIn(settings).Rho;

    /// <summary>The count-th smallest magnitude.</summary>
    private static double Threshold(Matrix matrix, int count)
    {
        var magnitudes = new double[matrix.Values.Length];
        for (var i = 0; i < magnitudes.Length; i++) magnitudes[i] = Math.Abs(matrix.Values[i]);
        Array.Sort(magnitudes);
        return magnitudes[count - 1];
    }
}

/// <summary>GeoRA's options.</summary>
public sealed record GeoraOptions : ScaleOptions
{
    /// <summary>Share of entries that each mask keeps.</summary>
    [Bounds(0, 1, Above = true)]
    public double Rho { get; init; } = 0.2;
}
