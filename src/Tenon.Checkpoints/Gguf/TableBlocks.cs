using System.Runtime.CompilerServices;

namespace Tenon.Checkpoints.Gguf;

/// <summary>
/// 4-bit blocks whose nibbles index a fixed table of 16 integers (IQ4_NL, and IQ4_XS with a 6-bit scale for each 32 values).
/// </summary>
internal static unsafe class TableBlocks
{
    private static ReadOnlySpan<sbyte> Values => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    /// <summary>The integer that a nibble stands for.</summary>
    public static sbyte Value(int nibble) => Values[nibble];

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void IQ4_NL(byte* from, Span<float> destination)
    {
        fixed (float* start = destination)
        {
            for (float* to = start, end = start + destination.Length; to < end; to += 32, from += 18)
                Group(from + 2, FloatFormats.F16(from), to);
        }
    }

    /// <summary>d, 8 x 2 high bits of the scales, 8 x 4 low bits, q[128].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void IQ4_XS(byte* from, Span<float> destination)
    {
        fixed (float* start = destination)
        {
            for (float* to = start, end = start + destination.Length; to < end; to += 256, from += 136)
            {
                var d = FloatFormats.F16(from);
                var high = from[2] | from[3] << 8;
                for (var g = 0; g < 8; g++)
                {
                    var scale = (from[4 + g / 2] >> (g % 2 * 4) & 15 | (high >> (2 * g) & 3) << 4) - 32;
                    Group(from + 8 + g * 16, d * scale, to + g * 32);
                }
            }
        }
    }

    private static void Group(byte* q, float scale, float* to)
    {
        var values = Values;
        for (var i = 0; i < 16; i++)
        {
            to[i] = scale * values[q[i] & 15];
            to[i + 16] = scale * values[q[i] >> 4];
        }
    }
}
