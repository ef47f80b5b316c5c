using System.Runtime.CompilerServices;

namespace Tenon.Tensors.Kernels;

/// <summary>
/// Tiles of a matrix product: C (+)= A B for a few rows and two vectors of columns, A(i, k) at a[i aRow + k aStep], B(k, j) at b[k bStep +
/// j]. One accumulator an output, k
/// ascending, fused, kept in registers: named locals, because the compiler leaves arrays of vectors in memory. Every tile does the same to
/// an output, so which tile
/// computes it changes nothing. The taller ones ask for a line of memory <c>ahead</c> of each line of B (0: none).
/// </summary>
internal static unsafe partial class Tiles<TOps, TV>
    where TOps : unmanaged, IVector<TV>
    where TV : unmanaged
{
    /// <summary>12 rows by two vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows12(nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint cRow, bool accumulate,
        nint ahead = 0)
    {
        var zero = TOps.Broadcast(0f);
        float* a0 = a, a1 = a + (4 * aRow), a2 = a + (8 * aRow);
        nint r1 = aRow, r2 = 2 * aRow, r3 = 3 * aRow;
        float* c0 = c, c1 = c + (4 * cRow), c2 = c + (8 * cRow);
        nint s1 = cRow, s2 = 2 * cRow, s3 = 3 * cRow;
        TV x0 = zero, y0 = zero;
        TV x1 = zero, y1 = zero;
        TV x2 = zero, y2 = zero;
        TV x3 = zero, y3 = zero;
        TV x4 = zero, y4 = zero;
        TV x5 = zero, y5 = zero;
        TV x6 = zero, y6 = zero;
        TV x7 = zero, y7 = zero;
        TV x8 = zero, y8 = zero;
        TV x9 = zero, y9 = zero;
        TV x10 = zero, y10 = zero;
        TV x11 = zero, y11 = zero;
        if (accumulate)
        {
            (x0, y0) = (TOps.Load(c0), TOps.Load(c0 + TOps.Lanes));
            (x1, y1) = (TOps.Load(c0 + s1), TOps.Load(c0 + s1 + TOps.Lanes));
            (x2, y2) = (TOps.Load(c0 + s2), TOps.Load(c0 + s2 + TOps.Lanes));
            (x3, y3) = (TOps.Load(c0 + s3), TOps.Load(c0 + s3 + TOps.Lanes));
            (x4, y4) = (TOps.Load(c1), TOps.Load(c1 + TOps.Lanes));
            (x5, y5) = (TOps.Load(c1 + s1), TOps.Load(c1 + s1 + TOps.Lanes));
            (x6, y6) = (TOps.Load(c1 + s2), TOps.Load(c1 + s2 + TOps.Lanes));
            (x7, y7) = (TOps.Load(c1 + s3), TOps.Load(c1 + s3 + TOps.Lanes));
            (x8, y8) = (TOps.Load(c2), TOps.Load(c2 + TOps.Lanes));
            (x9, y9) = (TOps.Load(c2 + s1), TOps.Load(c2 + s1 + TOps.Lanes));
            (x10, y10) = (TOps.Load(c2 + s2), TOps.Load(c2 + s2 + TOps.Lanes));
            (x11, y11) = (TOps.Load(c2 + s3), TOps.Load(c2 + s3 + TOps.Lanes));
        }

        for (; k > 0; k--)
        {
            TOps.Prefetch(b + ahead);
            var p = TOps.Load(b);
            var q = TOps.Load(b + TOps.Lanes);
            var v0 = TOps.Broadcast(*a0);
            (x0, y0) = (TOps.Fma(v0, p, x0), TOps.Fma(v0, q, y0));
            var v1 = TOps.Broadcast(*(a0 + r1));
            (x1, y1) = (TOps.Fma(v1, p, x1), TOps.Fma(v1, q, y1));
            var v2 = TOps.Broadcast(*(a0 + r2));
            (x2, y2) = (TOps.Fma(v2, p, x2), TOps.Fma(v2, q, y2));
            var v3 = TOps.Broadcast(*(a0 + r3));
            (x3, y3) = (TOps.Fma(v3, p, x3), TOps.Fma(v3, q, y3));
            var v4 = TOps.Broadcast(*a1);
            (x4, y4) = (TOps.Fma(v4, p, x4), TOps.Fma(v4, q, y4));
            var v5 = TOps.Broadcast(*(a1 + r1));
            (x5, y5) = (TOps.Fma(v5, p, x5), TOps.Fma(v5, q, y5));
            var v6 = TOps.Broadcast(*(a1 + r2));
            (x6, y6) = (TOps.Fma(v6, p, x6), TOps.Fma(v6, q, y6));
            var v7 = TOps.Broadcast(*(a1 + r3));
            (x7, y7) = (TOps.Fma(v7, p, x7), TOps.Fma(v7, q, y7));
            var v8 = TOps.Broadcast(*a2);
            (x8, y8) = (TOps.Fma(v8, p, x8), TOps.Fma(v8, q, y8));
            var v9 = TOps.Broadcast(*(a2 + r1));
            (x9, y9) = (TOps.Fma(v9, p, x9), TOps.Fma(v9, q, y9));
            var v10 = TOps.Broadcast(*(a2 + r2));
            (x10, y10) = (TOps.Fma(v10, p, x10), TOps.Fma(v10, q, y10));
            var v11 = TOps.Broadcast(*(a2 + r3));
            (x11, y11) = (TOps.Fma(v11, p, x11), TOps.Fma(v11, q, y11));
            a0 += aStep;
            a1 += aStep;
            a2 += aStep;
            b += bStep;
        }

        TOps.Store(x0, c0);
        TOps.Store(y0, c0 + TOps.Lanes);
        TOps.Store(x1, c0 + s1);
        TOps.Store(y1, c0 + s1 + TOps.Lanes);
        TOps.Store(x2, c0 + s2);
        TOps.Store(y2, c0 + s2 + TOps.Lanes);
        TOps.Store(x3, c0 + s3);
        TOps.Store(y3, c0 + s3 + TOps.Lanes);
        TOps.Store(x4, c1);
        TOps.Store(y4, c1 + TOps.Lanes);
        TOps.Store(x5, c1 + s1);
        TOps.Store(y5, c1 + s1 + TOps.Lanes);
        TOps.Store(x6, c1 + s2);
        TOps.Store(y6, c1 + s2 + TOps.Lanes);
        TOps.Store(x7, c1 + s3);
        TOps.Store(y7, c1 + s3 + TOps.Lanes);
        TOps.Store(x8, c2);
        TOps.Store(y8, c2 + TOps.Lanes);
        TOps.Store(x9, c2 + s1);
        TOps.Store(y9, c2 + s1 + TOps.Lanes);
        TOps.Store(x10, c2 + s2);
        TOps.Store(y10, c2 + s2 + TOps.Lanes);
        TOps.Store(x11, c2 + s3);
        TOps.Store(y11, c2 + s3 + TOps.Lanes);
    }

    /// <summary>8 rows by two vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows8(nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint cRow, bool accumulate,
        nint ahead = 0)
    {
        var zero = TOps.Broadcast(0f);
        float* a0 = a, a1 = a + (4 * aRow);
        nint r1 = aRow, r2 = 2 * aRow, r3 = 3 * aRow;
        float* c0 = c, c1 = c + (4 * cRow);
        nint s1 = cRow, s2 = 2 * cRow, s3 = 3 * cRow;
        TV x0 = zero, y0 = zero;
        TV x1 = zero, y1 = zero;
        TV x2 = zero, y2 = zero;
        TV x3 = zero, y3 = zero;
        TV x4 = zero, y4 = zero;
        TV x5 = zero, y5 = zero;
        TV x6 = zero, y6 = zero;
        TV x7 = zero, y7 = zero;
        if (accumulate)
        {
            (x0, y0) = (TOps.Load(c0), TOps.Load(c0 + TOps.Lanes));
            (x1, y1) = (TOps.Load(c0 + s1), TOps.Load(c0 + s1 + TOps.Lanes));
            (x2, y2) = (TOps.Load(c0 + s2), TOps.Load(c0 + s2 + TOps.Lanes));
            (x3, y3) = (TOps.Load(c0 + s3), TOps.Load(c0 + s3 + TOps.Lanes));
            (x4, y4) = (TOps.Load(c1), TOps.Load(c1 + TOps.Lanes));
            (x5, y5) = (TOps.Load(c1 + s1), TOps.Load(c1 + s1 + TOps.Lanes));
            (x6, y6) = (TOps.Load(c1 + s2), TOps.Load(c1 + s2 + TOps.Lanes));
            (x7, y7) = (TOps.Load(c1 + s3), TOps.Load(c1 + s3 + TOps.Lanes));
        }

        for (; k > 0; k--)
        {
            TOps.Prefetch(b + ahead);
            var p = TOps.Load(b);
            var q = TOps.Load(b + TOps.Lanes);
            var v0 = TOps.Broadcast(*a0);
            (x0, y0) = (TOps.Fma(v0, p, x0), TOps.Fma(v0, q, y0));
            var v1 = TOps.Broadcast(*(a0 + r1));
            (x1, y1) = (TOps.Fma(v1, p, x1), TOps.Fma(v1, q, y1));
            var v2 = TOps.Broadcast(*(a0 + r2));
            (x2, y2) = (TOps.Fma(v2, p, x2), TOps.Fma(v2, q, y2));
            var v3 = TOps.Broadcast(*(a0 + r3));
            (x3, y3) = (TOps.Fma(v3, p, x3), TOps.Fma(v3, q, y3));
            var v4 = TOps.Broadcast(*a1);
            (x4, y4) = (TOps.Fma(v4, p, x4), TOps.Fma(v4, q, y4));
            var v5 = TOps.Broadcast(*(a1 + r1));
            (x5, y5) = (TOps.Fma(v5, p, x5), TOps.Fma(v5, q, y5));
            var v6 = TOps.Broadcast(*(a1 + r2));
            (x6, y6) = (TOps.Fma(v6, p, x6), TOps.Fma(v6, q, y6));
            var v7 = TOps.Broadcast(*(a1 + r3));
            (x7, y7) = (TOps.Fma(v7, p, x7), TOps.Fma(v7, q, y7));
            a0 += aStep;
            a1 += aStep;
            b += bStep;
        }

        TOps.Store(x0, c0);
        TOps.Store(y0, c0 + TOps.Lanes);
        TOps.Store(x1, c0 + s1);
        TOps.Store(y1, c0 + s1 + TOps.Lanes);
        TOps.Store(x2, c0 + s2);
        TOps.Store(y2, c0 + s2 + TOps.Lanes);
        TOps.Store(x3, c0 + s3);
        TOps.Store(y3, c0 + s3 + TOps.Lanes);
        TOps.Store(x4, c1);
        TOps.Store(y4, c1 + TOps.Lanes);
        TOps.Store(x5, c1 + s1);
        TOps.Store(y5, c1 + s1 + TOps.Lanes);
        TOps.Store(x6, c1 + s2);
        TOps.Store(y6, c1 + s2 + TOps.Lanes);
        TOps.Store(x7, c1 + s3);
        TOps.Store(y7, c1 + s3 + TOps.Lanes);
    }
}
