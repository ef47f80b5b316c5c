using Tenon.Checkpoints;

namespace Tenon.Tests.Checkpoints;

public unsafe class FloatFormatsTests
{
    [Fact]
    public void Every_half_and_every_bf16_widens_exactly()
    {
        var all = Enumerable.Range(0, 1 << 16).Select(i => (ushort)i).Append((ushort)1).ToArray(); // an odd length: vector part and tail
        float[] half = new float[all.Length], brain = new float[all.Length];
        fixed (ushort* from = all)
        {
            FloatFormats.WidenF16((byte*)from, half);
            FloatFormats.WidenBf16((byte*)from, brain);
        }
        for (var i = 0; i < all.Length; i++)
        {
            var h = (float)BitConverter.UInt16BitsToHalf(all[i]);
            if (float.IsNaN(h)) float.IsNaN(half[i]).ShouldBeTrue();
            else BitConverter.SingleToInt32Bits(half[i]).ShouldBe(BitConverter.SingleToInt32Bits(h));
            BitConverter.SingleToUInt32Bits(brain[i]).ShouldBe((uint)all[i] << 16);
        }
    }

    [Theory]
    [InlineData(1f, 0x3F80)]
    [InlineData(1.00390625f, 0x3F80)] // a tie goes to the even neighbour
    [InlineData(1.01171875f, 0x3F82)]
    [InlineData(-1.0039065f, 0xBF81)]
    [InlineData(float.NaN, 0xFFC0)]
    [InlineData(float.PositiveInfinity, 0x7F80)]
    [InlineData(3.4e38f, 0x7F80)]
    public void Bf16_rounds_to_nearest_even(float value, int bits) => FloatFormats.ToBf16(value).ShouldBe((ushort)bits);
}
