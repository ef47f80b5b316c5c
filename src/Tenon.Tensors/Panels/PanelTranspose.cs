using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tenon.Tensors.Kernels;

namespace Tenon.Tensors.Panels;

/// <summary>
/// Panels of 32 bfloat16 outputs turned to lines of inputs: target[o * 32 + j] = value of output o and input j, for a number of inputs that
/// is a multiple of 16 (float32 panels: <see cref="Transpose"/>). Only
/// moves and exactly widens values, so it has no order to keep.
/// </summary>
internal static unsafe class PanelTranspose
{
    private const nint Width = FrozenMatrix.PanelWidth;

    /// <summary>A panel of bfloat16 pairs, [inputs/2][32][2]: a turned row of eight pairs is sixteen inputs in their order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Bf16(uint* panel, nint inputs, float* target)
    {
        for (nint j = 0; j < inputs; j += 16)
            for (nint o = 0; o < Width; o += 8)
            {
                Transpose.Eight((float*)panel + (j / 2 * Width) + o, Width, out var r0, out var r1, out var r2, out var r3, out var r4,
                    out var r5, out var r6, out var r7);
                var line = target + (o * Width) + j;
                Widen(r0, line);
                Widen(r1, line + Width);
                Widen(r2, line + (2 * Width));
                Widen(r3, line + (3 * Width));
                Widen(r4, line + (4 * Width));
                Widen(r5, line + (5 * Width));
                Widen(r6, line + (6 * Width));
                Widen(r7, line + (7 * Width));
            }
    }

    /// <summary>
    /// The weights of 32 inputs from <paramref name="first"/> (a multiple of 32) on with their outputs in pairs: from a panel of bfloat16
    /// pairs of inputs, [inputs/2][32][2], to [16][32][2], a line of 32 inputs for each two outputs; zero beyond the last input.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Bf16Pairs(uint* panel, nint first, nint inputs, uint* target)
    {
        var lines = Math.Min(Width / 2, ((inputs + 1) / 2) - (first / 2));
        var source = panel + (first / 2 * Width);
        var whole = Avx2.IsSupported ? lines / 8 * 8 : 0;
        for (nint q = 0; q < whole; q += 8)
            for (nint o = 0; o < Width; o += 8)
            {
                Transpose.Eight((float*)source + (q * Width) + o, Width, out var r0, out var r1, out var r2, out var r3, out var r4,
                    out var r5, out var r6, out var r7);
                var line = target + (o / 2 * Width) + (2 * q);
                PairUp(r0, r1, line);
                PairUp(r2, r3, line + Width);
                PairUp(r4, r5, line + (2 * Width));
                PairUp(r6, r7, line + (3 * Width));
            }

        for (var q = whole; q < Width / 2; q++)
            for (nint o = 0; o < Width; o += 2)
            {
                var (a, b) = q < lines ? (source[(q * Width) + o], source[(q * Width) + o + 1]) : (0u, 0u);
                target[(o / 2 * Width) + (2 * q)] = (a & 0xFFFF) | (b << 16);
                target[(o / 2 * Width) + (2 * q) + 1] = (a >> 16) | (b & 0xFFFF0000);
            }
    }

    // Sixteen inputs of two outputs, each two of a lane, to sixteen lanes of two outputs.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PairUp(Vector256<float> one, Vector256<float> other, uint* target)
    {
        var (a, b) = (one.AsUInt32(), other.AsUInt32());
        var even = Avx2.Blend(a.AsUInt16(), (b << 16).AsUInt16(), 0xAA).AsUInt32();
        var odd = Avx2.Blend((a >>> 16).AsUInt16(), b.AsUInt16(), 0xAA).AsUInt32();
        var (low, high) = (Avx2.UnpackLow(even, odd), Avx2.UnpackHigh(even, odd));
        Avx2.Permute2x128(low, high, 0x20).Store(target);
        Avx2.Permute2x128(low, high, 0x31).Store(target + 8);
    }

    // Sixteen bfloat16 to sixteen float32: the upper half of the bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Widen(Vector256<float> pairs, float* target)
    {
        (Vector256.WidenLower(pairs.AsUInt16()) << 16).AsSingle().Store(target);
        (Vector256.WidenUpper(pairs.AsUInt16()) << 16).AsSingle().Store(target + 8);
    }
}
