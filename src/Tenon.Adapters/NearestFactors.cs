using Tenon.Tensors.Linalg;

namespace Tenon.Adapters;

/// <summary>
/// The factors of rank k nearest to a layer's update in the Frobenius norm (Eckart and Young 1936): its first k singular triplets, each
/// value's root on either side.
/// </summary>
/// <param name="Factors">The factors; their rank is at most what was asked for.</param>
/// <param name="Kept">Squared norm of the product.</param>
/// <param name="Whole">Squared norm of the update.</param>
internal sealed record NearestFactors(LowRankFactors Factors, double Kept, double Whole)
{
    /// <summary>
    /// Up to this smaller side an update is decomposed exactly; above it by power iterations, whose product is a lower bound of what the
    /// best factors keep.
    /// </summary>
    private const int ExactSide = 1024;

    /// <summary>Of an update that is a low-rank sum: two QR factorisations and a decomposition as small as its rank.</summary>
    public static NearestFactors Of(LowRankFactors update, int outputs, int inputs, int rank)
    {
        if (update.Rank > Math.Min(outputs, inputs))
            return Of(Matrix.From(update.B, outputs, update.Rank) * Matrix.From(update.A, update.Rank, inputs), rank);
        var left = QrFactors.Of(Matrix.From(update.B, outputs, update.Rank));
        var right = QrFactors.Of(Matrix.From(update.A, update.Rank, inputs).Transposed());
        var core = Svd.Of(left.R.TimesTranspose(right.R));
        return Of(new Svd(left.Q * core.U, core.S, core.Vt.TimesTranspose(right.Q)), rank, Squares(core.S));
    }

    /// <summary>Of any update [out, in].</summary>
    public static NearestFactors Of(Matrix update, int rank)
    {
        var norm = update.FrobeniusNorm();
        var (side, width) = (Math.Min(update.Rows, update.Columns), rank + 16);
        if (side <= ExactSide || width * 4 > side) return Of(Svd.Of(update), rank, norm * norm);
        var start = new Matrix(side, width);
        var key = new RandomKey(0);
        for (var i = 0; i < start.Values.Length; i++) start.Values[i] = key.Normal(RandomPurpose.AdapterInit, 0, 0, 0, (uint)i);
        return Of(RandomizedSvd.Of(update, start, iterations: 8), rank, norm * norm);
    }

    private static NearestFactors Of(Svd svd, int rank, double whole)
    {
        var top = svd.Top(Math.Min(rank, svd.S.Length));
        var roots = top.S.Select(Math.Sqrt).ToArray();
        return new(new LowRankFactors(top.Vt.ScaleRows(roots).ToFloats(), top.U.ScaleColumns(roots).ToFloats(), top.S.Length),
            Squares(top.S), whole);
    }

    private static double Squares(double[] values) => values.Sum(v => v * v);
}
