using Tenon.Tensors.Linalg.Kernels;

namespace Tenon.Tensors.Linalg;

/// <summary>
/// A = Q B Pᵀ with B upper bidiagonal, for a square A: Householder reflectors from both sides, the trailing part updated once every 32
/// columns (LAPACK's dlabrd; Dongarra, Hammarling and
/// Sorensen 1989). Inside a block the current matrix is A - Uᵀ Y - Xᵀ V, with one line of U, Y, X and V a column.
/// </summary>
internal sealed unsafe class Bidiagonal
{
    private const int Panel = 32;

    private Bidiagonal(int n)
    {
        Left = new Reflectors(n, n);
        Right = new Reflectors(n, n) { Offset = 1 };
        Diagonal = new double[n];
        Upper = new double[Math.Max(0, n - 1)];
    }

    /// <summary>Q.</summary>
    public Reflectors Left { get; }

    /// <summary>P; its last reflector is the identity.</summary>
    public Reflectors Right { get; }

    /// <summary>The diagonal of B [n].</summary>
    public double[] Diagonal { get; }

    /// <summary>What stands above the diagonal [n - 1].</summary>
    public double[] Upper { get; }

    /// <summary>Reduces a square matrix, which is overwritten.</summary>
    public static Bidiagonal Reduce(Matrix a)
    {
        nint n = a.Rows;
        var result = new Bidiagonal(a.Rows);
        var lines = new double[2 * Panel * n];
        var factors = new double[4 * Panel];
        fixed (double* pa = a.Array, u = result.Left.Vectors, v = result.Right.Vectors, held = lines, f = factors)
        {
            double* x = held, y = held + (Panel * n);
            for (nint first = 0; first < n; first += Panel)
            {
                var size = Math.Min(Panel, n - first);
                new Span<double>(held, lines.Length).Clear();
                for (nint k = 0; k < size; k++) result.Column(pa, n, first, k, u + (first * n), v + (first * n), x, y, f);
                var next = first + size;
                var rest = n - next;
                if (rest == 0) break;
                var corner = pa + (next * n) + next;
                Product.Multiply(rest, rest, size, u + (first * n) + next, 1, n, y + next, n, 1, corner, n, Product.Into.Subtract);
                Product.Multiply(rest, rest, size, x + next, 1, n, v + (first * n) + next, n, 1, corner, n, Product.Into.Subtract);
            }
        }

        return result;
    }

    /// <summary>One column and one row; u and v are the block's first lines, f room for factors.</summary>
    private void Column(double* a, nint n, nint first, nint k, double* u, double* v, double* x, double* y, double* f)
    {
        var i = first + k;
        double* uk = u + (k * n), vk = v + (k * n), xk = x + (k * n), yk = y + (k * n);
        double* p = f, q = f + Panel;

        for (var r = i; r < n; r++) uk[r] = a[(r * n) + i];
        for (nint l = 0; l < k; l++) (p[l], q[l]) = (-y[(l * n) + i], -v[(l * n) + i]);
        Lines.AddRows(p, u + i, n, k, uk + i, n - i);
        Lines.AddRows(q, x + i, n, k, uk + i, n - i);
        (Left.Tau[i], Diagonal[i]) = Reflectors.Make(uk + i, n - i);
        var after = i + 1;
        var rest = n - after;
        if (rest == 0) return;

        var parts = (n - i) * rest < 30_000 ? 1 : Split.Threads;
        Split.Run(parts, part =>
        {
            var (from, to) = Split.Range(rest, parts, part, 64);
            Lines.AddRows(uk + i, a + (i * n) + after + from, n, n - i, yk + after + from, to - from);
        });
        for (nint l = 0; l < k; l++)
        {
            p[l] = -Lines.Dot(u + (l * n) + i, uk + i, n - i);
            q[l] = -Lines.Dot(x + (l * n) + i, uk + i, n - i);
        }

        Lines.AddRows(p, y + after, n, k, yk + after, rest);
        Lines.AddRows(q, v + after, n, k, yk + after, rest);
        for (var j = after; j < n; j++) yk[j] *= Left.Tau[i];

        new Span<double>(a + (i * n) + after, (int)rest).CopyTo(new Span<double>(vk + after, (int)rest));
        for (nint l = 0; l <= k; l++) (p[l], q[l]) = (-u[(l * n) + i], -x[(l * n) + i]);
        Lines.AddRows(p, y + after, n, k + 1, vk + after, rest);
        Lines.AddRows(q, v + after, n, k, vk + after, rest);
        (Right.Tau[i], Upper[i]) = Reflectors.Make(vk + after, rest);

        Split.Run(parts, part =>
        {
            var (from, to) = Split.Range(rest, parts, part, 8);
            for (var r = after + from; r < after + to; r++) xk[r] = Lines.Dot(a + (r * n) + after, vk + after, rest);
        });
        for (nint l = 0; l <= k; l++)
        {
            p[l] = -Lines.Dot(y + (l * n) + after, vk + after, rest);
            q[l] = -Lines.Dot(v + (l * n) + after, vk + after, rest);
        }

        Lines.AddRows(p, u + after, n, k + 1, xk + after, rest);
        Lines.AddRows(q, x + after, n, k, xk + after, rest);
        for (var r = after; r < n; r++) xk[r] *= Right.Tau[i];
    }
}
