using Tenon.Tests.Support;

namespace Tenon.Tests.Training;

/// <summary>
/// A disk with no room for a checkpoint, as a process meets it: the system's limit of a file's size stands for the full disk, so that no
/// test needs a disk of its own.
/// </summary>
[Trait("Speed", "slow")]
public sealed class DiskFullTests : IDisposable
{
    private const string Recipe = """
        model: tiny
        adapter: { method: lora, rank: 8, alpha: 8 }
        data: { task: { name: arithmetic, level: 2 }, prompt: plain }
        reward: [{ name: regex, pattern: '=[0-9]', match: anywhere, where: all }]
        rollout: { prompts: 2, group: 4, max-new-tokens: 8, temperature: 2.0 }
        objective: { preset: grpo }
        steps: 4
        seed: 7
        checkpoint: { every: 2 }
        """;

    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact]
    public void A_checkpoint_that_does_not_fit_ends_the_run_without_harm_and_the_run_goes_on_to_the_same_bits()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "limits of a process are set by a POSIX shell");
        var run = _runs.Train(_runs.Recipe(Recipe), "run", 2);
        var expected = TinyRuns.Contents(run);
        Directory.Delete(Path.Combine(run, "checkpoints", "4"), recursive: true);

        // 64 blocks of 1 KiB: enough for metrics and completions, not for the optimizer's state.
        var (exit, _, error) =
            TenonProcess.RunUnder("trap '' XFSZ; ulimit -f 64", ["train", "--resume", run], ("DOTNET_EnableWriteXorExecute", "0"));
        exit.ShouldBe(1, error);
        error.ShouldContain("the checkpoint of step 4 could not be written");
        error.ShouldContain("the checkpoint of step 2 is whole");
        error.ShouldContain($"tenon train --resume {run}");
        TinyRuns.LastStep(run).ShouldBe(2);
        Directory.EnumerateFileSystemEntries(run, "*", SearchOption.AllDirectories).Select(Path.GetFileName)
            .ShouldAllBe(name => !name!.EndsWith(".tmp") || name == ".tmp");
        Directory.EnumerateFileSystemEntries(Path.Combine(run, ".tmp")).Select(Path.GetFileName).ShouldBe(["lock"]);

        (exit, _, error) = TenonProcess.Run(["train", "--resume", run]);
        exit.ShouldBe(0, error);
        TinyRuns.ShouldBeTheSame(run, expected);
    }
}
