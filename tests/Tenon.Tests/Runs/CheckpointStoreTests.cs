using System.Text.Json.Nodes;
using Tenon.Runs;
using Tenon.Tests.Support;

namespace Tenon.Tests.Runs;

public class CheckpointStoreTests
{
    [Fact]
    public void Copies_and_other_folders_beside_the_checkpoints_are_named_and_never_counted_or_deleted()
    {
        using var folder = new TemporaryFolder();
        using var run = RunFolder.Create(folder.File("run"), new JsonObject());
        Write(run, 2, keep: 0);
        Write(run, 4, keep: 0);
        var checkpoints = Path.GetDirectoryName(run.CheckpointFolder(2))!;
        foreach (var name in new[] { "2.bak", "02", "best", "4 (copy)" }) Copy(run.CheckpointFolder(2), Path.Combine(checkpoints, name));
        Directory.CreateDirectory(Path.Combine(checkpoints, "999"));
        Copy(run.CheckpointFolder(4), Path.Combine(checkpoints, "998"));
        Copy(run.CheckpointFolder(4), Path.Combine(checkpoints, "8"));
        File.Delete(Path.Combine(checkpoints, "8", "state"));

        run.CheckpointSteps().ShouldBe([2, 4]);
        var (step, passedOver) = run.NewestCheckpoint();
        step.ShouldBe(4);
        passedOver.Count.ShouldBe(7);
        passedOver.ShouldContain(text => text.Contains("998") && text.Contains("a copy of the checkpoint of step 4"));
        passedOver.ShouldContain(text => text.Contains("999") && text.Contains("it is empty"));
        passedOver.ShouldContain(text => text.Contains(Path.Combine("checkpoints", "8")) && text.Contains("passed over"));

        for (var next = 6; next <= 10; next += 2) Write(run, next, keep: 1);
        run.CheckpointSteps().ShouldBe([10]);
        foreach (var name in new[] { "2.bak", "02", "best", "4 (copy)", "998", "999" })
            Directory.Exists(Path.Combine(checkpoints, name)).ShouldBeTrue(name);
        Directory.Exists(Path.Combine(checkpoints, "8.aside")).ShouldBeTrue("the half copy stood where checkpoint 8 was to go");
    }

    [Theory]
    [InlineData("other bytes")]
    [InlineData("cut")]
    [InlineData("empty")]
    [InlineData("missing")]
    [InlineData("seal")]
    public void A_damaged_checkpoint_is_passed_over_for_the_one_before(string damage)
    {
        using var folder = new TemporaryFolder();
        using var run = RunFolder.Create(folder.File("run"), new JsonObject());
        Write(run, 2, keep: 0);
        Write(run, 4, keep: 0);
        var file = Path.Combine(run.CheckpointFolder(4), damage == "seal" ? "checkpoint.json" : "state");
        var bytes = File.ReadAllBytes(file);
        bytes[^1] ^= 1;
        if (damage == "missing") File.Delete(file);
        else File.WriteAllBytes(file, damage switch { "cut" => bytes[..(bytes.Length / 2)], "empty" => [], "seal" => [1, 2], _ => bytes });
        var (step, passedOver) = run.NewestCheckpoint();
        step.ShouldBe(2);
        passedOver.ShouldHaveSingleItem().ShouldContain(damage == "seal" ? "checkpoint.json cannot be read" : "state");
    }

    [Fact]
    public void Checkpoints_may_lie_on_another_disk_through_a_link()
    {
        const string OtherDisk = "/dev/shm";
        if (!Directory.Exists(OtherDisk)) return;
        using var folder = new TemporaryFolder();
        var elsewhere = Directory.CreateDirectory(Path.Combine(OtherDisk, $"tenon-test-{Guid.NewGuid():N}")).FullName;
        try
        {
            using var run = RunFolder.Create(folder.File("run"), new JsonObject());
            Directory.CreateSymbolicLink(Path.Combine(run.Folder, "checkpoints"), elsewhere);
            for (var step = 1; step <= 3; step++) Write(run, step, keep: 2);
            run.CheckpointSteps().ShouldBe([2, 3]);
            run.NewestCheckpoint().Step.ShouldBe(3);
            Directory.EnumerateFileSystemEntries(elsewhere).Select(Path.GetFileName).Order().ShouldBe(["2", "3"]);
        }
        finally
        {
            Directory.Delete(elsewhere, recursive: true);
        }
    }

    /// <summary>A step's checkpoint that its own step replaces: the old one has left its place, the new one has not come.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_checkpoint_that_was_being_replaced_at_a_kill_comes_back(bool newIsThere)
    {
        using var folder = new TemporaryFolder();
        using (var run = RunFolder.Create(folder.File("run"), new JsonObject()))
        {
            Write(run, 2, keep: 0);
            Write(run, 4, keep: 0);
            var left = Path.Combine(run.Folder, ".tmp", "checkpoint-4.old");
            Directory.CreateDirectory(Path.GetDirectoryName(left)!);
            if (newIsThere) Copy(run.CheckpointFolder(4), left);
            else Directory.Move(run.CheckpointFolder(4), left);
        }

        using var resumed = RunFolder.Open(folder.File("run"));
        resumed.CheckpointSteps().ShouldBe([2, 4]);
        var (step, passedOver) = resumed.NewestCheckpoint();
        (step, passedOver.Count).ShouldBe((4, 0));
        File.ReadAllText(Path.Combine(resumed.CheckpointFolder(4), "state")).ShouldBe("the state of step 4");
        Write(resumed, 4, keep: 0);
        resumed.CheckpointSteps().ShouldBe([2, 4]);
    }

    [Fact]
    public void The_best_checkpoint_stays_whatever_its_age()
    {
        using var folder = new TemporaryFolder();
        using var run = RunFolder.Create(folder.File("run"), new JsonObject());
        for (var step = 1; step <= 5; step++) Write(run, step, keep: 2, kept: 2);
        run.CheckpointSteps().ShouldBe([2, 4, 5]);
    }

    [Fact]
    public void A_fault_of_the_disk_has_a_hint_that_fits()
    {
        AtomicFile.HintOf(new UnauthorizedAccessException()).ShouldContain("writable");
        if (OperatingSystem.IsWindows()) return;
        AtomicFile.HintOf(new IOException("x", 28)).ShouldBe("free some space");
        AtomicFile.HintOf(new IOException("x", 18)).ShouldContain("same disk");
        AtomicFile.HintOf(new IOException("x", 30)).ShouldContain("read-only");
        AtomicFile.HintOf(new IOException("x", 5)).ShouldNotContain("free");
    }

    private static void Write(RunFolder run, int step, int keep, int? kept = null) =>
        run.WriteCheckpoint(step, keep, path => File.WriteAllText(Path.Combine(path, "state"), $"the state of step {step}"), kept);

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }
}
