using Tenon.Checkpoints.Gguf;
using Tenon.Tests.Support;

namespace Tenon.Tests.Checkpoints.Gguf;

public class GgufFileTests
{
    private static GgufFile Open(GgufBuilder b) => GgufFile.FromMemory("m.gguf", b.Build());

    [Theory]
    [InlineData(2u)]
    [InlineData(3u)]
    public void Metadata_of_every_type_reads_back(uint version)
    {
        using var file = Open(new GgufBuilder { Version = version }
            .Key("general.architecture", "llama").Key("s", "naïve 你好").Key("u32", 7u).Key("f32", 0.5f).Key("t", true)
            .Key("strings", "a", "", "Ġb").Key("ints", 3, -1)
            .Raw("u8", 0, w => w.Write((byte)200)).Raw("i8", 1, w => w.Write((sbyte)-5)).Raw("u16", 2, w => w.Write((ushort)60000))
            .Raw("i16", 3, w => w.Write((short)-300))
            .Raw("i32", 5, w => w.Write(-70000)).Raw("u64", 10, w => w.Write(1UL << 40)).Raw("big", 10, w => w.Write(ulong.MaxValue))
            .Raw("i64", 11, w => w.Write(-1L << 40)).Raw("f64", 12, w => w.Write(0.1))
            .Raw("nested", 9, w => { w.Write(9u); w.Write(1UL); w.Write(4u); w.Write(2UL); w.Write(1u); w.Write(2u); }));
        file.Architecture.ShouldBe("llama");
        file.String("s").ShouldBe("naïve 你好");
        file.String("missing").ShouldBeNull();
        string[] wholeKeys = ["u32", "u8", "i8", "u16", "i16", "i32", "u64", "i64"];
        wholeKeys.Select(k => file.Integer(k)).ShouldBe([7, 200, -5, 60000, -300, -70000, 1L << 40, -1L << 40]);
        file.Metadata["big"].ShouldBe(ulong.MaxValue);
        (file.Number("f32"), file.Number("f64"), file.Number("u32"), file.Bool("t"),
            file.Bool("missing")).ShouldBe((0.5, 0.1, 7.0, true, null));
        file.Strings("strings").ShouldBe(["a", "", "Ġb"]);
        file.Integers("ints").ShouldBe([3, -1]);
        file.Numbers("ints").ShouldBe([3, -1]);
        ((object[])file.Metadata["nested"])[0].ShouldBe(new long[] { 1, 2 });
        Should.Throw<TenonException>(() => file.Integer("s")).Message.ShouldContain("bad value for 's'");
        Should.Throw<TenonException>(() => file.Strings("ints")).Message.ShouldContain("a list of strings");
    }

    [Fact]
    public void Rows_are_read_in_any_part()
    {
        var values = Enumerable.Range(0, 12).Select(i => (float)i).ToArray();
        using var file =
            Open(new GgufBuilder { Alignment = 64 }.Key("general.alignment", 64u).Tensor("pad", [1], [9]).Tensor("w", [4, 3], values));
        var part = new float[6];
        file.Read("w", 1, part);
        part.ShouldBe([3, 4, 5, 6, 7, 8]);
        file.Tensor("w").Shape.ShouldBe([4, 3]);
        Should.Throw<ArgumentOutOfRangeException>(() => file.Read("w", 3, new float[6]));
        Should.Throw<ArgumentException>(() => file.Read("w", 0, new float[4]));
        Should.Throw<TenonException>(() => file.Read("v", 0, new float[4])).Message.ShouldContain("no tensor 'v'");
    }

    public static TheoryData<string, byte[], string> Broken()
    {
        var good = new GgufBuilder().Key("general.architecture", "llama").Tensor("w", [2, 2], [1, 2, 3, 4]).Build();
        byte[] With(Func<GgufBuilder, GgufBuilder> change) => change(new GgufBuilder()).Build();
        return new()
        {
            { "magic", new GgufBuilder { Magic = "GGML"u8.ToArray() }.Build(), "no GGUF file" },
            { "short", [1, 2], "no GGUF file" },
            { "version 1", new GgufBuilder { Version = 1 }.Build(), "unsupported GGUF version" },
            { "big-endian", new GgufBuilder { Version = 3u << 24 }.Build(), "3 in big-endian order" },
            { "cut in the header", good[..30], "truncated" },
            { "cut in the data", good[..^1], "truncated: tensor 'w'" },
            { "many keys", [.. new GgufBuilder().Build()[..16], 255, 255, 255, 255, 255, 255, 255, 127], "number of keys" },
            { "long text", With(b => b.Raw("k", 8, w => w.Write(1UL << 50))), "length of a text" },
            { "long list", With(b => b.Raw("k", 9, w => { w.Write(4u); w.Write(1UL << 40); })), "length of a list" },
            { "unknown value type", With(b => b.Raw("k", 13, _ => { })), "a value type from 0 to 12" },
            { "bad truth value", With(b => b.Raw("k", 7, w => w.Write((byte)3))), "0 or 1" },
            { "bad text", With(b => b.Raw("k", 8, w => { w.Write(1UL); w.Write((byte)0xFF); })), "UTF-8" },
            { "key twice", With(b => b.Key("k", 1u).Key("k", 2u)), "key 'k'" },
            { "tensor twice", With(b => b.Tensor("w", [1], [1]).Tensor("w", [1], [1])), "tensor 'w'" },
            { "overlap", With(b => b.Tensor("w", [16], new float[16]).Tensor("v", GgufType.F32, [1], new byte[64], 32)),
                "inside another tensor" },
            { "offset", With(b => b.Tensor("w", GgufType.F32, [1], new byte[64], 4)), "a multiple of 32" },
            { "alignment", With(b => b.Key("general.alignment", 3u)), "a power of two" },
            { "row of a part block", With(b => b.Tensor("w", GgufType.Q8_0, [1, 33], new byte[68])), "a multiple of 32 values (Q8_0)" },
            { "unknown tensor type", With(b => b.Tensor("w", (GgufType)99, [1], new byte[4])), "type 99" },
            { "huge shape", With(b => b.Tensor("w", GgufType.F32, [1L << 40, 1L << 40], new byte[4])), "fits in memory" },
            { "five dimensions", With(b => b.Tensor("w", GgufType.F32, [1, 1, 1, 1, 1], new byte[4])), "at most 4 dimensions" },
            { "a part of a split model", With(b => b.Raw("split.count", 2, w => w.Write((ushort)3))), "llama-gguf-split" },
        };
    }

    [Theory]
    [MemberData(nameof(Broken))]
    public void A_broken_file_is_named_with_what_was_read(string name, byte[] bytes, string fault)
    {
        var message = Should.Throw<TenonException>(() => GgufFile.FromMemory("m.gguf", bytes), name).Message;
        foreach (var part in (string[])["m.gguf", fault, "expected:", "got:", "Hint:"]) message.ShouldContain(part);
    }

    [Theory]
    [InlineData("alignment as a fraction", "a whole number that is a power of two", "Convert the model again")]
    [InlineData("alignment as text", "stored as text", "Convert the model again")]
    [InlineData("unknown type", "type 99", "another quantisation")]
    public void A_hint_fits_its_fault(string name, string fault, string hint)
    {
        var builder = name switch
        {
            "alignment as a fraction" => new GgufBuilder().Key("general.alignment", 32f),
            "alignment as text" => new GgufBuilder().Key("general.alignment", "32"),
            _ => new GgufBuilder().Tensor("w", (GgufType)99, [1], new byte[4]),
        };
        var message = Should.Throw<TenonException>(() => Open(builder)).Message;
        message.ShouldContain(fault);
        message.ShouldContain(hint);
        message.ShouldNotContain("cut off");
    }

    [Fact]
    public void Every_cut_of_a_file_is_an_error_and_never_a_crash()
    {
        var good = new GgufBuilder().Key("general.architecture", "llama").Key("list", "a", "b").Tensor("w", [2, 2], [1, 2, 3, 4]).Build();
        GgufFile.FromMemory("m.gguf", good).Dispose();
        for (var n = 0; n < good.Length; n++) Should.Throw<TenonException>(() => GgufFile.FromMemory("m.gguf", good[..n]));
    }

    [Fact]
    public void An_unsupported_type_is_named_with_its_tensor_when_it_is_read()
    {
        using var file = Open(new GgufBuilder().Tensor("w", GgufType.IQ2_XS, [1, 256], new byte[74]));
        var message = Should.Throw<TenonException>(() => file.Read("w", 0, new float[256])).Message;
        foreach (var part in (string[])["'w'", "m.gguf", "IQ2_XS", "Q4_K"]) message.ShouldContain(part);
    }
}
