using System.Buffers.Binary;
using System.Text;
using Tenon.Checkpoints;
using Tenon.Tests.Support;

namespace Tenon.Tests.Checkpoints;

/// <summary>Broken files: every one gives an error that names the file, the tensor and what was expected.</summary>
public class SafetensorsFileTests
{
    private static byte[] Make(string header, int dataBytes, long? length = null)
    {
        var text = Encoding.UTF8.GetBytes(header);
        var bytes = new byte[8 + text.Length + dataBytes];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, length ?? text.Length);
        text.CopyTo(bytes, 8);
        return bytes;
    }

    private static string Fault(byte[] bytes) =>
        Should.Throw<TenonException>(() => SafetensorsFile.FromMemory("m.safetensors", bytes)).Message;

    [Theory]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8, null)]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 7, "'w'|truncated|7")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 9, "does not end where its tensors end")]
    [InlineData("""{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8, "'w'|12 bytes for shape [3] of F32|8 bytes")]
    [InlineData("""{"w":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}}""", 8, "'w'|unknown dtype|BF16|F31")]
    [InlineData("""{"w":{"dtype":"3","shape":[2],"data_offsets":[0,8]}}""", 8, "unknown dtype")]
    [InlineData("""{"w":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", 8, "'w'|shape|[-2]")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1.5],"data_offsets":[0,8]}}""", 8, "'w'|shape|[1.5]")]
    [InlineData("""{"w":{"dtype":"F32","shape":[4611686018427387904,4611686018427387904],"data_offsets":[0,8]}}""", 8,
    "'w'|fits in memory")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", 8, "'w'|data_offsets|[8,0]")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0]}}""", 8, "'w'|data_offsets")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12, "'w'|a gap")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"v":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8,
    "'v'|overlaps")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"w":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}""", 12,
    "'w'|two entries")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[9223372036854775800,9223372036854775807]}}""", 8, "'w'")]
    [InlineData("""{"w":{"shape":[2],"data_offsets":[0,8]}}""", 8, "'w'|dtype")]
    [InlineData("""{"w":7}""", 0, "'w'|dtype, shape and data_offsets")]
    [InlineData("""{"__metadata__":{"a":1}}""", 0, "__metadata__.a|a string")]
    [InlineData("""[1]""", 0, "a JSON object")]
    [InlineData("""{"w":""", 0, "broken header")]
    [InlineData("""{}""", 0, null)]
    public void A_header_is_checked_strictly(string header, int data, string? fault)
    {
        if (fault is null)
        {
            using var good = SafetensorsFile.FromMemory("m.safetensors", Make(header, data));
            return;
        }
        var message = Fault(Make(header, data));
        foreach (var part in fault.Split('|').Append("m.safetensors").Append("expected:").Append("got:").Append("Hint:"))
            message.ShouldContain(part);
    }

    [Fact]
    public void A_header_longer_than_the_file_or_than_any_sane_one_is_refused()
    {
        Fault(Make("{}", 0, 100)).ShouldContain("truncated");
        Fault(Make("{}", 0, 200_000_000)).ShouldContain("at most 100000000");
        Fault(Make("{}", 0, -1)).ShouldContain("at most 100000000");
        Fault([1, 2, 3]).ShouldContain("at least 8 bytes");
        Fault(Encoding.UTF8.GetBytes("version https://git-lfs.github.com/spec/v1\n")).ShouldContain("Git LFS");
    }

    [Fact]
    public void A_missing_and_an_empty_file_are_named()
    {
        using var folder = new TempFolder();
        Should.Throw<TenonException>(() => SafetensorsFile.Open(folder["none.safetensors"])).Message.ShouldContain("none.safetensors");
        File.WriteAllBytes(folder["empty.safetensors"], []);
        Should.Throw<TenonException>(() => SafetensorsFile.Open(folder["empty.safetensors"])).Message.ShouldContain("0 bytes");
        Should.Throw<TenonException>(() => SafetensorsFile.Open(folder.Path)).Message.ShouldContain("a folder");
    }

    [Fact]
    public void Reading_after_disposal_is_an_error_not_a_crash()
    {
        var file = SafetensorsFile.FromMemory("m", Make("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8));
        file.Dispose();
        file.Dispose();
        Should.Throw<ObjectDisposedException>(() => file.ReadFloats("w"));
    }
}
