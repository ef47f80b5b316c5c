using System.Globalization;
using Tenon.Evaluation.Comparisons;
using Tenon.Evaluation.Reports;
using Tenon.Evaluation.Statistics;
using Tenon.Runs;

namespace Tenon.Studies;

/// <summary>A study's results as tables.</summary>
public static class StudyTables
{
    /// <summary>
    /// The paper's table: rows by benchmark, mean over seeds with its interval, and the mean over all benchmarks where there are several.
    /// </summary>
    public static ResultTable Main(StudyResults results, IReadOnlyList<StudyComparison> comparisons)
    {
        var benchmarks = results.Plan.Recipe.Benchmarks;
        string[] mean = benchmarks.Count > 1 ? ["mean"] : [];
        var table = new ResultTable("accuracy, mean over seeds with 95 % interval",
            ["row", "tuned", "seeds", .. benchmarks.SelectMany(b => new[] { b, $"{b} against" }), .. mean]);
        var figures = results.Figures(comparisons);
        foreach (var row in results.Rows)
        {
            var mine = benchmarks.Select(b => figures.First(f => f.Row == row && f.Benchmark == b)).ToList();
            var means = mine.Select(f => f.Figures?.Mean.Mean ?? double.NaN).ToList();
            ResultCell[] macro = benchmarks.Count > 1 ? [ResultCell.Percent(means.Average())] : [];
            var failed = mine[0].Failed > 0 ? $", {mine[0].Failed} failed" : "";
            table.Add(
                [row.Label, Tuned(mine[0].Tuned), $"{mine[0].Done}{failed}",
                .. mine.SelectMany(f => new[] { Interval(f.Figures?.Mean), Against(f) }),
                .. macro]);
        }

        return table.WithoutEmptyColumns();
    }

    /// <summary>What a row costs: parameters, tokens, time, memory.</summary>
    public static ResultTable Cost(StudyResults results)
    {
        var table = new ResultTable("cost of a run (mean over seeds; seconds are this machine's, with other runs beside; memory is the "
            + "largest of the processes, which may have run other cells before)",
            "row", "trainable", "tokens sampled", "seconds", "memory (GB)");
        foreach (var row in results.Rows)
        {
            var runs = results.Reported(row).Select(c => c.Result).ToList();
            if (runs.Count == 0) continue;
            table.Add(row.Label, ResultCell.Count(runs[0].Trainable), ResultCell.Count(runs.Average(r => r.Tokens)),
                ResultCell.Three(runs.Average(r => r.Seconds)), ResultCell.Three(runs.Max(r => r.Memory)));
        }

        return table.WithoutEmptyColumns();
    }

    /// <summary>
    /// The tuned values of each row: mean accuracy of each over the tuning seeds, the best, and how far the values next to it fall behind.
    /// </summary>
    public static ResultTable? Sweep(StudyResults results)
    {
        if (results.Plan.Recipe.Tuned.Count == 0) return null;
        var table = new ResultTable("tuning: accuracy by value, mean over the tuning seeds", "row", "values tried", "chosen",
            "accuracy there", "worst neighbour", "at the edge");
        foreach (var row in results.Rows)
        {
            var points = Points(results, row);
            if (points.Count == 0) continue;
            var chosen = results.ChosenOf(row);
            var at = points.FindIndex(p => chosen is not null && p.Value == Tuned(chosen));
            var neighbours = at < 0 ? [] : points.Where((_, i) => Math.Abs(i - at) == 1).Select(p => p.Mean).ToList();
            table.Add(row.Label,
                string.Join("  ",
                points.Select(p => p.Mean is { } m ? string.Create(CultureInfo.InvariantCulture, $"{p.Value}: {100 * m:0.0} %")
                    : $"{p.Value}: failed")),
                at < 0 ? "-" : points[at].Value, ResultCell.Percent(at < 0 ? null : points[at].Mean),
                neighbours.Contains(null) ? "failed" : ResultCell.Percent(neighbours.Count == 0 ? null : neighbours.Min()),
                at < 0 || points.Count < 2 ? "-" : at == 0 ? "lowest" : at == points.Count - 1 ? "highest" : "no");
        }

        return table;
    }

    /// <summary>Cells that were refused or ended before their last step, each with its reason; null where there is none.</summary>
    public static ResultTable? Failures(StudyResults results)
    {
        var failed = Failed(results);
        if (failed.Count == 0) return null;
        var table = new ResultTable("refused and diverged", "row", "tuned", "seed", "what", "at step", "last evaluated", "why");
        foreach (var (cell, result) in failed)
        {
            var (step, evaluated) = Ended(results, cell);
            table.Add(cell.Row.Label, Tuned(cell.Tuned), cell.Seed.ToString(CultureInfo.InvariantCulture), CellResult.Word(result.Status),
                step, evaluated, Brief(result.Reason));
        }

        return table.WithoutEmptyColumns();
    }

    /// <summary>The cells that were refused or ended before their last step, each once.</summary>
    internal static IReadOnlyList<(StudyCell Cell, CellResult Result)> Failed(StudyResults results) =>
        [.. results.Cells.Where(c => c.Result.Status is CellStatus.Refused or CellStatus.Diverged).DistinctBy(c => c.Cell.Id)];

    // The last step that a run without an end has logged, and the last accuracy that is known of it.
    private static (string Step, string Evaluated) Ended(StudyResults results, StudyCell cell)
    {
        var path = results.RunOf(cell);
        if (!RunFolder.IsRun(path) || RunReader.Open(path) is not { Steps: [.., var last] } run) return ("-", "-");
        var step = last.Step.ToString(CultureInfo.InvariantCulture);
        if (StoredEvaluations.OfRun(run).Max(e => e.Step) is not { } at) return (step, "-");
        var known = CellRun.Accuracies(path, at, results.Plan.Recipe.Benchmarks);
        return (step, string.Join(", ", known.Select(a => string.Create(CultureInfo.InvariantCulture, $"{a.Key} {100 * a.Value:0.0} %")))
            + $" (step {at})");
    }

    /// <summary>A reason in one line: a table has room for what happened, the hint stands in the cell's record.</summary>
    internal static string Brief(string? reason) =>
        reason is null ? "-"
            : string.Join("; ", reason.Split('\n').Select(line => line.Trim())
                .TakeWhile(line => !line.StartsWith("Hint:", StringComparison.Ordinal)).Where(line => line.Length > 0));

    /// <summary>Where the final updates lie in their base's spectrum; null where that was not looked at.</summary>
    internal static ResultTable? Spectra(StudyResults results)
    {
        var table = new ResultTable("spectra of the final updates (medians over weights, mean over seeds)", "row", "seeds", "|dW|/|W|",
            "shift", "first tenth", "first half", "stable rank", "effective rank", "|dW|<1e-5");
        foreach (var row in results.Rows)
        {
            if (results.SpectraOf(row) is not { } found) continue;
            double Of(string key) => found.Means[key];
            table.Add(row.Label, ResultCell.Count(found.Runs), ResultCell.Three(Of("relative")), ResultCell.Three(Of("shift")),
                ResultCell.Percent(Of("first_tenth")), ResultCell.Percent(Of("principal_half")), ResultCell.Three(Of("stable_rank")),
                ResultCell.Three(Of("effective_rank")), ResultCell.Percent(Of("sparsity")));
        }

        return table.Rows.Count == 0 ? null : table;
    }

    /// <summary>All tables with the names of their files.</summary>
    public static IReadOnlyList<(string File, ResultTable Table)> All(StudyResults results, IReadOnlyList<StudyComparison> comparisons)
    {
        var all = new List<(string, ResultTable)> { ("accuracy", Main(results, comparisons)), ("cost", Cost(results)) };
        if (Sweep(results) is { } sweep) all.Add(("tuning", sweep));
        if (Spectra(results) is { } spectra) all.Add(("spectra", spectra));
        if (Failures(results) is { } failures) all.Add(("failures", failures));
        foreach (var comparison in comparisons)
            all.Add((FileName("compare", comparison.Name, comparison.Benchmark), ComparisonTables.Main(comparison.Comparison)));
        return all;
    }

    /// <summary>The means of a row's tuned values, in the order tried; null where a run failed.</summary>
    internal static List<(string Value, double? Mean)> Points(StudyResults results, StudyRow row) =>
        [.. results.Tuning(row).GroupBy(c => Tuned(c.Cell.Tuned)).Select(g => (g.Key,
            g.All(c => c.Result.Status == CellStatus.Done && c.Result.Accuracy.Count > 0)
                ? g.Average(c => c.Result.Accuracy.Values.Average()) : (double?)null))];

    /// <summary>Tuned values as a table says them: a rate alone, others with their keys.</summary>
    internal static string Tuned(IReadOnlyDictionary<string, string> values) => values.Count == 1 ? values.Values.First()
        : string.Join(", ", values.Select(v => $"{v.Key[(v.Key.LastIndexOf('.') + 1)..]} {v.Value}"));

    private static ResultCell Interval(Estimate? mean) => mean is null ? "-" : ResultCell.Percent(mean.Mean) with
    {
        Text = string.Create(CultureInfo.InvariantCulture, $"{100 * mean.Mean:0.0} % [{100 * mean.Low:0.0}, {100 * mean.High:0.0}]"),
    };

    private static ResultCell Against(StudyFigure figure) => figure.Figures is not { Difference: { } d } row ? "-"
        : ResultCell.Points(d.Mean) with
        {
            Text = string.Create(CultureInfo.InvariantCulture,
                $"{100 * d.Mean:+0.0;-0.0;0.0} [{100 * d.Low:+0.0;-0.0;0.0}, {100 * d.High:+0.0;-0.0;0.0}] {row.Verdict}"),
        };

    private static string FileName(params string[] words) => string.Concat(string.Join('-', words.Where(word => word.Length > 0))
        .Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '@' ? c : '-'));
}
