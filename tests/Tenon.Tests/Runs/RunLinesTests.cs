using System.Text.Json.Nodes;
using Tenon.Runs;
using Tenon.Runs.Evaluations;
using Tenon.Tests.Support;

namespace Tenon.Tests.Runs;

/// <summary>Files that a run writes are read strictly: damaged bytes are named, what is not finished is left out.</summary>
public class RunLinesTests
{
    private static readonly byte[] S_broken = [.. "{\"step\":1,\"id\":\"caf"u8, 0xE9, .. "\"}\n"u8];

    [Theory]
    [InlineData("a\nb\n", "a|b")]
    [InlineData("a\nb", "a")]
    [InlineData("a\r\n\nb\n", "a||b")]
    [InlineData("", "")]
    public void A_line_counts_once_it_is_ended(string text, string lines)
    {
        using var folder = new TemporaryFolder();
        string.Join('|', RunLines.Read(folder.File("x.jsonl", text))).ShouldBe(lines);
        RunLines.Read(folder.File("none.jsonl")).ShouldBeEmpty();
    }

    [Fact]
    public void Half_a_character_at_the_end_is_a_line_that_is_still_being_written()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("x.jsonl", "a\n");
        File.AppendAllBytes(path, [.. "b \u00e9"u8[..3]]);
        RunLines.Read(path).ShouldBe(["a"]);
        File.AppendAllBytes(path, [0xA9, (byte)'\n']);
        RunLines.Read(path).ShouldBe(["a", "b é"]);
    }

    [Fact]
    public void Bytes_of_another_encoding_are_named_with_file_and_line_and_no_verb_reads_over_them()
    {
        using var folder = new TemporaryFolder();
        using var run = RunFolder.Create(folder.File("run"), new JsonObject());
        Directory.CreateDirectory(Path.GetDirectoryName(run.SamplesFile(1))!);
        File.WriteAllBytes(run.SamplesFile(1), [.. "{\"step\":1,\"id\":\"a\"}\n"u8, .. S_broken]);
        var message = Should.Throw<TenonException>(() => RunReader.Open(run.Folder).Samples(1)).Message;
        foreach (var part in (string[])["000001.jsonl", "line 2", "0xE9"]) message.ShouldContain(part);
    }

    [Fact]
    public void A_damaged_sample_of_an_evaluation_is_made_again_when_it_goes_on_and_named_to_a_reader()
    {
        using var folder = new TemporaryFolder();
        var identity = new EvaluationIdentity(new JsonObject { ["benchmark"] = "b" });
        var path = folder.File("e");
        using (var evaluation = EvaluationFolder.Open(path, identity))
            evaluation.Append(
                [new EvaluationSample { Problem = "p", Sample = 0, Text = "é" }, new EvaluationSample { Problem = "q", Sample = 0 }]);
        var file = Path.Combine(path, "samples.jsonl");
        var bytes = File.ReadAllBytes(file);
        bytes[bytes.AsSpan().IndexOf((byte)0xC3)] = (byte)' ';
        File.WriteAllBytes(file, bytes);
        Should.Throw<TenonException>(() => EvaluationFolder.ReadSamples(path)).Message.ShouldContain("line 1");
        using var again = EvaluationFolder.Open(path, identity);
        again.Samples.Keys.ShouldBe([("q", 0)]);
    }
}
