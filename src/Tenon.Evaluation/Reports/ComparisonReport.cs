using Tenon.Evaluation.Comparisons;
using Tenon.Evaluation.Texts;

namespace Tenon.Evaluation.Reports;

/// <summary>
/// Comparisons as one self-contained HTML file: tables with intervals, what they mean, pass@k side by side, accuracy against what it cost.
/// </summary>
public static class ComparisonReport
{
    /// <summary>Writes the report; returns its path.</summary>
    public static string Write(ComparedAll comparisons, string path) => Page(comparisons).Write(path);

    /// <summary>The report's text.</summary>
    public static string Html(ComparedAll comparisons) => Page(comparisons).Render();

    /// <summary>Its charts, for files of their own; with several benchmarks the captions say which one they are of.</summary>
    public static IReadOnlyList<ReportChart> Charts(ComparedAll comparisons) =>
    [
        .. comparisons.Tasks.SelectMany(c => Charts(c).Select(chart => comparisons.Tasks.Count == 1 ? chart
            : chart with { Title = $"{c.Benchmark}: {chart.Title}" })),
        .. comparisons.Texts.Select(Chart),
        .. ComparedRuns.Dynamics(comparisons.Runs),
    ];

    private static ReportPage Page(ComparedAll comparisons)
    {
        var names = comparisons.Tasks.SelectMany(c => c.Rows.Select(r => r.Name))
            .Concat(comparisons.Texts.SelectMany(c => c.Rows.Select(r => r.Name))).Distinct().ToList();
        var page = new ReportPage("comparison", string.Join(" · ", names));
        foreach (var comparison in comparisons.Tasks)
        {
            page.Heading(comparison.Benchmark);
            page.Sentences(ComparisonTables.Sentences(comparison));
            page.Charts(Charts(comparison));
            page.Table(ComparisonTables.Main(comparison));
            if (ComparisonTables.PassCurves(comparison) is { } curves) page.Table(curves);
            page.Data[comparison.Benchmark] = ComparisonTables.Json(comparison);
        }

        if (comparisons.Tasks.Count > 1)
        {
            page.Heading("All benchmarks");
            page.Table(MacroComparison.Table(comparisons.Tasks));
            page.Data[MacroComparison.Name] = MacroComparison.Json(comparisons.Tasks);
        }

        foreach (var text in comparisons.Texts)
        {
            page.Heading($"{text.Text}: what is forgotten");
            page.Sentences(TextTables.Sentences(text));
            page.Charts([Chart(text)]);
            page.Table(TextTables.Main(text));
            page.Data[text.Text] = TextTables.Json(text);
        }

        var dynamics = ComparedRuns.Dynamics(comparisons.Runs);
        if (dynamics.Count > 0) page.Heading("How they learned");
        page.Charts(dynamics);
        if (ComparedRuns.Ablation(comparisons.Runs, comparisons.Tasks) is { } ablation) page.Table(ablation);
        return page;
    }

    /// <summary>Perplexity by row, with its interval.</summary>
    private static ReportChart Chart(TextComparison text)
    {
        double[] places = [.. Enumerable.Range(1, text.Rows.Count).Select(i => (double)i)];
        return new($"{text.Text}: perplexity by row, in the table's order", places, [.. text.Rows.Select((row, i) =>
        {
            double[] Only(double value) => [.. places.Select((_, at) => at == i ? ExactMath.Exp(value) : double.NaN)];
            var (low, high) = row.PerToken.Interval();
            return new ReportSeries(row.Name, Only(row.PerToken.Value))
            {
                Points = true, Color = i, Band = double.IsNaN(low) ? null : (Only(low), Only(high)),
            };
        })])
        {
            Main = true, XLabel = ReportChart.Rows, Sentence = "with 95 % intervals",
        };
    }

    internal static IEnumerable<ReportChart> Charts(Comparison comparison)
    {
        double[] places = [.. Enumerable.Range(1, comparison.Rows.Count).Select(i => (double)i)];
        yield return new("Accuracy by row, in the table's order", places, [.. comparison.Rows.Select((row, i) => Mark(row, i, places))])
        {
            Share = true, Main = true, XLabel = ReportChart.Rows, Sentence = "with 95 % intervals",
        };
        if (comparison.Rows[0].Pass.Count > 1)
        {
            double[] ks = [.. comparison.Rows[0].Pass.Select(p => (double)p.K)];
            yield return new("pass@k", ks,
                [.. comparison.Rows.Select(r => new ReportSeries(r.Name, [.. r.Pass.Select(p => p.Value.Mean)]))])
            {
                Share = true, Main = true, Log = true, XLabel = "k",
            };
        }

        foreach (var (key, heading) in
            new[] { ("trainable", "trainable parameters"), ("tokens", "tokens sampled in training"), ("seconds", "seconds of training") })
        {
            var known = comparison.Rows.Select((row, i) => (Row: row, Index: i, X: row.Facts.GetValueOrDefault(key))).Where(r => r.X > 0)
                .OrderBy(r => r.X).ToList();
            if (known.Select(r => r.X).Distinct().Count() < 2) continue;
            double[] x = [.. known.Select(r => r.X!.Value).Distinct()];
            yield return new($"accuracy against {heading}", x, [.. known.Select(r => Mark(r.Row, r.Index, x, r.X!.Value))])
            {
                Share = true,
                Log = true, XLabel = heading
            };
        }
    }

    /// <summary>One row's figure as a mark with its interval.</summary>
    private static ReportSeries Mark(ComparisonRow row, int index, double[] places, double? at = null)
    {
        var place = at is { } x ? Array.IndexOf(places, x) : index;
        double[] Only(double value) => [.. places.Select((_, i) => i == place ? value : double.NaN)];
        return new(row.Name, Only(row.Mean.Mean)) { Points = true, Color = index, Band = (Only(row.Mean.Low), Only(row.Mean.High)) };
    }
}
