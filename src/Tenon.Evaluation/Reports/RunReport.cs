using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Tenon.Runs;

namespace Tenon.Evaluation.Reports;

/// <summary>
/// A run as one self-contained HTML file: what was learned, curves, evaluations before and after, completions with verdicts, settings.
/// No scripts, no network; it reads the run folder alone and may be made while the run still goes on.
/// </summary>
public static class RunReport
{
    private const string Blue = "#2f6fdb", Orange = "#e0762b", Green = "#2a9d5c", Grey = "#8a93a3";

    private static readonly Metric[] s_curves =
    [
        StepMetric.LengthMean, StepMetric.Truncated, StepMetric.Entropy, StepMetric.Kl, StepMetric.GradNorm, StepMetric.UpdateNorm, StepMetric.Loss, StepMetric.RatioMax,
        StepMetric.RewardStd, StepMetric.LearningRate, StepMetric.SampleSpeed, StepMetric.TrainSpeed, StepMetric.Memory, StepMetric.LogpDifference,
    ];

    // What a chart of its own does not say: charts of several lines show them, or every run has them at one value.
    private static readonly Metric[] s_elsewhere =
    [
        StepMetric.Time, StepMetric.SampleTime, StepMetric.ScoreTime, StepMetric.TrainTime, StepMetric.TokensSampled, StepMetric.TokensTrained, StepMetric.RewardMean,
        StepMetric.Accuracy, StepMetric.GroupsMixed, StepMetric.GroupsAllRight, StepMetric.GroupsAllWrong, StepMetric.GroupsDrawn, StepMetric.GroupsKept,
        StepMetric.LengthMax, StepMetric.ClipLow, StepMetric.ClipHigh, StepMetric.Masked, StepMetric.RatioMin, StepMetric.Drift,
    ];

    /// <summary>Reads a run folder and writes the report; returns its path (<c>report.html</c> in the folder by default).</summary>
    public static string Write(string folder, string? path = null)
    {
        path ??= Path.Combine(folder, "report.html");
        AtomicFile.WriteText(path, Html(folder));
        return Path.GetFullPath(path);
    }

    /// <summary>The report's text.</summary>
    public static string Html(string folder)
    {
        var run = RunRecord.Read(folder);
        var name = Path.GetFileName(run.Folder);
        var body = new StringBuilder();
        body.Append(CultureInfo.InvariantCulture, $"<header><h1>{E(name)}</h1><p>{E(Subtitle(run))}</p></header>\n");
        body.Append(Cards(run));
        body.Append(MainChart(run));
        body.Append("<div class=\"charts\">").Append(SmallCharts(run)).Append("</div>\n");
        body.Append(Evaluations(run));
        body.Append(Transcripts.Html(run));
        body.Append("<h2>Settings</h2>\n").Append(Settings(run.Run["recipe"])).Append("<h2>Where it ran</h2>\n");
        body.Append(Settings(new JsonObject(run.Run.Where(pair => pair.Key != "recipe").Select(pair => KeyValuePair.Create(pair.Key, pair.Value?.DeepClone())))));
        return $"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{E(name)} - Tenon</title>\n<style>\n{ReportStyle.Css}</style></head>\n<body>\n{body}</body></html>\n";
    }

    private static string Subtitle(RunRecord run)
    {
        var recipe = run.Run["recipe"];
        var parts = new List<string?>
        {
            Text(recipe?["model"]),
            Text(recipe?["adapter"]?["method"]) is { } method ? method + (Text(recipe?["adapter"]?["rank"]) is { } rank ? $" rank {rank}" : "") : null,
            Text(recipe?["objective"]?["preset"]),
            Text(recipe?["steps"]) is { } steps ? $"{run.Steps.Length} of {steps} steps" : $"{run.Steps.Length} steps",
            Text(recipe?["seed"]) is { } seed ? $"seed {seed}" : null,
        };
        return string.Join(" · ", parts.OfType<string>());
    }

    private static string Cards(RunRecord run)
    {
        var cards = new StringBuilder("<section class=\"cards\">");
        void Card(string label, string value, string note) =>
            cards.Append(CultureInfo.InvariantCulture, $"<div><span>{E(label)}</span><b>{E(value)}</b><small>{E(note)}</small></div>");

        foreach (var group in run.Evaluations.GroupBy(evaluation => evaluation.Benchmark).Take(2))
            if (group.Count() > 1)
                Card($"{group.Key}, held out", $"{Percent(group.First()["accuracy"])} → {Percent(group.Last()["accuracy"])}", Points(group.Last()["accuracy"] - group.First()["accuracy"]));
        foreach (var (column, label) in new[] { (StepMetric.Accuracy, "accuracy in training"), (StepMetric.RewardMean, "reward") })
            if (run.Column(column) is { } values && values.Count(double.IsFinite) is var count && count >= 2)
            {
                var window = Math.Min(10, count / 2);
                var finite = values.Where(double.IsFinite).ToList();
                double first = finite.Take(window).Average(), last = finite.TakeLast(window).Average();
                Card(label, column.Unit == Unit.Share ? $"{Percent(first)} → {Percent(last)}" : $"{Three(first)} → {Three(last)}", $"mean of the first and the last {window} steps");
            }
        if (run.Column(StepMetric.Time) is { } seconds) Card("time", TimeSpan.FromSeconds(seconds.Where(double.IsFinite).Sum()).ToString(@"h\:mm\:ss", CultureInfo.InvariantCulture), $"{run.Steps.Length} steps");
        if (run.Column(StepMetric.TokensSampled) is { } tokens) Card("tokens sampled", tokens.Where(double.IsFinite).Sum().ToString("N0", CultureInfo.InvariantCulture), "");
        return cards.Append("</section>\n").ToString();
    }

    private static string MainChart(RunRecord run)
    {
        var lines = new List<ChartLine>();
        if (run.Column(StepMetric.RewardMean) is { } reward) lines.Add(new ChartLine("reward", run.Steps, reward, Blue));
        if (run.Column(StepMetric.Accuracy) is { } accuracy) lines.Add(new ChartLine("accuracy", run.Steps, accuracy, Green));
        foreach (var group in run.Evaluations.GroupBy(evaluation => evaluation.Benchmark).Take(2))
            lines.Add(new ChartLine(group.Key, [.. group.Select(e => (double)e.Step)], [.. group.Select(e => e["accuracy"])], Orange, Points: true));
        var chart = LineChart.Svg("Reward and accuracy by step", lines, 960, 340, fromZero: true, most: 1);
        return chart.Length == 0 ? "<p class=\"empty\">No step is logged yet.</p>\n" : $"<figure class=\"main\" id=\"reward-curve\">{chart}</figure>\n";
    }

    private static string SmallCharts(RunRecord run)
    {
        var html = new StringBuilder();
        void Chart(string svg)
        {
            if (svg.Length > 0) html.Append("<figure>").Append(svg).Append("</figure>\n");
        }

        if (run.Column(StepMetric.GroupsDrawn) is { } drawn)
        {
            ChartLine? Share(Metric column, string name, string color) => run.Column(column) is { } values
                ? new ChartLine(name, run.Steps, [.. values.Select((value, i) => drawn[i] > 0 ? value / drawn[i] : double.NaN)], color)
                : null;
            Chart(LineChart.Svg("groups", [.. new[] { Share(StepMetric.GroupsMixed, "mixed", Blue), Share(StepMetric.GroupsAllRight, "right", Green), Share(StepMetric.GroupsAllWrong, "wrong", Orange) }.OfType<ChartLine>()], 460, 190, fromZero: true, most: 1));
        }
        if (run.Column(StepMetric.ClipLow) is { } low && run.Column(StepMetric.ClipHigh) is { } high)
            Chart(LineChart.Svg("share of tokens clipped", [new("low", run.Steps, low, Orange), new("high", run.Steps, high, Blue)], 460, 190, fromZero: true));
        foreach (var metric in s_curves) Chart(Curve(run, metric, Blue));
        var rewards = run.Metrics.Where(metric => metric.Place == StepMetric.Reward.Member.Place).ToList();
        if (rewards.Count > 1)
            foreach (var metric in rewards) Chart(Curve(run, metric, Blue));
        int[] shown = [StepMetric.Reward.Member.Place, StepMetric.Evaluation.Member.Place];
        foreach (var metric in run.Metrics.Except(s_curves).Except(s_elsewhere).Where(metric => !shown.Contains(metric.Place))) Chart(Curve(run, metric, Grey));
        return html.ToString();
    }

    private static string Curve(RunRecord run, Metric metric, string color)
    {
        if (run.Column(metric) is not { } values) return "";
        var title = metric.Title.Contains(':', StringComparison.Ordinal) ? metric.Name : metric.Title;
        return LineChart.Svg(title + Units.Suffix(metric.Unit), [new ChartLine(title, run.Steps, values, color)], 460, 190);
    }

    private static string Evaluations(RunRecord run)
    {
        if (run.Evaluations.Count == 0) return "";
        var html = new StringBuilder("<h2>Evaluation</h2>\n<table><tr><th>benchmark</th><th>step</th><th>avg@k</th><th>± s.e.</th><th>pass@k</th><th>maj@k</th><th>problems</th><th>mean tokens</th><th>truncated</th></tr>\n");
        foreach (var e in run.Evaluations)
            html.Append(CultureInfo.InvariantCulture, $"<tr><td>{E(e.Benchmark)}</td><td>{(e.Step == 0 ? "before" : e.Step.ToString(CultureInfo.InvariantCulture))}</td><td>{Percent(e["accuracy"])}</td><td>{Percent(e["standard_error"])}</td><td>{Percent(e["pass_at_k"])}</td><td>{Percent(e["maj_at_k"])}</td><td>{Three(e["problem_count"])}</td><td>{Three(e["length_mean"])}</td><td>{Percent(e["truncated"])}</td></tr>\n");
        return html.Append("</table>\n").ToString();
    }

    private static string Settings(JsonNode? node)
    {
        var html = new StringBuilder("<table class=\"settings\">");
        void Rows(JsonNode? value, string path)
        {
            if (value is JsonObject { Count: > 0 } map)
                foreach (var (key, inner) in map) Rows(inner, path.Length == 0 ? key : $"{path}.{key}");
            else
                html.Append(CultureInfo.InvariantCulture, $"<tr><td>{E(path)}</td><td>{E(Text(value) ?? "null")}</td></tr>\n");
        }

        Rows(node, "");
        return html.Append("</table>\n").ToString();
    }

    private static string? Text(JsonNode? node) => node switch
    {
        null => null,
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        _ => node.ToJsonString(),
    };

    internal static string Percent(double share) => double.IsNaN(share) ? "-" : (share * 100).ToString("0.0", CultureInfo.InvariantCulture) + " %";

    private static string Points(double change) => double.IsNaN(change) ? "" : (change * 100).ToString("+0.0;-0.0;0.0", CultureInfo.InvariantCulture) + " points";

    private static string Three(double value) => double.IsNaN(value) ? "-" : LineChart.Label(Math.Round(value, 3));

    internal static string E(string text) => WebUtility.HtmlEncode(text);
}
