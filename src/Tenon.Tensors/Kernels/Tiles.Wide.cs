using System.Runtime.CompilerServices;

namespace Tenon.Tensors.Kernels;

/// <content>
/// Tiles for three rows and fewer: four vectors wide, so that there are enough sums under way at once to hide the time that a fused
/// multiply-add takes (attention of one token has as many rows as query heads share a key).
/// </content>
internal static unsafe partial class Tiles<TOps, TV>
{
    /// <summary>3 rows by two vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows3(nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint cRow, bool accumulate)
    {
        var zero = TOps.Broadcast(0f);
        TV x0 = zero, y0 = zero;
        TV x1 = zero, y1 = zero;
        TV x2 = zero, y2 = zero;
        if (accumulate)
        {
            (x0, y0) = (TOps.Load(c), TOps.Load(c + TOps.Lanes));
            (x1, y1) = (TOps.Load(c + cRow), TOps.Load(c + cRow + TOps.Lanes));
            (x2, y2) = (TOps.Load(c + (2 * cRow)), TOps.Load(c + (2 * cRow) + TOps.Lanes));
        }

        for (; k > 0; k--)
        {
            var p = TOps.Load(b);
            var q = TOps.Load(b + TOps.Lanes);
            var v0 = TOps.Broadcast(*a);
            (x0, y0) = (TOps.Fma(v0, p, x0), TOps.Fma(v0, q, y0));
            var v1 = TOps.Broadcast(*(a + aRow));
            (x1, y1) = (TOps.Fma(v1, p, x1), TOps.Fma(v1, q, y1));
            var v2 = TOps.Broadcast(*(a + (2 * aRow)));
            (x2, y2) = (TOps.Fma(v2, p, x2), TOps.Fma(v2, q, y2));
            a += aStep;
            b += bStep;
        }

        TOps.Store(x0, c);
        TOps.Store(y0, c + TOps.Lanes);
        TOps.Store(x1, c + cRow);
        TOps.Store(y1, c + cRow + TOps.Lanes);
        TOps.Store(x2, c + (2 * cRow));
        TOps.Store(y2, c + (2 * cRow) + TOps.Lanes);
    }

    /// <summary>3 rows by four vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Wide3(nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint cRow, bool accumulate)
    {
        var zero = TOps.Broadcast(0f);
        TV x0 = zero, y0 = zero, z0 = zero, w0 = zero;
        TV x1 = zero, y1 = zero, z1 = zero, w1 = zero;
        TV x2 = zero, y2 = zero, z2 = zero, w2 = zero;
        if (accumulate)
        {
            (x0, y0, z0, w0) = (TOps.Load(c), TOps.Load(c + TOps.Lanes), TOps.Load(c + (2 * TOps.Lanes)), TOps.Load(c + (3 * TOps.Lanes)));
            (x1, y1, z1, w1) =
                (TOps.Load(c + cRow), TOps.Load(c + cRow + TOps.Lanes), TOps.Load(c + cRow + (2 * TOps.Lanes)),
                TOps.Load(c + cRow + (3 * TOps.Lanes)));
            (x2, y2, z2, w2) =
                (TOps.Load(c + (2 * cRow)), TOps.Load(c + (2 * cRow) + TOps.Lanes),
                TOps.Load(c + (2 * cRow) + (2 * TOps.Lanes)), TOps.Load(c + (2 * cRow) + (3 * TOps.Lanes)));
        }

        for (; k > 0; k--)
        {
            var p0 = TOps.Load(b);
            var p1 = TOps.Load(b + TOps.Lanes);
            var p2 = TOps.Load(b + (2 * TOps.Lanes));
            var p3 = TOps.Load(b + (3 * TOps.Lanes));
            var v0 = TOps.Broadcast(*a);
            x0 = TOps.Fma(v0, p0, x0);
            y0 = TOps.Fma(v0, p1, y0);
            z0 = TOps.Fma(v0, p2, z0);
            w0 = TOps.Fma(v0, p3, w0);
            var v1 = TOps.Broadcast(*(a + aRow));
            x1 = TOps.Fma(v1, p0, x1);
            y1 = TOps.Fma(v1, p1, y1);
            z1 = TOps.Fma(v1, p2, z1);
            w1 = TOps.Fma(v1, p3, w1);
            var v2 = TOps.Broadcast(*(a + (2 * aRow)));
            x2 = TOps.Fma(v2, p0, x2);
            y2 = TOps.Fma(v2, p1, y2);
            z2 = TOps.Fma(v2, p2, z2);
            w2 = TOps.Fma(v2, p3, w2);
            a += aStep;
            b += bStep;
        }

        TOps.Store(x0, c);
        TOps.Store(y0, c + TOps.Lanes);
        TOps.Store(z0, c + (2 * TOps.Lanes));
        TOps.Store(w0, c + (3 * TOps.Lanes));
        TOps.Store(x1, c + cRow);
        TOps.Store(y1, c + cRow + TOps.Lanes);
        TOps.Store(z1, c + cRow + (2 * TOps.Lanes));
        TOps.Store(w1, c + cRow + (3 * TOps.Lanes));
        TOps.Store(x2, c + (2 * cRow));
        TOps.Store(y2, c + (2 * cRow) + TOps.Lanes);
        TOps.Store(z2, c + (2 * cRow) + (2 * TOps.Lanes));
        TOps.Store(w2, c + (2 * cRow) + (3 * TOps.Lanes));
    }

    /// <summary>2 rows by four vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Wide2(nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint cRow, bool accumulate)
    {
        var zero = TOps.Broadcast(0f);
        TV x0 = zero, y0 = zero, z0 = zero, w0 = zero;
        TV x1 = zero, y1 = zero, z1 = zero, w1 = zero;
        if (accumulate)
        {
            (x0, y0, z0, w0) = (TOps.Load(c), TOps.Load(c + TOps.Lanes), TOps.Load(c + (2 * TOps.Lanes)), TOps.Load(c + (3 * TOps.Lanes)));
            (x1, y1, z1, w1) =
                (TOps.Load(c + cRow), TOps.Load(c + cRow + TOps.Lanes), TOps.Load(c + cRow + (2 * TOps.Lanes)),
                TOps.Load(c + cRow + (3 * TOps.Lanes)));
        }

        for (; k > 0; k--)
        {
            var p0 = TOps.Load(b);
            var p1 = TOps.Load(b + TOps.Lanes);
            var p2 = TOps.Load(b + (2 * TOps.Lanes));
            var p3 = TOps.Load(b + (3 * TOps.Lanes));
            var v0 = TOps.Broadcast(*a);
            x0 = TOps.Fma(v0, p0, x0);
            y0 = TOps.Fma(v0, p1, y0);
            z0 = TOps.Fma(v0, p2, z0);
            w0 = TOps.Fma(v0, p3, w0);
            var v1 = TOps.Broadcast(*(a + aRow));
            x1 = TOps.Fma(v1, p0, x1);
            y1 = TOps.Fma(v1, p1, y1);
            z1 = TOps.Fma(v1, p2, z1);
            w1 = TOps.Fma(v1, p3, w1);
            a += aStep;
            b += bStep;
        }

        TOps.Store(x0, c);
        TOps.Store(y0, c + TOps.Lanes);
        TOps.Store(z0, c + (2 * TOps.Lanes));
        TOps.Store(w0, c + (3 * TOps.Lanes));
        TOps.Store(x1, c + cRow);
        TOps.Store(y1, c + cRow + TOps.Lanes);
        TOps.Store(z1, c + cRow + (2 * TOps.Lanes));
        TOps.Store(w1, c + cRow + (3 * TOps.Lanes));
    }

    /// <summary>1 row by four vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Wide1(nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint cRow, bool accumulate)
    {
        var zero = TOps.Broadcast(0f);
        TV x0 = zero, y0 = zero, z0 = zero, w0 = zero;
        if (accumulate)
        {
            (x0, y0, z0, w0) = (TOps.Load(c), TOps.Load(c + TOps.Lanes), TOps.Load(c + (2 * TOps.Lanes)), TOps.Load(c + (3 * TOps.Lanes)));
        }

        for (; k > 0; k--)
        {
            var p0 = TOps.Load(b);
            var p1 = TOps.Load(b + TOps.Lanes);
            var p2 = TOps.Load(b + (2 * TOps.Lanes));
            var p3 = TOps.Load(b + (3 * TOps.Lanes));
            var v0 = TOps.Broadcast(*a);
            x0 = TOps.Fma(v0, p0, x0);
            y0 = TOps.Fma(v0, p1, y0);
            z0 = TOps.Fma(v0, p2, z0);
            w0 = TOps.Fma(v0, p3, w0);
            a += aStep;
            b += bStep;
        }

        TOps.Store(x0, c);
        TOps.Store(y0, c + TOps.Lanes);
        TOps.Store(z0, c + (2 * TOps.Lanes));
        TOps.Store(w0, c + (3 * TOps.Lanes));
    }
}
