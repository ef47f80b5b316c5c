using System.Text.Json.Nodes;
using Tenon.Runs;
using Tenon.Tests.Support;

namespace Tenon.Tests.Runs;

public class RunFolderTests
{
    [Fact]
    public void A_folder_that_holds_a_run_or_other_files_is_refused()
    {
        using var folder = new TemporaryFolder();
        using (RunFolder.Create(folder.File("run"), new JsonObject())) { }
        Should.Throw<TenonException>(() => RunFolder.Create(folder.File("run"), new JsonObject())).ShouldSatisfyAllConditions(
            e => e.IsUsage.ShouldBeTrue(), e => e.Message.ShouldContain("already holds another run"),
            e => e.Message.ShouldContain("--resume"));
        folder.File("other/letter.txt", "dear");
        Should.Throw<TenonException>(() =>
            RunFolder.Create(folder.File("other"), new JsonObject())).Message.ShouldContain("holds other files");
        Should.Throw<TenonException>(() => RunFolder.Open(folder.File("nothing"))).Message.ShouldContain("is no run");
    }

    [Fact]
    public void A_process_killed_while_it_writes_the_first_file_leaves_nothing_but_temporary_files()
    {
        using var folder = new TemporaryFolder();
        var (run, temporary) = (folder.File("run"), folder.File("run/.tmp"));
        Directory.CreateDirectory(temporary);
        AtomicFile.Write(Path.Combine(run, "run.json"),
            _ => Directory.GetFileSystemEntries(run).Select(Path.GetFileName).ShouldBe([".tmp"]), temporary);
        File.Delete(Path.Combine(run, "run.json"));
        File.WriteAllText(Path.Combine(temporary, ".run.json.1.tmp"), "{");
        using var again = RunFolder.Create(run, new JsonObject());
        RunFolder.IsRun(run).ShouldBeTrue();
    }

    [Fact]
    public void One_process_at_a_time_writes()
    {
        using var folder = new TemporaryFolder();
        using var run = RunFolder.Create(folder.File("run"), new JsonObject());
        Should.Throw<TenonException>(() => RunFolder.Open(run.Folder)).Message.ShouldContain("is in use");
        using var reader = RunFolder.Read(run.Folder);
    }

    [Fact]
    public void A_checkpoint_that_cannot_go_yet_ends_no_run()
    {
        using var folder = new TemporaryFolder();
        using var run = RunFolder.Create(folder.File("run"), new JsonObject());
        var remarks = new List<string>();
        run.Remark = remarks.Add;
        void Write(int step) => run.WriteCheckpoint(step, 1, path => File.WriteAllText(Path.Combine(path, "state"), $"{step}"));
        Write(1);
        // In the way of the rename, as a reader is on Windows.
        var inTheWay = folder.File("run/.tmp/old-1", "x");
        Write(2);
        remarks.ShouldHaveSingleItem().ShouldStartWith("the checkpoint of step 1 could not be removed");
        run.CheckpointSteps().ShouldBe([1, 2]);
        File.Delete(inTheWay);
        Write(3);
        run.CheckpointSteps().ShouldBe([3]);
    }

    [Fact]
    public void Only_the_newest_checkpoints_are_kept_and_a_failed_one_leaves_nothing()
    {
        using var folder = new TemporaryFolder();
        using var run = RunFolder.Create(folder.File("run"), new JsonObject());
        for (var step = 10; step <= 40; step += 10)
            run.WriteCheckpoint(step, 2, path => File.WriteAllText(Path.Combine(path, "state"), $"{step}"));
        run.CheckpointSteps().ShouldBe([30, 40]);
        File.ReadAllText(Path.Combine(run.CheckpointFolder(40), "state")).ShouldBe("40");

        var full = Should.Throw<TenonException>(() => run.WriteCheckpoint(50, 2, path =>
        {
            File.WriteAllText(Path.Combine(path, "part"), "half");
            throw new IOException("No space left on device");
        }));
        full.Message.ShouldContain("No space left on device");
        full.IsUsage.ShouldBeFalse();
        run.CheckpointSteps().ShouldBe([30, 40]);
        Directory.EnumerateFileSystemEntries(Path.Combine(run.Folder, ".tmp")).Select(Path.GetFileName).ShouldBe(["lock"]);
    }

    [Fact]
    public void Going_back_to_a_step_drops_all_that_came_after_it()
    {
        using var folder = new TemporaryFolder();
        using var run = RunFolder.Create(folder.File("run"), new JsonObject());
        using (var log = new MetricsLog(run.MetricsFile))
            for (var step = 1; step <= 3; step++)
            {
                log.Append(new StepMetrics(step));
                run.WriteSamples(step, [new JsonObject { ["step"] = step }]);
                run.WriteEvaluation("held-out@1", step, new JsonObject { ["step"] = step });
                run.WriteCheckpoint(step, 0, path => File.WriteAllText(Path.Combine(path, "state"), "x"));
            }
        run.WriteEvaluation("held-out@1", 0, new JsonObject { ["step"] = 0 });
        run.CutBackTo(2);
        run.CheckpointSteps().ShouldBe([1, 2]);
        run.SampleSteps().ShouldBe([1, 2]);
        run.EvaluationFiles().Count.ShouldBe(3);
        File.ReadAllLines(run.MetricsFile).Length.ShouldBe(2);
    }

    [Fact]
    public void A_file_appears_whole_or_not_at_all()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("a.json", "old");
        Should.Throw<InvalidOperationException>(() => AtomicFile.Write(path, stream =>
        {
            stream.WriteByte(1);
            throw new InvalidOperationException();
        }));
        File.ReadAllText(path).ShouldBe("old");
        Directory.GetFiles(folder.Path).Length.ShouldBe(1);
    }
}
