using System.Diagnostics;
using System.Text.Json.Nodes;
using Tenon.Tests.Support;

namespace Tenon.Tests.Training;

/// <summary>
/// Whole runs of the embedded model as processes: the same bits on any number of threads, in any vector width, and across kills.
/// </summary>
[Trait("Speed", "slow")]
public sealed class TinyRunTests(ITestOutputHelper output) : IDisposable
{
    /// <summary>
    /// SHA-256 of the adapter that <see cref="Recipe"/> ends with, on every machine. It changes only with Numerics.Version.
    /// </summary>
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

    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact]
    public void The_same_seed_gives_the_same_run_on_any_number_of_threads_and_in_every_vector_width()
    {
        var recipe = _runs.Recipe(Recipe);
        var one = _runs.Train(recipe, "one", 1);
        var expected = TinyRuns.Contents(one);
        TinyRuns.ShouldBeTheSame(_runs.Train(recipe, "two", 2), expected);
        TinyRuns.ShouldBeTheSame(_runs.Train(recipe, "narrow", 2, null, ("DOTNET_EnableAVX512", "0")), expected);
        foreach (var line in File.ReadLines(Path.Combine(one, "metrics.jsonl")))
            ((double)JsonNode.Parse(line)!["logp_difference_max"]!).ShouldBe(0);
        var sha = TinyRuns.Sha256(Path.Combine(one, "checkpoints", "6", "adapter_model.safetensors"));
        output.WriteLine(sha);
        sha.ShouldBe(AdapterSha256);
    }

    [Fact]
    public void Without_any_vector_instructions_a_short_run_is_the_same()
    {
        var recipe =
            _runs.Recipe(Recipe.Replace("steps: 6", "steps: 1")
            .Replace("prompts: 4, group: 4, max-new-tokens: 48", "prompts: 2, group: 2, max-new-tokens: 6"));
        TinyRuns.ShouldBeTheSame(_runs.Train(recipe, "scalar", 2, null, ("DOTNET_EnableHWIntrinsic", "0")),
            TinyRuns.Contents(_runs.Train(recipe, "wide", 2)));
    }

    [Fact]
    public void A_run_that_is_killed_at_ten_random_moments_resumes_to_the_same_bits()
    {
        const int Steps = 16;
        var recipe = _runs.Recipe(Recipe.Replace("steps: 6", $"steps: {Steps}").Replace("every: 2", "every: 1"));
        var clock = Stopwatch.StartNew();
        var expected = TinyRuns.Contents(_runs.Train(recipe, "whole", 2));
        var (step, seed) = (clock.Elapsed.TotalMilliseconds / Steps, Environment.TickCount);
        var random = new Random(seed);
        output.WriteLine($"seed of the moments: {seed}");
        for (var round = 0; round < (LongTests.On ? 3 : 1); round++)
        {
            var run = _runs.RunFolder($"killed-{round}");
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
    public void A_recipe_with_faults_and_a_folder_in_use_are_usage_errors()
    {
        var (exit, _, error) =
            TenonProcess.Run(
            ["train", _runs.Recipe(Recipe.Replace("rank: 4", "rank: 0").Replace("seed: 7", "sed: 7")), "--output", _runs.RunFolder("bad")]);
        exit.ShouldBe(2);
        error.ShouldContain("rank");
        error.ShouldContain("seed");
        Directory.Exists(_runs.RunFolder("bad")).ShouldBeFalse();
        var recipe = _runs.Recipe(Recipe.Replace("steps: 6", "steps: 1"));
        _runs.Train(recipe, "taken", 2);
        TenonProcess.Run(["train", recipe, "--output", _runs.RunFolder("taken")]).Exit.ShouldBe(2);
        TenonProcess.Run(["train", recipe, "--set", "model=/no/such/model", "--output", _runs.RunFolder("none")]).Exit.ShouldBe(2);
    }
}
