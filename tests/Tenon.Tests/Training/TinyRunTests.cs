using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Tenon.Tests.Support;
using Tenon.Training;

namespace Tenon.Tests.Training;

/// <summary>Whole runs of the embedded model as processes: the same bits on any number of threads, in any vector width, and across kills.</summary>
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

    private readonly string folder = Directory.CreateTempSubdirectory("tenon-runs").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string RecipeFile(string text = Recipe)
    {
        var path = Path.Combine(folder, $"{Guid.NewGuid():N}.yaml");
        File.WriteAllText(path, text);
        return path;
    }

    private string Train(string recipe, string name, int threads, params (string, string)[] environment)
    {
        var run = Path.Combine(folder, name);
        var (exit, _, error) = TenonProcess.Run(["train", recipe, "--output", run, "--threads", $"{threads}"], environment);
        exit.ShouldBe(0, error);
        return run;
    }

    /// <summary>All that a run leaves, without the fields of time, speed and memory.</summary>
    private static List<string> Contents(string run) =>
    [
        .. File.ReadLines(Path.Combine(run, "metrics.jsonl")).Select(MetricsLog.WithoutTimes),
        .. Directory.GetFiles(Path.Combine(run, "samples")).Order(StringComparer.Ordinal).SelectMany(File.ReadLines),
        .. Directory.GetFiles(Path.Combine(run, "checkpoints", Directory.GetDirectories(Path.Combine(run, "checkpoints")).Max(d => int.Parse(Path.GetFileName(d))).ToString())).Order(StringComparer.Ordinal)
            .Select(f => $"{Path.GetFileName(f)} {Sha256(f)}"),
    ];

    private static string Sha256(string file) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)));

    [Fact]
    public void TheSameSeedGivesTheSameRunOnAnyNumberOfThreadsAndInEveryVectorWidth()
    {
        var recipe = RecipeFile();
        var one = Train(recipe, "one", 1);
        var expected = Contents(one);
        Contents(Train(recipe, "two", 2)).ShouldBe(expected);
        Contents(Train(recipe, "narrow", 2, ("DOTNET_EnableAVX512", "0"))).ShouldBe(expected);
        foreach (var line in File.ReadLines(Path.Combine(one, "metrics.jsonl")))
            ((double)JsonNode.Parse(line)!["logp_difference_max"]!).ShouldBe(0);
        var sha = Sha256(Path.Combine(one, "checkpoints", "6", "adapter_model.safetensors"));
        output.WriteLine(sha);
        sha.ShouldBe(AdapterSha256);
    }

    [Fact]
    public void WithoutAnyVectorInstructionsAShortRunIsTheSame()
    {
        var recipe = RecipeFile(Recipe.Replace("steps: 6", "steps: 1").Replace("prompts: 4, group: 4, max-new-tokens: 48", "prompts: 2, group: 2, max-new-tokens: 6"));
        Contents(Train(recipe, "scalar", 2, ("DOTNET_EnableHWIntrinsic", "0"))).ShouldBe(Contents(Train(recipe, "wide", 2)));
    }

    [Fact]
    public void ARunThatIsKilledAtAnyMomentResumesToTheSameBits()
    {
        var recipe = RecipeFile();
        var expected = Contents(Train(recipe, "whole", 2));
        var run = Path.Combine(folder, "killed");
        // Kill times are spread over start-up, sampling, training and checkpoints.
        int[] delays = [700, 900, 1100, 1300, 800, 1000, 1500, 1200, 950, 1400];
        var arguments = new[] { "train", recipe, "--output", run, "--threads", "2" };
        foreach (var delay in delays)
        {
            using var process = TenonProcess.Start(arguments);
            if (!process.WaitForExit(delay)) process.Kill();
            process.WaitForExit();
            if (File.Exists(Path.Combine(run, "run.json"))) arguments = ["train", "--resume", run, "--threads", "1"];
        }

        var (exit, _, error) = TenonProcess.Run(arguments);
        exit.ShouldBe(0, error);
        Contents(run).ShouldBe(expected);
    }

    [Fact]
    public void ARecipeWithFaultsAndAFolderInUseAreUsageErrors()
    {
        var (exit, _, error) = TenonProcess.Run(["train", RecipeFile(Recipe.Replace("rank: 4", "rank: 0").Replace("seed: 7", "sed: 7")), "--output", Path.Combine(folder, "bad")]);
        exit.ShouldBe(2);
        error.ShouldContain("rank");
        error.ShouldContain("seed");
        Directory.Exists(Path.Combine(folder, "bad")).ShouldBeFalse();
        var recipe = RecipeFile(Recipe.Replace("steps: 6", "steps: 1"));
        Train(recipe, "taken", 2);
        TenonProcess.Run(["train", recipe, "--output", Path.Combine(folder, "taken")]).Exit.ShouldBe(2);
        TenonProcess.Run(["train", recipe, "--set", "model=/no/such/model", "--output", Path.Combine(folder, "none")]).Exit.ShouldBe(2);
    }
}
