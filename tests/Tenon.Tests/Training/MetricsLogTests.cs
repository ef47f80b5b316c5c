using Tenon.Tests.Support;
using Tenon.Training;

namespace Tenon.Tests.Training;

public class MetricsLogTests
{
    private static readonly StepMetrics Step = new()
    {
        Step = 3,
        TimeS = 1.5,
        RewardMean = 0.1,
        Rewards = new Dictionary<string, double> { ["soft-overlong"] = -0.25, ["math"] = 1.0 / 3 },
        Skipped = new Dictionary<string, long> { ["prompt-too-long"] = 2 },
        Extra = new Dictionary<string, double> { ["adalora/budget"] = 48 },
        Evaluations = new Dictionary<string, double> { ["gsm8k@1"] = 0.5 },
        LearningRate = 1e-5,
    };

    [Fact]
    public void Names_and_order_are_those_of_the_contract() =>
        MetricsLog.Format(Step).ShouldBe("""
            {"step":3,"time_s":1.5,"sample_s":null,"score_s":null,"train_s":null,"tokens_sampled":0,"tokens_trained":0,"sample_tokens_per_s":null,"train_tokens_per_s":null,"memory_gb":null,"reward_mean":0.1,"reward_std":null,"reward/math":0.3333333333333333,"reward/soft-overlong":-0.25,"accuracy":null,"groups_mixed":0,"groups_all_right":0,"groups_all_wrong":0,"groups_drawn":0,"length_mean":null,"length_max":0,"truncated":null,"skipped/prompt-too-long":2,"entropy":null,"kl":null,"ratio_max":null,"clip_low":null,"clip_high":null,"loss":null,"grad_norm":null,"learning_rate":1E-05,"update_norm":null,"logp_difference_max":null,"adalora/budget":48,"eval/gsm8k@1":0.5}
            """);

    [Fact]
    public void Runs_that_differ_in_time_alone_are_equal_without_their_times()
    {
        var other = Step with { TimeS = 9, SampleS = 1, ScoreS = 1, TrainS = 1, SampleTokensPerS = 5, TrainTokensPerS = 5, MemoryGb = 3 };
        MetricsLog.WithoutTimes(MetricsLog.Format(other)).ShouldBe(MetricsLog.WithoutTimes(MetricsLog.Format(Step)));
        MetricsLog.WithoutTimes(MetricsLog.Format(Step with { Loss = 1 })).ShouldNotBe(MetricsLog.WithoutTimes(MetricsLog.Format(Step)));
    }

    [Fact]
    public void Cutting_back_drops_later_steps_and_an_incomplete_last_line()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("metrics.jsonl");
        using (var log = new MetricsLog(path))
            for (var step = 1; step <= 4; step++) log.Append(new StepMetrics { Step = step });
        var whole = File.ReadAllLines(path);
        File.AppendAllText(path, "{\"step\":5,\"time");
        MetricsLog.CutBack(path, 2);
        File.ReadAllText(path).ShouldBe(whole[0] + "\n" + whole[1] + "\n");
        using (var log = new MetricsLog(path)) log.Append(new StepMetrics { Step = 3 });
        File.ReadAllLines(path).ShouldBe(whole[..3]);
    }
}
