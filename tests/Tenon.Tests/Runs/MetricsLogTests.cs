using Tenon.Runs;
using Tenon.Tests.Support;

namespace Tenon.Tests.Runs;

public class MetricsLogTests
{
    private static StepMetrics Step() => new(3)
    {
        [StepMetric.Time] = 1.5,
        [StepMetric.RewardMean] = 0.1,
        [StepMetric.Reward["soft-overlong"]] = -0.25,
        [StepMetric.Reward["math"]] = 1.0 / 3,
        [StepMetric.Skipped["prompt-too-long"]] = 2,
        [StepMetric.Method["adalora/budget"]] = 48,
        [StepMetric.Evaluation["gsm8k@1"]] = 0.5,
        [StepMetric.LearningRate] = 1e-5,
    };

    [Fact]
    public void Names_and_order_are_those_of_the_contract() =>
        MetricsLog.Format(Step()).ShouldBe(string.Join(',', """
            {"step":3,"time_s":1.5,"sample_s":null,"score_s":null,"train_s":null,"tokens_sampled":0,"tokens_trained":0
            "sample_tokens_per_s":null,"train_tokens_per_s":null,"memory_gb":null,"reward_mean":0.1,"reward_std":null
            "reward/math":0.3333333333333333,"reward/soft-overlong":-0.25,"accuracy":null,"groups_mixed":0,"groups_all_right":0
            "groups_all_wrong":0,"groups_drawn":0,"groups_kept":0,"length_mean":null,"length_max":0,"truncated":null
            "skipped/prompt-too-long":2,"masked":null,"entropy":null,"kl":null,"ratio_max":null,"ratio_min":null,"clip_low":null
            "clip_high":null,"drift":null,"loss":null,"grad_norm":null,"learning_rate":1E-05,"update_norm":null,"logp_difference_max":null
            "adalora/budget":48,"eval/gsm8k@1":0.5}
            """.Split('\n')));

    [Fact]
    public void Runs_that_differ_in_time_alone_are_equal_without_their_times()
    {
        var other = Step();
        foreach (var metric in StepMetric.All.Where(metric => metric.IsTime)) other[metric] = 9;
        MetricsLog.WithoutTimes(MetricsLog.Format(other)).ShouldBe(MetricsLog.WithoutTimes(MetricsLog.Format(Step())));
        var another = Step();
        another[StepMetric.Loss] = 1;
        MetricsLog.WithoutTimes(MetricsLog.Format(another)).ShouldNotBe(MetricsLog.WithoutTimes(MetricsLog.Format(Step())));
    }

    [Fact]
    public void A_line_reads_back_to_the_same_line_whatever_stands_in_it()
    {
        foreach (var line in new[]
        {
            MetricsLog.Format(Step()),
            MetricsLog.Format(new StepMetrics(1)),
            MetricsLog.Format(
            new StepMetrics(2) { [StepMetric.Loss] = double.NaN, [StepMetric.GradNorm] = double.PositiveInfinity,
            [StepMetric.Kl] = 1e-300 }),
        })
            MetricsLog.Format(MetricsLog.Read(line)!).ShouldBe(line);
        MetricsLog.Read("""{"step":4,"time_s":1""").ShouldBeNull();
        MetricsLog.Read("""{"step":"four"}""").ShouldBeNull();
        MetricsLog.Read("""{"step":4,"of_a_later_version":7}""")!["of_a_later_version"].ShouldBe(7);
    }

    [Fact]
    public void Cutting_back_drops_later_steps_and_an_incomplete_last_line()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("metrics.jsonl");
        using (var log = new MetricsLog(path))
            for (var step = 1; step <= 4; step++) log.Append(new StepMetrics(step));
        var whole = File.ReadAllLines(path);
        File.AppendAllText(path, "{\"step\":5,\"time");
        MetricsLog.CutBack(path, 2);
        File.ReadAllText(path).ShouldBe(whole[0] + "\n" + whole[1] + "\n");
        using (var log = new MetricsLog(path)) log.Append(new StepMetrics(3));
        File.ReadAllLines(path).ShouldBe(whole[..3]);
    }
}
