using Tenon.Evaluation.Comparisons;
using Tenon.Runs;

namespace Tenon.Evaluation.Reports;

/// <summary>A row's runs on disk.</summary>
/// <param name="Name">The row.</param>
/// <param name="Folders">Its runs, those that differ by their seed alone.</param>
public sealed record ComparedRun(string Name, IReadOnlyList<string> Folders);

/// <summary>
/// What runs side by side show beside their figures: how each learned, step by step, and an ablation table, the settings in which rows
/// differ with what each row comes to.
/// </summary>
internal static class ComparedRuns
{
    // A table of more columns than these is read by nobody.
    private const int MostSettings = 12;

    // What differs without being chosen, or is no part of how a row learns.
    private static readonly string[] S_passedOver = ["seed", "adapter.seed", "steps"];

    /// <summary>Training and held-out curves, a line a row, means over the row's runs.</summary>
    public static IReadOnlyList<ReportChart> Dynamics(IReadOnlyList<ComparedRun> rows)
    {
        if (rows.Count == 0) return [];
        var read = rows.Select(r => (r.Name, Runs: r.Folders.Select(RunReader.Open).ToList())).ToList();
        var charts = new List<ReportChart>();
        foreach (var metric in new[] { StepMetric.Accuracy, StepMetric.RewardMean, StepMetric.LengthMean, StepMetric.Entropy })
        {
            var share = metric.Unit == Unit.Share;
            charts.Add(Chart($"{metric.Title} in training", share, false, [.. read.Select(r => (r.Name, r.Runs
                .Select(run => run.Steps.Select(s => ((double)s.Step, s[metric])).ToList()).ToList()))]));
        }

        var benchmarks = read.SelectMany(r => r.Runs.SelectMany(run => run.Evaluations().Where(e => !e.IsText).Select(e => e.Benchmark)));
        foreach (var benchmark in benchmarks.Distinct())
        {
            charts.Add(Chart($"{benchmark} by step", true, true, [.. read.Select(r => (r.Name, r.Runs.Select(run => run.Evaluations()
                .Where(e => e.Benchmark == benchmark).Select(e => ((double)(e.Step ?? 0), e["avg_at_k"])).ToList()).ToList()))]));
        }

        return [.. charts.Where(c => c.HasNumbers)];
    }

    /// <summary>The settings in which rows differ, with avg@k of every benchmark; null where no two rows differ.</summary>
    public static ResultTable? Ablation(IReadOnlyList<ComparedRun> rows, IReadOnlyList<Comparison> comparisons)
    {
        if (rows.Count < 2) return null;
        var settings = rows.Select(r => SettingsTable.Flat(RunReader.Open(r.Folders[0]).Run.Recipe)
            .Where(p => !S_passedOver.Contains(p.Key)).ToDictionary(p => p.Key, p => p.Value)).ToList();
        var keys = settings.SelectMany(s => s.Keys).Distinct()
            .Where(key => settings.Select(s => s.GetValueOrDefault(key, "-")).Distinct().Count() > 1).Take(MostSettings).ToList();
        if (keys.Count == 0) return null;
        var table = new ResultTable("settings that differ",
            ["name", .. keys, .. comparisons.SelectMany(c => new[] { $"{c.Benchmark} avg@k", $"{c.Benchmark} difference" })]);
        foreach (var (row, own) in rows.Zip(settings))
        {
            var figures = comparisons.Select(c => c.Rows.First(r => r.Name == row.Name));
            table.Add([row.Name, .. keys.Select(key => (ResultCell)own.GetValueOrDefault(key, "-")),
                .. figures.SelectMany(r => new[] { ResultCell.Percent(r.Mean.Mean), ResultCell.Points(r.Difference?.Mean) })]);
        }

        return table;
    }

    private static ReportChart Chart(string title, bool share, bool marks,
        IReadOnlyList<(string Name, List<List<(double Step, double Value)>> Runs)> rows)
    {
        double[] x = [.. rows.SelectMany(r => r.Runs.SelectMany(run => run.Select(p => p.Step))).Distinct().Order()];
        return new(title, x, [.. rows.Select((r, i) =>
        {
            var byStep = r.Runs.SelectMany(run => run).Where(p => double.IsFinite(p.Value)).ToLookup(p => p.Step, p => p.Value);
            return new ReportSeries(r.Name, [.. x.Select(step => byStep[step].DefaultIfEmpty(double.NaN).Average())])
            {
                Color = i, Points = marks, Joined = marks,
            };
        })])
        { Share = share, FromZero = share, Main = marks };
    }
}
