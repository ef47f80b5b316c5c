using System.Runtime.CompilerServices;

namespace Tenon.Tensors.Kernels;

/// <summary>
/// The row kernels, written once for every width. Sums over a row keep sixteen partial sums (element i goes to partial i mod 16, ascending)
/// and join them by
/// one tree, so that a row gives the same bits whatever the width, thread or batch. Legend: n elements from the given pointer.
/// </summary>
internal static unsafe partial class Rows<TOps, TV>
    where TOps : unmanaged, ISimd<TV>
    where TV : unmanaged
{
    private const MethodImplOptions Optimize = MethodImplOptions.AggressiveOptimization;

    [MethodImpl(Optimize)]
    public static float Max(float* x, nint n)
    {
        var max = TOps.Broadcast(float.NegativeInfinity);
        nint i = 0;
        for (; i + 16 <= n; i += 16) max = TOps.Max(TOps.Load(x + i), max);
        if (i < n) max = TOps.Max(TOps.LoadPart(x + i, (int)(n - i), float.NegativeInfinity), max);
        return TOps.MaxLane(max);
    }

    /// <summary><see cref="Scale"/> and <see cref="Max"/> in one pass.</summary>
    [MethodImpl(Optimize)]
    public static float ScaleMax(float* target, float scale, nint n)
    {
        var s = TOps.Broadcast(scale);
        var max = TOps.Broadcast(float.NegativeInfinity);
        nint i = 0;
        for (; i + 16 <= n; i += 16)
        {
            var scaled = TOps.Mul(TOps.Load(target + i), s);
            TOps.Store(scaled, target + i);
            max = TOps.Max(scaled, max);
        }

        if (i < n)
        {
            TOps.StorePart(TOps.Mul(TOps.LoadPart(target + i, (int)(n - i), 0f), s), target + i, (int)(n - i));
            max = TOps.Max(TOps.LoadPart(target + i, (int)(n - i), float.NegativeInfinity), max);
        }

        return TOps.MaxLane(max);
    }

    [MethodImpl(Optimize)]
    public static float Sum(float* x, nint n)
    {
        var sum = TOps.Broadcast(0f);
        nint i = 0;
        for (; i + 16 <= n; i += 16) sum = TOps.Add(sum, TOps.Load(x + i));
        if (i < n) sum = TOps.Add(sum, TOps.LoadPart(x + i, (int)(n - i), 0f));
        return TOps.Sum(sum);
    }

    [MethodImpl(Optimize)]
    public static float Dot(float* x, float* y, nint n)
    {
        var sum = TOps.Broadcast(0f);
        nint i = 0;
        for (; i + 16 <= n; i += 16) sum = TOps.Fma(TOps.Load(x + i), TOps.Load(y + i), sum);
        if (i < n) sum = TOps.Fma(TOps.LoadPart(x + i, (int)(n - i), 0f), TOps.LoadPart(y + i, (int)(n - i), 0f), sum);
        return TOps.Sum(sum);
    }

    [MethodImpl(Optimize)]
    public static float ExpSum(float* x, nint n, float max, float* result)
    {
        var shift = TOps.Broadcast(max);
        var sum = TOps.Broadcast(0f);
        nint i = 0;
        for (; i + 16 <= n; i += 16)
        {
            var e = VectorMath<TOps, TV>.Exp(TOps.Sub(TOps.Load(x + i), shift));
            TOps.Store(e, result + i);
            sum = TOps.Add(sum, e);
        }

        if (i < n)
        {
            var rest = (int)(n - i);
            var e = VectorMath<TOps, TV>.Exp(TOps.Sub(TOps.LoadPart(x + i, rest, float.NegativeInfinity), shift));
            TOps.StorePart(e, result + i, rest);
            sum = TOps.Add(sum, e);
        }

        return TOps.Sum(sum);
    }
}
