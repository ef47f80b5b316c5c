using System.Runtime.CompilerServices;

namespace Tenon.Checkpoints.Gguf;

/// <summary>
/// The plain quantised blocks of 32 values: a half scale d (and a half minimum m), then the integers q. Value = d q, or d q + m, formed as
/// float32
/// product, then sum (never fused), so that the bits are those of the reference. Optimised at once, as a model is read by a few long calls.
/// Low nibbles are values 0..15, high nibbles 16..31.
/// </summary>
internal static unsafe class PlainBlocks
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Q4_0(byte* from, Span<float> destination)
    {
        fixed (float* start = destination)
        {
            for (float* to = start, end = start + destination.Length; to < end; to += 32, from += 18)
            {
                var d = FloatFormats.F16(from);
                for (var i = 0; i < 16; i++)
                {
                    to[i] = d * ((from[2 + i] & 15) - 8);
                    to[i + 16] = d * ((from[2 + i] >> 4) - 8);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Q4_1(byte* from, Span<float> destination)
    {
        fixed (float* start = destination)
        {
            for (float* to = start, end = start + destination.Length; to < end; to += 32, from += 20)
            {
                float d = FloatFormats.F16(from), m = FloatFormats.F16(from + 2);
                for (var i = 0; i < 16; i++)
                {
                    to[i] = d * (from[4 + i] & 15) + m;
                    to[i + 16] = d * (from[4 + i] >> 4) + m;
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Q5_0(byte* from, Span<float> destination)
    {
        fixed (float* start = destination)
        {
            for (float* to = start, end = start + destination.Length; to < end; to += 32, from += 22)
            {
                var d = FloatFormats.F16(from);
                var high = Unsafe.ReadUnaligned<uint>(from + 2);
                for (var i = 0; i < 16; i++)
                {
                    to[i] = d * ((int)((from[6 + i] & 15u) | ((high >> i & 1) << 4)) - 16);
                    to[i + 16] = d * ((int)(((uint)from[6 + i] >> 4) | ((high >> (i + 16) & 1) << 4)) - 16);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Q5_1(byte* from, Span<float> destination)
    {
        fixed (float* start = destination)
        {
            for (float* to = start, end = start + destination.Length; to < end; to += 32, from += 24)
            {
                float d = FloatFormats.F16(from), m = FloatFormats.F16(from + 2);
                var high = Unsafe.ReadUnaligned<uint>(from + 4);
                for (var i = 0; i < 16; i++)
                {
                    to[i] = d * (int)((from[8 + i] & 15u) | ((high >> i & 1) << 4)) + m;
                    to[i + 16] = d * (int)(((uint)from[8 + i] >> 4) | ((high >> (i + 16) & 1) << 4)) + m;
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Q8_0(byte* from, Span<float> destination)
    {
        fixed (float* start = destination)
        {
            for (float* to = start, end = start + destination.Length; to < end; to += 32, from += 34)
            {
                var d = FloatFormats.F16(from);
                for (var i = 0; i < 32; i++) to[i] = d * (sbyte)from[2 + i];
            }
        }
    }
}
