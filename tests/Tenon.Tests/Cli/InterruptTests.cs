using System.Diagnostics;
using Tenon.Runs;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cli;

/// <summary>Ctrl-C and SIGTERM: the first ends the run at a clean place, the second at once; nothing is half-written.</summary>
public sealed class InterruptTests : IDisposable
{
    private const string Recipe = """
        model: tiny
        data: { task: { name: arithmetic, level: 2 }, prompt: plain }
        rollout: { prompts: 4, group: 4, max-new-tokens: 24 }
        evaluate: { benchmarks: [held-out@64], problems: 400, every: 2, max-new-tokens: 64 }
        steps: 2
        checkpoint: { every: 1, keep: 0 }
        """;

    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    /// <summary>In the evaluation before the first step, and in that of the last one, with one checkpoint written.</summary>
    [Theory, Trait("Speed", "slow")]
    [InlineData(true, "TERM")]
    [InlineData(false, "TERM")]
    [InlineData(true, "INT")]
    [InlineData(false, "INT")]
    public async Task A_second_signal_ends_the_process_at_once_and_leaves_whole_files(bool evaluatesFirst, string signal)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs signals");
        Assert.SkipWhen(signal == "INT" && !OperatingSystem.IsLinux(), "needs an env that sets signals");
        var recipe = _runs.Recipe(evaluatesFirst ? Recipe : Recipe.Replace("benchmarks: [held-out@64]", "benchmarks: []")
            .Replace("steps: 2", "steps: 4000").Replace("every: 2", "every: 0"));
        var run = _runs.RunFolder("run");
        string[] call = ["train", recipe, "--output", run, "--threads", "1"];
        // A shell may have its children ignore SIGINT, which Ctrl-C at a terminal sends.
        using var process = signal == "INT" ? TenonProcess.StartListening(call) : TenonProcess.Start(call);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        var clock = Stopwatch.StartNew();
        while (!process.HasExited && clock.Elapsed < TimeSpan.FromMinutes(2) && !HasBegun(run, evaluatesFirst)) Thread.Sleep(5);
        Send(process, signal);
        Send(process, signal);
        process.WaitForExit(60_000).ShouldBeTrue();
        var (said, wrote) = (await error, await output);
        process.ExitCode.ShouldBe(130, said);
        said.ShouldContain("stopped");
        said.ShouldContain("--resume");
        wrote.ShouldNotContain("   at Tenon.");
        using var folder = RunFolder.Open(run);
        var written = TinyRuns.LastStep(run);
        if (written > 0) folder.NewestCheckpoint().Step.ShouldBe(written);
        folder.NewestCheckpoint().PassedOver.ShouldBeEmpty();
        folder.Dispose();
        var resumed = Call.Tenon("train", "--resume", run, "--set", $"steps={written + 1}", "--set", "evaluate.benchmarks=[]", "--set",
            "evaluate.every=0");
        resumed.Exit.ShouldBe(0, resumed.Error);
    }

    private static bool HasBegun(string run, bool evaluatesFirst) => evaluatesFirst
        ? Directory.Exists(Path.Combine(run, "eval", "0")) : TinyRuns.LastStep(run) > 0;

    private static void Send(Process process, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]);
        kill.WaitForExit();
    }
}
