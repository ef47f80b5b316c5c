using Tenon.Tensors.Linalg.Kernels;

namespace Tenon.Tensors.Linalg;

/// <summary>
/// A = Q T Qᵀ with T tridiagonal, for a symmetric A: Householder reflectors, the trailing part updated once every 32 columns (LAPACK's
/// dlatrd). Inside a block the current matrix is
/// A - Vᵀ W - Wᵀ V, one line of V and W a column.
/// </summary>
internal sealed unsafe class Tridiagonal
{
    private const int Panel = 32;

    private Tridiagonal(int n)
    {
        Q = new Reflectors(n, n) { Offset = 1 };
        (Diagonal, Beside) = (new double[n], new double[n]);
    }

    /// <summary>Q; its last reflector is the identity.</summary>
    public Reflectors Q { get; }

    /// <summary>The diagonal of T [n].</summary>
    public double[] Diagonal { get; }

    /// <summary>What stands beside the diagonal; the last of the n is 0.</summary>
    public double[] Beside { get; }

    /// <summary>Reduces a symmetric matrix, which is overwritten.</summary>
    public static Tridiagonal Reduce(Matrix a)
    {
        nint n = a.Rows;
        var result = new Tridiagonal(a.Rows);
        var lines = new double[Panel * n];
        var factors = new double[2 * Panel];
        fixed (double* pa = a.Array, v = result.Q.Vectors, w = lines, f = factors)
        {
            for (nint first = 0; first < n; first += Panel)
            {
                var size = Math.Min(Panel, n - first);
                new Span<double>(w, lines.Length).Clear();
                for (nint k = 0; k < size; k++) result.Column(pa, n, first, k, v + (first * n), w, f);
                var next = first + size;
                var rest = n - next;
                if (rest == 0) break;
                var corner = pa + (next * n) + next;
                Product.Multiply(rest, rest, size, v + (first * n) + next, 1, n, w + next, n, 1, corner, n, Product.Into.Subtract);
                Product.Multiply(rest, rest, size, w + next, 1, n, v + (first * n) + next, n, 1, corner, n, Product.Into.Subtract);
            }
        }

        return result;
    }

    private void Column(double* a, nint n, nint first, nint k, double* v, double* w, double* f)
    {
        var i = first + k;
        double* vk = v + (k * n), wk = w + (k * n), p = f, q = f + Panel;
        new Span<double>(a + (i * n) + i, (int)(n - i)).CopyTo(new Span<double>(vk + i, (int)(n - i)));
        for (nint l = 0; l < k; l++) (p[l], q[l]) = (-w[(l * n) + i], -v[(l * n) + i]);
        Lines.AddRows(p, v + i, n, k, vk + i, n - i);
        Lines.AddRows(q, w + i, n, k, vk + i, n - i);
        Diagonal[i] = vk[i];
        vk[i] = 0;
        var after = i + 1;
        var rest = n - after;
        if (rest == 0) return;
        (Q.Tau[i], Beside[i]) = Reflectors.Make(vk + after, rest);

        var parts = rest * rest < 30_000 ? 1 : Split.Threads;
        Split.Run(parts, part =>
        {
            var (from, to) = Split.Range(rest, parts, part, 8);
            for (var r = after + from; r < after + to; r++) wk[r] = Lines.Dot(a + (r * n) + after, vk + after, rest);
        });
        for (nint l = 0; l < k; l++)
        {
            p[l] = -Lines.Dot(w + (l * n) + after, vk + after, rest);
            q[l] = -Lines.Dot(v + (l * n) + after, vk + after, rest);
        }

        Lines.AddRows(p, v + after, n, k, wk + after, rest);
        Lines.AddRows(q, w + after, n, k, wk + after, rest);
        var tau = Q.Tau[i];
        for (var r = after; r < n; r++) wk[r] *= tau;
        Lines.AddScaled(-0.5 * tau * Lines.Dot(wk + after, vk + after, rest), vk + after, wk + after, rest);
    }
}
