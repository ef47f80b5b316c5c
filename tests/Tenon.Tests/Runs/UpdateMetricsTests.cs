using Tenon.Runs;

namespace Tenon.Tests.Runs;

public class UpdateMetricsTests
{
    [Fact]
    public void Optimizer_steps_come_together_as_the_catalogue_says()
    {
        var updates = new UpdateMetrics();
        double[] values = [2, 8, 5];
        Metric[] metrics =
            [StepMetric.Loss, StepMetric.TokensTrained, StepMetric.RatioMax, StepMetric.RatioMin, StepMetric.LearningRate,
            StepMetric.LogpDifference];
        foreach (var value in values)
            foreach (var metric in metrics) updates.Add(metric, value);
        var step = new StepMetrics(1);
        updates.WriteTo(step);
        metrics.Select(metric => step[metric]).ShouldBe([5, 15, 8, 2, 5, 2]);
    }

    [Fact]
    public void An_optimizer_step_that_says_nothing_is_left_out_of_the_mean()
    {
        var updates = new UpdateMetrics();
        foreach (var value in new[] { double.NaN, 4, double.NaN, 6 }) updates.Add(StepMetric.Entropy, value);
        updates.Add(StepMetric.Kl, double.NaN);
        var step = new StepMetrics(1);
        updates.WriteTo(step);
        step[StepMetric.Entropy].ShouldBe(5);
        step[StepMetric.Kl].ShouldBe(double.NaN);
        MetricsLog.Format(step).ShouldContain("\"kl\":null");
    }

    [Fact]
    public void Every_metric_has_one_name_a_sentence_and_a_place_of_its_own()
    {
        StepMetric.All.Select(metric => metric.Name).Distinct().Count().ShouldBe(StepMetric.All.Count);
        StepMetric.All.Concat(StepMetric.Families.Select(family => family.Member)).Select(metric => metric.Place).Distinct().Count()
            .ShouldBe(StepMetric.All.Count + StepMetric.Families.Count);
        foreach (var metric in StepMetric.All)
        {
            metric.Sentence.ShouldEndWith(".");
            metric.Name.ShouldMatch("^[a-z_0-9]+$");
            StepMetric.Named(metric.Name).ShouldBeSameAs(metric);
        }
    }
}
