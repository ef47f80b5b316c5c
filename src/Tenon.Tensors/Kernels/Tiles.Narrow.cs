using System.Runtime.CompilerServices;

namespace Tenon.Tensors.Kernels;

/// <content>Tiles of one vector of columns: the narrow middle of a low-rank product.</content>
internal static unsafe partial class Tiles<TOps, TV>
{
    /// <summary>12 rows by one vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Narrow12(nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint cRow, bool accumulate)
    {
        var zero = TOps.Broadcast(0f);
        float* a0 = a, a1 = a + (4 * aRow), a2 = a + (8 * aRow);
        nint r1 = aRow, r2 = 2 * aRow, r3 = 3 * aRow;
        TV x0 = zero, x1 = zero, x2 = zero, x3 = zero, x4 = zero, x5 = zero,
            x6 = zero, x7 = zero, x8 = zero, x9 = zero, x10 = zero, x11 = zero;
        if (accumulate)
        {
            x0 = TOps.Load(c);
            x1 = TOps.Load(c + cRow);
            x2 = TOps.Load(c + (2 * cRow));
            x3 = TOps.Load(c + (3 * cRow));
            x4 = TOps.Load(c + (4 * cRow));
            x5 = TOps.Load(c + (5 * cRow));
            x6 = TOps.Load(c + (6 * cRow));
            x7 = TOps.Load(c + (7 * cRow));
            x8 = TOps.Load(c + (8 * cRow));
            x9 = TOps.Load(c + (9 * cRow));
            x10 = TOps.Load(c + (10 * cRow));
            x11 = TOps.Load(c + (11 * cRow));
        }

        for (; k > 0; k--)
        {
            var p = TOps.Load(b);
            x0 = TOps.Fma(TOps.Broadcast(*a0), p, x0);
            x1 = TOps.Fma(TOps.Broadcast(*(a0 + r1)), p, x1);
            x2 = TOps.Fma(TOps.Broadcast(*(a0 + r2)), p, x2);
            x3 = TOps.Fma(TOps.Broadcast(*(a0 + r3)), p, x3);
            x4 = TOps.Fma(TOps.Broadcast(*a1), p, x4);
            x5 = TOps.Fma(TOps.Broadcast(*(a1 + r1)), p, x5);
            x6 = TOps.Fma(TOps.Broadcast(*(a1 + r2)), p, x6);
            x7 = TOps.Fma(TOps.Broadcast(*(a1 + r3)), p, x7);
            x8 = TOps.Fma(TOps.Broadcast(*a2), p, x8);
            x9 = TOps.Fma(TOps.Broadcast(*(a2 + r1)), p, x9);
            x10 = TOps.Fma(TOps.Broadcast(*(a2 + r2)), p, x10);
            x11 = TOps.Fma(TOps.Broadcast(*(a2 + r3)), p, x11);
            a0 += aStep;
            a1 += aStep;
            a2 += aStep;
            b += bStep;
        }

        TOps.Store(x0, c);
        TOps.Store(x1, c + cRow);
        TOps.Store(x2, c + (2 * cRow));
        TOps.Store(x3, c + (3 * cRow));
        TOps.Store(x4, c + (4 * cRow));
        TOps.Store(x5, c + (5 * cRow));
        TOps.Store(x6, c + (6 * cRow));
        TOps.Store(x7, c + (7 * cRow));
        TOps.Store(x8, c + (8 * cRow));
        TOps.Store(x9, c + (9 * cRow));
        TOps.Store(x10, c + (10 * cRow));
        TOps.Store(x11, c + (11 * cRow));
    }

    /// <summary>8 rows by one vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Narrow8(nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint cRow, bool accumulate)
    {
        var zero = TOps.Broadcast(0f);
        float* a0 = a, a1 = a + (4 * aRow);
        nint r1 = aRow, r2 = 2 * aRow, r3 = 3 * aRow;
        TV x0 = zero, x1 = zero, x2 = zero, x3 = zero, x4 = zero, x5 = zero, x6 = zero, x7 = zero;
        if (accumulate)
        {
            x0 = TOps.Load(c);
            x1 = TOps.Load(c + cRow);
            x2 = TOps.Load(c + (2 * cRow));
            x3 = TOps.Load(c + (3 * cRow));
            x4 = TOps.Load(c + (4 * cRow));
            x5 = TOps.Load(c + (5 * cRow));
            x6 = TOps.Load(c + (6 * cRow));
            x7 = TOps.Load(c + (7 * cRow));
        }

        for (; k > 0; k--)
        {
            var p = TOps.Load(b);
            x0 = TOps.Fma(TOps.Broadcast(*a0), p, x0);
            x1 = TOps.Fma(TOps.Broadcast(*(a0 + r1)), p, x1);
            x2 = TOps.Fma(TOps.Broadcast(*(a0 + r2)), p, x2);
            x3 = TOps.Fma(TOps.Broadcast(*(a0 + r3)), p, x3);
            x4 = TOps.Fma(TOps.Broadcast(*a1), p, x4);
            x5 = TOps.Fma(TOps.Broadcast(*(a1 + r1)), p, x5);
            x6 = TOps.Fma(TOps.Broadcast(*(a1 + r2)), p, x6);
            x7 = TOps.Fma(TOps.Broadcast(*(a1 + r3)), p, x7);
            a0 += aStep;
            a1 += aStep;
            b += bStep;
        }

        TOps.Store(x0, c);
        TOps.Store(x1, c + cRow);
        TOps.Store(x2, c + (2 * cRow));
        TOps.Store(x3, c + (3 * cRow));
        TOps.Store(x4, c + (4 * cRow));
        TOps.Store(x5, c + (5 * cRow));
        TOps.Store(x6, c + (6 * cRow));
        TOps.Store(x7, c + (7 * cRow));
    }

    /// <summary>4 rows by one vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Narrow4(nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint cRow, bool accumulate)
    {
        var zero = TOps.Broadcast(0f);
        float* a0 = a;
        nint r1 = aRow, r2 = 2 * aRow, r3 = 3 * aRow;
        TV x0 = zero, x1 = zero, x2 = zero, x3 = zero;
        if (accumulate)
        {
            x0 = TOps.Load(c);
            x1 = TOps.Load(c + cRow);
            x2 = TOps.Load(c + (2 * cRow));
            x3 = TOps.Load(c + (3 * cRow));
        }

        for (; k > 0; k--)
        {
            var p = TOps.Load(b);
            x0 = TOps.Fma(TOps.Broadcast(*a0), p, x0);
            x1 = TOps.Fma(TOps.Broadcast(*(a0 + r1)), p, x1);
            x2 = TOps.Fma(TOps.Broadcast(*(a0 + r2)), p, x2);
            x3 = TOps.Fma(TOps.Broadcast(*(a0 + r3)), p, x3);
            a0 += aStep;
            b += bStep;
        }

        TOps.Store(x0, c);
        TOps.Store(x1, c + cRow);
        TOps.Store(x2, c + (2 * cRow));
        TOps.Store(x3, c + (3 * cRow));
    }

    /// <summary>1 row by one vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Narrow1(nint k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint cRow, bool accumulate)
    {
        var zero = TOps.Broadcast(0f);
        TV x0 = zero;
        if (accumulate)
        {
            x0 = TOps.Load(c);
        }

        for (; k > 0; k--)
        {
            var p = TOps.Load(b);
            x0 = TOps.Fma(TOps.Broadcast(*a), p, x0);
            a += aStep;
            b += bStep;
        }

        TOps.Store(x0, c);
    }
}
