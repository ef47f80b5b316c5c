using System.Text.Json.Nodes;
using Tenon.Evaluation.Reports;
using Tenon.Evaluation.Statistics;
using Tenon.Runs;

namespace Tenon.Evaluation.Comparisons;

/// <summary>A row's plain mean over benchmarks, and what it is ahead of the row compared with by.</summary>
/// <param name="Name">The row.</param>
/// <param name="Mean">The mean of its avg@k.</param>
/// <param name="Difference">The mean difference; null for the row compared with.</param>
/// <param name="P">Two-sided p of no difference, Student's t.</param>
/// <param name="AdjustedP">The same by Holm's method over the rows.</param>
/// <param name="Verdict">better, worse or noise.</param>
public sealed record MacroRow(string Name, MacroAverage Mean, MacroAverage? Difference, double? P, double? AdjustedP, string? Verdict);

/// <summary>
/// The macro average over benchmarks, every benchmark counting once. Benchmarks' problems are others and their errors independent; what a
/// row's seeds scatter by is shared by its benchmarks and added as a whole.
/// </summary>
public static class MacroComparison
{
    private const double Level = 0.05;

    /// <summary>What the table and the JSON line are called by.</summary>
    public const string Name = "macro average";

    /// <summary>Of comparisons of the same rows on several benchmarks.</summary>
    public static IReadOnlyList<MacroRow> Of(IReadOnlyList<Comparison> comparisons)
    {
        var rows = comparisons[0].Rows;
        var differences = rows.Select((_, i) => Difference([.. comparisons.Select(c => c.Rows[i].Difference)])).ToList();
        var adjusted = MultipleComparisons.Holm([.. differences.OfType<(MacroAverage Mean, double P)>().Select(d => d.P)]);
        var at = 0;
        return [.. rows.Select((row, i) =>
        {
            var mean = MacroAverage.Of(comparisons.Select(c => c.Rows[i].Mean));
            if (differences[i] is not { } d) return new MacroRow(row.Name, mean, null, null, null, null);
            var p = adjusted[at++];
            var word = p < Level && d.Mean.Mean != 0 ? d.Mean.Mean > 0 ? "better" : "worse" : "noise";
            return new(row.Name, mean, d.Mean, d.P, p, word);
        })];
    }

    /// <summary>One row an entrant.</summary>
    public static ResultTable Table(IReadOnlyList<Comparison> comparisons)
    {
        var table = new ResultTable($"{Name} of {string.Join(", ", comparisons.Select(c => c.Benchmark))}, against {comparisons[0].Against}",
            "name", "avg@k", "95 % from", "to", "difference", "from ", "to ", "p (Holm)", "verdict");
        foreach (var row in Of(comparisons))
            table.Add(row.Name, ResultCell.Percent(row.Mean.Mean), ResultCell.Percent(row.Mean.Low), ResultCell.Percent(row.Mean.High),
                ResultCell.Points(row.Difference?.Mean), ResultCell.Points(row.Difference?.Low), ResultCell.Points(row.Difference?.High),
                ResultCell.P(row.AdjustedP), row.Verdict ?? "-");
        return table.WithoutEmptyColumns();
    }

    /// <summary>The line of <c>--json</c>.</summary>
    public static JsonObject Json(IReadOnlyList<Comparison> comparisons) => new()
    {
        ["benchmark"] = Name,
        ["against"] = comparisons[0].Against,
        ["benchmarks"] = new JsonArray([.. comparisons.Select(c => (JsonNode?)c.Benchmark)]),
        ["rows"] = new JsonArray([.. Of(comparisons).Select(row => (JsonNode)new JsonObject
        {
            ["name"] = row.Name,
            ["avg_at_k"] = RunJson.Finite(row.Mean.Mean),
            ["low"] = RunJson.Finite(row.Mean.Low),
            ["high"] = RunJson.Finite(row.Mean.High),
            ["difference"] = RunJson.Finite(row.Difference?.Mean ?? double.NaN),
            ["difference_low"] = RunJson.Finite(row.Difference?.Low ?? double.NaN),
            ["difference_high"] = RunJson.Finite(row.Difference?.High ?? double.NaN),
            ["p"] = RunJson.Finite(row.P ?? double.NaN),
            ["p_adjusted"] = RunJson.Finite(row.AdjustedP ?? double.NaN),
            ["verdict"] = row.Verdict,
        })]),
    };

    private static (MacroAverage Mean, double P)? Difference(ScoreDifference?[] parts)
    {
        if (parts.Any(d => d is null)) return null;
        var known = parts.OfType<ScoreDifference>().ToList();
        var joined = MacroAverage.Of([.. known.Select(d => (d.Mean, d.Low, d.High, d.StandardError))]);
        // Independent problems add in squares, the scatter of shared seeds as it is.
        var seeds = known.Average(d => d.FromSeeds);
        var own = known.Sum(d => Square(d.StandardError) - Square(d.FromSeeds)) / Square(known.Count);
        var error = Math.Sqrt(Math.Max(0, own) + Square(seeds));
        var wide = joined.StandardError > 0 ? Math.Max(1, error / joined.StandardError) : 1;
        var mean = joined with
        {
            StandardError = error,
            Low = joined.Mean - (wide * (joined.Mean - joined.Low)),
            High = joined.Mean + (wide * (joined.High - joined.Mean)),
        };
        var df = known.Min(d => d.Df);
        return (mean, error > 0 ? Distributions.StudentTTwoSided(mean.Mean / error, df) : mean.Mean == 0 ? 1 : 0);
    }

    private static double Square(double x) => x * x;
}
