using Tenon.Runs;
using Tenon.Runs.Evaluations;

namespace Tenon.Evaluation.Reports;

/// <summary>
/// The charts of a run: accuracy and reward apart and large, every other metric small; metrics that never change are named in a sentence.
/// </summary>
internal static class RunCharts
{
    private static readonly Metric[] S_first =
    [
        StepMetric.LengthMean, StepMetric.Truncated, StepMetric.Entropy, StepMetric.Kl, StepMetric.GradNorm, StepMetric.UpdateNorm,
            StepMetric.Loss, StepMetric.RatioMax,
        StepMetric.RewardStd, StepMetric.LearningRate, StepMetric.SampleSpeed, StepMetric.TrainSpeed, StepMetric.Memory,
            StepMetric.LogpDifference,
    ];

    // What a chart of several lines shows, or what says nothing by itself.
    private static readonly Metric[] S_elsewhere =
    [
        StepMetric.Time, StepMetric.SampleTime, StepMetric.ScoreTime, StepMetric.TrainTime, StepMetric.TokensSampled,
            StepMetric.TokensTrained, StepMetric.RewardMean,
        StepMetric.Accuracy, StepMetric.GroupsMixed, StepMetric.GroupsAllRight, StepMetric.GroupsAllWrong, StepMetric.GroupsDrawn,
            StepMetric.GroupsKept,
        StepMetric.LengthMax, StepMetric.ClipLow, StepMetric.ClipHigh, StepMetric.Masked, StepMetric.RatioMin, StepMetric.Drift,
    ];

    /// <summary>The charts in reading order.</summary>
    public static IEnumerable<ReportChart> Of(RunRecord run)
    {
        if (run.Steps.Length == 0 && run.Evaluations.Count == 0) yield break;
        if (Accuracy(run) is { } accuracy) yield return accuracy;
        if (Reward(run) is { } reward) yield return reward;
        if (Groups(run) is { } groups) yield return groups;
        ReportSeries?[] clips = [Line(run, StepMetric.ClipLow, "low"), Line(run, StepMetric.ClipHigh, "high")];
        if (clips.OfType<ReportSeries>().Any(s => Varies(s.Y)))
            yield return new("share of tokens clipped", run.Steps, [.. clips.OfType<ReportSeries>()]) { Share = true, FromZero = true };
        foreach (var group in run.Texts.GroupBy(e => e.Benchmark)) yield return Text([.. group]);
        foreach (var metric in Shown(run))
        {
            if (run.Column(metric) is { } values && Varies(values)) yield return Curve(run, metric, values);
        }
    }

    /// <summary>The metrics that have one value throughout, with it; null where there are none.</summary>
    public static string? Constants(RunRecord run)
    {
        if (run.Steps.Length < 2) return null;
        var parts = new List<string>();
        foreach (var metric in Shown(run).Append(StepMetric.ClipLow).Append(StepMetric.ClipHigh))
        {
            if (run.Column(metric) is { } values && !Varies(values) && values.Any(double.IsFinite))
                parts.Add($"{Title(metric)} {ResultCell.Three(values.First(double.IsFinite)).Text}");
        }

        return parts.Count == 0 ? null : string.Join(", ", parts);
    }

    private static IEnumerable<Metric> Shown(RunRecord run)
    {
        int[] families = [StepMetric.Reward.Member.Place, StepMetric.Evaluation.Member.Place, StepMetric.Perplexity.Member.Place];
        var rewards = run.Metrics.Where(metric => metric.Place == StepMetric.Reward.Member.Place).ToList();
        return [.. S_first, .. rewards.Count > 1 ? rewards
            : [], .. run.Metrics.Except(S_first).Except(S_elsewhere).Where(metric => !families.Contains(metric.Place))];
    }

    private static ReportChart? Accuracy(RunRecord run)
    {
        var evaluations = run.Evaluations.GroupBy(e => e.Benchmark).Take(3).ToList();
        double[] x = [.. run.Steps.Concat(run.Evaluations.Select(Step)).Distinct().Order()];
        var series = new List<ReportSeries>();
        if (run.Column(StepMetric.Accuracy) is { } training) series.Add(new("in training", At(x, run.Steps, training)) { Color = 0 });
        foreach (var (group, i) in evaluations.Select((g, i) => (g, i)))
        {
            double[] steps = [.. group.Select(Step)];
            var means = group.Select(EvaluationMean.Of).ToList();
            series.Add(new(group.Key, At(x, steps, [.. group.Select(e => e["avg_at_k"])]))
            {
                Points = true, Joined = true, Color = i + 1,
                Band = means.Contains(null) ? null
                : (At(x, steps, [.. means.Select(m => m!.Low)]), At(x, steps, [.. means.Select(m => m!.High)])),
            });
        }

        return series.Count == 0 ? null : new("Accuracy", x, series)
        {
            Share = true, FromZero = true, Main = true, Id = "accuracy-curve", Sentence = evaluations.Count > 0
            ? "evaluations with their 95 % intervals" : null,
        };
    }

    private static ReportChart Text(IReadOnlyList<EvaluationResults> steps) => new($"{steps[0].Benchmark}: perplexity",
        [.. steps.Select(Step)],
        [
            new(steps[0].Benchmark, [.. steps.Select(e => e["perplexity"])])
            {
                Points = true, Joined = true, Color = 4,
                Band = steps.All(e => double.IsFinite(e["low"])) ? ([.. steps.Select(e => e["low"])], [.. steps.Select(e => e["high"])]) : null,
            },
        ])
    { Sentence = "with its 95 % interval" };

    private static double Step(EvaluationResults evaluation) => evaluation.Step ?? 0;

    private static ReportChart? Reward(RunRecord run)
    {
        if (run.Column(StepMetric.RewardMean) is not { } reward) return null;
        var same = run.Column(StepMetric.Accuracy) is { } accuracy
            && accuracy.Zip(reward).All(p => double.IsNaN(p.Second) || Math.Abs(p.First - p.Second) < 1e-9);
        return new("Reward", run.Steps, [new("reward", reward) { Color = 3 }])
        {
            Main = true, Id = "reward-curve", Sentence = same ? "in this run the reward is the accuracy" : null,
        };
    }

    private static ReportChart? Groups(RunRecord run)
    {
        if (run.Column(StepMetric.GroupsDrawn) is not { } drawn) return null;
        ReportSeries?[] lines =
            [Share(StepMetric.GroupsMixed, "mixed", 0), Share(StepMetric.GroupsAllRight, "all right", 1),
            Share(StepMetric.GroupsAllWrong, "all wrong", 2)];
        return new("groups", run.Steps, [.. lines.OfType<ReportSeries>()]) { Share = true, FromZero = true };

        ReportSeries? Share(Metric metric, string name, int color) => run.Column(metric) is { } values
            ? new(name, [.. values.Select((value, i) => drawn[i] > 0 ? value / drawn[i] : double.NaN)]) { Color = color }
            : null;
    }

    private static ReportChart Curve(RunRecord run, Metric metric, double[] values) =>
        new(Title(metric) + (metric.Unit == Unit.Share ? "" : Units.Suffix(metric.Unit)), run.Steps,
        [new(Title(metric), values)])
        { Share = metric.Unit == Unit.Share };

    private static ReportSeries? Line(RunRecord run, Metric metric, string name) =>
        run.Column(metric) is { } values ? new(name, values) : null;

    private static string Title(Metric metric) => metric.Title.Contains(':', StringComparison.Ordinal) ? metric.Name : metric.Title;

    private static bool Varies(double[] values)
    {
        var (least, most) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (var v in values.Where(double.IsFinite)) (least, most) = (Math.Min(least, v), Math.Max(most, v));
        return most - least > 1e-9 * Math.Max(Math.Abs(least), Math.Abs(most));
    }

    /// <summary>Numbers at some places as numbers at all of them.</summary>
    private static double[] At(double[] x, double[] places, double[] values)
    {
        var known = new Dictionary<double, double>();
        for (var i = 0; i < places.Length; i++) known[places[i]] = values[i];
        return [.. x.Select(p => known.GetValueOrDefault(p, double.NaN))];
    }
}
