using System.Text;
using System.Text.Json.Nodes;
using Tenon.Runs;
using Tenon.Tests.Support;

namespace Tenon.Tests.Runs;

public class RunReaderTests
{
    [Fact]
    public void A_growing_run_is_followed_line_by_line()
    {
        using var folder = new TemporaryFolder();
        using var run = RunFolder.Create(folder.File("run"), new JsonObject());
        var reader = RunReader.Open(run.Folder);
        reader.Steps.ShouldBeEmpty();
        reader.Refresh().ShouldBeFalse();
        var lines = Enumerable.Range(1, 3).Select(step => MetricsLog.Format(Of(step, step)) + "\n").ToList();
        File.AppendAllText(run.MetricsFile, lines[0] + lines[1][..40]);
        reader.Refresh().ShouldBeTrue();
        reader.Steps.Select(step => step.Step).ShouldBe([1]);
        reader.Refresh().ShouldBeFalse();
        File.AppendAllText(run.MetricsFile, lines[1][40..] + lines[2]);
        reader.Refresh().ShouldBeTrue();
        reader.Column(StepMetric.Accuracy).ShouldBe([1, 2, 3]);
        reader.Column(StepMetric.Untrusted).ShouldBeNull();
    }

    [Fact]
    public void A_run_that_was_cut_back_and_went_on_is_read_anew()
    {
        using var folder = new TemporaryFolder();
        using var run = RunFolder.Create(folder.File("run"), new JsonObject());
        void Append(int step, double accuracy)
        {
            using var log = new MetricsLog(run.MetricsFile);
            log.Append(Of(step, accuracy));
        }

        for (var step = 1; step <= 4; step++) Append(step, step);
        var reader = RunReader.Open(run.Folder);
        MetricsLog.CutBack(run.MetricsFile, 2);
        for (var step = 3; step <= 6; step++) Append(step, 10 * step);
        reader.Refresh().ShouldBeTrue();
        reader.Column(StepMetric.Accuracy).ShouldBe([1, 2, 30, 40, 50, 60]);
        File.Delete(run.MetricsFile);
        reader.Refresh().ShouldBeTrue();
        reader.Steps.ShouldBeEmpty();
    }

    [Fact]
    public void Text_of_several_bytes_may_be_cut_anywhere()
    {
        using var folder = new TemporaryFolder();
        using var run = RunFolder.Create(folder.File("run"), new JsonObject());
        var bytes = Encoding.UTF8.GetBytes(MetricsLog.Format(new StepMetrics(1) { [StepMetric.Reward["größe-数"]] = 1 }) + "\n");
        var reader = RunReader.Open(run.Folder);
        for (var i = 0; i < bytes.Length; i++)
        {
            using (var file = new FileStream(run.MetricsFile, FileMode.Append)) file.WriteByte(bytes[i]);
            reader.Refresh().ShouldBe(i == bytes.Length - 1);
        }
        reader.Steps[0]["reward/größe-数"].ShouldBe(1);
    }

    [Fact]
    public void What_is_written_reads_back_as_records()
    {
        var sample = new SampleRecord
        {
            Step = 3, Group = 1, Sample = 2, Id = "p7", Problem = "4+2=?", Answer = "6", Completion = "\"6\" <b>", Tokens = 5,
            Truncated = true, Reward = 0.5, Advantage = -1.25,
            Correct = false, Reason = "numeric-different", Extracted = "6", Rewards = [("math", 0, null), ("format", 0, "no-template")],
        };
        var line = sample.ToJson().ToLine();
        line.ShouldContain("4+2=?");
        var back = SampleRecord.Read(line)!;
        back.ToJson().ToLine().ShouldBe(line);
        SampleRecord.Read(line[..^1]).ShouldBeNull();

        var description =
            new RunDescription
            {
                Verb = "pretrain", Recipe = new JsonObject { ["steps"] = 3 }, Numerics = 2, Method = "lora+",
                Trainable = 10
            };
        RunDescription.From(description.ToJson()).ToJson().ToLine().ShouldBe(description.ToJson().ToLine());
        RunDescription.From([]).Verb.ShouldBe("train");
    }

    private static StepMetrics Of(int step, double accuracy) =>
        new(step) { [StepMetric.Time] = 0.1 * step + accuracy, [StepMetric.Accuracy] = accuracy };
}
