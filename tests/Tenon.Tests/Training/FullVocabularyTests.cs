using Tenon.Recipes;
using Tenon.Runs;
using Tenon.Tests.Cli;
using Tenon.Tests.Support;
using Tenon.Training.Objectives;

namespace Tenon.Tests.Training;

/// <summary>Runs that learn from a teacher's distributions over the whole vocabulary.</summary>
public sealed class FullVocabularyTests : IDisposable
{
    private const string Text = """
        model: tiny
        adapter: { method: lora, rank: 4, alpha: 8 }
        data: { task: { name: arithmetic, level: 2 }, prompt: plain }
        rollout: { prompts: 4, group: 4, max-new-tokens: 16, temperature: 1.3 }
        objective: { preset: opsd-full, teacher-gap-min: null }
        optimizer: { learning-rate: 3.0e-3 }
        update: { epochs: 2, minibatches: 2 }
        steps: 2
        seed: 7
        checkpoint: { every: 2 }
        """;

    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    [Theory, Trait("Speed", "slow")]
    [InlineData("opsd-full")]
    [InlineData("sdpo-full", "reward=[{ name: regex, pattern: '=[0-9]*1', match: anywhere, where: all }]",
        Traits = ["Speed", "slow"])]
    [InlineData("gkd", "objective.teacher-model=tiny", "objective.entropy-bonus=0.01", Traits = ["Speed", "slow"])]
    [InlineData("dapo", "objective.teacher=solution", "objective.teacher-signal=full-vocabulary", "objective.teacher-weight=0.1",
        "objective.teacher-policy=base", "adapter.dropout=0.1", Traits = ["Speed", "slow"])]
    public void The_bits_depend_neither_on_how_passes_are_cut_nor_on_threads(string preset, params string[] more)
    {
        var recipe = _runs.Recipe(Text);
        string[] overrides = [$"objective.preset={preset}", .. more];
        var whole = _runs.Train(recipe, "whole", 1, overrides);
        var expected = TinyRuns.Contents(whole);
        foreach (var (tokens, threads) in new[] { (40, 1), (150, 2) })
        {
            var cut = _runs.Train(recipe, $"cut-{tokens}", threads, [.. overrides, $"update.micro-batch-tokens={tokens}"]);
            TinyRuns.ShouldBeTheSame(cut, expected, $"{tokens} tokens, {threads} threads");
        }

        var last = RunReader.Open(whole).Steps[^1];
        last[StepMetric.TeacherDivergence].ShouldBeGreaterThan(0);
        last[StepMetric.GradNorm].ShouldBeGreaterThan(0);
        if (preset == "opsd-full") last[StepMetric.TeacherDivergenceHeld].ShouldBeInRange(0, 1);
        if (preset == "sdpo-full") last[StepMetric.TeacherTail].ShouldBeInRange(0, 1);
    }

    [Theory]
    [InlineData("forward-kl", Traits = ["Speed", "slow"])]
    [InlineData("reverse-kl")]
    [InlineData("jensen-shannon", Traits = ["Speed", "slow"])]
    public void A_teacher_that_is_the_policy_is_no_divergence_and_more_updates_lessen_that_of_another(string divergence)
    {
        string[] overrides = [$"objective.teacher-divergence={divergence}", "steps=1", "update.minibatches=1"];
        var itself = Step("itself", [.. overrides, "objective.preset=gkd", "objective.teacher-model=tiny", "update.epochs=1"]);
        itself[StepMetric.TeacherDivergence].ShouldBe(0);
        itself[StepMetric.GradNorm].ShouldBe(0);
        itself[StepMetric.Loss].ShouldBe(0);
        // The mean over the updates of one batch, of which each later one starts nearer to the teacher.
        string[] bare = [.. overrides, "objective.teacher-bound=null"];
        var (one, six) = (Step("one", [.. bare, "update.epochs=1"]), Step("six", [.. bare, "update.epochs=6"]));
        one[StepMetric.Loss].ShouldBe(one[StepMetric.TeacherDivergence], 1e-9);
        six[StepMetric.TeacherDivergence].ShouldBeLessThan(0.95 * one[StepMetric.TeacherDivergence]);
    }

    [Fact]
    public void Nothing_is_taken_from_the_teacher_once_its_weight_is_0()
    {
        var steps = Steps("falls", ["objective.teacher-decay-steps=1", "objective.advantage=group-mean", "steps=2"]);
        steps[0][StepMetric.TeacherDivergence].ShouldBeGreaterThan(0);
        steps[1][StepMetric.TeacherWeight].ShouldBe(0);
        double.IsNaN(steps[1][StepMetric.TeacherDivergence]).ShouldBeTrue();
    }

    [Fact]
    public void An_adapter_on_the_head_is_refused_but_under_a_teacher_without_one()
    {
        var call = Call.Tenon("train", _runs.Recipe(Text), "--dry-run", "--set", "adapter.method=full");
        call.Exit.ShouldBe(2, call.Error);
        call.Error.ShouldContain("teacher-policy: base");
        string[] based = ["adapter.method=full", "optimizer.learning-rate=1.0e-4", "objective.teacher-policy=base", "steps=1"];
        Step("base", based)[StepMetric.TeacherDivergence].ShouldBeGreaterThan(0);
    }

    [Fact]
    public void A_dry_run_tells_what_it_costs_and_a_share_of_1_is_refused()
    {
        var call = Call.Tenon("train", _runs.Recipe(Text), "--dry-run");
        call.Exit.ShouldBe(0, call.Error);
        call.Out.ShouldContain("teacher's hidden states");
        call.Out.ShouldContain("teacher's distributions");
        var faults = SettingsCheck.Faults(ObjectivePresets.Named("gkd") with { TeacherModel = "tiny", TeacherBeta = 1 });
        faults.Select(fault => fault.Key).ShouldBe(["teacher-beta"]);
        ObjectiveValidation.Warnings(ObjectivePresets.Named("opsd") with { TeacherTop = 5 }, ratiosMove: true)
            .ShouldContain(text => text.Contains("teacher-top", StringComparison.Ordinal));
    }

    private StepMetrics Step(string name, string[] overrides) => Steps(name, overrides)[^1];

    private IReadOnlyList<StepMetrics> Steps(string name, string[] overrides)
    {
        using var run = TrainingRun.Create(Recipe.Parse(Text).Set(overrides), _runs.RunFolder(name));
        run.Train();
        return RunReader.Open(run.Folder).Steps;
    }
}
