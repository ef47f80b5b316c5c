using Tenon.Models.Generation;
using Tenon.Recipes;
using Tenon.Rewards;
using Tenon.Rewards.Outcome;
using Tenon.Rollouts;
using Tenon.Rollouts.Data;
using Tenon.Runs;
using Tenon.Tests.Support;
using Tenon.Training;
using Tenon.Training.Settings;

namespace Tenon.Tests.Rollouts.Data;

/// <summary>Verdicts that are turned round on purpose.</summary>
public class RewardNoiseTests
{
    private static readonly WeightedReward[] S_rewards =
        [new(new MathReward(new MathRewardSettings { Right = 2, Wrong = -1 })), new(RewardFinder.Create("soft-overlong"))];

    private static RolloutGroup Group(int draw, int step) => new(new Problem($"{draw}", "?", "1"), draw, [1],
        [.. Enumerable.Range(0, 64).Select(i => new Rollout(new GeneratedSample(0, i, [1], [-1], [-1], FinishReason.Stop), "",
            [new Verdict(i % 2 == 0 ? 2 : -1, i % 2 == 0, "equal"), new Verdict(-0.5, null, "overlong")]))])
    { Step = step };

    private static List<(bool Before, Verdict After)> Turned(RewardNoiseSettings settings, ulong seed = 3) =>
        [.. Enumerable.Range(0, 40).SelectMany(draw => new RewardNoise(settings, S_rewards, seed).Of(Group(draw, 4)).Rollouts
            .Select((rollout, i) => (i % 2 == 0, rollout.Verdicts[0])))];

    [Fact]
    public void Verdicts_turn_with_the_probabilities_asked_for_and_shaping_stays()
    {
        var turned = Turned(new RewardNoiseSettings { FalsePositive = 0.3, FalseNegative = 0.1 });
        turned.Count(t => !t.Before && t.After is { Correct: true, Score: 2, Reason: "false-positive" }).ShouldBeInRange(330, 440);
        turned.Count(t => t.Before && t.After is { Correct: false, Score: -1, Reason: "false-negative" }).ShouldBeInRange(95, 165);
        turned.Where(t => t.Before == t.After.Correct).ShouldAllBe(t => t.After.Reason == "equal");
        new RewardNoise(new RewardNoiseSettings { FalsePositive = 1 }, S_rewards, 3).Of(Group(0, 4)).Rollouts
            .ShouldAllBe(r => r.Verdicts[0].Correct == true && r.Verdicts[1] == new Verdict(-0.5, null, "overlong", null));
    }

    [Fact]
    public void Which_ones_turn_is_decided_by_their_place_alone()
    {
        var settings = new RewardNoiseSettings { FalsePositive = 0.5, FalseNegative = 0.5 };
        Turned(settings).ShouldBe(Turned(settings));
        Turned(settings).ShouldNotBe(Turned(settings, seed: 4));
    }

    [Fact]
    public void A_greedy_baseline_is_judged_by_the_faulty_verifier_and_a_held_out_answer_never()
    {
        using var runs = new TinyRuns();
        using var setup = RunBuilder.Build(RecipeFile.Load<RunSettings>(runs.Recipe("""
            model: tiny
            adapter: { method: lora, rank: 2 }
            data: { task: { name: arithmetic, level: 2 }, prompt: plain }
            rollout: { prompts: 6, group: 2, max-new-tokens: 64 }
            reward-noise: { false-negative: 1 }
            objective: { preset: remax }
            evaluate: { benchmarks: [held-out@1], problems: 24 }
            steps: 1
            """)));
        using var folder = RunFolder.Create(runs.RunFolder("noisy"), RunBuilder.Describe(setup));
        new RlvrTrainer(setup, folder, _ => { }).Run();
        var step = RunReader.Open(folder.Folder).Steps.ShouldHaveSingleItem();
        step[StepMetric.Accuracy].ShouldBe(0);
        step[StepMetric.AccuracyTrue].ShouldBePositive();
        step[StepMetric.RewardGreedy].ShouldBe(0);
        step[StepMetric.Evaluation["held-out@1"]].ShouldBePositive();
    }

    [Fact]
    public void The_metrics_tell_what_was_true_before()
    {
        var statistics = new RolloutStatistics(S_rewards) { IsNoisy = true };
        statistics.Add(new RewardNoise(new RewardNoiseSettings { FalsePositive = 1 }, S_rewards, 3).Of(Group(0, 4)));
        var metrics = new StepMetrics(1);
        statistics.Fill(metrics);
        metrics[StepMetric.Accuracy].ShouldBe(1);
        metrics[StepMetric.AccuracyTrue].ShouldBe(0.5);
        metrics[StepMetric.FalsePositives].ShouldBe(32);
        metrics[StepMetric.FalseNegatives].ShouldBe(0);
    }
}
