using System.Runtime.CompilerServices;

namespace Tenon.Checkpoints.Gguf;

/// <summary>
/// The k-quants: blocks of 256 values in 8 or 16 groups, each with its own small integer scale s (and minimum m) under the block's half
/// scales d
/// and dmin. Value = (d s) q - (dmin m), each product formed in float32 first, as the reference does. Layouts as in ggml's
/// <c>dequantize_row_*</c>.
/// </summary>
internal static unsafe class KBlocks
{
    /// <summary>16 groups of 16: scales[16] (scale low nibble, minimum high), q[64] of 2 bits, d, dmin.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Q2_K(byte* from, Span<float> destination)
    {
        fixed (float* start = destination)
        {
            for (float* to = start, end = start + destination.Length; to < end; to += 256, from += 84)
            {
                float d = FloatFormats.F16(from + 80), dmin = FloatFormats.F16(from + 82);
                for (var g = 0; g < 16; g++)
                {
                    float scale = d * (from[g] & 15), minimum = dmin * (from[g] >> 4);
                    var q = from + 16 + g / 8 * 32 + g % 2 * 16;
                    var shift = g % 8 / 2 * 2;
                    for (var i = 0; i < 16; i++) to[g * 16 + i] = scale * (q[i] >> shift & 3) - minimum;
                }
            }
        }
    }

    /// <summary>16 groups of 16: mask[32] (third bit, inverted), q[64] of 2 bits, 16 scales of 6 bits in 12 bytes, d.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Q3_K(byte* from, Span<float> destination)
    {
        fixed (float* start = destination)
        {
            for (float* to = start, end = start + destination.Length; to < end; to += 256, from += 110)
            {
                var d = FloatFormats.F16(from + 108);
                var packed = from + 96;
                for (var g = 0; g < 16; g++)
                {
                    var low = g < 8 ? packed[g] & 15 : packed[g - 8] >> 4;
                    var scale = d * ((low | (packed[8 + g % 4] >> (g / 4 * 2) & 3) << 4) - 32);
                    var mask = from + g % 2 * 16;
                    var q = from + 32 + g / 8 * 32 + g % 2 * 16;
                    int shift = g % 8 / 2 * 2, bit = g / 2;
                    for (var i = 0; i < 16; i++) to[g * 16 + i] = scale * ((q[i] >> shift & 3) - (mask[i] >> bit & 1 ^ 1) * 4);
                }
            }
        }
    }

    /// <summary>8 groups of 32: d, dmin, scales and minima of 6 bits in 12 bytes, q[128] of 4 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Q4_K(byte* from, Span<float> destination)
    {
        fixed (float* start = destination)
        {
            for (float* to = start, end = start + destination.Length; to < end; to += 256, from += 144)
            {
                float d = FloatFormats.F16(from), dmin = FloatFormats.F16(from + 2);
                for (var g = 0; g < 8; g++)
                {
                    var (s, m) = ScaleMinimum(from + 4, g);
                    float scale = d * s, minimum = dmin * m;
                    var q = from + 16 + g / 2 * 32;
                    var shift = g % 2 * 4;
                    for (var i = 0; i < 32; i++) to[g * 32 + i] = scale * (q[i] >> shift & 15) - minimum;
                }
            }
        }
    }

    /// <summary>As Q4_K with a fifth bit for every value in high[32] before q.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Q5_K(byte* from, Span<float> destination)
    {
        fixed (float* start = destination)
        {
            for (float* to = start, end = start + destination.Length; to < end; to += 256, from += 176)
            {
                float d = FloatFormats.F16(from), dmin = FloatFormats.F16(from + 2);
                for (var g = 0; g < 8; g++)
                {
                    var (s, m) = ScaleMinimum(from + 4, g);
                    float scale = d * s, minimum = dmin * m;
                    byte* high = from + 16, q = from + 48 + g / 2 * 32;
                    var shift = g % 2 * 4;
                    for (var i = 0; i < 32; i++) to[g * 32 + i] = scale * (q[i] >> shift & 15 | (high[i] >> g & 1) << 4) - minimum;
                }
            }
        }
    }

    /// <summary>16 groups of 16: low[128] of 4 bits, high[64] of 2 bits, signed scales[16], d.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Q6_K(byte* from, Span<float> destination)
    {
        fixed (float* start = destination)
        {
            for (float* to = start, end = start + destination.Length; to < end; to += 256, from += 210)
            {
                var d = FloatFormats.F16(from + 208);
                for (var g = 0; g < 16; g++)
                {
                    var scale = d * (sbyte)from[192 + g];
                    int half = g / 8, part = g % 8 / 2, side = g % 2 * 16; // four parts of 32 a half
                    byte* low = from + half * 64 + part % 2 * 32 + side, high = from + 128 + half * 32 + side;
                    int lowShift = part / 2 * 4, highShift = part * 2;
                    for (var i = 0; i < 16; i++)
                        to[g * 16 + i] = scale * ((low[i] >> lowShift & 15 | (high[i] >> highShift & 3) << 4) - 32);
                }
            }
        }
    }

    /// <summary>
    /// Scale and minimum of group g from the 12 packed bytes: the first four lie plain in 6 bits, the others in a nibble and two spare
    /// bits.
    /// </summary>
    internal static (int Scale, int Minimum) ScaleMinimum(byte* packed, int g) => g < 4
        ? (packed[g] & 63, packed[g + 4] & 63)
        : (packed[g + 4] & 15 | packed[g - 4] >> 6 << 4, packed[g + 4] >> 4 | packed[g] >> 6 << 4);
}
