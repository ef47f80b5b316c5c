using System.Runtime.CompilerServices;

namespace Tenon.Checkpoints.Gguf;

/// <summary>
/// The integers, scales and offsets of quantised blocks as they are stored, 32 values at a time: value = d q, or d q + m. What
/// <see cref="PlainBlocks"/>,
/// <see cref="KBlocks"/> and <see cref="TableBlocks"/> make of the same bytes is this, rounded as they say.
/// </summary>
internal static unsafe class IntegerBlocks
{
    public static void Q8_0(byte* from, sbyte* q, float* d, float* m, int blocks)
    {
        for (; blocks > 0; blocks--, from += 34, q += 32)
        {
            *d++ = FloatFormats.F16(from);
            Unsafe.CopyBlockUnaligned(q, from + 2, 32);
        }
    }

    public static void Q4_0(byte* from, sbyte* q, float* d, float* m, int blocks)
    {
        for (; blocks > 0; blocks--, from += 18, q += 32)
        {
            *d++ = FloatFormats.F16(from);
            Nibbles(from + 2, 0, q, 8);
        }
    }

    public static void Q4_1(byte* from, sbyte* q, float* d, float* m, int blocks)
    {
        for (; blocks > 0; blocks--, from += 20, q += 32)
        {
            (*d++, *m++) = (FloatFormats.F16(from), FloatFormats.F16(from + 2));
            Nibbles(from + 4, 0, q, 0);
        }
    }

    public static void Q5_0(byte* from, sbyte* q, float* d, float* m, int blocks)
    {
        for (; blocks > 0; blocks--, from += 22, q += 32)
        {
            *d++ = FloatFormats.F16(from);
            Nibbles(from + 6, Unsafe.ReadUnaligned<uint>(from + 2), q, 16);
        }
    }

    public static void Q5_1(byte* from, sbyte* q, float* d, float* m, int blocks)
    {
        for (; blocks > 0; blocks--, from += 24, q += 32)
        {
            (*d++, *m++) = (FloatFormats.F16(from), FloatFormats.F16(from + 2));
            Nibbles(from + 8, Unsafe.ReadUnaligned<uint>(from + 4), q, 0);
        }
    }

    /// <summary>Eight groups of 32 in a block of 256, each with its scale and minimum.</summary>
    public static void Q4_K(byte* from, sbyte* q, float* d, float* m, int blocks)
    {
        for (; blocks > 0; blocks -= 8, from += 144)
            for (var g = 0; g < 8; g++, q += 32)
            {
                (*d++, *m++) = KScale(from, g);
                var nibbles = from + 16 + (g / 2 * 32);
                for (var i = 0; i < 32; i++) q[i] = (sbyte)(nibbles[i] >> (g % 2 * 4) & 15);
            }
    }

    /// <summary>As Q4_K with a fifth bit of every value in high[32].</summary>
    public static void Q5_K(byte* from, sbyte* q, float* d, float* m, int blocks)
    {
        for (; blocks > 0; blocks -= 8, from += 176)
            for (var g = 0; g < 8; g++, q += 32)
            {
                (*d++, *m++) = KScale(from, g);
                byte* high = from + 16, nibbles = from + 48 + (g / 2 * 32);
                for (var i = 0; i < 32; i++) q[i] = (sbyte)((nibbles[i] >> (g % 2 * 4) & 15) | ((high[i] >> g & 1) << 4));
            }
    }

    /// <summary>Nibbles that index a table of sixteen integers.</summary>
    public static void IQ4_NL(byte* from, sbyte* q, float* d, float* m, int blocks)
    {
        for (; blocks > 0; blocks--, from += 18, q += 32)
        {
            *d++ = FloatFormats.F16(from);
            for (var i = 0; i < 16; i++) (q[i], q[i + 16]) = (TableBlocks.Value(from[2 + i] & 15), TableBlocks.Value(from[2 + i] >> 4));
        }
    }

    private static (float Scale, float Offset) KScale(byte* block, int group)
    {
        var (s, m) = KBlocks.ScaleMinimum(block + 4, group);
        return (FloatFormats.F16(block) * s, -(FloatFormats.F16(block + 2) * m));
    }

    // Sixteen bytes of two values each (low nibbles are values 0 to 15), a fifth bit of each in high, less a bias.
    private static void Nibbles(byte* from, uint high, sbyte* q, int bias)
    {
        for (var i = 0; i < 16; i++)
        {
            q[i] = (sbyte)(((from[i] & 15) | (int)((high >> i & 1) << 4)) - bias);
            q[i + 16] = (sbyte)(((from[i] >> 4) | (int)((high >> (i + 16) & 1) << 4)) - bias);
        }
    }
}
