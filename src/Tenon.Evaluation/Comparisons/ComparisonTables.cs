using System.Globalization;
using System.Text.Json.Nodes;
using Tenon.Evaluation.Reports;
using Tenon.Evaluation.Statistics;

namespace Tenon.Evaluation.Comparisons;

/// <summary>A comparison as tables, sentences and JSON.</summary>
public static class ComparisonTables
{
    /// <summary>The names of facts that get a column, in order, with its heading.</summary>
    public static IReadOnlyList<(string Key, string Heading)> Facts { get; } =
        [("trainable", "trainable"), ("tokens", "tokens"), ("seconds", "seconds"), ("at_equal_tokens", "at equal tokens"),
        ("at_equal_time", "at equal time"), ("at_equal_parameters", "at equal parameters"), ("length_mean", "mean tokens"),
        ("truncated", "truncated")];

    /// <summary>One row an entrant.</summary>
    public static ResultTable Main(Comparison comparison)
    {
        var table = new ResultTable(
            $"{comparison.Benchmark}, against {comparison.Against}",
            ["name", "avg@k", "95 % from", "to", "difference", "from ", "to ", "p (Holm)", "verdict",
            "smallest shown", "problems to settle", "gained", "lost", .. Facts.Select(f => f.Heading)]);
        foreach (var row in comparison.Rows)
        {
            var d = row.Difference;
            table.Add([
                row.Name, ResultCell.Percent(row.Mean.Mean), ResultCell.Percent(row.Mean.Low), ResultCell.Percent(row.Mean.High),
                ResultCell.Points(d?.Mean), ResultCell.Points(d?.Low), ResultCell.Points(d?.High), ResultCell.P(row.AdjustedP), row.Verdict
                    ?? "-",
                ResultCell.Points(d?.SmallestDifference), ResultCell.Count(d?.ProblemsToSettle), ResultCell.Count(d?.Gained.Count),
                    ResultCell.Count(d?.Lost.Count),
                .. Facts.Select(f => Fact(f.Key, row.Facts.GetValueOrDefault(f.Key)))]);
        }

        return table.WithoutEmptyColumns();
    }

    /// <summary>pass@k by k, entrants as columns; null where there is one sample a problem.</summary>
    public static ResultTable? PassCurves(Comparison comparison)
    {
        if (comparison.Rows[0].Pass.Count < 2) return null;
        var table = new ResultTable($"{comparison.Benchmark}: pass@k", ["k", .. comparison.Rows.Select(r => r.Name)]);
        for (var i = 0; i < comparison.Rows[0].Pass.Count; i++)
        {
            var place = i;
            table.Add(
                [comparison.Rows[0].Pass[i].K.ToString(CultureInfo.InvariantCulture),
                .. comparison.Rows.Select(r => Cell(r.Pass[place].Value))]);
        }

        return table;

        static ResultCell Cell(Estimate e) => ResultCell.Percent(e.Mean) with
        {
            Text = string.Create(CultureInfo.InvariantCulture, $"{100 * e.Mean:0.0} % [{100 * e.Low:0.0}, {100 * e.High:0.0}]"),
        };
    }

    /// <summary>What the table means, a sentence a row, and what it cannot say.</summary>
    public static IEnumerable<string> Sentences(Comparison comparison)
    {
        foreach (var row in comparison.Rows)
        {
            if (row.Difference is not { } d) continue;
            var shown = Points(d.SmallestDifference);
            yield return row.Verdict switch
            {
                "noise" =>
                    $"{row.Name} and {comparison.Against}: not distinguishable; the smallest difference this could show is "
                    + $"{shown}.{Settle(d)}",
                "equivalent" =>
                    $"{row.Name} is equivalent to {comparison.Against} within {Points(comparison.Margin!.Value)} (p "
                    + $"{Short(row.EquivalenceP!.Value)}).",
                _ => $"{row.Name} is {row.Verdict} than {comparison.Against} by {Points(Math.Abs(d.Mean))} " +
                    $"(95 % {Signed(d.Low)} to {Signed(d.High)}, adjusted p {Short(row.AdjustedP!.Value)}).",
            };
        }

        if (comparison.Tied.Any(t => t.Count > 1))
            yield return $"Cannot be told apart: "
                + $"{string.Join("; ", comparison.Tied.Where(t => t.Count > 1).Select(t => string.Join(", ", t)))}.";
        if (comparison.Problems == 0)
            yield return "The rows have no problem in common: they are compared as groups, which shows less than pairs would.";
        if (!comparison.Runs && comparison.Rows.Count > 1)
            yield return "The intervals know problems and samples, not what another seed would change: name several runs a row "
                + "(NAME=DIR,DIR) for that.";
        if (comparison.LeftOut > 0) yield return $"{comparison.LeftOut} problems that not every row has are left out.";
    }

    /// <summary>The line of <c>--json</c>.</summary>
    public static JsonObject Json(Comparison comparison) => new()
    {
        ["benchmark"] = comparison.Benchmark,
        ["against"] = comparison.Against,
        ["problems"] = comparison.Problems,
        ["left_out"] = comparison.LeftOut,
        ["rows"] = new JsonArray([.. comparison.Rows.Select(Row)]),
        ["tied"] = new JsonArray([.. comparison.Tied.Select(set => new JsonArray([.. set.Select(n => JsonValue.Create(n))]))]),
    };

    private static JsonObject Row(ComparisonRow row)
    {
        var d = row.Difference;
        var json = new JsonObject
        {
            ["name"] = row.Name,
            ["avg_at_k"] = Finite(row.Mean.Mean),
            ["low"] = Finite(row.Mean.Low),
            ["high"] = Finite(row.Mean.High),
            ["standard_error"] = Finite(row.Mean.StandardError),
            ["within_problems"] = Finite(row.WithinProblems),
            ["method"] = row.Mean.Method,
            ["problems"] = row.Mean.Problems,
            ["samples"] = row.Mean.Samples,
            ["difference"] = Finite(d?.Mean),
            ["difference_low"] = Finite(d?.Low),
            ["difference_high"] = Finite(d?.High),
            ["difference_standard_error"] = Finite(d?.StandardError),
            ["p"] = Finite(d?.P),
            ["p_adjusted"] = Finite(row.AdjustedP),
            ["mcnemar_p"] = Finite(d?.McNemarP),
            ["equivalence_p"] = Finite(row.EquivalenceP),
            ["verdict"] = row.Verdict,
            ["smallest_difference"] = Finite(d?.SmallestDifference),
            ["problems_to_settle"] = d?.ProblemsToSettle,
            ["samples_to_settle"] = d?.SamplesToSettle,
            ["gained"] = Ids(d?.Gained),
            ["lost"] = Ids(d?.Lost),
            ["pass_at"] =
            new JsonObject(row.Pass.Select(p => KeyValuePair.Create(p.K.ToString(CultureInfo.InvariantCulture), Finite(p.Value.Mean)))),
        };
        if (row.Tests is { } tests) json["tests"] = Tests(tests);
        foreach (var (key, value) in row.Facts) json.TryAdd(key, Finite(value));
        return json;
    }

    private static JsonObject Tests(ClassicalTests tests) => new()
    {
        ["t"] = Finite(tests.Paired.T),
        ["df"] = tests.Paired.Df,
        ["t_p"] = Finite(tests.Paired.TwoSided),
        ["t_low"] = Finite(tests.Paired.Low),
        ["t_high"] = Finite(tests.Paired.High),
        ["cohen_dz"] = Finite(tests.Paired.CohenDz),
        ["cohen_d"] = Finite(tests.Paired.CohenD),
        ["sign_flip_p"] = Finite(tests.SignFlips.TwoSided),
        ["sign_flip_exact"] = tests.SignFlips.Exact,
        ["wilcoxon"] = Finite(tests.Wilcoxon?.Statistic),
        ["wilcoxon_p"] = Finite(tests.Wilcoxon?.P),
        ["bootstrap_low"] = Finite(tests.Bootstrap.Low),
        ["bootstrap_high"] = Finite(tests.Bootstrap.High),
        ["welch_t"] = Finite(tests.Groups.WelchT),
        ["welch_p"] = Finite(tests.Groups.WelchP),
        ["hedges_g"] = Finite(tests.Groups.HedgesG),
        ["pearson"] = Finite(tests.Pearson.Value),
        ["spearman"] = Finite(tests.Spearman.Value),
        ["kendall"] = Finite(tests.Kendall.Value),
    };

    private static JsonArray? Ids(IReadOnlyList<string>? ids) =>
        ids is null ? null : new JsonArray([.. ids.Select(id => JsonValue.Create(id))]);

    private static JsonNode? Finite(double? x) => x is { } value && double.IsFinite(value) ? value : null;

    private static ResultCell Fact(string key, double? value) =>
        key == "truncated" || key.StartsWith("at_equal_", StringComparison.Ordinal) ? ResultCell.Percent(value) : ResultCell.Count(value);

    private static string Settle(ScoreDifference d)
    {
        string?[] ways =
        [
            d.ProblemsToSettle is { } problems ? $"about {ResultCell.Count(problems).Text} problems" : null,
            d.SamplesToSettle is { } samples ? $"{ResultCell.Count(samples).Text} samples a problem" : null,
        ];
        var found = ways.OfType<string>().ToList();
        return found.Count == 0 ? ""
            : $" A true difference as large as the one seen ({Signed(d.Mean)}) would take {string.Join(", or ", found)}.";
    }

    private static string Points(double share) => (100 * share).ToString("0.0", CultureInfo.InvariantCulture) + " points";

    private static string Signed(double share) => (100 * share).ToString("+0.0;-0.0;0.0", CultureInfo.InvariantCulture);

    private static string Short(double p) => ResultCell.P(p).Text;
}
