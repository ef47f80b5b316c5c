using System.Text.Json.Nodes;
using Tenon.Runs;
using Tenon.Tests.Cli;
using Tenon.Tests.Support;

namespace Tenon.Tests.Training;

/// <summary>Supervised runs as processes: killed and resumed to the same bits, refused where something has changed.</summary>
[Trait("Speed", "slow")]
public sealed class PretrainRunTests(ITestOutputHelper output) : IDisposable
{
    private const string Recipe = """
        architecture: { hidden: 32, layers: 2, heads: 2, kv-heads: 1, feed-forward: 64, max-positions: 128 }
        data: { task: { name: arithmetic, level: 2 }, prompt: plain }
        batch: 8
        steps: 24
        optimizer: { learning-rate: 2.0e-3, schedule: linear }
        max-tokens: 128
        stop: { accuracy: 1, every: 8, problems: 4, max-new-tokens: 8 }
        checkpoint: { every: 2, keep: 2 }
        seed: 5
        """;

    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    private static List<string> Contents(string run) =>
    [
        .. File.ReadLines(Path.Combine(run, "metrics.jsonl")).Select(MetricsLog.WithoutTimes),
        .. Directory.GetFiles(TinyRuns.LastCheckpoint(run)).Concat(Directory.GetFiles(run))
            .Where(f => Path.GetFileName(f) is not ("run.json" or "metrics.jsonl")).Order(StringComparer.Ordinal)
            .Select(f => $"{Path.GetFileName(f)} {TinyRuns.Sha256(f)}"),
    ];

    [Fact]
    public void A_run_that_is_killed_at_random_moments_resumes_to_the_same_bits_and_leaves_a_model()
    {
        var recipe = _runs.Recipe(Recipe);
        var (whole, run) = (_runs.RunFolder("whole"), _runs.RunFolder("killed"));
        TenonProcess.Run(["pretrain", recipe, "--output", whole, "--threads", "2"]).Exit.ShouldBe(0);
        var expected = Contents(whole);
        expected.ShouldContain(line => line.StartsWith("model.safetensors"));

        var random = new Random(3);
        string[] arguments = ["pretrain", recipe, "--output", run, "--threads", "1"];
        var moments = new List<int>();
        for (var kill = 0; kill < 5; kill++)
        {
            using var process = TenonProcess.Start(arguments);
            var goal = TinyRuns.LastStep(run) + 2 * random.Next(1, 3);
            while (!process.HasExited && TinyRuns.LastStep(run) < goal) Thread.Sleep(1);
            if (!process.WaitForExit(random.Next(30))) process.Kill();
            process.WaitForExit();
            moments.Add(TinyRuns.LastStep(run));
            if (File.Exists(Path.Combine(run, "run.json"))) arguments = ["pretrain", "--resume", run, "--threads", $"{1 + kill % 2}"];
        }

        output.WriteLine($"last checkpoint at each kill: {string.Join(' ', moments)}");
        TenonProcess.Run(arguments).Exit.ShouldBe(0);
        var actual = Contents(run);
        for (var i = 0; i < expected.Count; i++) actual[i].ShouldBe(expected[i]);
        TenonProcess.Run(["model", "inspect", run]).Exit.ShouldBe(0);

        // A run that is done stays as it is.
        TenonProcess.Run(["pretrain", "--resume", run]).Exit.ShouldBe(0);
        Contents(run).ShouldBe(expected);
    }

    [Fact]
    public void A_changed_recipe_changed_data_and_the_other_verb_are_refused()
    {
        var data = Path.Combine(_runs.Folder, "sums.jsonl");
        File.WriteAllLines(data,
            Enumerable.Range(0, 8)
            .Select(i => new JsonObject { ["problem"] = $"{i}+1=?", ["answer"] = $"{i + 1}", ["solution"] = $"\\boxed{{{i + 1}}}" }
            .ToJsonString()));
        var text = Recipe.Replace("task: { name: arithmetic, level: 2 }", $"train: {data}").Replace("steps: 24", "steps: 2")
            .Replace("accuracy: 1,", "");
        var (recipe, run) = (_runs.Recipe(text), _runs.RunFolder("run"));
        Call.Tenon("pretrain", recipe, "--output", run).ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(0, c.Error));

        Call.Tenon("pretrain", "--resume", run, recipe).Exit.ShouldBe(0);
        Refused(Call.Tenon("pretrain", "--resume", run, "--set", "batch=4"), "batch", "8, as the run began", "4");
        Refused(Call.Tenon("pretrain", "--resume", run, _runs.Recipe(text.Replace("2.0e-3", "1.0e-3"))), "optimizer.learning-rate",
            "0.002");
        Refused(Call.Tenon("train", "--resume", run), "is a run of `tenon pretrain`");
        Refused(Call.Tenon("pretrain", recipe, "--output", run), "already holds another run", $"tenon pretrain --resume {run}");
        Refused(Call.Tenon("pretrain", "--resume", _runs.RunFolder("nothing")), "is no run");
        File.AppendAllText(data,
            new JsonObject { ["problem"] = "9+1=?", ["answer"] = "10", ["solution"] = "\\boxed{10}" }.ToJsonString() + "\n");
        Refused(Call.Tenon("pretrain", "--resume", run), "SHA-256", "the file has changed since");
    }

    private static void Refused(Call call, params string[] words)
    {
        call.Exit.ShouldBe(2, call.Error);
        foreach (var word in words) call.Error.ShouldContain(word);
    }
}
