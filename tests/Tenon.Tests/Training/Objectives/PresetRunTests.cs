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

    public static TheoryData<string> Presets => [.. ObjectivePresets.Names];

    [Theory, Trait("Speed", "slow"), MemberData(nameof(Presets))]
    public void Every_preset_trains_with_its_metrics(string name)
    {
        // A teacher that is the policy itself has nothing to say: an entropy bonus moves the policy away from it.
        string[] own = name is "opd" or "gkd" ? ["objective.teacher-model=tiny", "objective.entropy-bonus=0.01"]
            : name.EndsWith("-full", StringComparison.Ordinal) ? ["objective.teacher-gap-min=null"] : [];
        var last = Train(name, [$"objective.preset={name}", "objective.pass-k=2", .. own])[^1];
        foreach (var key in new[] { "loss", "entropy", "grad_norm", "update_norm", "ratio_max" }) Number(last, key);
        Number(last, "grad_norm").ShouldBePositive();
        Number(last, "logp_difference_max").ShouldBe(0);
        foreach (var metric in LoggedMetrics.Of(ObjectivePresets.Named(name))) Number(last, metric.Name);
    }

    [Theory, Trait("Speed", "slow")]
    [InlineData("fipo", "future_weight", 1, 1.2)]
    [InlineData("real", "classified", 0.1, 1)]
    [InlineData("m2po", "second_moment", 1e-9, 10)]
    [InlineData("prime-rl", "drift_squared", 1e-9, 10)]
    [InlineData("remax", "tokens_greedy", 4, 160)]
    [InlineData("opsd", "teacher_gap", -30, -1e-3)]
    [InlineData("rlsd", "teacher_factor", 0.8, 1.2)]
    public void What_a_preset_is_about_shows_once_ratios_have_moved(string name, string key, double low, double high) =>
        Number(Train(name + "-about", $"objective.preset={name}")[^1], key).ShouldBeInRange(low, high);

    [Fact]
    public void Greedy_answers_are_counted_among_the_sampled_tokens_and_are_no_completions_of_the_step()
    {
        var plain = Train("plain", "objective.preset=reinforce")[0];
        var greedy = Train("greedy", "objective.preset=remax")[0];
        foreach (var key in new[] { "accuracy", "reward_mean", "groups_drawn", "length_mean" })
            Number(greedy, key).ShouldBe(Number(plain, key), 1e-12, key);
        Number(greedy, "tokens_sampled").ShouldBe(Number(plain, "tokens_sampled") + Number(greedy, "tokens_greedy"));
        Number(greedy, "reward_greedy").ShouldBeInRange(0, 1);
    }

    [Fact]
    public void A_teacher_that_is_the_policy_itself_says_nothing()
    {
        var line = Train("itself", "objective.preset=opd", "objective.teacher-model=tiny", "update.epochs=1",
            "update.minibatches=1")[0];
        foreach (var key in new[] { "teacher_gap", "teacher_agreement", "teacher_missing", "grad_norm" })
            Number(line, key).ShouldBe(0, key);
        // Nothing is to be learned, so no group costs a pass, and only the teacher's own has an entropy.
        Number(line, "teacher_entropy").ShouldBeGreaterThan(0);
        line["entropy"].ShouldBeNull();
    }

    [Fact]
    public void A_completion_has_a_teacher_where_another_of_its_group_is_right()
    {
        var line = Train("sdpo", "objective.preset=sdpo", "objective.teacher-gap-min=null")[0];
        var samples = File.ReadLines(Directory.GetFiles(Path.Combine(_runs.RunFolder("sdpo"), "samples")).Single())
            .Select(text => JsonNode.Parse(text)!).ToList();
        var without = samples.GroupBy(s => (int)s["group"]!)
            .Sum(group => group.Count(s => group.Count(other => (bool)other["correct"]!) == ((bool)s["correct"]! ? 1 : 0)));
        without.ShouldBeInRange(1, samples.Count - 1);
        Number(line, "teacher_missing").ShouldBe(without / (double)samples.Count);
        // They take no part: nothing is learned from rewards.
        Number(line, "masked").ShouldBeInRange(0.01, 0.99);
        samples.Count(s => s["advantage"] is null).ShouldBe(without);
    }

    private JsonObject[] Train(string folder, params string[] overrides)
    {
        using var run = TrainingRun.Create(Tenon.Recipes.Recipe.Parse(Recipe).Set(overrides), _runs.RunFolder(folder));
        run.Train();
        return [.. File.ReadLines(Path.Combine(run.Folder, "metrics.jsonl")).Select(line => JsonNode.Parse(line)!.AsObject())];
    }

    private static double Number(JsonObject line, string key) => (double)line[key].ShouldNotBeNull(key)!;
}
