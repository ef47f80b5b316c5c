using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tenon.Tensors.Kernels;

/// <summary>The widths that a kernel comes in; every width gives the same bits.</summary>
internal enum SimdLevel
{
    /// <summary>No vector instructions are used (other processors, or intrinsics switched off).</summary>
    Scalar,

    /// <summary>256-bit vectors with fused multiply-add (AVX2 and FMA).</summary>
    Avx2,

    /// <summary>512-bit vectors (AVX-512 F, BW, DQ and VL).</summary>
    Avx512,
}

/// <summary>What this processor can do, found once at start-up.</summary>
internal static class Cpu
{
    /// <summary>The widest level that this process may use.</summary>
    public static readonly SimdLevel Level =
        Vector512.IsHardwareAccelerated && Avx512F.IsSupported && Avx512BW.IsSupported && Avx512DQ.IsSupported && Avx512F.VL.IsSupported ? SimdLevel.Avx512
        : Avx2.IsSupported && Fma.IsSupported ? SimdLevel.Avx2
        : SimdLevel.Scalar;
}
