using System.Globalization;
using System.Text.Json.Nodes;
using Tenon.Evaluation.Comparisons;
using Tenon.Evaluation.Reports;
using Tenon.Runs;

namespace Tenon.Studies;

/// <summary>
/// A study's results on disk: <c>study.json</c>, its tables as CSV, LaTeX and Markdown, and one HTML page that needs no network.
/// </summary>
public static class StudyReport
{
    /// <summary>Writes all of it into the study's folder; returns the page's path.</summary>
    public static string Write(Study study)
    {
        var results = study.Results;
        var comparisons = results.Comparisons();
        var json = results.ToJson(comparisons);
        AtomicFile.WriteText(Path.Combine(study.Folder, "study.json"), json.ToJsonString(RunJson.Indented) + "\n");
        var tables = StudyTables.All(results, comparisons);
        foreach (var (file, table) in tables)
        {
            var path = Path.Combine(study.Folder, "tables", file);
            AtomicFile.WriteText(path + ".csv", table.Csv());
            AtomicFile.WriteText(path + ".tex", table.Latex());
            AtomicFile.WriteText(path + ".md", table.Markdown());
        }

        return Page(study, comparisons, [.. tables.Select(t => t.Table)], json).Write(Path.Combine(study.Folder, "report.html"));
    }

    private static ReportPage Page(Study study, IReadOnlyList<StudyComparison> comparisons, IReadOnlyList<ResultTable> tables,
        JsonObject json)
    {
        var results = study.Results;
        var page = new ReportPage("study", Path.GetFileNameWithoutExtension(study.Recipe.Name));
        page.Sentences(Summary(study));
        foreach (var comparison in comparisons)
        {
            page.Heading(comparison.Name.Length == 0 ? comparison.Benchmark : $"{comparison.Name}: {comparison.Benchmark}");
            page.Sentences(ComparisonTables.Sentences(comparison.Comparison));
            page.Charts(Charts(comparison));
        }

        page.Heading("Training");
        page.Charts(Dynamics(results));
        if (results.Plan.Recipe.Tuned.Count > 0)
        {
            page.Heading("Tuning");
            page.Charts(Sweeps(results));
        }

        var spectra = StudySpectra.Sentences(results).ToList();
        if (spectra.Count > 0)
        {
            page.Heading("Spectra of the final updates");
            page.Sentences(spectra);
            page.Charts(Spectra(results));
        }

        page.Heading("Tables");
        foreach (var table in tables) page.Table(table);
        page.Data["study"] = json;
        return page;
    }

    /// <summary>The page's charts, for files of their own.</summary>
    internal static IReadOnlyList<ReportChart> Charts(Study study) =>
        [.. study.Results.Comparisons().SelectMany(Charts), .. Dynamics(study.Results), .. Sweeps(study.Results),
            .. Spectra(study.Results)];

    // Charts of several groups are told apart by their names.
    private static IEnumerable<ReportChart> Charts(StudyComparison comparison) => ComparisonReport.Charts(comparison.Comparison)
        .Select(chart => comparison.Name.Length == 0 ? chart : chart with { Title = $"{chart.Title} ({comparison.Name})" });

    /// <summary>What a reader must know of how the figures came about.</summary>
    public static IEnumerable<string> Summary(Study study)
    {
        var (results, recipe) = (study.Results, study.Recipe);
        var cells = results.Cells.DistinctBy(c => c.Cell.Id).ToList();
        int Of(CellStatus status) => cells.Count(c => c.Result.Status == status);
        yield return $"{results.Rows.Count} rows, {cells.Count} runs: {Of(CellStatus.Done)} done, {Of(CellStatus.Diverged)} diverged, "
            + $"{Of(CellStatus.Refused)} refused, {Of(CellStatus.Missing)} missing.";
        yield return recipe.Tuned.Count == 0
            ? $"Nothing was tuned; reported are the seeds {string.Join(", ", recipe.Seeds)}."
            : $"{string.Join(" and ", recipe.Tuned.Select(t => t.Key))} chosen for each row on the seeds "
            + $"{string.Join(", ", recipe.TuneSeeds)}"
            + $"{(recipe.Halving ? " by halving" : "")}; reported are the seeds {string.Join(", ", recipe.Seeds)}, run once.";
        yield return recipe.Equal switch
        {
            StudyBudget.Tokens => "Rows are compared at equal tokens sampled in training.",
            StudyBudget.Time => "Rows are compared at equal seconds of training, on machines as they were.",
            StudyBudget.Parameters => "Rows are compared at ranks that make their trainable parameters as equal as they can be.",
            _ => "Rows are compared at equal steps.",
        };
    }

    private static IEnumerable<ReportChart> Dynamics(StudyResults results)
    {
        foreach (var (metric, share) in new[]
        {
            (StepMetric.Accuracy, true), (StepMetric.Entropy, false), (StepMetric.LengthMean, false), (StepMetric.GradNorm, false),
        })
        {
            foreach (var (name, _, rows) in results.Groups())
            {
                var series = rows.Select(row => (Row: row, Y: Mean([.. results.Reported(row).Select(c => results.RunOf(c.Cell))], metric)))
                    .Where(s => s.Y.Length > 0).ToList();
                if (series.Count == 0) continue;
                double[] x = [.. Enumerable.Range(1, series.Max(s => s.Y.Length)).Select(i => (double)i)];
                yield return new ReportChart($"{metric.Title}{(name.Length == 0 ? "" : $", {name}")}", x,
                    [.. series.Select(s =>
                    new ReportSeries(results.LabelInGroup(s.Row), [.. s.Y, .. Enumerable.Repeat(double.NaN, x.Length - s.Y.Length)]))])
                {
                    Share = share, Sentence = "mean over seeds", Main = metric == StepMetric.Accuracy,
                };
            }
        }
    }

    private static IEnumerable<ReportChart> Sweeps(StudyResults results)
    {
        if (results.Plan.Recipe.Tuned.Count != 1) yield break;
        foreach (var (name, _, rows) in results.Groups())
        {
            var curves = rows.Select(row => (Label: results.LabelInGroup(row), Points: StudyTables.Points(results, row)
                .Select(p => (X: double.TryParse(p.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var x) ? x : double.NaN,
                    Y: p.Mean ?? double.NaN)).Where(p => double.IsFinite(p.X)).ToList())).Where(c => c.Points.Count > 0).ToList();
            if (curves.Count == 0) continue;
            double[] places = [.. curves.SelectMany(c => c.Points.Select(p => p.X)).Distinct().Order()];
            yield return new ReportChart($"accuracy by {results.Plan.Recipe.Tuned[0].Key}{(name.Length == 0 ? "" : $", {name}")}", places,
                [.. curves.Select(c => new ReportSeries(c.Label, [.. places.Select(x => c.Points.Where(p => p.X == x).Select(p => p.Y)
                    .DefaultIfEmpty(double.NaN).First())]) { Points = true, Joined = true })])
            {
                Share = true, Log = places[0] > 0, XLabel = results.Plan.Recipe.Tuned[0].Key, Main = true, Sentence = "on the tuning seeds",
            };
        }
    }

    private static IEnumerable<ReportChart> Spectra(StudyResults results)
    {
        double[] tenths = [.. Enumerable.Range(1, 10).Select(i => (double)i)];
        foreach (var (name, _, rows) in results.Groups())
        {
            var series = rows.Select(row => (Label: results.LabelInGroup(row), Found: results.SpectraOf(row)))
                .Where(s => s.Found is not null).Select(s => new ReportSeries(s.Label, s.Found!.Energy)).ToList();
            if (series.Count == 0) continue;
            yield return new ReportChart($"energy of the final update over the base's directions{(name.Length == 0 ? "" : $", {name}")}",
                tenths, series)
            {
                Share = true, FromZero = true, XLabel = "tenth", Main = true,
                Sentence = "mean over weights and seeds; by tenth, largest singular values first; even would be 10 % each",
            };
        }
    }

    private static double[] Mean(IReadOnlyList<string> runs, Metric metric)
    {
        var columns = runs.Select(run => RunReader.Open(run).Column(metric)).OfType<double[]>().ToList();
        if (columns.Count == 0) return [];
        return [.. Enumerable.Range(0, columns.Max(c => c.Length)).Select(i =>
            columns.Where(c => i < c.Length && double.IsFinite(c[i])).Select(c => c[i]).DefaultIfEmpty(double.NaN).Average())];
    }
}
