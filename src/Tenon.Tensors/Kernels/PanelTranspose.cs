using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tenon.Tensors.Kernels;

/// <summary>
/// Panels of 32 outputs turned to lines of inputs: target[o * 32 + j] = value of output o and input j, for a number of inputs that is a multiple of 16. Eight by eight values at a time in 256-bit
/// registers (AVX): rows are interleaved in pairs, then in fours, then halves are swapped. Only moves values (and widens bf16 exactly), so it has no order to keep.
/// </summary>
internal static unsafe class PanelTranspose
{
    private const nint Width = FrozenMatrix.PanelWidth;

    /// <summary>A panel of float32, [inputs][32].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void F32(float* panel, nint inputs, float* target)
    {
        for (nint j = 0; j < inputs; j += 8)
            for (nint o = 0; o < Width; o += 8)
            {
                Eight(panel + (j * Width) + o, out var r0, out var r1, out var r2, out var r3, out var r4, out var r5, out var r6, out var r7);
                var line = target + (o * Width) + j;
                r0.Store(line);
                r1.Store(line + Width);
                r2.Store(line + (2 * Width));
                r3.Store(line + (3 * Width));
                r4.Store(line + (4 * Width));
                r5.Store(line + (5 * Width));
                r6.Store(line + (6 * Width));
                r7.Store(line + (7 * Width));
            }
    }

    /// <summary>A panel of bfloat16 pairs, [inputs/2][32][2]: a turned row of eight pairs is sixteen inputs in their order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Bf16(uint* panel, nint inputs, float* target)
    {
        for (nint j = 0; j < inputs; j += 16)
            for (nint o = 0; o < Width; o += 8)
            {
                Eight((float*)panel + (j / 2 * Width) + o, out var r0, out var r1, out var r2, out var r3, out var r4, out var r5, out var r6, out var r7);
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

    // Sixteen bfloat16 to sixteen float32: the upper half of the bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Widen(Vector256<float> pairs, float* target)
    {
        Vector256.ShiftLeft(Avx2.ConvertToVector256Int32(pairs.GetLower().AsUInt16()), 16).AsSingle().Store(target);
        Vector256.ShiftLeft(Avx2.ConvertToVector256Int32(pairs.GetUpper().AsUInt16()), 16).AsSingle().Store(target + 8);
    }

    // Eight rows of eight values, 32 apart, as columns.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Eight(
        float* p, out Vector256<float> r0, out Vector256<float> r1, out Vector256<float> r2, out Vector256<float> r3,
        out Vector256<float> r4, out Vector256<float> r5, out Vector256<float> r6, out Vector256<float> r7)
    {
        var (a0, a1, a2, a3) = (Vector256.Load(p), Vector256.Load(p + Width), Vector256.Load(p + (2 * Width)), Vector256.Load(p + (3 * Width)));
        var (a4, a5, a6, a7) = (Vector256.Load(p + (4 * Width)), Vector256.Load(p + (5 * Width)), Vector256.Load(p + (6 * Width)), Vector256.Load(p + (7 * Width)));
        // Pairs of rows.
        var (b0, b1, b2, b3) = (Avx.UnpackLow(a0, a1), Avx.UnpackHigh(a0, a1), Avx.UnpackLow(a2, a3), Avx.UnpackHigh(a2, a3));
        var (b4, b5, b6, b7) = (Avx.UnpackLow(a4, a5), Avx.UnpackHigh(a4, a5), Avx.UnpackLow(a6, a7), Avx.UnpackHigh(a6, a7));
        // Fours of rows.
        var (c0, c1, c2, c3) = (Avx.Shuffle(b0, b2, 0x44), Avx.Shuffle(b0, b2, 0xEE), Avx.Shuffle(b1, b3, 0x44), Avx.Shuffle(b1, b3, 0xEE));
        var (c4, c5, c6, c7) = (Avx.Shuffle(b4, b6, 0x44), Avx.Shuffle(b4, b6, 0xEE), Avx.Shuffle(b5, b7, 0x44), Avx.Shuffle(b5, b7, 0xEE));
        // Halves.
        (r0, r1, r2, r3) = (Avx.Permute2x128(c0, c4, 0x20), Avx.Permute2x128(c1, c5, 0x20), Avx.Permute2x128(c2, c6, 0x20), Avx.Permute2x128(c3, c7, 0x20));
        (r4, r5, r6, r7) = (Avx.Permute2x128(c0, c4, 0x31), Avx.Permute2x128(c1, c5, 0x31), Avx.Permute2x128(c2, c6, 0x31), Avx.Permute2x128(c3, c7, 0x31));
    }
}
