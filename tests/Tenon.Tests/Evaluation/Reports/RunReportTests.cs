using System.Text.Json.Nodes;
using Tenon.Evaluation.Reports;
using Tenon.Runs;
using Tenon.Tests.Cli;
using Tenon.Tests.Support;
using Tenon.Training.Settings;

namespace Tenon.Tests.Evaluation.Reports;

public class RunReportTests
{
    /// <summary>A run folder as a trainer writes it, with made-up numbers.</summary>
    public static string WriteRun(string folder, int steps)
    {
        var recipe = new RunSettings { Data = new() { Task = new() { Level = 2 }, Prompt = "plain" } }.Resolved(1e-4);
        using var run =
            RunFolder.Create(folder,
            new JsonObject
            {
                ["version"] = "0.1.0", ["recipe"] = SettingsJson.Write(recipe),
                ["machine"] = new JsonObject { ["threads"] = 2 }
            });
        using var log = new MetricsLog(run.MetricsFile);
        for (var step = 1; step <= steps; step++)
        {
            var share = 0.5 + 0.4 * step / steps + 0.03 * Math.Sin(step * 1.7);
            log.Append(new StepMetrics(step)
            {
                [StepMetric.Time] = 1.4, [StepMetric.SampleTime] = 0.6, [StepMetric.TrainTime] = 0.7,
                [StepMetric.TokensSampled] = 4700, [StepMetric.TokensTrained] = 4700, [StepMetric.RewardMean] = share,
                [StepMetric.RewardStd] = 0.4, [StepMetric.Accuracy] = share, [StepMetric.GroupsDrawn] = 16,
                [StepMetric.GroupsMixed] = 12 - 8 * step / steps, [StepMetric.GroupsAllRight] = 3 + 8 * step / steps,
                [StepMetric.GroupsAllWrong] = 1, [StepMetric.LengthMean] = 36 + step * 0.05, [StepMetric.LengthMax] = 64,
                [StepMetric.Truncated] = 0.02, [StepMetric.Entropy] = 0.4 - 0.2 * step / steps, [StepMetric.ClipLow] = 0,
                [StepMetric.ClipHigh] = 0, [StepMetric.Loss] = -0.01, [StepMetric.GradNorm] = 0.3 + 0.05 * Math.Cos(step),
                [StepMetric.LearningRate] = 1e-3, [StepMetric.UpdateNorm] = 0.1, [StepMetric.LogpDifference] = 0,
                [StepMetric.RatioMax] = 1, [StepMetric.SampleSpeed] = 8000, [StepMetric.TrainSpeed] = 6500,
                [StepMetric.Memory] = 0.4,
            });
            run.WriteSamples(step, Enumerable.Range(0, 4).Select(i => new SampleRecord
            {
                Step = step, Group = i, Sample = 0, Id = $"p{i}", Problem = $"34{i}+86=?", Answer = $"{426 + i}",
                Completion = $"{i}+6+0=<b>;\\boxed{{{426 + i - step % 2}}}", Tokens = 39, Reward = 1 - step % 2, Correct = step % 2 == 0,
                Reason = step % 2 == 0 ? "numeric-equal" : "numeric-different", Rewards = [("arithmetic", 1 - step % 2, null)],
            }.ToJson()));
        }
        foreach (var (step, accuracy) in new[] { (0, 0.5), (steps, 0.9) })
            run.WriteEvaluation("held-out@1", step, new JsonObject
            {
                ["step"] = step, ["benchmark"] = "held-out@1", ["accuracy"] = accuracy, ["standard_error"] = 0.02, ["pass_at_k"] = accuracy,
                ["problem_count"] = 512, ["length_mean"] = 36.5, ["truncated"] = 0.01,
                ["problems"] = new JsonArray(Enumerable.Range(0, 3).Select(i => (JsonNode)new JsonObject
                {
                    ["id"] = $"h{i}", ["problem"] = $"12{i}+9=?", ["answer"] = $"{129 + i}",
                    ["samples"] =
                    new JsonArray(
                    new JsonObject
                    {
                        ["completion"] = $"{i}+9+0={9 + i};\\boxed{{{129 + i + (step == 0 ? 10 : 0)}}}",
                        ["correct"] = step != 0, ["reason"] = "numeric", ["tokens"] = 30
                    }),
                }).ToArray()),
            });
        return folder;
    }

    [Fact]
    public void Report_is_one_file_with_curve_samples_settings_and_evaluation()
    {
        using var folder = new TemporaryFolder();
        var run = WriteRun(folder.File("first"), 40);
        var call = Call.Tenon("report", run);
        call.Exit.ShouldBe(0);
        call.Lines.ShouldBe([Path.Combine(run, "report.html")]);
        var html = File.ReadAllText(Path.Combine(run, "report.html"));
        html.ShouldContain("id=\"reward-curve\"");
        html.ShouldContain("0.0 % → 100.0 %");
        html.ShouldContain("+100.0 points (95 %");
        html.ShouldContain("95 %");
        html.ShouldContain("<td>rollout.max-new-tokens</td><td>512</td>");

        // What was chosen stands first; defaults are folded.
        html.IndexOf("<td>data.prompt</td>", StringComparison.Ordinal)
            .ShouldBeLessThan(html.IndexOf("more settings at their defaults", StringComparison.Ordinal));
        html.IndexOf("<td>rollout.max-new-tokens</td>", StringComparison.Ordinal)
            .ShouldBeGreaterThan(html.IndexOf("more settings at their defaults", StringComparison.Ordinal));
        html.ShouldContain("Constant over all steps:");
        html.ShouldContain("highest reward");
        html.ShouldContain("lowest reward");
        html.ShouldContain("\\boxed{129}");
        html.ShouldContain("=&lt;b&gt;;");
        foreach (var outside in new[] { "http://", "src=", "@import", "<link", "fetch(", "XMLHttpRequest" }) html.ShouldNotContain(outside);
        html.ShouldContain("Permission is hereby granted", customMessage: "the plot library's licence");
    }

    [Fact]
    public void A_run_without_a_step_and_with_half_a_line_can_be_read()
    {
        using var folder = new TemporaryFolder();
        using (var run = RunFolder.Create(folder.File("young"), new JsonObject())) { }
        RunReport.Html(folder.File("young")).ShouldContain("No step is logged yet");
        File.WriteAllText(folder.File("young/metrics.jsonl"), "{\"step\":1,\"reward_mean\":0.5}\n{\"step\":2,\"rew");
        RunReport.Html(folder.File("young")).ShouldContain("reward-curve");
    }

    [Fact]
    public void A_folder_that_is_no_run_is_a_wrong_call() =>
    Call.Tenon("report", "/nowhere").ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(2), c => c.Error.ShouldContain("is no run"));
}
