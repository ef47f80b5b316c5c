using System.Runtime.CompilerServices;

namespace Tenon.Tensors.Kernels;

/// <content>SwiGLU: y = silu(g) u with silu(g) = g / (1 + e^-g). Backward, with s = 1 / (1 + e^-g): dg = dy u (s + g s (1 - s)), du = dy g
/// s.</content>
internal static unsafe partial class Rows<TOps, TV>
{
    [MethodImpl(Optimize)]
    public static void SwiGlu(float* gate, float* up, float* y, nint n)
    {
        nint i = 0;
        for (; i + 16 <= n; i += 16) TOps.Store(Gated(TOps.Load(gate + i), TOps.Load(up + i)), y + i);
        if (i == n) return;
        var rest = (int)(n - i);
        TOps.StorePart(Gated(TOps.LoadPart(gate + i, rest, 0f), TOps.LoadPart(up + i, rest, 0f)), y + i, rest);
    }

    [MethodImpl(Optimize)]
    public static void SwiGluBackward(float* gate, float* up, float* dy, float* dgate, float* dup, nint n)
    {
        nint i = 0;
        for (; i + 16 <= n; i += 16)
        {
            var (dg, du) = GatedBackward(TOps.Load(gate + i), TOps.Load(up + i), TOps.Load(dy + i));
            TOps.Store(dg, dgate + i);
            TOps.Store(du, dup + i);
        }

        if (i == n) return;
        var rest = (int)(n - i);
        var (lastGate, lastUp) =
            GatedBackward(TOps.LoadPart(gate + i, rest, 0f), TOps.LoadPart(up + i, rest, 0f), TOps.LoadPart(dy + i, rest, 0f));
        TOps.StorePart(lastGate, dgate + i, rest);
        TOps.StorePart(lastUp, dup + i, rest);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TV Gated(TV gate, TV up)
    {
        var e = VectorMath<TOps, TV>.Exp(TOps.Sub(TOps.Broadcast(0f), gate));
        return TOps.Mul(TOps.Div(gate, TOps.Add(TOps.Broadcast(1f), e)), up);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (TV Gate, TV Up) GatedBackward(TV gate, TV up, TV dy)
    {
        var one = TOps.Broadcast(1f);
        var s = VectorMath<TOps, TV>.Sigmoid(gate);
        var silu = TOps.Mul(gate, s);
        var slope = TOps.Fma(silu, TOps.Sub(one, s), s);
        return (TOps.Mul(TOps.Mul(dy, up), slope), TOps.Mul(dy, silu));
    }
}
