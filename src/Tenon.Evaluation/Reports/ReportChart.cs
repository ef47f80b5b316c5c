using System.Text.Json.Nodes;
using Tenon.Runs;

namespace Tenon.Evaluation.Reports;

/// <summary>A line of a chart over the chart's places, NaN where it says nothing.</summary>
/// <param name="Name">What the legend calls it.</param>
/// <param name="Y">One number a place.</param>
public sealed record ReportSeries(string Name, double[] Y)
{
    /// <summary>Marks instead of a line.</summary>
    public bool Points { get; init; }

    /// <summary>A thin line between marks.</summary>
    public bool Joined { get; init; }

    /// <summary>The ends of a band around marks; null without one.</summary>
    public (double[] Low, double[] High)? Band { get; init; }

    /// <summary>The color's number; null takes the series' own place.</summary>
    public int? Color { get; init; }
}

/// <summary>A chart of a report: what the page's script draws, and what its JSON holds.</summary>
/// <param name="Title">The caption.</param>
/// <param name="X">The places.</param>
/// <param name="Series">The lines.</param>
public sealed record ReportChart(string Title, double[] X, IReadOnlyList<ReportSeries> Series)
{
    /// <summary>The places' name where every series is a row of a table and has one place of its own.</summary>
    public const string Rows = "row";

    /// <summary>Numbers are shares: percent on the axis, which stays within 0 and 1.</summary>
    public bool Share { get; init; }

    /// <summary>Shares may be negative (differences).</summary>
    public bool Signed { get; init; }

    /// <summary>The axis begins at 0.</summary>
    public bool FromZero { get; init; }

    /// <summary>Places on a logarithmic axis.</summary>
    public bool Log { get; init; }

    /// <summary>What the places are; steps by default.</summary>
    public string? XLabel { get; init; }

    /// <summary>A sentence under the caption.</summary>
    public string? Sentence { get; init; }

    /// <summary>Larger than the others.</summary>
    public bool Main { get; init; }

    /// <summary>An id in the page; null without one.</summary>
    public string? Id { get; init; }

    /// <summary>True where any line holds a number.</summary>
    public bool HasNumbers => Series.Any(s => s.Y.Any(double.IsFinite));

    /// <summary>What the page's script draws from.</summary>
    internal JsonObject ToJson()
    {
        var json = new JsonObject { ["title"] = Title, ["x"] = Numbers(X), ["series"] = new JsonArray([.. Series.Select(Json)]) };
        foreach (var (key, on) in new[] { ("share", Share), ("signed", Signed), ("fromZero", FromZero), ("log", Log) })
        {
            if (on) json[key] = true;
        }

        if (XLabel is not null) json["xLabel"] = XLabel;
        return json;
    }

    private static JsonNode Json(ReportSeries series)
    {
        var json = new JsonObject { ["name"] = series.Name, ["y"] = Numbers(series.Y) };
        if (series.Points) json["points"] = true;
        if (series.Joined) json["joined"] = true;
        if (series.Color is { } color) json["color"] = color;
        if (series.Band is not { } band) return json;
        json["low"] = Numbers(band.Low);
        json["high"] = Numbers(band.High);
        return json;
    }

    private static JsonArray Numbers(double[] values) => new([.. values.Select(RunJson.Finite)]);
}
