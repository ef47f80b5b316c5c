using System.Globalization;
using ScottPlot;
using ScottPlot.TickGenerators;
using Tenon.Evaluation.Reports;

namespace Tenon.Plots;

/// <summary>
/// One chart of a report drawn by ScottPlot (MIT licence): lines, marks, bands and intervals as the report's page shows them.
/// </summary>
internal static class ChartDrawing
{
    // The page's colours by number (report.css).
    private static readonly Color[] S_colors =
        [.. new[] { "#2f6fdb", "#2a9d5c", "#d9691f", "#8a5cd6", "#c0392b", "#118fa3" }.Select(Color.FromHex)];

    private const double Margin = 0.06;

    /// <summary>The drawing; the caller disposes it.</summary>
    public static Plot Of(ReportChart chart)
    {
        var plot = new Plot();
        plot.Title(chart.Title);
        plot.XLabel(chart.XLabel ?? "step");
        foreach (var (series, i) in chart.Series.Select((s, i) => (s, i)))
            Add(plot, chart, series, S_colors[(series.Color ?? i) % S_colors.Length]);
        Axes(plot, chart);
        if (chart.Series.Count > 1) plot.ShowLegend(Edge.Right);
        return plot;
    }

    private static void Add(Plot plot, ReportChart chart, ReportSeries series, Color color)
    {
        int[] known = [.. Enumerable.Range(0, chart.X.Length).Where(i => double.IsFinite(series.Y[i]) && double.IsFinite(X(chart, i)))];
        if (known.Length == 0) return;
        double[] x = [.. known.Select(i => X(chart, i))], y = [.. known.Select(i => series.Y[i])];
        if (series.Band is { } band)
        {
            double[] low = [.. known.Select(i => band.Low[i])], high = [.. known.Select(i => band.High[i])];
            if (series.Joined && known.Length > 1)
            {
                var fill = plot.Add.FillY(x, low, high);
                fill.FillColor = color.WithAlpha(0.2);
                fill.LineWidth = 0;
            }
            else
                for (var i = 0; i < x.Length; i++) Whisker(plot, x[i], low[i], high[i], color);
        }

        var line = plot.Add.Scatter(x, y);
        line.Color = color;
        line.LegendText = series.Name;
        line.LineWidth = series.Points && !series.Joined ? 0 : 2;
        line.MarkerSize = series.Points || known.Length <= 12 ? 8 : 0;
    }

    private static void Whisker(Plot plot, double x, double low, double high, Color color)
    {
        var line = plot.Add.Line(x, low, x, high);
        line.Color = color;
        line.LineWidth = 2;
    }

    private static void Axes(Plot plot, ReportChart chart)
    {
        if (chart.Log)
            plot.Axes.Bottom.TickGenerator = new NumericAutomatic
            {
                MinorTickGenerator = new LogMinorTickGenerator(), IntegerTicksOnly = true,
                LabelFormatter = power => Math.Pow(10, power).ToString("G4", CultureInfo.InvariantCulture),
            };
        if (chart.Share)
            plot.Axes.Left.TickGenerator = new NumericAutomatic
            {
                LabelFormatter = share => (100 * share).ToString("0.##", CultureInfo.InvariantCulture) + " %",
            };
        var values = chart.Series.SelectMany(s => s.Band is { } b ? s.Y.Concat(b.Low).Concat(b.High) : s.Y).Where(double.IsFinite).ToList();
        var (low, high) = (values.Min(), values.Max());
        // An axis that a constant does not blow up, and that shares do not leave.
        if (high - low <= 1e-6 * Math.Max(Math.Abs(low), Math.Abs(high)))
        {
            var half = low == 0 ? 1 : Math.Abs(low) / 2;
            (low, high) = (low - half, high + half);
        }

        var pad = (high - low) * Margin;
        (low, high) = (low - pad, high + pad);
        if (chart.Share) (low, high) = (Math.Max(chart.Signed ? -1 : 0, low), Math.Min(1.02, high));
        if (chart.FromZero) low = Math.Min(0, values.Min());
        plot.Axes.SetLimitsY(low, high);
        double[] places = [.. Enumerable.Range(0, chart.X.Length).Select(i => X(chart, i)).Where(double.IsFinite)];
        if (chart.XLabel == ReportChart.Rows)
        {
            plot.Axes.Bottom.SetTicks(places, [.. chart.Series.Select(s => s.Name)]);
            plot.Axes.SetLimitsX(places[0] - 0.5, places[^1] + 0.5);
        }
        else if (places.Distinct().Count() < 2) plot.Axes.SetLimitsX(places[0] - 0.5, places[0] + 0.5);
    }

    private static double X(ReportChart chart, int i) => chart.Log ? Math.Log10(chart.X[i]) : chart.X[i];
}
