using System.Text.Json.Nodes;
using Tenon.Recipes;
using Tenon.Tests.Support;
using Tenon.Training.Objectives;

namespace Tenon.Tests.Training.Objectives;

/// <summary>Every preset runs on the embedded model with two epochs of two minibatches, and logs what it is about.</summary>
public sealed class PresetRunTests : IDisposable
{
    private const string Recipe = """
        model: tiny
        adapter: { method: lora, rank: 4, alpha: 8 }
        data: { task: { name: arithmetic, level: 2 }, prompt: plain }
        rollout: { prompts: 4, group: 4, max-new-tokens: 40 }
        optimizer: { learning-rate: 3.0e-3 }
        update: { epochs: 2, minibatches: 2 }
        steps: 1
        seed: 7
        checkpoint: { every: 0 }
        """;

    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    public static TheoryData<string> Presets => [.. ObjectivePresets.Names.Where(name => name is not ("remax" or "optimal-token"))];

    [Theory, MemberData(nameof(Presets))]
    public void Every_preset_trains_with_its_metrics(string name)
    {
        var last = Train(name, $"objective.preset={name}", "objective.pass-k=2");
        foreach (var key in new[] { "loss", "entropy", "grad_norm", "update_norm", "ratio_max" }) Number(last, key);
        Number(last, "grad_norm").ShouldBePositive();
        Number(last, "logp_difference_max").ShouldBe(0);
        foreach (var metric in LoggedMetrics.Of(ObjectivePresets.Named(name))) Number(last, metric.Name);
    }

    [Theory]
    [InlineData("fipo", "future_weight", 1, 1.2)]
    [InlineData("real", "classified", 0.1, 1)]
    [InlineData("m2po", "second_moment", 1e-9, 10)]
    [InlineData("prime-rl", "drift_squared", 1e-9, 10)]
    public void What_a_preset_is_about_shows_once_ratios_have_moved(string name, string key, double low, double high) =>
        Number(Train(name + "-about", $"objective.preset={name}"), key).ShouldBeInRange(low, high);

    private JsonObject Train(string folder, params string[] overrides)
    {
        using var run = TrainingRun.Create(Tenon.Recipes.Recipe.Parse(Recipe).Set(overrides), _runs.RunFolder(folder));
        run.Train();
        return JsonNode.Parse(File.ReadLines(Path.Combine(run.Folder, "metrics.jsonl")).Last())!.AsObject();
    }

    private static double Number(JsonObject line, string key) => (double)line[key].ShouldNotBeNull(key)!;
}
