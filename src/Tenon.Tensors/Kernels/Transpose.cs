using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Tenon.Tensors.Kernels;

/// <summary>
/// Matrix transposition in tiles; only moves values, so it has no order to keep. Eight by eight values go through 256-bit registers (AVX):
/// rows are
/// interleaved in pairs, then in fours, then halves are swapped; or four by four through 128-bit registers (NEON).
/// </summary>
internal static unsafe class Transpose
{
    private const nint Block = 16;

    /// <summary>target[c, r] = source[r, c] for a contiguous [rows, columns] source.</summary>
    public static void Blocked(float* source, nint rows, nint columns, float* target) =>
        Blocked(source, rows, columns, columns, target, rows);

    /// <summary>The same with row strides of source and target.</summary>
    public static void Blocked(float* source, nint rows, nint columns, nint sourceRow, float* target, nint targetRow)
    {
        if (!KernelSet.Best.HasVectors)
        {
            Scalar(source, rows, columns, sourceRow, target, targetRow);
            return;
        }

        var (wholeRows, wholeColumns) = (rows & ~7, columns & ~7);
        for (nint r = 0; r < wholeRows; r += 8)
            for (nint c = 0; c < wholeColumns; c += 8)
            {
                Eight(source + (r * sourceRow) + c, sourceRow, out var r0, out var r1, out var r2, out var r3, out var r4, out var r5,
                    out var r6, out var r7);
                var line = target + (c * targetRow) + r;
                r0.Store(line);
                r1.Store(line + targetRow);
                r2.Store(line + (2 * targetRow));
                r3.Store(line + (3 * targetRow));
                r4.Store(line + (4 * targetRow));
                r5.Store(line + (5 * targetRow));
                r6.Store(line + (6 * targetRow));
                r7.Store(line + (7 * targetRow));
            }

        Scalar(source + wholeColumns, wholeRows, columns - wholeColumns, sourceRow, target + (wholeColumns * targetRow), targetRow);
        Scalar(source + (wholeRows * sourceRow), rows - wholeRows, columns, sourceRow, target + wholeRows, targetRow);
    }

    private static void Scalar(float* source, nint rows, nint columns, nint sourceRow, float* target, nint targetRow)
    {
        for (nint r0 = 0; r0 < rows; r0 += Block)
            for (nint c0 = 0; c0 < columns; c0 += Block)
            {
                var r1 = Math.Min(rows, r0 + Block);
                var c1 = Math.Min(columns, c0 + Block);
                for (var c = c0; c < c1; c++)
                    for (var r = r0; r < r1; r++)
                        target[c * targetRow + r] = source[r * sourceRow + c];
            }
    }

    /// <summary>Eight rows of eight values, the rows <paramref name="stride"/> apart, as columns; asks for AVX or NEON.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Eight(
        float* p, nint stride, out Vector256<float> r0, out Vector256<float> r1, out Vector256<float> r2, out Vector256<float> r3,
        out Vector256<float> r4, out Vector256<float> r5, out Vector256<float> r6, out Vector256<float> r7)
    {
        var (a0, a1, a2, a3) =
            (Vector256.Load(p), Vector256.Load(p + stride), Vector256.Load(p + (2 * stride)), Vector256.Load(p + (3 * stride)));
        var (a4, a5, a6, a7) =
            (Vector256.Load(p + (4 * stride)), Vector256.Load(p + (5 * stride)), Vector256.Load(p + (6 * stride)),
            Vector256.Load(p + (7 * stride)));
        Turn(a0, a1, a2, a3, a4, a5, a6, a7, out r0, out r1, out r2, out r3, out r4, out r5, out r6, out r7);
    }

    /// <summary>Eight vectors of eight as their columns; asks for AVX or NEON.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Turn(
        Vector256<float> a0, Vector256<float> a1, Vector256<float> a2, Vector256<float> a3, Vector256<float> a4, Vector256<float> a5,
        Vector256<float> a6, Vector256<float> a7,
        out Vector256<float> r0, out Vector256<float> r1, out Vector256<float> r2, out Vector256<float> r3,
        out Vector256<float> r4, out Vector256<float> r5, out Vector256<float> r6, out Vector256<float> r7)
    {
        if (AdvSimd.Arm64.IsSupported)
        {
            Four(a0.GetLower(), a1.GetLower(), a2.GetLower(), a3.GetLower(), out var l0, out var l1, out var l2, out var l3);
            Four(a4.GetLower(), a5.GetLower(), a6.GetLower(), a7.GetLower(), out var u0, out var u1, out var u2, out var u3);
            (r0, r1) = (Vector256.Create(l0, u0), Vector256.Create(l1, u1));
            (r2, r3) = (Vector256.Create(l2, u2), Vector256.Create(l3, u3));
            Four(a0.GetUpper(), a1.GetUpper(), a2.GetUpper(), a3.GetUpper(), out l0, out l1, out l2, out l3);
            Four(a4.GetUpper(), a5.GetUpper(), a6.GetUpper(), a7.GetUpper(), out u0, out u1, out u2, out u3);
            (r4, r5) = (Vector256.Create(l0, u0), Vector256.Create(l1, u1));
            (r6, r7) = (Vector256.Create(l2, u2), Vector256.Create(l3, u3));
            return;
        }

        // Pairs of rows.
        var (b0, b1, b2, b3) = (Avx.UnpackLow(a0, a1), Avx.UnpackHigh(a0, a1), Avx.UnpackLow(a2, a3), Avx.UnpackHigh(a2, a3));
        var (b4, b5, b6, b7) = (Avx.UnpackLow(a4, a5), Avx.UnpackHigh(a4, a5), Avx.UnpackLow(a6, a7), Avx.UnpackHigh(a6, a7));
        // Fours of rows.
        var (c0, c1, c2, c3) = (Avx.Shuffle(b0, b2, 0x44), Avx.Shuffle(b0, b2, 0xEE), Avx.Shuffle(b1, b3, 0x44), Avx.Shuffle(b1, b3, 0xEE));
        var (c4, c5, c6, c7) = (Avx.Shuffle(b4, b6, 0x44), Avx.Shuffle(b4, b6, 0xEE), Avx.Shuffle(b5, b7, 0x44), Avx.Shuffle(b5, b7, 0xEE));
        // Halves.
        (r0, r1, r2, r3) =
            (Avx.Permute2x128(c0, c4, 0x20), Avx.Permute2x128(c1, c5, 0x20), Avx.Permute2x128(c2, c6, 0x20),
            Avx.Permute2x128(c3, c7, 0x20));
        (r4, r5, r6, r7) =
            (Avx.Permute2x128(c0, c4, 0x31), Avx.Permute2x128(c1, c5, 0x31), Avx.Permute2x128(c2, c6, 0x31),
            Avx.Permute2x128(c3, c7, 0x31));
    }

    // Four vectors of four as their columns, with NEON.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Four(
        Vector128<float> a0, Vector128<float> a1, Vector128<float> a2, Vector128<float> a3,
        out Vector128<float> r0, out Vector128<float> r1, out Vector128<float> r2, out Vector128<float> r3)
    {
        var (b0, b1) = (AdvSimd.Arm64.ZipLow(a0, a2), AdvSimd.Arm64.ZipHigh(a0, a2));
        var (b2, b3) = (AdvSimd.Arm64.ZipLow(a1, a3), AdvSimd.Arm64.ZipHigh(a1, a3));
        (r0, r1) = (AdvSimd.Arm64.ZipLow(b0, b2), AdvSimd.Arm64.ZipHigh(b0, b2));
        (r2, r3) = (AdvSimd.Arm64.ZipLow(b1, b3), AdvSimd.Arm64.ZipHigh(b1, b3));
    }
}
