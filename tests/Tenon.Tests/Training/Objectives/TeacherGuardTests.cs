using System.Text.Json.Nodes;
using Tenon.Recipes;
using Tenon.Tests.Support;
using Tenon.Training;
using Tenon.Training.Objectives;

namespace Tenon.Tests.Training.Objectives;

/// <summary>Batches whose teacher is left out because it finds their right answers unlikely.</summary>
public sealed class TeacherGuardTests : IDisposable
{
    private const string Recipe = """
        model: tiny
        adapter: { method: lora, rank: 4, alpha: 8 }
        data: { task: { name: arithmetic, level: 2 }, prompt: plain }
        rollout: { prompts: 8, group: 4, max-new-tokens: 40 }
        objective: { preset: opsd }
        optimizer: { learning-rate: 1.0e-3 }
        update: { epochs: 2, minibatches: 2 }
        steps: 2
        seed: 7
        checkpoint: { every: 0 }
        """;

    // Two groups of two completions of two tokens; in each the first is right.
    private static readonly PolicyBatch S_batch = new()
    {
        RowStarts = [0, 2, 4, 6, 8], GroupStarts = [0, 2, 4], Mask = [true, true, true, true, true, true, true, true],
        Truncated = new bool[4], SampledLogps = [-1, -1, -1, -1, -1, -1, -1, -1], Rewards = [[1, 0, 1, 0]],
        Right = [true, false, true, false],
    };

    private static readonly double[] S_teacher = [-0.5, -0.9, -9, -9, -4, -2, -1, -1];

    private readonly TinyRuns _runs = new();
    private int _count;

    public void Dispose() => _runs.Dispose();

    [Fact]
    public void The_gap_is_that_of_the_batchs_right_completions()
    {
        TeacherGuard.Gap(S_batch, S_teacher).ShouldBe(-0.85, 1e-12);
        // A right completion without a teacher says nothing of it, and neither does a masked token.
        TeacherGuard.Gap(S_batch, [-0.5, -0.9, -9, -9, double.NaN, double.NaN, -1, -1]).ShouldBe(0.3, 1e-12);
        TeacherGuard.Gap(S_batch with { Mask = [true, false, true, true, true, true, true, true] }, S_teacher)
            .ShouldBe((0.5 - 3 - 1) / 3, 1e-12);
        TeacherGuard.LeavesOut(-0.1, S_batch, S_teacher).ShouldBeTrue();
        TeacherGuard.LeavesOut(-0.9, S_batch, S_teacher).ShouldBeFalse();
        // Nothing speaks for a teacher of answers that are all wrong.
        TeacherGuard.LeavesOut(-100, S_batch with { Right = new bool[4] }, S_teacher).ShouldBeTrue();
        TeacherGuard.LeavesOut(null, S_batch with { Right = new bool[4] }, S_teacher).ShouldBeFalse();
    }

    [Fact]
    public void A_batch_whose_teacher_is_left_out_learns_from_its_rewards()
    {
        var opsd = ObjectivePresets.Named("opsd");
        Advantages(opsd).ShouldBe([0.5, 0.5, -0.5, -0.5, 0.5, 0.5, -0.5, -0.5], 1e-12);
        foreach (var used in new double?[] { null, -1 })
            Advantages(opsd with { TeacherGapMin = used }).ShouldBe([0.5, 0.1, -8, -8, -3, -1, 0, 0], 1e-12);
        var bare = opsd with { TeacherFallback = TeacherFallback.None };
        Advantages(bare).ShouldAllBe(advantage => advantage == 0);
        Taught(bare).Mask.ShouldAllBe(kept => !kept);
        Taught(opsd).Mask.ShouldAllBe(kept => kept);
        // Beside a reward's advantage it is as if there were no teacher.
        Advantages(opsd with { Advantage = AdvantageEstimator.GroupMean }).ShouldBe(Advantages(opsd));
        var rlsd = ObjectivePresets.Named("rlsd");
        Advantages(rlsd with { TeacherGapMin = 0 }).ShouldBe(Advantages(rlsd with { TeacherWeight = 0 }));
    }

    [Fact]
    public void Over_the_vocabulary_its_states_weigh_nothing()
    {
        var full = ObjectivePresets.Named("opsd-full");
        var taught = Taught(full);
        Enumerable.Range(0, 4).Any(taught.States!.Has).ShouldBeFalse();
        taught.Advantages(full, [1]).ShouldBe([0.5, 0.5, -0.5, -0.5, 0.5, 0.5, -0.5, -0.5], 1e-12);
        Enumerable.Range(0, 4).All(Taught(full with { TeacherGapMin = null }).States!.Has).ShouldBeTrue();
    }

    [Theory, Trait("Speed", "slow")]
    [InlineData("opsd", "opsd-full")]
    [InlineData("sdpo", "sdpo-full")]
    public void Where_no_teacher_is_used_the_sampled_form_and_the_one_over_the_vocabulary_are_one_run(string preset, string full)
    {
        // The embedded model is lost in a solution: 3 nats a token.
        var (sampled, over) = (Train(preset), Train(full));
        foreach (var line in sampled.Concat(over))
            ((double)line["teacher_used"]!, (double)line["teacher_gap_right"]! < -2).ShouldBe((0, true));
        foreach (var key in new[] { "loss", "grad_norm", "update_norm", "accuracy", "masked" })
            ((double)over[^1][key]!).ShouldBe((double)sampled[^1][key]!, 1e-12, key);
    }

    [Fact]
    public void The_published_form_uses_every_teacher_and_an_unknown_key_is_refused()
    {
        var (published, loose) = (Train("opsd", "objective.teacher-gap-min=null", "steps=1")[0],
            Train("opsd", "objective.teacher-gap-min=-100", "steps=1")[0]);
        published["teacher_used"].ShouldBeNull();
        ((double)loose["teacher_used"]!).ShouldBe(1);
        foreach (var key in new[] { "loss", "grad_norm", "update_norm" }) ((double)loose[key]!).ShouldBe((double)published[key]!, key);
        Should.Throw<TenonException>(() => Tenon.Recipes.Recipe.Parse(Recipe).Set(["objective.teacher-gap-mini=-1"]).Settings)
            .Message.ShouldContain("teacher-gap-min");
    }

    private static PolicyBatch Taught(ObjectiveSettings objective)
    {
        float[][] states = [[1, 1], [1, 1], [1, 1], [1, 1]];
        return S_batch.Taught(new TaughtTokens(S_teacher, new double[8], objective.DistilsVocabulary ? states : null, 1, (_, x) => x),
            objective, 1);
    }

    private static double[] Advantages(ObjectiveSettings objective) => Taught(objective).Advantages(objective, [1]);

    private JsonObject[] Train(string preset, params string[] overrides)
    {
        var folder = _runs.RunFolder($"{preset}-{_count++}");
        using var run = TrainingRun.Create(
            Tenon.Recipes.Recipe.Parse(Recipe).Set([$"objective.preset={preset}", .. overrides]), folder);
        run.Train();
        return [.. File.ReadLines(Path.Combine(run.Folder, "metrics.jsonl")).Select(line => JsonNode.Parse(line)!.AsObject())];
    }
}
