using Tenon.Recipes;
using Tenon.Runs;
using Tenon.Tests.Support;
using Tenon.Training;
using Tenon.Training.Settings;

namespace Tenon.Tests.Training;

/// <summary>
/// Runs with everything that carries state from step to step, ended fifty times in the middle of whatever they were at: all files have the
/// bytes of the run that was never ended, on one thread and on two, with an update in one piece and in shards.
/// </summary>
[Trait("Speed", "slow")]
public sealed class KilledRunTests(ITestOutputHelper output) : IDisposable
{
    private const int Kills = 50;

    private const string Recipe = """
        model: tiny
        adapter: { method: lora, rank: 4, alpha: 8 }
        data:
          sources:
            - { task: { name: arithmetic, level: [1, 3], curriculum: { window: 40, raise-at: 0.3, review: 0.2 } }, weight: 2 }
            - { train: FILE, name: file }
          memory: { half-life: 4, skip-solved: 0.8 }
          prompt: plain
        reward: [{ name: regex, pattern: '=[0-9]', match: anywhere, where: all }]
        reward-noise: { false-positive: 0.05, false-negative: 0.05 }
        rollout:
          { prompts: 4, group: 4, max-new-tokens: 8, temperature: 2.0, concurrency: 6, dynamic-sampling: true, surplus: carry,
            replay: { share: 0.25, size: 8, max-age: 4 } }
        objective: { preset: dapo, entropy-adaptive: true, entropy-target: 3.0, entropy-bonus-step: 0.01, entropy-bonus-max: 0.1 }
        optimizer: { learning-rate: 1.0e-3, schedule: linear }
        update: { epochs: 2, minibatches: 2 }
        evaluate: { every: 3, benchmarks: [held-out@2], problems: 6 }
        steps: 10
        seed: 7
        checkpoint: { every: 2, keep: 2 }
        """;

    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    [Theory]
    [InlineData(false, "carry")]
    [InlineData(true, "drop")]
    public void Fifty_kills_change_no_byte(bool overlap, string surplus)
    {
        var data = Path.Combine(_runs.Folder, "problems.jsonl");
        File.WriteAllLines(data, Enumerable.Range(0, 12)
            .Select(i => $$"""{"id":"p{{i}}","problem":"{{10 + i}}+{{i}}","answer":"{{10 + 2 * i}}"}"""));
        var recipe = _runs.Recipe(Recipe.Replace("FILE", data).Replace("surplus: carry",
            $"surplus: {surplus}, overlap: {(overlap ? "true" : "false")}").Replace("minibatches: 2",
            overlap ? "minibatches: 2, shards: 2, workers: 2" : "minibatches: 2"));
        var expected = Files(_runs.Train(recipe, "whole", 1));
        expected.Count(file => file.Key.StartsWith("checkpoints/10/")).ShouldBe(overlap ? 7 : 6);
        expected.Keys.ShouldNotContain(file => file.StartsWith("rollouts"));
        ShouldBeEqual(Files(_runs.Train(recipe, "two", 2)), expected, "two threads");

        var (random, seed) = (new Random(Environment.TickCount), Environment.TickCount);
        output.WriteLine($"seed of the moments: {seed}");
        var (kills, runs) = (0, 0);
        for (; kills < Kills; runs++)
        {
            var run = _runs.RunFolder($"killed-{runs}");
            while (!EndsAlone(recipe, run, random, kills < Kills)) kills++;
            ShouldBeEqual(Files(run), expected, $"run {runs}, {kills} kills");
        }

        output.WriteLine($"{kills} kills in {runs} runs of 10 steps, overlap {overlap}, surplus {surplus}");
    }

    // True where the run came to its end; else it was ended by a fault in the middle of it, at a random event or a random moment.
    private static bool EndsAlone(string recipe, string run, Random random, bool kills)
    {
        using var setup = RunBuilder.Build(RecipeFile.Load<RunSettings>(recipe));
        var isNew = !RunFolder.IsRun(run);
        using var folder = isNew ? RunFolder.Create(run, RunBuilder.Describe(setup)) : RunFolder.Open(run);
        using var abort = new CancellationTokenSource();
        var left = kills ? random.Next(1, 60) : int.MaxValue;
        var trainer = new RlvrTrainer(setup, folder, _ =>
        {
            if (--left == 0) throw new Killed();
        });
        if (!isNew) trainer.Resume();
        if (kills && random.Next(3) == 0) abort.CancelAfter(random.Next(1, 400));
        try
        {
            trainer.Run(abort: abort.Token);
            return true;
        }
        catch (Exception e) when (e is Killed or OperationCanceledException)
        {
            // What a killed process leaves beside: a half line of groups, a half folder.
            foreach (var file in Directory.Exists(Path.Combine(run, "rollouts")) ? Directory.GetFiles(Path.Combine(run, "rollouts")) : [])
                if (random.Next(2) == 0) File.AppendAllText(file, "{\"Draw\":1,\"Id\":\"");
            return false;
        }
    }

    private static SortedDictionary<string, string> Files(string run)
    {
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var path in Directory.GetFiles(run, "*", SearchOption.AllDirectories))
        {
            var name = Path.GetRelativePath(run, path).Replace('\\', '/');
            if (name is "run.json" or "report.html" or ".tmp/lock" || name.EndsWith("summary.json")) continue;
            files[name] = name == "metrics.jsonl" ? string.Join('\n', File.ReadLines(path).Select(MetricsLog.WithoutTimes))
                : TinyRuns.Sha256(path);
        }

        return files;
    }

    private static void ShouldBeEqual(SortedDictionary<string, string> actual, SortedDictionary<string, string> expected, string because)
    {
        actual["metrics.jsonl"].ShouldBe(expected["metrics.jsonl"], because);
        actual.Keys.ShouldBe(expected.Keys, because);
        foreach (var (name, content) in expected) actual[name].ShouldBe(content, $"{name}: {because}");
    }

    private sealed class Killed : Exception;
}
