using System.Runtime.CompilerServices;

namespace Tenon.Tensors.Kernels;

/// <content>The tiles for narrower vectors and for the rows that are left over.</content>
internal static unsafe partial class Tiles<TOps, TV>
{
    /// <summary>6 rows by two vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows6(nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint cRow, bool accumulate,
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
        if (accumulate)
        {
            (x0, y0) = (TOps.Load(c0), TOps.Load(c0 + TOps.Lanes));
            (x1, y1) = (TOps.Load(c0 + s1), TOps.Load(c0 + s1 + TOps.Lanes));
            (x2, y2) = (TOps.Load(c0 + s2), TOps.Load(c0 + s2 + TOps.Lanes));
            (x3, y3) = (TOps.Load(c0 + s3), TOps.Load(c0 + s3 + TOps.Lanes));
            (x4, y4) = (TOps.Load(c1), TOps.Load(c1 + TOps.Lanes));
            (x5, y5) = (TOps.Load(c1 + s1), TOps.Load(c1 + s1 + TOps.Lanes));
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
    }

    /// <summary>4 rows by two vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows4(nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint cRow, bool accumulate)
    {
        var zero = TOps.Broadcast(0f);
        float* a0 = a;
        nint r1 = aRow, r2 = 2 * aRow, r3 = 3 * aRow;
        float* c0 = c;
        nint s1 = cRow, s2 = 2 * cRow, s3 = 3 * cRow;
        TV x0 = zero, y0 = zero;
        TV x1 = zero, y1 = zero;
        TV x2 = zero, y2 = zero;
        TV x3 = zero, y3 = zero;
        if (accumulate)
        {
            (x0, y0) = (TOps.Load(c0), TOps.Load(c0 + TOps.Lanes));
            (x1, y1) = (TOps.Load(c0 + s1), TOps.Load(c0 + s1 + TOps.Lanes));
            (x2, y2) = (TOps.Load(c0 + s2), TOps.Load(c0 + s2 + TOps.Lanes));
            (x3, y3) = (TOps.Load(c0 + s3), TOps.Load(c0 + s3 + TOps.Lanes));
        }

        for (; k > 0; k--)
        {
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
            a0 += aStep;
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
    }

    /// <summary>2 rows by two vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows2(nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint cRow, bool accumulate)
    {
        var zero = TOps.Broadcast(0f);
        float* a0 = a;
        nint r1 = aRow;
        float* c0 = c;
        nint s1 = cRow;
        TV x0 = zero, y0 = zero;
        TV x1 = zero, y1 = zero;
        if (accumulate)
        {
            (x0, y0) = (TOps.Load(c0), TOps.Load(c0 + TOps.Lanes));
            (x1, y1) = (TOps.Load(c0 + s1), TOps.Load(c0 + s1 + TOps.Lanes));
        }

        for (; k > 0; k--)
        {
            var p = TOps.Load(b);
            var q = TOps.Load(b + TOps.Lanes);
            var v0 = TOps.Broadcast(*a0);
            (x0, y0) = (TOps.Fma(v0, p, x0), TOps.Fma(v0, q, y0));
            var v1 = TOps.Broadcast(*(a0 + r1));
            (x1, y1) = (TOps.Fma(v1, p, x1), TOps.Fma(v1, q, y1));
            a0 += aStep;
            b += bStep;
        }

        TOps.Store(x0, c0);
        TOps.Store(y0, c0 + TOps.Lanes);
        TOps.Store(x1, c0 + s1);
        TOps.Store(y1, c0 + s1 + TOps.Lanes);
    }

    /// <summary>1 row by two vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows1(nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint cRow, bool accumulate)
    {
        var zero = TOps.Broadcast(0f);
        float* a0 = a;
        float* c0 = c;
        TV x0 = zero, y0 = zero;
        if (accumulate)
        {
            (x0, y0) = (TOps.Load(c0), TOps.Load(c0 + TOps.Lanes));
        }

        for (; k > 0; k--)
        {
            var p = TOps.Load(b);
            var q = TOps.Load(b + TOps.Lanes);
            var v0 = TOps.Broadcast(*a0);
            (x0, y0) = (TOps.Fma(v0, p, x0), TOps.Fma(v0, q, y0));
            a0 += aStep;
            b += bStep;
        }

        TOps.Store(x0, c0);
        TOps.Store(y0, c0 + TOps.Lanes);
    }
}
