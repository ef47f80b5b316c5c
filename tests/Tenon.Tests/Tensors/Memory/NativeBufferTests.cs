using Tenon.Tensors.Memory;

namespace Tenon.Tests.Tensors.Memory;

public unsafe class NativeBufferTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData((2 << 20) - 1)]
    [InlineData(2 << 20)]
    [InlineData(5_000_001)]
    public void Memory_is_zeroed_aligned_and_has_slack(int bytes)
    {
        using var buffer = NativeBuffer.Allocate(bytes);
        buffer.Bytes.ShouldBe(bytes);
        ((nint)buffer.Pointer % 64).ShouldBe(0);
        new Span<byte>(buffer.Pointer, bytes + 64).ContainsAnyExcept((byte)0).ShouldBeFalse();
        new Span<byte>(buffer.Pointer, bytes).Fill(1);
        buffer.Dispose();
        ((nint)buffer.Pointer).ShouldBe(0);
    }

    [Theory]
    [InlineData(2 << 20)]
    [InlineData(5_000_001)]
    public void Memory_is_the_same_where_there_are_no_huge_pages(int bytes)
    {
        using var buffer = NativeBuffer.Allocate(bytes, hugePages: false);
        ((nint)buffer.Pointer % 64).ShouldBe(0);
        new Span<byte>(buffer.Pointer, bytes + 64).ContainsAnyExcept((byte)0).ShouldBeFalse();
        new Span<byte>(buffer.Pointer, bytes).Fill(1);
    }

    [Fact]
    public void Too_much_is_a_clear_error() =>
        Should.Throw<TenonException>(() => NativeBuffer.Allocate(nint.MaxValue / 2)).Message.ShouldContain("out of memory");
}
