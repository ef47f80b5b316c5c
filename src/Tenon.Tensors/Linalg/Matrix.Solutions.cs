namespace Tenon.Tensors.Linalg;

/// <summary>Inverses and solutions of linear equations.</summary>
public sealed partial class Matrix
{
    /// <summary>The inverse, by LU with partial pivoting; throws for a matrix that is not square or exactly singular.</summary>
    public Matrix Inverse() => LuFactors.Of(this).Solve(Identity(Rows));

    /// <summary>X with this X = b, by LU with partial pivoting.</summary>
    public Matrix Solve(Matrix b) => LuFactors.Of(this).Solve(b);

    /// <summary>
    /// The Moore-Penrose pseudo-inverse [columns, rows]; singular values of at most <paramref name="relativeCutoff"/> times the largest
    /// count as zero.
    /// </summary>
    public Matrix PseudoInverse(double relativeCutoff = 1e-15)
    {
        var svd = Svd.Of(this);
        var cutoff = svd.S.Length == 0 ? 0 : relativeCutoff * svd.S[0];
        var inverse = svd.S.Select(s => s > cutoff ? 1 / s : 0).ToArray();
        return svd.Vt.ScaleRows(inverse).TransposeTimes(svd.U.Transposed());
    }

    /// <summary>
    /// The X of smallest norm that brings |this X - b| to its least: by QR where the columns are independent, else by the pseudo-inverse.
    /// </summary>
    public Matrix LeastSquares(Matrix b)
    {
        Shapes.Require(b.Rows == Rows, "least squares", $"a right-hand side of {Rows} rows", $"{b}");
        if (Rows >= Columns && Columns > 0)
        {
            var (q, r) = QrFactors.Of(this);
            var (smallest, largest) = (double.PositiveInfinity, 0.0);
            for (var i = 0; i < Columns; i++)
            {
                smallest = Math.Min(smallest, Math.Abs(r[i, i]));
                largest = Math.Max(largest, Math.Abs(r[i, i]));
            }

            if (smallest > 1e-10 * largest) return r.Solve(q.TransposeTimes(b));
        }

        return PseudoInverse(1e-13) * b;
    }

    /// <summary>
    /// (A Aᵀ + eps I)⁻¹ of a wide A [r, n]: what projects the gradient of LoRA-FA's B, exactly symmetric. Throws where A has dependent rows
    /// and eps does not make up for them.
    /// </summary>
    public Matrix GramInverse(double eps)
    {
        var gram = TimesTranspose(this);
        for (var i = 0; i < gram.Rows; i++) gram[i, i] += eps;
        return Cholesky.Of(gram).Inverse();
    }
}
