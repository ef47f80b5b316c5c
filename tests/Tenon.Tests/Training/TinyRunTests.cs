using System.Diagnostics;
using System.Text.Json.Nodes;
using Tenon.Tests.Support;

namespace Tenon.Tests.Training;

/// <summary>Whole runs of the embedded model as processes: the same bits on any number of threads, in any vector width, and across kills.</summary>
[Trait("Speed", "slow")]
public sealed class TinyRunTests(ITestOutputHelper output) : IDisposable
{
    /// <summary>SHA-256 of the adapter that <see cref="Recipe"/> ends with, on every machine. It changes only with Numerics.Version.</summary>
    private const string AdapterSha256 = "2b5d68af393617e4c71424ad331cfb97d75420c93ae5c7aa699d267ccbf2c16e";

    private const string Recipe = """
        model: tiny
        adapter: { method: lora, rank: 4, alpha: 8 }
        data: { task: { name: arithmetic, level: 2 }, prompt: plain }
        rollout: { prompts: 4, group: 4, max-new-tokens: 48 }
        objective: { preset: dapo, kl: 0.01 }
        optimizer: { learning-rate: 1.0e-3, schedule: linear }
        update: { minibatches: 2, micro-batch-tokens: 300 }
        steps: 6
        seed: 7
        checkpoint: { every: 2, keep: 2 }
        """;

    private readonly TinyRuns runs = new();

    public void Dispose() => runs.Dispose();

    [Fact]
    public void TheSameSeedGivesTheSameRunOnAnyNumberOfThreadsAndInEveryVectorWidth()
    {
        var recipe = runs.Recipe(Recipe);
        var one = runs.Train(recipe, "one", 1);
        var expected = TinyRuns.Contents(one);
        TinyRuns.ShouldBeTheSame(runs.Train(recipe, "two", 2), expected);
        TinyRuns.ShouldBeTheSame(runs.Train(recipe, "narrow", 2, null, ("DOTNET_EnableAVX512", "0")), expected);
        foreach (var line in File.ReadLines(Path.Combine(one, "metrics.jsonl")))
            ((double)JsonNode.Parse(line)!["logp_difference_max"]!).ShouldBe(0);
        var sha = TinyRuns.Sha256(Path.Combine(one, "checkpoints", "6", "adapter_model.safetensors"));
        output.WriteLine(sha);
        sha.ShouldBe(AdapterSha256);
    }

    [Fact]
    public void WithoutAnyVectorInstructionsAShortRunIsTheSame()
    {
        var recipe = runs.Recipe(Recipe.Replace("steps: 6", "steps: 1").Replace("prompts: 4, group: 4, max-new-tokens: 48", "prompts: 2, group: 2, max-new-tokens: 6"));
        TinyRuns.ShouldBeTheSame(runs.Train(recipe, "scalar", 2, null, ("DOTNET_EnableHWIntrinsic", "0")), TinyRuns.Contents(runs.Train(recipe, "wide", 2)));
    }

    [Fact]
    public void ARunThatIsKilledAtTenRandomMomentsResumesToTheSameBits()
    {
        const int Steps = 16;
        var recipe = runs.Recipe(Recipe.Replace("steps: 6", $"steps: {Steps}").Replace("every: 2", "every: 1"));
        var clock = Stopwatch.StartNew();
        var expected = TinyRuns.Contents(runs.Train(recipe, "whole", 2));
        var (step, seed) = (clock.Elapsed.TotalMilliseconds / Steps, Environment.TickCount);
        var random = new Random(seed);
        output.WriteLine($"seed of the moments: {seed}");
        for (var round = 0; round < (LongTests.On ? 3 : 1); round++)
        {
            var run = runs.RunFolder($"killed-{round}");
            string[] arguments = ["train", recipe, "--output", run, "--threads", "2"];
            var moments = new List<int>();
            for (var kill = 0; kill < 10; kill++)
            {
                // Some at start-up, some within a step or two of a checkpoint: in sampling, training, writing.
                using var process = TenonProcess.Start(arguments);
                var goal = TinyRuns.LastStep(run) + random.Next(2);
                while (!process.HasExited && TinyRuns.LastStep(run) < goal) Thread.Sleep(2);
                if (!process.WaitForExit((int)(random.NextDouble() * 2 * step))) process.Kill();
                process.WaitForExit();
                moments.Add(TinyRuns.LastStep(run));
                if (File.Exists(Path.Combine(run, "run.json"))) arguments = ["train", "--resume", run, "--threads", $"{1 + kill % 2}"];
            }

            output.WriteLine($"last checkpoint at each kill: {string.Join(' ', moments)}");
            var (exit, _, error) = TenonProcess.Run(arguments);
            exit.ShouldBe(0, error);
            TinyRuns.ShouldBeTheSame(run, expected);
        }
    }

    [Fact]
    public void ARecipeWithFaultsAndAFolderInUseAreUsageErrors()
    {
        var (exit, _, error) = TenonProcess.Run(["train", runs.Recipe(Recipe.Replace("rank: 4", "rank: 0").Replace("seed: 7", "sed: 7")), "--output", runs.RunFolder("bad")]);
        exit.ShouldBe(2);
        error.ShouldContain("rank");
        error.ShouldContain("seed");
        Directory.Exists(runs.RunFolder("bad")).ShouldBeFalse();
        var recipe = runs.Recipe(Recipe.Replace("steps: 6", "steps: 1"));
        runs.Train(recipe, "taken", 2);
        TenonProcess.Run(["train", recipe, "--output", runs.RunFolder("taken")]).Exit.ShouldBe(2);
        TenonProcess.Run(["train", recipe, "--set", "model=/no/such/model", "--output", runs.RunFolder("none")]).Exit.ShouldBe(2);
    }
}
