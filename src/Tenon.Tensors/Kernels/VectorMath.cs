using System.Runtime.CompilerServices;

namespace Tenon.Tensors.Kernels;

/// <summary>
/// Transcendental functions on lanes, from fused multiply-adds and integer steps alone, so that each width and each processor gives the
/// same bits.
/// e^x = 2^n e^r with n the integer next to x / ln 2; r comes from a two-part ln 2 (Cody and Waite), e^r from 1 + (r + r² q(r)) with q of
/// degree five,
/// interpolated at Chebyshev nodes.
/// </summary>
internal static class VectorMath<TOps, TV>
    where TOps : unmanaged, ISimd<TV>
    where TV : unmanaged
{
    /// <summary>
    /// e^x. Faithful: the largest error met is 0.95 units in the last place. 0 below about -103.97, infinity above about 88.72, NaN for
    /// NaN; results below
    /// the normal range are rounded once.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TV Exp(TV x)
    {
        x = TOps.Max(TOps.Broadcast(-104f), x);
        x = TOps.Min(TOps.Broadcast(89f), x);
        var magic = TOps.Broadcast(12582912f);
        var shifted = TOps.Fma(x, TOps.Broadcast(1.44269504f), magic);
        var n = TOps.Sub(shifted, magic);
        var r = TOps.Fma(n, TOps.Broadcast(-0.693145752f), x);
        r = TOps.Fma(n, TOps.Broadcast(-1.42860677e-6f), r);
        var q = TOps.Fma(TOps.Broadcast(0.000198911031f), r, TOps.Broadcast(0.0013933751f));
        q = TOps.Fma(q, r, TOps.Broadcast(0.00833331048f));
        q = TOps.Fma(q, r, TOps.Broadcast(0.041666463f));
        q = TOps.Fma(q, r, TOps.Broadcast(0.166666672f));
        q = TOps.Fma(q, r, TOps.Broadcast(0.5f));
        var p = TOps.Add(TOps.Broadcast(1f), TOps.Fma(TOps.Mul(r, r), q, r));

        // 2^n in two factors, because n reaches from -150 to 128: the first product is exact, the second rounds once.
        var bits = TOps.SubBits(shifted, magic);
        var half = TOps.ShiftRightArithmetic(bits, 1);
        var one = TOps.BroadcastBits(127);
        var first = TOps.ShiftLeft(TOps.AddBits(half, one), 23);
        var second = TOps.ShiftLeft(TOps.AddBits(TOps.SubBits(bits, half), one), 23);
        return TOps.Mul(TOps.Mul(p, first), second);
    }

    /// <summary>1 / (1 + e^-x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TV Sigmoid(TV x)
    {
        var one = TOps.Broadcast(1f);
        return TOps.Div(one, TOps.Add(one, Exp(TOps.Sub(TOps.Broadcast(0f), x))));
    }

    /// <summary>
    /// Rounds to bfloat16 (nearest, ties to even) and leaves the result in the upper half of each lane; a NaN stays a quiet NaN.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TV RoundBf16(TV x)
    {
        var upper = TOps.BroadcastBits(unchecked((int)0xFFFF0000));
        var even = TOps.And(TOps.ShiftRightLogical(x, 16), TOps.BroadcastBits(1));
        var rounded = TOps.And(TOps.AddBits(x, TOps.AddBits(even, TOps.BroadcastBits(0x7FFF))), upper);

        // Ordered lanes: x < +inf or -inf < x holds for all but NaN.
        var infinity = TOps.Broadcast(float.PositiveInfinity);
        var ordered = TOps.Or(TOps.Less(x, infinity), TOps.Less(TOps.Broadcast(float.NegativeInfinity), x));
        var quiet = TOps.Or(TOps.And(x, upper), TOps.BroadcastBits(0x00400000));
        return TOps.Select(ordered, rounded, quiet);
    }
}
