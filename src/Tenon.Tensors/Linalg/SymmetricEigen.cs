using Tenon.Tensors.Linalg.Kernels;

namespace Tenon.Tensors.Linalg;

/// <summary>
/// A = V diag(values) Vᵀ of a symmetric matrix: Householder tridiagonalisation, then implicit QL sweeps (Bowdler, Martin, Reinsch and
/// Wilkinson 1968). Errors are a few units of rounding of
/// the largest eigenvalue.
/// </summary>
/// <param name="Values">Eigenvalues, ascending [n].</param>
/// <param name="Vectors">Orthonormal eigenvectors as columns [n, n], in the same order.</param>
public sealed unsafe record SymmetricEigen(double[] Values, Matrix Vectors)
{
    /// <summary>Decomposes (A + Aᵀ) / 2.</summary>
    public static SymmetricEigen Of(Matrix a)
    {
        a.RequireSquare("symmetric eigenvalues");
        a.RequireFinite("symmetric eigenvalues");
        var n = a.Rows;
        var (core, power) = a.NearOne();
        var work = new Matrix(n, n);
        for (var i = 0; i < n; i++)
            for (var j = 0; j < n; j++) work[i, j] = 0.5 * (core[i, j] + core[j, i]);

        var reduced = Tridiagonal.Reduce(work);
        var q = Matrix.Identity(n);
        fixed (double* p = q.Array) reduced.Q.Apply(p, n, transposed: false);
        var rows = q.Transposed();
        var d = reduced.Diagonal;
        Iterate(d, reduced.Beside, rows);

        var order = Enumerable.Range(0, n).OrderBy(i => d[i]).ToArray();
        var sorted = new Matrix(n, n);
        for (var i = 0; i < n; i++) rows.Row(order[i]).CopyTo(sorted.Row(i));
        return new([.. order.Select(i => Math.ScaleB(d[i], power))], sorted.Transposed());
    }

    /// <summary>V diag(f(values)) Vᵀ.</summary>
    public Matrix Map(Func<double, double> function) => Vectors.ScaleColumns([.. Values.Select(function)]).TimesTranspose(Vectors);

    /// <summary>The square root of a positive semi-definite matrix; eigenvalues that rounding has made negative count as zero.</summary>
    public Matrix SquareRoot()
    {
        var floor = -1e-10 * Math.Max(Math.Abs(Values.FirstOrDefault()), Math.Abs(Values.LastOrDefault()));
        if (Values.Length > 0 && Values[0] < floor) throw NotPositive("square root");
        return Map(x => Math.Sqrt(Math.Max(x, 0)));
    }

    /// <summary>The inverse of the square root of a positive definite matrix.</summary>
    public Matrix InverseSquareRoot()
    {
        if (Values.Length > 0 && !(Values[0] > 0)) throw NotPositive("inverse square root");
        return Map(x => 1 / Math.Sqrt(x));
    }

    private TenonException NotPositive(string what) =>
        new($"{what} of a {Values.Length} x {Values.Length} matrix", "a positive definite matrix", $"an eigenvalue of {Values[0]:G6}",
        "add a small multiple of the identity");

    /// <summary>QL sweeps until nothing stands beside the diagonal; the rows turn along.</summary>
    private static void Iterate(double[] d, double[] e, Matrix rows)
    {
        var n = d.Length;
        var batch = new RotationBatch(n, rows);
        for (var l = 0; l < n; l++)
        {
            for (var sweep = 0; ; sweep++)
            {
                var m = l;
                while (m < n - 1 && Math.Abs(e[m]) > PlaneRotation.Epsilon * (Math.Abs(d[m]) + Math.Abs(d[m + 1]))
                    && Math.Abs(e[m]) > 1e-150) m++;
                if (m == l) break;
                if (sweep > 300)
                    throw new TenonException("symmetric eigenvalues", "QL sweeps that converge", $"row {l} of {n} does not",
                        "report this matrix: it should not exist");
                batch.MakeRoom(m - l);
                Sweep(d, e, l, m, batch.Add(0, l, m - l, backward: true));
            }
        }

        batch.Flush();
    }

    private static void Sweep(double[] d, double[] e, int l, int m, Span<double> rotations)
    {
        var g = (d[l + 1] - d[l]) / (2 * e[l]);
        var r = Math.Sqrt((g * g) + 1);
        if (double.IsInfinity(r)) r = Math.Abs(g);
        g = d[m] - d[l] + (e[l] / (g + Math.CopySign(r, g)));
        var (s, c, p) = (1.0, 1.0, 0.0);
        for (var i = m - 1; i >= l; i--)
        {
            var (f, b) = (s * e[i], c * e[i]);
            (c, s, r) = PlaneRotation.Of(g, f);
            e[i + 1] = r;
            if (r == 0)
            {
                // The block falls apart in the middle of a sweep: the rest of it turns nothing.
                d[i + 1] -= p;
                e[m] = 0;
                for (var k = i; k >= l; k--) (rotations[2 * (k - l)], rotations[(2 * (k - l)) + 1]) = (1, 0);
                return;
            }

            g = d[i + 1] - p;
            r = ((d[i] - g) * s) + (2 * c * b);
            p = s * r;
            d[i + 1] = g + p;
            g = (c * r) - b;
            (rotations[2 * (i - l)], rotations[(2 * (i - l)) + 1]) = (c, -s);
        }

        d[l] -= p;
        e[l] = g;
        e[m] = 0;
    }
}
