using System.IO.Compression;
using System.Text;
using Tenon.Tests.Support;

namespace Tenon.Tests.Core.Input;

public sealed class Utf8LinesTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Lines_end_at_a_newline_or_at_the_end_and_a_byte_order_mark_is_passed_over()
    {
        byte[] bytes = [0xEF, 0xBB, 0xBF, .. "eins\r\n\r\nzwei é\n\ufeffdrei"u8];
        Lines(bytes).ShouldBe(["eins", "", "zwei é", "\ufeffdrei"]);
        Lines([]).ShouldBeEmpty();
        Lines("\n"u8.ToArray()).ShouldBe([""]);
    }

    [Fact]
    public void A_line_longer_than_the_buffer_and_a_stream_that_comes_byte_by_byte_are_whole()
    {
        var text = string.Concat(Enumerable.Range(0, 50_000).Select(i => $"é{i}"));
        using var lines = new Utf8Lines(new Trickle(Encoding.UTF8.GetBytes($"{text}\nend")), "trickle");
        lines.ReadLine().ShouldBe(text);
        lines.ReadLine().ShouldBe("end");
        lines.ReadLine().ShouldBeNull();
    }

    [Fact]
    public void Bytes_that_are_no_utf8_name_line_and_byte_and_the_next_line_is_read()
    {
        using var lines = new Utf8Lines(new MemoryStream([.. "ab\nc"u8, 0xFF, .. "d\nend\n"u8]), "input x");
        lines.ReadLine().ShouldBe("ab");
        Should.Throw<TenonException>(() => lines.ReadLine()).Message.ShouldStartWith("input x, line 2, byte 2 of it (byte 4 of the input)");
        lines.IsHopeless.ShouldBeFalse();
        lines.ReadLine().ShouldBe("end");
    }

    [Theory]
    [InlineData("utf-16", "UTF-16 text (little endian)")]
    [InlineData("utf-16BE", "UTF-16 text (big endian)")]
    [InlineData("utf-32", "UTF-32 text")]
    public void Another_encoding_is_named(string encoding, string name)
    {
        var other = Encoding.GetEncoding(encoding);
        byte[] bytes = [.. other.GetPreamble(), .. other.GetBytes("{\"a\":1}\n")];
        using var lines = new Utf8Lines(new MemoryStream(bytes), "input x");
        Should.Throw<TenonException>(() => lines.ReadLine()).Message.ShouldContain(name);
        Should.Throw<TenonException>(() => lines.ReadLine()).Message.ShouldContain(name);
        lines.IsHopeless.ShouldBeTrue();
    }

    [Fact]
    public void A_gzip_archive_is_unpacked_and_a_cut_one_is_an_error()
    {
        var random = new Random(1);
        var text = string.Concat(Enumerable.Range(0, 5000).Select(i => $"line {i} {random.Next()}\n"));
        File.WriteAllBytes(_folder["x.gz"], Packed(text));
        InputFile.ReadText(_folder["x.gz"], "file").ShouldBe(text.TrimEnd('\n'));
        foreach (var share in (double[])[0.2, 0.9, 0.999])
        {
            var bytes = Packed(text);
            File.WriteAllBytes(_folder["cut.gz"], bytes[..(int)(share * bytes.Length)]);
            Should.Throw<TenonException>(() => InputFile.ReadText(_folder["cut.gz"], "file")).Message.ShouldContain("damaged or cut");
        }
    }

    [Fact]
    public void Other_archives_folders_and_missing_files_are_named()
    {
        File.WriteAllBytes(_folder["x.zst"], [0x28, 0xB5, 0x2F, 0xFD, 0, 0]);
        Should.Throw<TenonException>(() => InputFile.ReadText(_folder["x.zst"], "Data file")).Message.ShouldContain("Zstandard");
        Should.Throw<TenonException>(() => InputFile.ReadText(_folder.Path, "Data file")).Message.ShouldContain("a folder");
        Should.Throw<TenonException>(() => InputFile.ReadText(_folder["none"], "Data file")).Message.ShouldContain("a file that exists");
        Should.Throw<TenonException>(() => InputFile.ReadText("", "Data file")).Message.ShouldContain("an empty text");
    }

    private static List<string> Lines(byte[] bytes)
    {
        using var lines = new Utf8Lines(new MemoryStream(bytes), "bytes");
        var result = new List<string>();
        while (lines.ReadLine() is { } line) result.Add(line);
        return result;
    }

    private static byte[] Packed(string text)
    {
        var target = new MemoryStream();
        using (var gzip = new GZipStream(target, CompressionMode.Compress)) gzip.Write(Encoding.UTF8.GetBytes(text));
        return target.ToArray();
    }

    private sealed class Trickle(byte[] bytes) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, 997));
    }
}
