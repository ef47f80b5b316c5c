using System.Text.Json;

namespace Tenon.Tests.Core;

/// <summary>Amounts of memory as recipes write them.</summary>
public class ByteSizeTests
{
    [Theory]
    [InlineData("off", 0, "off")]
    [InlineData("2GB", 2_000_000_000, "2GB")]
    [InlineData("1.5 gb", 1_500_000_000, "1500MB")]
    [InlineData("512MB", 512_000_000, "512MB")]
    [InlineData("7B", 7, "7B")]
    [InlineData("0KB", 0, "off")]
    public void A_number_with_its_unit_is_read_and_written_in_the_largest_unit_that_divides_it(string text, long bytes, string written)
    {
        var size = ByteSize.Parse(text)!.Value;
        size.Bytes.ShouldBe(bytes);
        size.ToString().ShouldBe(written);
        JsonSerializer.Deserialize<ByteSize>(JsonSerializer.Serialize(size)).ShouldBe(size);
    }

    [Theory]
    [InlineData("2")]
    [InlineData("GB")]
    [InlineData("-1GB")]
    [InlineData("1e30TB")]
    [InlineData("99999999TB")]
    [InlineData("two GB")]
    [InlineData("")]
    public void Anything_else_is_no_size(string text)
    {
        ByteSize.Parse(text).ShouldBeNull();
        Should.Throw<JsonException>(() => JsonSerializer.Deserialize<ByteSize>(JsonSerializer.Serialize(text)))
            .Message.ShouldContain("512MB, 2GB");
    }
}
