using System.Text;
using Tenon.Checkpoints;
using Tenon.Tests.Support;

namespace Tenon.Tests.Checkpoints;

public class SafetensorsWriterTests
{
    private static SafetensorsEntry[] Sample =>
    [
        SafetensorsEntry.FromFloats("b.f32", [2, 3], new float[] { 0, 1, 2, 3, 4, 5 }),
        SafetensorsEntry.FromFloats("a.bf16", [3], new[] { 1.5f, 2.5f, -3 }, SafetensorsType.BF16),
        SafetensorsEntry.FromFloats("c.f16", [2], new[] { 1, 0.5f }, SafetensorsType.F16),
        SafetensorsEntry.FromLongs("z.i64", [2], new long[] { 1, 2 }),
        SafetensorsEntry.FromDoubles("d.f64", [1, 1], new[] { 0.1 }),
        SafetensorsEntry.FromBytes("e.bool", SafetensorsType.BOOL, [3], new byte[] { 1, 0, 1 }),
        SafetensorsEntry.FromBytes("u.u8", SafetensorsType.U8, [1], new byte[] { 1 }),
        SafetensorsEntry.FromFloats("empty", [0], Array.Empty<float>()),
        SafetensorsEntry.FromFloats("scalar", [], new[] { 3f }),
        SafetensorsEntry.FromFloats("é\"\\", [1], new[] { 1f }),
    ];

    /// <summary>
    /// What safetensors 0.8 writes for the same tensors (<c>safetensors.torch.save_file</c>), but for the order of metadata, which it
    /// leaves to chance.
    /// </summary>
    private const string Header =
        """{"__metadata__":{"a":"é\n\"<&","format":"pt"},"z.i64":{"dtype":"I64","shape":[2],"data_offsets":[0,16]},"d.f64":{"dtype":"F64","shape":[1,1],"data_offsets":[16,24]},"b.f32":{"dtype":"F32","shape":[2,3],"data_offsets":[24,48]},"empty":{"dtype":"F32","shape":[0],"data_offsets":[48,48]},"scalar":{"dtype":"F32","shape":[],"data_offsets":[48,52]},"é\"\\":{"dtype":"F32","shape":[1],"data_offsets":[52,56]},"a.bf16":{"dtype":"BF16","shape":[3],"data_offsets":[56,62]},"c.f16":{"dtype":"F16","shape":[2],"data_offsets":[62,66]},"u.u8":{"dtype":"U8","shape":[1],"data_offsets":[66,67]},"e.bool":{"dtype":"BOOL","shape":[3],"data_offsets":[67,70]}}""";

    private static byte[] Write(IEnumerable<SafetensorsEntry> tensors, IReadOnlyDictionary<string, string>? metadata =
        null, bool keepOrder = false)
    {
        using var stream = new MemoryStream();
        SafetensorsWriter.Write(stream, "test", tensors, metadata, keepOrder);
        return stream.ToArray();
    }

    [Fact]
    public void Bytes_are_those_of_the_reference_library()
    {
        var bytes = Write(Sample, new Dictionary<string, string> { ["format"] = "pt", ["a"] = "é\n\"<&" });
        var length = (int)BitConverter.ToInt64(bytes);
        (length % 8).ShouldBe(0);
        Encoding.UTF8.GetString(bytes, 8, length).TrimEnd(' ').ShouldBe(Header);
        Convert.ToHexStringLower(bytes.AsSpan(8 + length)).ShouldBe(
            "01000000000000000200000000000000" + "9a9999999999b93f" + "000000000000803f0000004000004040000080400000a040" + "00004040"
            + "0000803f" + "c03f204040c0" + "003c0038" + "01" + "010001");
        Write(Sample.Reverse(), new Dictionary<string, string> { ["a"] = "é\n\"<&", ["format"] = "pt" })
            .ShouldBe(bytes, "the order of the input does not matter");
    }

    [Fact]
    public void What_was_written_reads_back()
    {
        using var file = SafetensorsFile.FromMemory("test", Write(Sample));
        file.Metadata.ShouldBe(new Dictionary<string, string> { ["format"] = "pt" });
        file.ReadFloats("b.f32").ShouldBe([0, 1, 2, 3, 4, 5]);
        file.ReadFloats("a.bf16").ShouldBe([1.5f, 2.5f, -3]);
        file.ReadFloats("c.f16").ShouldBe([1, 0.5f]);
        file.ReadDoubles("d.f64").ShouldBe([0.1]);
        file.ReadDoubles("c.f16").ShouldBe([1, 0.5]);
        file.ReadLongs("z.i64").ShouldBe([1, 2]);
        file.ReadLongs("e.bool").ShouldBe([1, 0, 1]);
        file.ReadFloats("empty").ShouldBeEmpty();
        file.ReadFloats("scalar").ShouldBe([3]);
        file.Tensor("b.f32").Shape.ShouldBe([2, 3]);
        Should.Throw<TenonException>(() => file.ReadFloats("d.f64")).Message.ShouldContain("F64");
        Should.Throw<TenonException>(() => file.ReadLongs("b.f32")).Message.ShouldContain("F32");
        Should.Throw<TenonException>(() => file.ReadLongs("nothing")).Message.ShouldContain("no tensor 'nothing'");
    }

    [Fact]
    public void The_given_order_can_be_kept()
    {
        using var file = SafetensorsFile.FromMemory("test", Write(Sample, keepOrder: true));
        file.Tensors.Values.OrderBy(t => t.Offset).ThenBy(t => t.Length).First().Name.ShouldBe("b.f32");
        file.ReadFloats("scalar").ShouldBe([3]);
    }

    [Fact]
    public void A_value_out_of_range_and_a_wrong_count_are_refused_by_name()
    {
        Should.Throw<TenonException>(() =>
            Write([SafetensorsEntry.FromFloats("w", [1], new[] { 70000f }, SafetensorsType.F16)])).Message.ShouldContain(
            "'w' does not fit into F16");
        Should.Throw<TenonException>(() =>
            Write([SafetensorsEntry.FromFloats("w", [2], new[] { 1f })])).Message.ShouldContain("8 bytes for [2] of F32");
        Should.Throw<TenonException>(() => Write([Sample[0], Sample[0]])).Message.ShouldContain("b.f32");
    }

    [Fact]
    public void A_fault_while_writing_leaves_the_old_file_and_no_other()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder["a"], "old");
        Should.Throw<InvalidOperationException>(() =>
            SafetensorsWriter.Write(folder["a"],
            [new SafetensorsEntry("w", SafetensorsType.F32, [1], _ => throw new InvalidOperationException())]));
        var full =
            Should.Throw<TenonException>(() =>
            SafetensorsWriter.Write(folder["a"],
            [new SafetensorsEntry("w", SafetensorsType.F32, [1], _ => throw new IOException("No space left on device"))]));
        full.Message.ShouldContain("No space left");
        File.ReadAllText(folder["a"]).ShouldBe("old");
        Directory.EnumerateFileSystemEntries(folder.Path).Count().ShouldBe(1);
    }
}
