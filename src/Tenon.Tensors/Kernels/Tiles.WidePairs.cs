using System.Runtime.CompilerServices;

namespace Tenon.Tensors.Kernels;

/// <content>
/// Pairs of terms (<see cref="Tiles{TOps, TV}.Pairs1"/>) for three rows and fewer: four vectors wide, so that there are enough sums under
/// way at once to hide the time that a fused multiply-add takes.
/// </content>
internal static unsafe partial class Tiles<TOps, TV>
{
    /// <summary>
    /// 1 row by four vectors, of which the last two lie <paramref name="bNext"/> behind the first two, and their results
    /// <paramref name="cNext"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WidePairs1(
        nint k, float* a, float* b, nint bNext, nint bStep, float* c, nint cNext, bool accumulate)
    {
        var zero = TOps.Broadcast(0f);
        TV x0 = zero, y0 = zero, z0 = zero, w0 = zero;
        var b2 = b + bNext;
        if (accumulate)
        {
            (x0, y0) = (TOps.Load(c), TOps.Load(c + TOps.Lanes));
            (z0, w0) = (TOps.Load(c + cNext), TOps.Load(c + cNext + TOps.Lanes));
        }

        for (; k > 0; k -= 2)
        {
            var v0 = TOps.Broadcast(*a);
            var p = TOps.LoadPairLow(b);
            x0 = TOps.Fma(v0, p, x0);
            p = TOps.LoadPairLow(b + TOps.Lanes);
            y0 = TOps.Fma(v0, p, y0);
            p = TOps.LoadPairLow(b2);
            z0 = TOps.Fma(v0, p, z0);
            p = TOps.LoadPairLow(b2 + TOps.Lanes);
            w0 = TOps.Fma(v0, p, w0);
            if (k == 1) break;
            v0 = TOps.Broadcast(a[1]);
            p = TOps.LoadPairHigh(b);
            x0 = TOps.Fma(v0, p, x0);
            p = TOps.LoadPairHigh(b + TOps.Lanes);
            y0 = TOps.Fma(v0, p, y0);
            p = TOps.LoadPairHigh(b2);
            z0 = TOps.Fma(v0, p, z0);
            p = TOps.LoadPairHigh(b2 + TOps.Lanes);
            w0 = TOps.Fma(v0, p, w0);
            a += 2;
            b += bStep;
            b2 += bStep;
        }

        TOps.Store(x0, c);
        TOps.Store(y0, c + TOps.Lanes);
        TOps.Store(z0, c + cNext);
        TOps.Store(w0, c + cNext + TOps.Lanes);
    }

    /// <summary>
    /// 2 rows by four vectors, of which the last two lie <paramref name="bNext"/> behind the first two, and their results
    /// <paramref name="cNext"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WidePairs2(
        nint k, float* a, nint aRow, float* b, nint bNext, nint bStep, float* c, nint cNext, nint cRow, bool accumulate)
    {
        var zero = TOps.Broadcast(0f);
        TV x0 = zero, y0 = zero, z0 = zero, w0 = zero;
        TV x1 = zero, y1 = zero, z1 = zero, w1 = zero;
        var b2 = b + bNext;
        float* c1 = c + cRow;
        if (accumulate)
        {
            (x0, y0) = (TOps.Load(c), TOps.Load(c + TOps.Lanes));
            (z0, w0) = (TOps.Load(c + cNext), TOps.Load(c + cNext + TOps.Lanes));
            (x1, y1) = (TOps.Load(c1), TOps.Load(c1 + TOps.Lanes));
            (z1, w1) = (TOps.Load(c1 + cNext), TOps.Load(c1 + cNext + TOps.Lanes));
        }

        for (; k > 0; k -= 2)
        {
            TV v0 = TOps.Broadcast(*a), v1 = TOps.Broadcast(a[aRow]);
            var p = TOps.LoadPairLow(b);
            (x0, x1) = (TOps.Fma(v0, p, x0), TOps.Fma(v1, p, x1));
            p = TOps.LoadPairLow(b + TOps.Lanes);
            (y0, y1) = (TOps.Fma(v0, p, y0), TOps.Fma(v1, p, y1));
            p = TOps.LoadPairLow(b2);
            (z0, z1) = (TOps.Fma(v0, p, z0), TOps.Fma(v1, p, z1));
            p = TOps.LoadPairLow(b2 + TOps.Lanes);
            (w0, w1) = (TOps.Fma(v0, p, w0), TOps.Fma(v1, p, w1));
            if (k == 1) break;
            (v0, v1) = (TOps.Broadcast(a[1]), TOps.Broadcast(a[aRow + 1]));
            p = TOps.LoadPairHigh(b);
            (x0, x1) = (TOps.Fma(v0, p, x0), TOps.Fma(v1, p, x1));
            p = TOps.LoadPairHigh(b + TOps.Lanes);
            (y0, y1) = (TOps.Fma(v0, p, y0), TOps.Fma(v1, p, y1));
            p = TOps.LoadPairHigh(b2);
            (z0, z1) = (TOps.Fma(v0, p, z0), TOps.Fma(v1, p, z1));
            p = TOps.LoadPairHigh(b2 + TOps.Lanes);
            (w0, w1) = (TOps.Fma(v0, p, w0), TOps.Fma(v1, p, w1));
            a += 2;
            b += bStep;
            b2 += bStep;
        }

        TOps.Store(x0, c);
        TOps.Store(y0, c + TOps.Lanes);
        TOps.Store(z0, c + cNext);
        TOps.Store(w0, c + cNext + TOps.Lanes);
        TOps.Store(x1, c1);
        TOps.Store(y1, c1 + TOps.Lanes);
        TOps.Store(z1, c1 + cNext);
        TOps.Store(w1, c1 + cNext + TOps.Lanes);
    }

    /// <summary>
    /// 3 rows by four vectors, of which the last two lie <paramref name="bNext"/> behind the first two, and their results
    /// <paramref name="cNext"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WidePairs3(
        nint k, float* a, nint aRow, float* b, nint bNext, nint bStep, float* c, nint cNext, nint cRow, bool accumulate)
    {
        var zero = TOps.Broadcast(0f);
        TV x0 = zero, y0 = zero, z0 = zero, w0 = zero;
        TV x1 = zero, y1 = zero, z1 = zero, w1 = zero;
        TV x2 = zero, y2 = zero, z2 = zero, w2 = zero;
        var b2 = b + bNext;
        float* c1 = c + cRow, c2 = c1 + cRow;
        nint r2 = 2 * aRow;
        if (accumulate)
        {
            (x0, y0) = (TOps.Load(c), TOps.Load(c + TOps.Lanes));
            (z0, w0) = (TOps.Load(c + cNext), TOps.Load(c + cNext + TOps.Lanes));
            (x1, y1) = (TOps.Load(c1), TOps.Load(c1 + TOps.Lanes));
            (z1, w1) = (TOps.Load(c1 + cNext), TOps.Load(c1 + cNext + TOps.Lanes));
            (x2, y2) = (TOps.Load(c2), TOps.Load(c2 + TOps.Lanes));
            (z2, w2) = (TOps.Load(c2 + cNext), TOps.Load(c2 + cNext + TOps.Lanes));
        }

        for (; k > 0; k -= 2)
        {
            TV v0 = TOps.Broadcast(*a), v1 = TOps.Broadcast(a[aRow]), v2 = TOps.Broadcast(a[r2]);
            var p = TOps.LoadPairLow(b);
            (x0, x1, x2) = (TOps.Fma(v0, p, x0), TOps.Fma(v1, p, x1), TOps.Fma(v2, p, x2));
            p = TOps.LoadPairLow(b + TOps.Lanes);
            (y0, y1, y2) = (TOps.Fma(v0, p, y0), TOps.Fma(v1, p, y1), TOps.Fma(v2, p, y2));
            p = TOps.LoadPairLow(b2);
            (z0, z1, z2) = (TOps.Fma(v0, p, z0), TOps.Fma(v1, p, z1), TOps.Fma(v2, p, z2));
            p = TOps.LoadPairLow(b2 + TOps.Lanes);
            (w0, w1, w2) = (TOps.Fma(v0, p, w0), TOps.Fma(v1, p, w1), TOps.Fma(v2, p, w2));
            if (k == 1) break;
            (v0, v1, v2) = (TOps.Broadcast(a[1]), TOps.Broadcast(a[aRow + 1]), TOps.Broadcast(a[r2 + 1]));
            p = TOps.LoadPairHigh(b);
            (x0, x1, x2) = (TOps.Fma(v0, p, x0), TOps.Fma(v1, p, x1), TOps.Fma(v2, p, x2));
            p = TOps.LoadPairHigh(b + TOps.Lanes);
            (y0, y1, y2) = (TOps.Fma(v0, p, y0), TOps.Fma(v1, p, y1), TOps.Fma(v2, p, y2));
            p = TOps.LoadPairHigh(b2);
            (z0, z1, z2) = (TOps.Fma(v0, p, z0), TOps.Fma(v1, p, z1), TOps.Fma(v2, p, z2));
            p = TOps.LoadPairHigh(b2 + TOps.Lanes);
            (w0, w1, w2) = (TOps.Fma(v0, p, w0), TOps.Fma(v1, p, w1), TOps.Fma(v2, p, w2));
            a += 2;
            b += bStep;
            b2 += bStep;
        }

        TOps.Store(x0, c);
        TOps.Store(y0, c + TOps.Lanes);
        TOps.Store(z0, c + cNext);
        TOps.Store(w0, c + cNext + TOps.Lanes);
        TOps.Store(x1, c1);
        TOps.Store(y1, c1 + TOps.Lanes);
        TOps.Store(z1, c1 + cNext);
        TOps.Store(w1, c1 + cNext + TOps.Lanes);
        TOps.Store(x2, c2);
        TOps.Store(y2, c2 + TOps.Lanes);
        TOps.Store(z2, c2 + cNext);
        TOps.Store(w2, c2 + cNext + TOps.Lanes);
    }
}
