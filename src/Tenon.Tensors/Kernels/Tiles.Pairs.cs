using System.Runtime.CompilerServices;

namespace Tenon.Tensors.Kernels;

/// <content>
/// Tiles that take bfloat16 numbers (weights, cached keys and values) as they lie, a line of pairs of terms at a time, and widen them in
/// registers: for few rows the time is that of reading them once, which a widened copy in scratch memory would double. Terms are taken in
/// ascending order, fused, as everywhere.
/// </content>
internal static unsafe partial class Tiles<TOps, TV>
{
    /// <summary>1 row by two vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pairs1(nint k, float* a, float* b, nint bStep, float* c, bool accumulate)
    {
        var zero = TOps.Broadcast(0f);
        TV x0 = zero, y0 = zero;
        if (accumulate)
        {
            (x0, y0) = (TOps.Load(c), TOps.Load(c + TOps.Lanes));
        }

        for (; k > 1; k -= 2)
        {
            TV p = TOps.LoadPairLow(b), q = TOps.LoadPairLow(b + TOps.Lanes);
            var v = TOps.Broadcast(*a);
            (x0, y0) = (TOps.Fma(v, p, x0), TOps.Fma(v, q, y0));
            (p, q) = (TOps.LoadPairHigh(b), TOps.LoadPairHigh(b + TOps.Lanes));
            v = TOps.Broadcast(a[1]);
            (x0, y0) = (TOps.Fma(v, p, x0), TOps.Fma(v, q, y0));
            a += 2;
            b += bStep;
        }

        if (k == 1)
        {
            TV p = TOps.LoadPairLow(b), q = TOps.LoadPairLow(b + TOps.Lanes);
            var v = TOps.Broadcast(*a);
            (x0, y0) = (TOps.Fma(v, p, x0), TOps.Fma(v, q, y0));
        }

        TOps.Store(x0, c);
        TOps.Store(y0, c + TOps.Lanes);
    }

    /// <summary>2 rows by two vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pairs2(nint k, float* a, nint aRow, float* b, nint bStep, float* c, nint cRow, bool accumulate)
    {
        var zero = TOps.Broadcast(0f);
        TV x0 = zero, y0 = zero;
        TV x1 = zero, y1 = zero;
        var c1 = c + cRow;
        if (accumulate)
        {
            (x0, y0) = (TOps.Load(c), TOps.Load(c + TOps.Lanes));
            (x1, y1) = (TOps.Load(c1), TOps.Load(c1 + TOps.Lanes));
        }

        for (; k > 1; k -= 2)
        {
            TV p = TOps.LoadPairLow(b), q = TOps.LoadPairLow(b + TOps.Lanes);
            var v = TOps.Broadcast(*a);
            (x0, y0) = (TOps.Fma(v, p, x0), TOps.Fma(v, q, y0));
            v = TOps.Broadcast(a[aRow]);
            (x1, y1) = (TOps.Fma(v, p, x1), TOps.Fma(v, q, y1));
            (p, q) = (TOps.LoadPairHigh(b), TOps.LoadPairHigh(b + TOps.Lanes));
            v = TOps.Broadcast(a[1]);
            (x0, y0) = (TOps.Fma(v, p, x0), TOps.Fma(v, q, y0));
            v = TOps.Broadcast(a[aRow + 1]);
            (x1, y1) = (TOps.Fma(v, p, x1), TOps.Fma(v, q, y1));
            a += 2;
            b += bStep;
        }

        if (k == 1)
        {
            TV p = TOps.LoadPairLow(b), q = TOps.LoadPairLow(b + TOps.Lanes);
            var v = TOps.Broadcast(*a);
            (x0, y0) = (TOps.Fma(v, p, x0), TOps.Fma(v, q, y0));
            v = TOps.Broadcast(a[aRow]);
            (x1, y1) = (TOps.Fma(v, p, x1), TOps.Fma(v, q, y1));
        }

        TOps.Store(x0, c);
        TOps.Store(y0, c + TOps.Lanes);
        TOps.Store(x1, c1);
        TOps.Store(y1, c1 + TOps.Lanes);
    }

    /// <summary>3 rows by two vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pairs3(nint k, float* a, nint aRow, float* b, nint bStep, float* c, nint cRow, bool accumulate)
    {
        var zero = TOps.Broadcast(0f);
        TV x0 = zero, y0 = zero;
        TV x1 = zero, y1 = zero;
        TV x2 = zero, y2 = zero;
        float* c1 = c + cRow, c2 = c1 + cRow;
        nint r2 = 2 * aRow;
        if (accumulate)
        {
            (x0, y0) = (TOps.Load(c), TOps.Load(c + TOps.Lanes));
            (x1, y1) = (TOps.Load(c1), TOps.Load(c1 + TOps.Lanes));
            (x2, y2) = (TOps.Load(c2), TOps.Load(c2 + TOps.Lanes));
        }

        for (; k > 1; k -= 2)
        {
            TV p = TOps.LoadPairLow(b), q = TOps.LoadPairLow(b + TOps.Lanes);
            var v = TOps.Broadcast(*a);
            (x0, y0) = (TOps.Fma(v, p, x0), TOps.Fma(v, q, y0));
            v = TOps.Broadcast(a[aRow]);
            (x1, y1) = (TOps.Fma(v, p, x1), TOps.Fma(v, q, y1));
            v = TOps.Broadcast(a[r2]);
            (x2, y2) = (TOps.Fma(v, p, x2), TOps.Fma(v, q, y2));
            (p, q) = (TOps.LoadPairHigh(b), TOps.LoadPairHigh(b + TOps.Lanes));
            v = TOps.Broadcast(a[1]);
            (x0, y0) = (TOps.Fma(v, p, x0), TOps.Fma(v, q, y0));
            v = TOps.Broadcast(a[aRow + 1]);
            (x1, y1) = (TOps.Fma(v, p, x1), TOps.Fma(v, q, y1));
            v = TOps.Broadcast(a[r2 + 1]);
            (x2, y2) = (TOps.Fma(v, p, x2), TOps.Fma(v, q, y2));
            a += 2;
            b += bStep;
        }

        if (k == 1)
        {
            TV p = TOps.LoadPairLow(b), q = TOps.LoadPairLow(b + TOps.Lanes);
            var v = TOps.Broadcast(*a);
            (x0, y0) = (TOps.Fma(v, p, x0), TOps.Fma(v, q, y0));
            v = TOps.Broadcast(a[aRow]);
            (x1, y1) = (TOps.Fma(v, p, x1), TOps.Fma(v, q, y1));
            v = TOps.Broadcast(a[r2]);
            (x2, y2) = (TOps.Fma(v, p, x2), TOps.Fma(v, q, y2));
        }

        TOps.Store(x0, c);
        TOps.Store(y0, c + TOps.Lanes);
        TOps.Store(x1, c1);
        TOps.Store(y1, c1 + TOps.Lanes);
        TOps.Store(x2, c2);
        TOps.Store(y2, c2 + TOps.Lanes);
    }

    /// <summary>4 rows by two vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pairs4(nint k, float* a, nint aRow, float* b, nint bStep, float* c, nint cRow, bool accumulate)
    {
        var zero = TOps.Broadcast(0f);
        TV x0 = zero, y0 = zero;
        TV x1 = zero, y1 = zero;
        TV x2 = zero, y2 = zero;
        TV x3 = zero, y3 = zero;
        float* c1 = c + cRow, c2 = c1 + cRow, c3 = c2 + cRow;
        nint r2 = 2 * aRow, r3 = 3 * aRow;
        if (accumulate)
        {
            (x0, y0) = (TOps.Load(c), TOps.Load(c + TOps.Lanes));
            (x1, y1) = (TOps.Load(c1), TOps.Load(c1 + TOps.Lanes));
            (x2, y2) = (TOps.Load(c2), TOps.Load(c2 + TOps.Lanes));
            (x3, y3) = (TOps.Load(c3), TOps.Load(c3 + TOps.Lanes));
        }

        for (; k > 1; k -= 2)
        {
            TV p = TOps.LoadPairLow(b), q = TOps.LoadPairLow(b + TOps.Lanes);
            var v = TOps.Broadcast(*a);
            (x0, y0) = (TOps.Fma(v, p, x0), TOps.Fma(v, q, y0));
            v = TOps.Broadcast(a[aRow]);
            (x1, y1) = (TOps.Fma(v, p, x1), TOps.Fma(v, q, y1));
            v = TOps.Broadcast(a[r2]);
            (x2, y2) = (TOps.Fma(v, p, x2), TOps.Fma(v, q, y2));
            v = TOps.Broadcast(a[r3]);
            (x3, y3) = (TOps.Fma(v, p, x3), TOps.Fma(v, q, y3));
            (p, q) = (TOps.LoadPairHigh(b), TOps.LoadPairHigh(b + TOps.Lanes));
            v = TOps.Broadcast(a[1]);
            (x0, y0) = (TOps.Fma(v, p, x0), TOps.Fma(v, q, y0));
            v = TOps.Broadcast(a[aRow + 1]);
            (x1, y1) = (TOps.Fma(v, p, x1), TOps.Fma(v, q, y1));
            v = TOps.Broadcast(a[r2 + 1]);
            (x2, y2) = (TOps.Fma(v, p, x2), TOps.Fma(v, q, y2));
            v = TOps.Broadcast(a[r3 + 1]);
            (x3, y3) = (TOps.Fma(v, p, x3), TOps.Fma(v, q, y3));
            a += 2;
            b += bStep;
        }

        if (k == 1)
        {
            TV p = TOps.LoadPairLow(b), q = TOps.LoadPairLow(b + TOps.Lanes);
            var v = TOps.Broadcast(*a);
            (x0, y0) = (TOps.Fma(v, p, x0), TOps.Fma(v, q, y0));
            v = TOps.Broadcast(a[aRow]);
            (x1, y1) = (TOps.Fma(v, p, x1), TOps.Fma(v, q, y1));
            v = TOps.Broadcast(a[r2]);
            (x2, y2) = (TOps.Fma(v, p, x2), TOps.Fma(v, q, y2));
            v = TOps.Broadcast(a[r3]);
            (x3, y3) = (TOps.Fma(v, p, x3), TOps.Fma(v, q, y3));
        }

        TOps.Store(x0, c);
        TOps.Store(y0, c + TOps.Lanes);
        TOps.Store(x1, c1);
        TOps.Store(y1, c1 + TOps.Lanes);
        TOps.Store(x2, c2);
        TOps.Store(y2, c2 + TOps.Lanes);
        TOps.Store(x3, c3);
        TOps.Store(y3, c3 + TOps.Lanes);
    }
}
