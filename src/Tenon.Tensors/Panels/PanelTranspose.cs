using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
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

    // Sixteen bfloat16 to sixteen float32: the upper half of the bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Widen(Vector256<float> pairs, float* target)
    {
        (Vector256.WidenLower(pairs.AsUInt16()) << 16).AsSingle().Store(target);
        (Vector256.WidenUpper(pairs.AsUInt16()) << 16).AsSingle().Store(target + 8);
    }
}
