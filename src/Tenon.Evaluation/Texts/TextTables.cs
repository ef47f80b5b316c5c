using System.Globalization;
using System.Text.Json.Nodes;
using Tenon.Evaluation.Reports;
using Tenon.Runs;

namespace Tenon.Evaluation.Texts;

/// <summary>A text's comparison as a table, sentences and JSON.</summary>
public static class TextTables
{
    /// <summary>One row an entrant.</summary>
    public static ResultTable Main(TextComparison comparison)
    {
        var table = new ResultTable(
            $"{comparison.Text}: perplexity, against {comparison.Against}",
            "name", "by token", "95 % from", "to", "bits a byte", "change", "from ", "to ", "p (Holm)", "verdict", "smallest shown");
        foreach (var row in comparison.Rows)
        {
            var (low, high) = row.PerToken.Interval();
            var ends = row.RatioInterval;
            table.Add(row.Name, ResultCell.Three(ExactMath.Exp(row.PerToken.Value)), ResultCell.Three(ExactMath.Exp(low)),
                ResultCell.Three(ExactMath.Exp(high)), ResultCell.Three(row.PerByte.Value / ExactMath.Log(2)), Percent(row.Ratio - 1),
                Percent(ends?.Low - 1), Percent(ends?.High - 1), ResultCell.P(row.AdjustedP), row.Verdict ?? "-",
                Percent(row.SmallestRatio - 1));
        }

        return table.WithoutEmptyColumns();
    }

    /// <summary>What the table means, a sentence a row, and what it cannot say.</summary>
    public static IEnumerable<string> Sentences(TextComparison comparison)
    {
        foreach (var row in comparison.Rows)
        {
            if (row.Ratio is not { } ratio || row.RatioInterval is not { } ends) continue;
            var change = $"{Signed(ratio - 1)} perplexity (95 % {Signed(ends.Low - 1)} to {Signed(ends.High - 1)})";
            yield return row.Verdict switch
            {
                "noise" when row.SmallestRatio is { } least => $"{row.Name} predicts {comparison.Text} no differently than "
                    + $"{comparison.Against}: {change}; the smallest change this could show is {Signed(least - 1)}.",
                "noise" => $"{row.Name} and {comparison.Against} on {comparison.Text}: {Signed(ratio - 1)} perplexity, and one unit alone "
                    + "has no error.",
                "equivalent" => $"{row.Name} predicts {comparison.Text} as {comparison.Against} does, within "
                    + string.Create(CultureInfo.InvariantCulture, $"{100 * comparison.Margin!.Value:0.##} %: {change}."),
                "worse" => $"{row.Name} has forgotten of {comparison.Text}: {change} against {comparison.Against}.",
                _ => $"{row.Name} predicts {comparison.Text} better than {comparison.Against}: {change}.",
            };
        }

        if (comparison.ByByte)
            yield return $"The rows cut {comparison.Text} into other tokens: changes are by byte, and perplexities by token do not compare.";
        if (comparison.Documents == 1) yield return "A single document: its windows are taken for the units that are drawn at random.";
        if (comparison.LeftOut > 0) yield return $"{comparison.LeftOut} documents that not every row has are left out.";
    }

    /// <summary>The line of <c>--json</c>.</summary>
    public static JsonObject Json(TextComparison comparison) => new()
    {
        ["benchmark"] = comparison.Text,
        ["kind"] = TextFigures.Kind,
        ["against"] = comparison.Against,
        ["documents"] = comparison.Documents,
        ["left_out"] = comparison.LeftOut,
        ["by"] = comparison.ByByte ? "byte" : "token",
        ["rows"] = new JsonArray([.. comparison.Rows.Select(Row)]),
    };

    private static JsonNode Row(TextRow row)
    {
        var (low, high) = row.PerToken.Interval();
        var ends = row.RatioInterval;
        return new JsonObject
        {
            ["name"] = row.Name,
            ["perplexity"] = RunJson.Finite(ExactMath.Exp(row.PerToken.Value)),
            ["low"] = RunJson.Finite(ExactMath.Exp(low)),
            ["high"] = RunJson.Finite(ExactMath.Exp(high)),
            ["byte_perplexity"] = RunJson.Finite(ExactMath.Exp(row.PerByte.Value)),
            ["bits_per_byte"] = RunJson.Finite(row.PerByte.Value / ExactMath.Log(2)),
            ["ratio"] = RunJson.Finite(row.Ratio ?? double.NaN),
            ["ratio_low"] = RunJson.Finite(ends?.Low ?? double.NaN),
            ["ratio_high"] = RunJson.Finite(ends?.High ?? double.NaN),
            ["p"] = RunJson.Finite(row.P ?? double.NaN),
            ["p_adjusted"] = RunJson.Finite(row.AdjustedP ?? double.NaN),
            ["verdict"] = row.Verdict,
            ["smallest_ratio"] = RunJson.Finite(row.SmallestRatio ?? double.NaN),
        };
    }

    private static ResultCell Percent(double? change) => change is { } x && double.IsFinite(x) ? new(Signed(x), x) : new("-");

    private static string Signed(double change) =>
        (100 * change).ToString("+0.0#;-0.0#;0.0", CultureInfo.InvariantCulture) + " %";
}
