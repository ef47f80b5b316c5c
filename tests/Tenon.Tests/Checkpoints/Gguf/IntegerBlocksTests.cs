using Tenon.Checkpoints;
using Tenon.Checkpoints.Gguf;

namespace Tenon.Tests.Checkpoints.Gguf;

/// <summary>
/// The integers of stored blocks are what the values are made of: scale times integer (plus offset), rounded as the format says, is the
/// value.
/// </summary>
public unsafe class IntegerBlocksTests
{
    [Theory]
    [InlineData(GgufType.Q8_0)]
    [InlineData(GgufType.Q4_0)]
    [InlineData(GgufType.Q4_1)]
    [InlineData(GgufType.Q5_0)]
    [InlineData(GgufType.Q5_1)]
    [InlineData(GgufType.Q4_K)]
    [InlineData(GgufType.Q5_K)]
    [InlineData(GgufType.IQ4_NL)]
    public void Scale_times_integer_plus_offset_is_the_value(GgufType type)
    {
        const int Blocks = 40;
        var format = GgufTypes.Find(type)!;
        var bytes = new byte[Blocks * format.BlockBytes];
        new Random(5).NextBytes(bytes);
        var (values, groups) = (new float[Blocks * format.BlockValues], Blocks * format.BlockValues / 32);
        var (q, d, m) = (new sbyte[values.Length], new float[groups], new float[groups]);
        fixed (byte* source = bytes)
        fixed (sbyte* pq = q)
        fixed (float* pd = d, pm = m)
        {
            format.Dequantize!(source, values);
            format.Integers!(source, pq, pd, pm, groups);
        }

        var finite = 0;
        for (var i = 0; i < values.Length; i++)
        {
            var product = d[i / 32] * q[i];
            var value = format.Kind == BlockKind.Offset ? product + m[i / 32] : product;
            if (!float.IsFinite(values[i])) continue;
            finite++;
            // Zero has one value and two signs: -(0) and 0 - 0 differ in it alone.
            if (value != 0 || values[i] != 0)
                BitConverter.SingleToInt32Bits(value).ShouldBe(BitConverter.SingleToInt32Bits(values[i]), $"{type} [{i}]");
        }

        finite.ShouldBeGreaterThan(values.Length / 2);
    }
}
