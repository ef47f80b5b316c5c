using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Tenon.Tensors.Kernels;

/// <summary>The widths that a kernel comes in; every width gives the same bits.</summary>
internal enum SimdLevel
{
    /// <summary>No vector instructions are used (other processors, or intrinsics switched off).</summary>
    Scalar,

    /// <summary>128-bit vectors of ARM64 (<c>AdvSimd</c>).</summary>
    Neon,

    /// <summary>256-bit vectors with fused multiply-add (AVX2 and FMA).</summary>
    Avx2,

    /// <summary>512-bit vectors (AVX-512 F, BW, DQ and VL).</summary>
    Avx512,
}

/// <summary>What this processor can do, found once at start-up.</summary>
internal static class Cpu
{
    /// <summary>
    /// The widest level that this process may use; only <see cref="KernelSet.Best"/> and <see cref="Int8Kernels.Best"/> choose by it.
    /// </summary>
    public static readonly SimdLevel Level = Find();

    /// <summary>
    /// True where 512-bit products of bytes (AVX512_VNNI) may be used, for which .NET has no name: asked of the processor itself.
    /// </summary>
    public static bool HasAvx512Vnni => Level == SimdLevel.Avx512 && X86Base.IsSupported && (X86Base.CpuId(7, 0).Ecx & (1 << 11)) != 0;

    /// <summary>True where 512-bit products of bfloat16 (AVX512_BF16) may be used, for which .NET has no name either.</summary>
    public static bool HasAvx512Bf16 => Level == SimdLevel.Avx512 && X86Base.IsSupported && X86Base.CpuId(7, 0).Eax >= 1
        && (X86Base.CpuId(7, 1).Eax & (1 << 5)) != 0;

    /// <summary>
    /// True where the processor has tiles of bytes (AMX_TILE and AMX_INT8), for which .NET has no name; whether the system lets them be
    /// used is another question (<see cref="AmxKernels.IsSupported"/>).
    /// </summary>
    public static bool HasAmxInt8 => Level == SimdLevel.Avx512 && X86Base.IsSupported && (X86Base.CpuId(7, 0).Edx & (3 << 24)) == 3 << 24;

    private static SimdLevel Find()
    {
        if (Vector512.IsHardwareAccelerated && Avx512F.IsSupported && Avx512BW.IsSupported && Avx512DQ.IsSupported
            && Avx512F.VL.IsSupported)
            return SimdLevel.Avx512;
        if (Avx2.IsSupported && Fma.IsSupported) return SimdLevel.Avx2;
        return AdvSimd.Arm64.IsSupported ? SimdLevel.Neon : SimdLevel.Scalar;
    }
}
