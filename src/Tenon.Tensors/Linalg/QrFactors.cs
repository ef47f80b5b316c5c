using Tenon.Tensors.Linalg.Kernels;

namespace Tenon.Tensors.Linalg;

/// <summary>
/// The thin QR factorisation A = Q R by Householder reflectors, in blocks of 32 columns: Q [m, p] has orthonormal columns, R [p, n] is
/// upper triangular, p = min(m, n).
/// </summary>
/// <param name="Q">Orthonormal columns.</param>
/// <param name="R">Upper triangle; its diagonal has LAPACK's signs (dgeqrf) unless asked otherwise.</param>
public sealed unsafe record QrFactors(Matrix Q, Matrix R)
{
    private const int Panel = 32;

    /// <summary>
    /// Factorises A; with <paramref name="positiveDiagonal"/> the signs are turned so that R's diagonal has no negative number, which makes
    /// the factors of independent columns unique.
    /// </summary>
    public static QrFactors Of(Matrix a, bool positiveDiagonal = false)
    {
        a.RequireFinite("QR factorisation");
        var largest = a.MaxAbs();
        if (largest > 1e140 || (largest < 1e-140 && largest > 0))
        {
            var (core, power) = a.NearOne();
            var near = Of(core, positiveDiagonal);
            return near with { R = near.R.Map(x => Math.ScaleB(x, power)) };
        }

        var (reflectors, r) = Reduce(a);
        var p = Math.Min(a.Rows, a.Columns);
        var q = new Matrix(a.Rows, p);
        for (var i = 0; i < p; i++) q.Array[(i * p) + i] = 1;
        fixed (double* pq = q.Array) reflectors.Apply(pq, p, transposed: false);
        if (!positiveDiagonal) return new(q, r);
        for (var i = 0; i < p; i++)
        {
            if (!(r[i, i] < 0)) continue;
            foreach (ref var x in r.Row(i)) x = -x;
            for (var row = 0; row < q.Rows; row++) q.Array[(row * p) + i] = -q.Array[(row * p) + i];
        }

        return new(q, r);
    }

    /// <summary>
    /// The reflectors of Q, not multiplied out, and R; <paramref name="own"/> says that A may be overwritten.
    /// </summary>
    internal static (Reflectors Q, Matrix R) Reduce(Matrix a, bool own = false)
    {
        var (m, n) = (a.Rows, a.Columns);
        var p = Math.Min(m, n);
        var reflectors = new Reflectors(p, m);
        var work = own ? a : a.Clone();
        fixed (double* w = work.Array, v = reflectors.Vectors)
        {
            for (var first = 0; first < p; first += Panel)
            {
                var size = Math.Min(Panel, p - first);
                FactorPanel(w, m, n, first, size, v + ((nint)first * m), reflectors.Tau);
                var rest = n - first - size;
                if (rest > 0) reflectors.ApplyBlock(first, w + first + size, n, rest, transposed: true);
            }
        }

        var r = new Matrix(p, n);
        for (var i = 0; i < p; i++) work.Row(i)[i..].CopyTo(r.Row(i)[i..]);
        return (reflectors, r);
    }

    /// <summary>
    /// Reduces columns first to first + size - 1: each column is a line of V while it is worked on; what belongs to R goes back.
    /// </summary>
    private static void FactorPanel(double* w, nint m, nint n, int first, int size, double* v, double[] taus)
    {
        for (nint i = first; i < m; i++)
            for (nint j = 0; j < size; j++) v[(j * m) + i] = w[(i * n) + first + j];
        for (var j = 0; j < size; j++)
        {
            var at = first + j;
            var column = v + (j * m);
            var (tau, beta) = Reflectors.Make(column + at, m - at);
            taus[at] = tau;
            for (nint i = first; i < at; i++)
            {
                w[(i * n) + at] = column[i];
                column[i] = 0;
            }

            w[(at * n) + at] = beta;
            if (tau == 0 || j + 1 == size) continue;
            var parts = (m - at) * (size - j - 1) < 40_000 ? 1 : Math.Min(size - j - 1, Split.Threads);
            var next = j + 1;
            Split.Run(parts, part =>
            {
                for (var l = next + part; l < size; l += parts)
                {
                    var other = v + (l * m) + at;
                    Lines.AddScaled(-tau * Lines.Dot(column + at, other, m - at), column + at, other, m - at);
                }
            });
        }
    }
}
