using System.Runtime.CompilerServices;
using Tenon.Tensors.Kernels;

namespace Tenon.Tensors.Linalg.Kernels;

/// <summary>
/// What dense factorisations do with whole lines of numbers, in the widest form that the processor has; the bits are the same in each.
/// </summary>
internal static unsafe class Lines
{
    /// <summary>
    /// sum of x[i] y[i]: four blocks of eight partial sums, blocks in ascending order, then the tree, then the last n mod 8 products.
    /// </summary>
    public static double Dot(double* x, double* y, nint n) => KernelSet.Best.Dot(x, y, n);

    /// <summary>y[i] += factor x[i].</summary>
    public static void AddScaled(double factor, double* x, double* y, nint n) => KernelSet.Best.AddScaled(factor, x, y, n);

    /// <summary>y[j] += sum over r of factors[r] a[r stride + j], r ascending, for <paramref name="rows"/> rows and n columns.</summary>
    public static void AddRows(double* factors, double* a, nint stride, nint rows, double* y, nint n) =>
        KernelSet.Best.AddRows(factors, a, stride, rows, y, n);

    /// <summary>The Euclidean norm of x, safe where the squares overflow or vanish.</summary>
    public static double Norm(double* x, nint n)
    {
        var squares = Dot(x, x, n);
        if (squares > 1e-280 && squares < 1e300) return Math.Sqrt(squares);
        var largest = 0.0;
        for (nint i = 0; i < n; i++) largest = Math.Max(largest, Math.Abs(x[i]));
        if (largest == 0 || !double.IsFinite(largest)) return largest;
        var (sum, scale) = (0.0, Math.ScaleB(1, Math.Clamp(-Math.ILogB(largest), -1000, 1000)));
        for (nint i = 0; i < n; i++)
        {
            var scaled = x[i] * scale;
            sum = Math.FusedMultiplyAdd(scaled, scaled, sum);
        }

        return Math.Sqrt(sum) / scale;
    }
}

/// <summary>The kernels in one width; see <see cref="Lines"/>.</summary>
internal static unsafe class Lines<TOps, TV>
    where TOps : unmanaged, IEight<TV>
    where TV : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Dot(double* x, double* y, nint n)
    {
        var (a, b, c, d) = (TOps.Broadcast(0), TOps.Broadcast(0), TOps.Broadcast(0), TOps.Broadcast(0));
        nint i = 0;
        for (; i + 32 <= n; i += 32)
        {
            a = TOps.Fma(TOps.Load(x + i), TOps.Load(y + i), a);
            b = TOps.Fma(TOps.Load(x + i + 8), TOps.Load(y + i + 8), b);
            c = TOps.Fma(TOps.Load(x + i + 16), TOps.Load(y + i + 16), c);
            d = TOps.Fma(TOps.Load(x + i + 24), TOps.Load(y + i + 24), d);
        }

        for (; i + 8 <= n; i += 8) a = TOps.Fma(TOps.Load(x + i), TOps.Load(y + i), a);
        var sum = TOps.Sum(TOps.Add(TOps.Add(a, b), TOps.Add(c, d)));
        for (; i < n; i++) sum = Math.FusedMultiplyAdd(x[i], y[i], sum);
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddScaled(double factor, double* x, double* y, nint n)
    {
        var f = TOps.Broadcast(factor);
        nint i = 0;
        for (; i + 8 <= n; i += 8) TOps.Store(TOps.Fma(f, TOps.Load(x + i), TOps.Load(y + i)), y + i);
        for (; i < n; i++) y[i] = Math.FusedMultiplyAdd(factor, x[i], y[i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddRows(double* factors, double* a, nint stride, nint rows, double* y, nint n)
    {
        nint r = 0;
        for (; r + 4 <= rows; r += 4)
        {
            double* p = a + (r * stride), q = p + stride, s = q + stride, t = s + stride;
            var (fp, fq, fs, ft) =
                (TOps.Broadcast(factors[r]), TOps.Broadcast(factors[r + 1]), TOps.Broadcast(factors[r + 2]),
                TOps.Broadcast(factors[r + 3]));
            nint j = 0;
            for (; j + 8 <= n; j += 8)
            {
                var sum = TOps.Fma(fp, TOps.Load(p + j), TOps.Load(y + j));
                sum = TOps.Fma(fq, TOps.Load(q + j), sum);
                sum = TOps.Fma(fs, TOps.Load(s + j), sum);
                TOps.Store(TOps.Fma(ft, TOps.Load(t + j), sum), y + j);
            }

            for (; j < n; j++)
            {
                var sum = Math.FusedMultiplyAdd(factors[r], p[j], y[j]);
                sum = Math.FusedMultiplyAdd(factors[r + 1], q[j], sum);
                sum = Math.FusedMultiplyAdd(factors[r + 2], s[j], sum);
                y[j] = Math.FusedMultiplyAdd(factors[r + 3], t[j], sum);
            }
        }

        for (; r < rows; r++) AddScaled(factors[r], a + (r * stride), y, n);
    }
}
