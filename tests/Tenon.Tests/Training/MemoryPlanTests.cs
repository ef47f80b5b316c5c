using Tenon.Tests.Support;

namespace Tenon.Tests.Training;

/// <summary>Automatic values take what fits; only what is asked for by number is refused.</summary>
[Trait("Speed", "slow")]
public sealed class MemoryPlanTests : IDisposable
{
    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    // The runtime's limit of its own heap is the memory that a process sees; 96 MiB holds the embedded model and little more.
    private static readonly (string, string) S_small = ("DOTNET_GCHeapHardLimit", "0x6000000");

    [Fact]
    public void Concurrency_auto_takes_what_fits_and_a_number_is_refused_with_what_would()
    {
        var recipe = _runs.Recipe("""
            model: tiny
            data: { task: { name: arithmetic, level: 2 }, prompt: plain }
            rollout: { prompts: 64, group: 64, max-new-tokens: 400, max-prompt-tokens: 100 }
            update: { micro-batch-tokens: 512 }
            steps: 1
            """);
        var (exit, output, error) = TenonProcess.Run(["train", recipe, "--dry-run", "--threads", "1"], S_small);
        exit.ShouldBe(0, error);
        output.ShouldContain("cache of sampling");
        (exit, _, error) = TenonProcess.Run(["train", recipe, "--dry-run", "--threads", "1", "--set", "rollout.concurrency=4096"], S_small);
        exit.ShouldBe(2, error);
        error.ShouldContain("rollout.concurrency up to");
    }
}
