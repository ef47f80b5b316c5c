using System.Text.Json.Nodes;
using Tenon.Recipes;
using Tenon.Tests.Cli;
using Tenon.Tests.Support;

namespace Tenon.Tests.Training;

/// <summary>References of the divergence and teachers that are copies of the adapter, and their place in a checkpoint.</summary>
public sealed class FrozenPoliciesTests : IDisposable
{
    private const string Recipe = """
        model: tiny
        adapter: { method: dora, rank: 2, alpha: 4 }
        data: { task: { name: arithmetic, level: 2 }, prompt: plain }
        rollout: { prompts: 2, group: 4, max-new-tokens: 24, temperature: 1.3 }
        reward: [{ name: regex, pattern: '=[0-9]*1', match: anywhere, where: all }]
        objective: { preset: grpo, kl: 0.1 }
        optimizer: { learning-rate: 3.0e-3 }
        steps: 3
        seed: 7
        checkpoint: { every: 1, keep: 0 }
        """;

    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact, Trait("Speed", "slow")]
    public void A_run_that_goes_on_from_an_adapter_starts_at_its_reference_under_start_and_away_from_it_under_base()
    {
        Train("first");
        var from = Recipe.Replace("{ method: dora, rank: 2, alpha: 4 }", $"{{ from: {_runs.RunFolder("first")}/checkpoints/3 }}");
        Kl(Train(from, "base", []))[0].ShouldBeGreaterThan(1e-6);
        var start = Kl(Train(from, "start", ["objective.kl-reference=start", "objective.entropy-bonus=0.1"]));
        start[0].ShouldBe(0);
        start[^1].ShouldBePositive();
        Call.Tenon("train", _runs.Recipe(from), "--dry-run").Error.ShouldContain("kl-reference: base pulls the adapter");
    }

    [Fact, Trait("Speed", "slow")]
    public void A_moving_reference_follows_as_its_period_and_decay_say()
    {
        var start = Kl(Train("still", "objective.kl-reference=start"));
        // A reference that keeps nothing of itself is the policy; one that keeps all never moves.
        Kl(Train("copy", "objective.kl-reference=moving", "objective.kl-reference-period=1", "objective.kl-reference-decay=0"))
            .ShouldAllBe(kl => kl == 0);
        Kl(Train("held", "objective.kl-reference=moving", "objective.kl-reference-period=1", "objective.kl-reference-decay=1"))
            .ShouldBe(start);
        var second =
            Kl(Train("second", "objective.kl-reference=moving", "objective.kl-reference-period=2", "objective.kl-reference-decay=0"));
        (second[0], second[1] > 0, second[2]).ShouldBe((0, true, 0));
    }

    [Theory]
    [InlineData("objective.kl-reference=start", Traits = ["Speed", "slow"])]
    [InlineData("objective.kl-reference=moving", "objective.kl-reference-period=1", "objective.kl-reference-decay=0.5",
        Traits = ["Speed", "slow"])]
    [InlineData("objective.preset=sdpo", "reward=null", Traits = ["Speed", "slow"])]
    [InlineData("objective.preset=sdpo-full")]
    [InlineData("objective.preset=opsd", "reward=null", "objective.kl=0.01", "objective.kl-reference=moving", Traits = ["Speed", "slow"])]
    public void A_run_that_is_stopped_goes_on_with_its_copies_to_the_same_bytes(params string[] overrides)
    {
        Train("whole", overrides);
        Train("part", [.. overrides, "steps=1"]);
        var call = Call.Tenon("train", "--resume", _runs.RunFolder("part"), "--set", "steps=3");
        call.Exit.ShouldBe(0, call.Error);
        TinyRuns.ShouldBeTheSame(_runs.RunFolder("part"), TinyRuns.Contents(_runs.RunFolder("whole")));
        Directory.GetFiles(TinyRuns.LastCheckpoint(_runs.RunFolder("whole"))).Select(Path.GetFileName)
            .ShouldContain(overrides[0].Contains("preset", StringComparison.Ordinal) ? "teacher.safetensors" : "kl-reference.safetensors");
    }

    private string Train(string name, params string[] overrides) => Train(Recipe, name, overrides);

    private string Train(string recipe, string name, string[] overrides)
    {
        using var run = TrainingRun.Create(Tenon.Recipes.Recipe.Parse(recipe).Set(overrides), _runs.RunFolder(name));
        run.Train();
        return run.Folder;
    }

    private static double[] Kl(string run) =>
        [.. File.ReadLines(Path.Combine(run, "metrics.jsonl")).Select(line => (double)JsonNode.Parse(line)!["kl"]!)];
}
