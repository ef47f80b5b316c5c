using Tenon.Evaluation.Comparisons;

namespace Tenon.Evaluation.Reports;

/// <summary>
/// Comparisons as one self-contained HTML file: tables with intervals, what they mean, pass@k side by side, accuracy against what it cost.
/// </summary>
public static class ComparisonReport
{
    /// <summary>Writes the report; returns its path.</summary>
    public static string Write(IReadOnlyList<Comparison> comparisons, string path) => Page(comparisons).Write(path);

    /// <summary>The report's text.</summary>
    public static string Html(IReadOnlyList<Comparison> comparisons) => Page(comparisons).Render();

    private static ReportPage Page(IReadOnlyList<Comparison> comparisons)
    {
        var names = comparisons.SelectMany(c => c.Rows.Select(r => r.Name)).Distinct().ToList();
        var page = new ReportPage("comparison", string.Join(" · ", names));
        foreach (var comparison in comparisons)
        {
            page.Heading(comparison.Benchmark);
            page.Sentences(ComparisonTables.Sentences(comparison));
            page.Charts(Charts(comparison));
            page.Table(ComparisonTables.Main(comparison));
            if (ComparisonTables.PassCurves(comparison) is { } curves) page.Table(curves);
            page.Data[comparison.Benchmark] = ComparisonTables.Json(comparison);
        }

        return page;
    }

    private static IEnumerable<ReportChart> Charts(Comparison comparison)
    {
        double[] places = [.. Enumerable.Range(1, comparison.Rows.Count).Select(i => (double)i)];
        yield return new("Accuracy by row, in the table's order", places, [.. comparison.Rows.Select((row, i) => Mark(row, i, places))])
        {
            Share = true, Main = true, XLabel = "row", Sentence = "with 95 % intervals",
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
