using System.Globalization;
using System.Text.Json.Nodes;
using Tenon.Evaluation.Comparisons;
using Tenon.Evaluation.Texts;
using Tenon.Runs;
using Tenon.Runs.Evaluations;

namespace Tenon.Evaluation.Reports;

/// <summary>
/// A run as one self-contained HTML file: what was learned with its error, curves, evaluations, completions with verdicts, settings. It
/// reads the run
/// folder alone and may be made while the run still goes on.
/// </summary>
public static class RunReport
{
    /// <summary>The report's name in a run's folder.</summary>
    public const string FileName = "report.html";

    /// <summary>
    /// Reads a run folder and writes the report; returns its path (<c>report.html</c> in the folder by default).
    /// <paramref name="defaults"/> is a recipe of
    /// default settings: those of the run that differ stand first, the others are folded; without it all stand open.
    /// </summary>
    public static string Write(string folder, string? path = null, JsonNode? defaults = null) =>
        Page(folder, defaults).Write(path ?? Path.Combine(folder, FileName));

    /// <summary>The report's text.</summary>
    public static string Html(string folder, JsonNode? defaults = null) => Page(folder, defaults).Render();

    /// <summary>A run's charts, for files of their own.</summary>
    public static IReadOnlyList<ReportChart> Charts(string folder) => [.. RunCharts.Of(RunRecord.Read(folder))];

    private static ReportPage Page(string folder, JsonNode? defaults)
    {
        var run = RunRecord.Read(folder);
        var page = new ReportPage(Path.GetFileName(run.Folder), Subtitle(run));
        page.Data["run"] = run.Run.DeepClone();
        var comparisons = BeforeAndAfter(run);
        page.Cards(Cards(run, comparisons));
        if (run.Steps.Length == 0) page.Html("<p class=\"empty\">No step is logged yet.</p>\n");
        page.Charts(RunCharts.Of(run));
        if (RunCharts.Constants(run) is { } constants)
            page.Html($"<p class=\"empty\">Constant over all steps: {ReportPage.E(constants)}.</p>\n");
        Evaluations(page, run, comparisons);
        Forgetting(page, run);
        page.Html(Transcripts.Html(run));
        SettingsTable.Add(page, run.Run, defaults);
        return page;
    }

    private static string Subtitle(RunRecord run)
    {
        var recipe = run.Run["recipe"];
        var parts = new List<string?>
        {
            Text(recipe?["model"]),
            Text(recipe?["adapter"]?["method"]) is { } method
            ? method + (Text(recipe?["adapter"]?["rank"]) is { } rank ? $" rank {rank}" : "") : null,
            Text(recipe?["objective"]?["preset"]),
            Text(recipe?["steps"]) is { } steps ? $"{run.Steps.Length} of {steps} steps" : $"{run.Steps.Length} steps",
            Text(recipe?["seed"]) is { } seed ? $"seed {seed}" : null,
        };
        return string.Join(" · ", parts.OfType<string>());
    }

    /// <summary>The comparison of the first and the last evaluation of each benchmark that has two.</summary>
    private static List<Comparison> BeforeAndAfter(RunRecord run)
    {
        var result = new List<Comparison>();
        foreach (var group in StoredEvaluations.OfRun(run.Reader).Where(e => e.Documents is null).GroupBy(e => e.Benchmark))
        {
            if (group.Count() < 2) continue;
            var (then, now) = (group.MinBy(e => e.Step)!, group.MaxBy(e => e.Step)!);
            if (then.Problems.All(p => p.Scores.Count == 0) || now.Problems.All(p => p.Scores.Count == 0)) continue;
            result.Add(
                Comparison.Of(then.Benchmark,
                [new("before", [then.Problems]) { Facts = then.Facts }, new("after", [now.Problems]) { Facts = now.Facts }]));
        }

        return result;
    }

    private static IEnumerable<(string Label, string Value, string Note)> Cards(RunRecord run, List<Comparison> comparisons)
    {
        foreach (var comparison in comparisons.Take(3))
        {
            var (before, after) = (comparison.Rows[0].Mean, comparison.Rows[1].Mean);
            var d = comparison.Rows[1].Difference!;
            yield return (
                $"{comparison.Benchmark}, {comparison.Problems} problems", $"{Percent(before.Mean)} → {Percent(after.Mean)}",
                $"{Points(d.Mean)} points (95 % {Points(d.Low)} to {Points(d.High)}): {comparison.Rows[1].Verdict}");
        }

        foreach (var (column, label) in
            new[] { (StepMetric.Accuracy, "accuracy in training"), (StepMetric.RewardMean, "reward in training") })
        {
            if (run.Column(column) is not { } values || values.Count(double.IsFinite) is var count && count < 2) continue;
            var window = Math.Min(10, count / 2);
            var finite = values.Where(double.IsFinite).ToList();
            var (first, last) = (finite.Take(window).Average(), finite.TakeLast(window).Average());
            var text = column.Unit == Unit.Share ? $"{Percent(first)} → {Percent(last)}"
                : $"{ResultCell.Three(first).Text} → {ResultCell.Three(last).Text}";
            yield return (label, text, $"mean of the first and the last {window} steps");
        }

        if (run.Column(StepMetric.Time) is { } seconds)
            yield return ("time", TimeSpan.FromSeconds(seconds.Where(double.IsFinite).Sum())
                .ToString(@"h\:mm\:ss", CultureInfo.InvariantCulture), $"{run.Steps.Length} steps");
        if (run.Column(StepMetric.TokensSampled) is { } tokens)
            yield return ("tokens sampled", tokens.Where(double.IsFinite).Sum().ToString("N0", CultureInfo.InvariantCulture), "");
    }

    private static void Evaluations(ReportPage page, RunRecord run, List<Comparison> comparisons)
    {
        if (run.Evaluations.Count == 0) return;
        page.Heading("Evaluation");
        var table =
            new ResultTable("every evaluation", "benchmark", "step", "avg@k", "95 % from", "to", "pass@k", "maj@k", "problems",
            "mean tokens", "truncated");
        foreach (var e in run.Evaluations)
        {
            var mean = EvaluationMean.Of(e);
            table.Add(
                e.Benchmark, StepCell(e), ResultCell.Percent(e["avg_at_k"]), ResultCell.Percent(mean?.Low), ResultCell.Percent(mean?.High),
                ResultCell.Percent(RunJson.Number(e.Summary["pass_at"]?[RunJson.Whole(e.Summary["k"])?.ToString(CultureInfo.InvariantCulture)
                    ?? ""] ?? e.Summary["pass_at_k"])),
                ResultCell.Percent(e["maj_at_k"]), ResultCell.Count(mean?.Problems ?? e["judged"]), ResultCell.Three(e["length_mean"]),
                ResultCell.Percent(e["truncated"]));
        }

        page.Table(table.WithoutEmptyColumns());
        foreach (var comparison in comparisons)
        {
            page.Table(ComparisonTables.Main(comparison));
            page.Sentences(ComparisonTables.Sentences(comparison));
        }
    }

    /// <summary>Texts by step, and what has changed from the first evaluation to the last.</summary>
    private static void Forgetting(ReportPage page, RunRecord run)
    {
        if (run.Texts.Count == 0) return;
        page.Heading("Perplexity of texts");
        var table = new ResultTable("every text", "text", "step", "perplexity", "95 % from", "to", "bits a byte", "documents", "tokens");
        foreach (var e in run.Texts)
            table.Add(e.Benchmark, StepCell(e), ResultCell.Three(e["perplexity"]), ResultCell.Three(e["low"]), ResultCell.Three(e["high"]),
                ResultCell.Three(e["bits_per_byte"]), ResultCell.Count(e["documents"]), ResultCell.Count(e["tokens"]));
        page.Table(table.WithoutEmptyColumns());
        foreach (var group in run.Texts.GroupBy(e => e.Benchmark).Where(g => g.Count() > 1))
        {
            var change = TextComparison.Of(group.Key, [new("before", [group.First().Documents]), new("after", [group.Last().Documents])]);
            page.Table(TextTables.Main(change));
            page.Sentences(TextTables.Sentences(change));
            page.Data[$"forgetting/{group.Key}"] = TextTables.Json(change);
        }
    }

    private static ResultCell StepCell(EvaluationResults e) =>
        new(e.Step is null or 0 ? "before" : e.Step.Value.ToString(CultureInfo.InvariantCulture), e.Step ?? 0);

    internal static string? Text(JsonNode? node) => node switch
    {
        null => null,
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        _ => node.ToJsonString(RunJson.Line),
    };

    internal static string Percent(double share) => ResultCell.Percent(share).Text;

    private static string Points(double change) => ResultCell.Points(change).Text;
}
