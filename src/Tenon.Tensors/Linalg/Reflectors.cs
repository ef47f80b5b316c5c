using Tenon.Tensors.Linalg.Kernels;
using Tenon.Tensors.Memory;

namespace Tenon.Tensors.Linalg;

/// <summary>
/// A product Q = H0 H1 ... of Householder reflectors Hj = I - tau_j v_j v_jᵀ, kept as rows v_j of length <see cref="Length"/> with explicit
/// zeros and ones, and applied in blocks as
/// I - Vᵀ T V (Schreiber and Van Loan 1989, the compact WY form).
/// </summary>
internal sealed unsafe class Reflectors(int count, int length)
{
    private const int BlockSize = 32;
    private const nint Stripe = 128;
    private const nint LargeTarget = 250_000;

    [ThreadStatic]
    private static double[]? _t_products;

    /// <summary>Row j is v_j; all that stands before its first nonzero is zero.</summary>
    public double[] Vectors { get; } = HugePages.Array(checked((long)count * length));

    /// <summary>The factor of each; 0 is the identity.</summary>
    public double[] Tau { get; } = new double[count];

    /// <summary>How many numbers a reflector acts on.</summary>
    public int Length { get; } = length;

    /// <summary>Where v_j begins is j + this.</summary>
    public int Offset { get; init; }

    /// <summary>
    /// Makes the reflector that maps x to (beta, 0, ..., 0), beta = -sign(x0) |x| as LAPACK's dlarfg has it; x becomes v (v0 = 1). A tail
    /// of zeros leaves x as it is: tau is 0 and beta x0.
    /// </summary>
    public static (double Tau, double Beta) Make(double* x, nint n)
    {
        if (n <= 0) return (0, 0);
        var alpha = x[0];
        var tail = Lines.Norm(x + 1, n - 1);
        if (tail == 0)
        {
            x[0] = 1;
            return (0, alpha);
        }

        var beta = -Math.CopySign(Hypotenuse(alpha, tail), alpha);
        if (Math.Abs(beta) < 1e-280)
        {
            // Numbers this small have lost digits, or their squares have: the same reflector from larger ones.
            var up = Math.ScaleB(1, 600);
            for (nint i = 0; i < n; i++) x[i] *= up;
            var (factor, larger) = Make(x, n);
            return (factor, larger / up);
        }

        var tau = (beta - alpha) / beta;
        var divisor = alpha - beta;
        for (nint i = 1; i < n; i++) x[i] /= divisor;
        x[0] = 1;
        return (tau, beta);
    }

    /// <summary>
    /// C (Length rows, <paramref name="columns"/> columns) becomes Q C, or Qᵀ C where <paramref name="transposed"/>. Columns do not know of
    /// each other, so a large C goes stripe by stripe through all reflectors: a stripe stays in the cache for them, threads share stripes.
    /// </summary>
    public void Apply(double* c, nint columns, bool transposed)
    {
        var blocks = (Tau.Length + BlockSize - 1) / BlockSize;
        var triangles = new double[blocks * BlockSize * BlockSize];
        for (var b = 0; b < blocks; b++) Triangle(b * BlockSize, triangles.AsSpan(b * BlockSize * BlockSize));
        var stripes = (nint)Length * columns < LargeTarget ? 1 : (int)((columns + Stripe - 1) / Stripe + Split.Threads - 1) / Split.Threads
            * Split.Threads;
        var place = (nint)c;
        Split.Run(stripes, part =>
        {
            var (from, to) = Split.Range(columns, stripes, part, 16);
            for (var b = 0; b < blocks; b++)
            {
                var block = transposed ? b : blocks - 1 - b;
                ApplyBlock(block * BlockSize, triangles.AsSpan(block * BlockSize * BlockSize), (double*)place + from, columns, to - from,
                    transposed);
            }
        });
    }

    /// <summary>
    /// C becomes Q C for reflectors <paramref name="first"/> to first + 31 alone, or its transpose; rows of C before the block's first are
    /// not touched.
    /// </summary>
    public void ApplyBlock(int first, double* c, nint stride, nint columns, bool transposed)
    {
        Span<double> triangle = stackalloc double[BlockSize * BlockSize];
        Triangle(first, triangle);
        ApplyBlock(first, triangle, c, stride, columns, transposed);
    }

    private void ApplyBlock(int first, ReadOnlySpan<double> triangle, double* c, nint stride, nint columns, bool transposed)
    {
        var size = Math.Min(BlockSize, Tau.Length - first);
        var skip = first + Offset;
        nint rows = Length - skip;
        if (rows <= 0 || columns <= 0) return;
        // A new one for every block would be fresh memory each time.
        var needed = checked((int)(2 * size * columns));
        if (_t_products is not { } products || products.Length < needed) products = _t_products = new double[needed];
        fixed (double* all = Vectors, t = triangle, w = products)
        {
            var v = all + ((nint)first * Length) + skip;
            c += skip * stride;
            var turned = w + (size * columns);
            Product.Multiply(size, columns, rows, v, Length, 1, c, stride, 1, w, columns, Product.Into.Set);
            Product.Multiply(size, columns, size, t, transposed ? 1 : BlockSize, transposed ? BlockSize
                : 1, w, columns, 1, turned, columns, Product.Into.Set);
            Product.Multiply(rows, columns, size, v, 1, Length, turned, columns, 1, c, stride, Product.Into.Subtract);
        }
    }

    /// <summary>The triangle T [32, 32] of the compact form of reflectors <paramref name="first"/> to first + 31.</summary>
    private void Triangle(int first, Span<double> triangle)
    {
        triangle = triangle[..(BlockSize * BlockSize)];
        triangle.Clear();
        var size = Math.Min(BlockSize, Tau.Length - first);
        var skip = first + Offset;
        nint rows = Length - skip;
        if (rows <= 0) return;
        var gram = stackalloc double[BlockSize * BlockSize];
        fixed (double* all = Vectors, t = triangle)
        {
            var v = all + ((nint)first * Length) + skip;
            Product.Multiply(size, size, rows, v, Length, 1, v, 1, Length, gram, BlockSize, Product.Into.Set);
            for (var j = 0; j < size; j++)
            {
                var tau = Tau[first + j];
                for (var i = 0; i < j; i++)
                {
                    var sum = 0.0;
                    for (var l = i; l < j; l++) sum = Math.FusedMultiplyAdd(t[(i * BlockSize) + l], gram[(l * BlockSize) + j], sum);
                    t[(i * BlockSize) + j] = -tau * sum;
                }

                t[(j * BlockSize) + j] = tau;
            }
        }
    }

    /// <summary>sqrt(a² + b²) without overflow.</summary>
    private static double Hypotenuse(double a, double b)
    {
        (a, b) = (Math.Abs(a), Math.Abs(b));
        var (large, small) = (Math.Max(a, b), Math.Min(a, b));
        if (large == 0 || double.IsInfinity(large)) return large;
        var ratio = small / large;
        return large * Math.Sqrt(1 + (ratio * ratio));
    }
}
