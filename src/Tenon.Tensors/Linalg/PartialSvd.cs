namespace Tenon.Tensors.Linalg;

/// <summary>How <see cref="PartialSvd"/> looks for the first singular triplets.</summary>
public sealed record PartialSvdSettings
{
    /// <summary>Columns of the sketch beside those asked for; null takes a quarter of them, at least 16.</summary>
    public int? Oversampling { get; init; }

    /// <summary>Most subspace iterations; each costs two products with the matrix.</summary>
    public int MostIterations { get; init; } = 24;

    /// <summary>Iterations end where no residual is above this share of the largest value.</summary>
    public double Tolerance { get; init; } = 1e-4;

    /// <summary>Seed of the random start and of the probes.</summary>
    public ulong Seed { get; init; }
}

/// <summary>
/// The first k singular triplets of a matrix by randomized subspace iteration (Halko, Martinsson and Tropp 2011, algorithms 4.4 and 5.1),
/// with what is known of their errors. With Q [m, l] the basis that was found and E = A - Q Qᵀ A, the approximate values are those of Qᵀ A,
/// so each lies below the true one: σ̂_j ≤ σ_j ≤ sqrt(σ̂_j² + ‖E‖²).
/// </summary>
/// <param name="Triplets">U [m, k], S [k] descending, Vt [k, n]; σ̂_j u_j = Q Qᵀ A v_j holds exactly but for rounding.</param>
/// <param name="Residuals">
/// ‖A v_j - σ̂_j u_j‖ / √2 [k], ‖Aᵀ u_j - σ̂_j v_j‖ being 0: A has a singular value that near to σ̂_j (Parlett 1998, theorem 4.5.1, on
/// [0 A; Aᵀ 0]).
/// </param>
/// <param name="RangeError">
/// A bound of ‖E‖ that fails once in 10^10 draws: 10 sqrt(2/π) times the largest ‖E ω_i‖ of ten fresh normal vectors (Halko, Martinsson and
/// Tropp 2011, equation 4.3).
/// </param>
/// <param name="Iterations">Subspace iterations that were done.</param>
public sealed record PartialSvd(Svd Triplets, double[] Residuals, double RangeError, int Iterations)
{
    private const int Probes = 10;

    /// <summary>The largest residual as a share of the largest value; 0 for a matrix of zeros.</summary>
    public double RelativeResidual => Triplets.S.Length == 0 || Triplets.S[0] == 0 ? 0 : Residuals.Max() / Triplets.S[0];

    /// <summary>The first <paramref name="k"/> triplets of A, which must be finite; 1 to min(m, n) of them.</summary>
    public static PartialSvd Of(Matrix a, int k, PartialSvdSettings? settings = null)
    {
        settings ??= new();
        a.RequireFinite("partial singular value decomposition");
        var small = Math.Min(a.Rows, a.Columns);
        Shapes.Require(k >= 1 && k <= small, "partial singular value decomposition", $"1 to {small} triplets", $"{k}");
        if (a.Rows < a.Columns)
        {
            var turned = Of(a.Transposed(), k, settings);
            var (u, s, vt) = turned.Triplets;
            return turned with { Triplets = new(vt.Transposed(), s, u.Transposed()) };
        }

        var (core, power) = a.NearOne();
        var found = Tall(core, k, Math.Min(small, k + (settings.Oversampling ?? Math.Max(16, k / 4))), settings);
        return found with
        {
            Triplets = found.Triplets with { S = Scaled(found.Triplets.S, power) },
            Residuals = Scaled(found.Residuals, power),
            RangeError = Math.ScaleB(found.RangeError, power),
        };
    }

    private static PartialSvd Tall(Matrix a, int k, int width, PartialSvdSettings settings)
    {
        var key = new RandomKey(settings.Seed);
        var image = a * Normal(key, a.Columns, width, 0);
        for (var iteration = 0; ; iteration++)
        {
            // Qᵀ A = Rᵀ Pᵀ with Aᵀ Q = P R, so that the triplets of A within the space come from a square as small as the sketch.
            var q = QrFactors.Of(image).Q;
            var (p, r) = QrFactors.Of(a.TransposeTimes(q));
            var inner = Svd.Of(r.Transposed());
            image = a * p;
            var top = inner.Top(k);
            var u = q * top.U;
            var residuals = ColumnNorms((image * top.Vt.Transposed()) - u.ScaleColumns(top.S));
            if (residuals.Max() > settings.Tolerance * top.S[0] && iteration < settings.MostIterations) continue;
            var vt = top.Vt.TimesTranspose(p);
            return new(new(u, top.S, vt), [.. residuals.Select(x => x / Math.Sqrt(2))], RangeErrorOf(a, q, key), iteration);
        }
    }

    private static double RangeErrorOf(Matrix a, Matrix q, RandomKey key)
    {
        var probed = a * Normal(key, a.Columns, Probes, 1);
        return 10 * Math.Sqrt(2 / Math.PI) * ColumnNorms(probed - (q * q.TransposeTimes(probed))).Max();
    }

    private static double[] ColumnNorms(Matrix columns)
    {
        var rows = columns.Transposed();
        return [.. Enumerable.Range(0, rows.Rows).Select(i => rows.RowRange(i, 1).FrobeniusNorm())];
    }

    private static Matrix Normal(RandomKey key, int rows, int columns, uint draw)
    {
        var result = new Matrix(rows, columns);
        for (var i = 0; i < rows; i++)
            for (var j = 0; j < columns; j++) result[i, j] = key.Normal(RandomPurpose.Sketch, 0, draw, (uint)i, (uint)j);
        return result;
    }

    private static double[] Scaled(double[] values, int power) => [.. values.Select(x => Math.ScaleB(x, power))];
}
