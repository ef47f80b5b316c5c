using System.Runtime.CompilerServices;

namespace Tenon.Tensors.Kernels;

/// <content>
/// Root-mean-square norm: y = (x r) w with r = 1 / sqrt(mean(x²) + eps). Backward, with t = dy w: dx += r t - (r³ / n) (sum t x) x, and dw
/// += dy (x r).
/// </content>
internal static unsafe partial class Rows<TOps, TV>
{
    [MethodImpl(Optimize)]
    public static float RmsNorm(float* x, float* weight, float* y, nint n, float eps)
    {
        var inverse = 1f / MathF.Sqrt((Dot(x, x, n) / n) + eps);
        var r = TOps.Broadcast(inverse);
        nint i = 0;
        for (; i + 16 <= n; i += 16) TOps.Store(TOps.Mul(TOps.Mul(TOps.Load(x + i), r), TOps.Load(weight + i)), y + i);
        if (i == n) return inverse;
        var rest = (int)(n - i);
        TOps.StorePart(TOps.Mul(TOps.Mul(TOps.LoadPart(x + i, rest, 0f), r), TOps.LoadPart(weight + i, rest, 0f)), y + i, rest);
        return inverse;
    }

    [MethodImpl(Optimize)]
    public static void RmsNormBackward(float* x, float* weight, float* dy, float inverse, float* dx, nint n)
    {
        var sum = TOps.Broadcast(0f);
        nint i = 0;
        for (; i + 16 <= n; i += 16) sum = TOps.Fma(TOps.Mul(TOps.Load(dy + i), TOps.Load(weight + i)), TOps.Load(x + i), sum);
        if (i < n)
        {
            var part = (int)(n - i);
            sum = TOps.Fma(TOps.Mul(TOps.LoadPart(dy + i, part, 0f), TOps.LoadPart(weight + i, part, 0f)),
                TOps.LoadPart(x + i, part, 0f), sum);
        }

        var r = TOps.Broadcast(inverse);
        var back = TOps.Broadcast(-(TOps.Sum(sum) * inverse * inverse * inverse / n));
        i = 0;
        for (; i + 16 <= n; i += 16)
        {
            var t = TOps.Mul(TOps.Load(dy + i), TOps.Load(weight + i));
            TOps.Store(TOps.Fma(back, TOps.Load(x + i), TOps.Fma(r, t, TOps.Load(dx + i))), dx + i);
        }

        if (i == n) return;
        var rest = (int)(n - i);
        var last = TOps.Mul(TOps.LoadPart(dy + i, rest, 0f), TOps.LoadPart(weight + i, rest, 0f));
        TOps.StorePart(TOps.Fma(back, TOps.LoadPart(x + i, rest, 0f), TOps.Fma(r, last, TOps.LoadPart(dx + i, rest, 0f))), dx + i, rest);
    }

    [MethodImpl(Optimize)]
    public static void RmsNormWeightGradient(float* x, float* dy, float inverse, float* dweight, nint n)
    {
        var r = TOps.Broadcast(inverse);
        nint i = 0;
        for (; i + 16 <= n; i += 16)
            TOps.Store(TOps.Fma(TOps.Load(dy + i), TOps.Mul(TOps.Load(x + i), r), TOps.Load(dweight + i)), dweight + i);
        if (i == n) return;
        var rest = (int)(n - i);
        var scaled = TOps.Mul(TOps.LoadPart(x + i, rest, 0f), r);
        TOps.StorePart(TOps.Fma(TOps.LoadPart(dy + i, rest, 0f), scaled, TOps.LoadPart(dweight + i, rest, 0f)), dweight + i, rest);
    }
}
