using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tenon.Checkpoints;

/// <summary>
/// Conversions between float32 and the 16-bit formats. Widening is exact; narrowing rounds to nearest, ties to even, and keeps NaN a NaN.
/// </summary>
internal static unsafe class FloatFormats
{
    /// <summary>bf16 (the upper half of a float32) to float32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WidenBf16(byte* source, Span<float> destination)
    {
        fixed (float* to = destination)
        {
            var from = (ushort*)source;
            var i = 0;
            for (; i <= destination.Length - 16; i += 16)
            {
                var (low, high) = Vector256.Widen(Vector256.Load(from + i));
                Vector256.Store((low << 16).AsSingle(), to + i);
                Vector256.Store((high << 16).AsSingle(), to + i + 8);
            }
            for (; i < destination.Length; i++) to[i] = Bf16(from[i]);
        }
    }

    /// <summary>IEEE half to float32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WidenF16(byte* source, Span<float> destination)
    {
        fixed (float* to = destination)
        {
            var from = (ushort*)source;
            var i = 0;
            for (; i <= destination.Length - 16; i += 16)
            {
                var (low, high) = Vector256.Widen(Vector256.Load(from + i));
                Vector256.Store(Half8(low), to + i);
                Vector256.Store(Half8(high), to + i + 8);
            }
            for (; i < destination.Length; i++) to[i] = (float)BitConverter.UInt16BitsToHalf(from[i]);
        }
    }

    /// <summary>One bf16 value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Bf16(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    /// <summary>One half value at an address that need not be aligned.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float F16(byte* at) => (float)BitConverter.UInt16BitsToHalf(Unsafe.ReadUnaligned<ushort>(at));

    /// <summary>The bf16 nearest to a float32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort ToBf16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    /// <summary>The half nearest to a float32.</summary>
    public static ushort ToF16(float value) => BitConverter.HalfToUInt16Bits((Half)value);

    // Exponent and mantissa move to their float32 places; multiplying by 2^112 rebiases the exponent and normalises subnormals exactly.
    // Infinity and NaN (exponent 31) get the full float32 exponent by hand.
    private static Vector256<float> Half8(Vector256<uint> h)
    {
        var magnitude = (h & Vector256.Create(0x7FFFu)) << 13;
        var scaled = (magnitude.AsSingle() * Vector256.Create(BitConverter.UInt32BitsToSingle((127 + 112) << 23))).AsUInt32();
        var special = Vector256.GreaterThanOrEqual(magnitude.AsInt32(), Vector256.Create(0x0F800000))
            .AsUInt32() & Vector256.Create(0x7F800000u);
        return (scaled | special | ((h & Vector256.Create(0x8000u)) << 16)).AsSingle();
    }
}
