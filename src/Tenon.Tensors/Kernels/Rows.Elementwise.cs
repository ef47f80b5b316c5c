using System.Runtime.CompilerServices;

namespace Tenon.Tensors.Kernels;

/// <content>Element by element: no sum, so nothing but the roundings themselves is fixed.</content>
internal static unsafe partial class Rows<TOps, TV>
{
    [MethodImpl(Optimize)]
    public static void Add(float* target, float* source, nint n)
    {
        nint i = 0;
        for (; i + 16 <= n; i += 16) TOps.Store(TOps.Add(TOps.Load(target + i), TOps.Load(source + i)), target + i);
        if (i == n) return;
        var rest = (int)(n - i);
        TOps.StorePart(TOps.Add(TOps.LoadPart(target + i, rest, 0f), TOps.LoadPart(source + i, rest, 0f)), target + i, rest);
    }

    [MethodImpl(Optimize)]
    public static void Axpy(float* target, float* source, float scale, nint n)
    {
        var s = TOps.Broadcast(scale);
        nint i = 0;
        for (; i + 16 <= n; i += 16) TOps.Store(TOps.Fma(TOps.Load(source + i), s, TOps.Load(target + i)), target + i);
        if (i == n) return;
        var rest = (int)(n - i);
        TOps.StorePart(TOps.Fma(TOps.LoadPart(source + i, rest, 0f), s, TOps.LoadPart(target + i, rest, 0f)), target + i, rest);
    }

    [MethodImpl(Optimize)]
    public static void Scale(float* target, float scale, nint n)
    {
        var s = TOps.Broadcast(scale);
        nint i = 0;
        for (; i + 16 <= n; i += 16) TOps.Store(TOps.Mul(TOps.Load(target + i), s), target + i);
        if (i == n) return;
        var rest = (int)(n - i);
        TOps.StorePart(TOps.Mul(TOps.LoadPart(target + i, rest, 0f), s), target + i, rest);
    }

    [MethodImpl(Optimize)]
    public static void Mul(float* target, float* a, float* b, nint n)
    {
        nint i = 0;
        for (; i + 16 <= n; i += 16) TOps.Store(TOps.Mul(TOps.Load(a + i), TOps.Load(b + i)), target + i);
        if (i == n) return;
        var rest = (int)(n - i);
        TOps.StorePart(TOps.Mul(TOps.LoadPart(a + i, rest, 0f), TOps.LoadPart(b + i, rest, 0f)), target + i, rest);
    }

    [MethodImpl(Optimize)]
    public static void MulAdd(float* target, float* a, float* b, nint n)
    {
        nint i = 0;
        for (; i + 16 <= n; i += 16) TOps.Store(TOps.Fma(TOps.Load(a + i), TOps.Load(b + i), TOps.Load(target + i)), target + i);
        if (i == n) return;
        var rest = (int)(n - i);
        TOps.StorePart(TOps.Fma(TOps.LoadPart(a + i, rest, 0f), TOps.LoadPart(b + i, rest, 0f), TOps.LoadPart(target + i, rest, 0f)),
            target + i, rest);
    }

    [MethodImpl(Optimize)]
    public static void Exp(float* x, float* result, nint n)
    {
        nint i = 0;
        for (; i + 16 <= n; i += 16) TOps.Store(VectorMath<TOps, TV>.Exp(TOps.Load(x + i)), result + i);
        if (i == n) return;
        var rest = (int)(n - i);
        TOps.StorePart(VectorMath<TOps, TV>.Exp(TOps.LoadPart(x + i, rest, 0f)), result + i, rest);
    }

    [MethodImpl(Optimize)]
    public static void RoundToBf16(float* source, float* target, nint n)
    {
        nint i = 0;
        for (; i + 16 <= n; i += 16) TOps.Store(VectorMath<TOps, TV>.RoundBf16(TOps.Load(source + i)), target + i);
        if (i == n) return;
        var rest = (int)(n - i);
        TOps.StorePart(VectorMath<TOps, TV>.RoundBf16(TOps.LoadPart(source + i, rest, 0f)), target + i, rest);
    }

    /// <summary>
    /// Rotates the pairs (x[i], x[i + half]) by the angles of which <paramref name="sin"/> is multiplied with <paramref name="sign"/> (1 or
    /// -1).
    /// </summary>
    [MethodImpl(Optimize)]
    public static void Rotate(float* x, float* cos, float* sin, nint half, float sign)
    {
        var s = TOps.Broadcast(sign);
        var minus = TOps.Broadcast(-1f);
        nint i = 0;
        for (; i + 16 <= half; i += 16)
        {
            var (a, b) = Turn(TOps.Load(x + i), TOps.Load(x + half + i), TOps.Load(cos + i), TOps.Mul(TOps.Load(sin + i), s), minus);
            TOps.Store(a, x + i);
            TOps.Store(b, x + half + i);
        }

        if (i == half) return;
        var rest = (int)(half - i);
        var (c, d) = Turn(
            TOps.LoadPart(x + i, rest, 0f),
            TOps.LoadPart(x + half + i, rest, 0f),
            TOps.LoadPart(cos + i, rest, 0f),
            TOps.Mul(TOps.LoadPart(sin + i, rest, 0f), s),
            minus);
        TOps.StorePart(c, x + i, rest);
        TOps.StorePart(d, x + half + i, rest);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (TV A, TV B) Turn(TV a, TV b, TV cos, TV sin, TV minus) =>
        (TOps.Fma(a, cos, TOps.Mul(TOps.Mul(b, sin), minus)), TOps.Fma(b, cos, TOps.Mul(a, sin)));
}
