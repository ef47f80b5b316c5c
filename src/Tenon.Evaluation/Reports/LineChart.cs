using System.Globalization;
using System.Net;
using System.Text;

namespace Tenon.Evaluation.Reports;

/// <summary>A line of a chart; <paramref name="Points"/> draws marks instead of a line.</summary>
internal sealed record ChartLine(string Name, double[] X, double[] Y, string Color, bool Points = false);

/// <summary>A line chart as inline SVG: axes with round numbers, one polyline a series with gaps where there is nothing to say.</summary>
internal static class LineChart
{
    private const int MostPoints = 1200;

    /// <summary>The chart; empty where no series has two values.</summary>
    public static string Svg(string title, IReadOnlyList<ChartLine> lines, int width, int height, bool fromZero = false, double? most =
        null)
    {
        var drawn = lines.Where(line => line.Y.Any(double.IsFinite)).ToList();
        if (drawn.Count == 0) return "";
        const int left = 52, right = 12, top = 28, bottom = 26;
        double plotWidth = width - left - right, plotHeight = height - top - bottom;
        var (x0, x1) = Range(drawn.SelectMany(line => line.X));
        var (y0, y1) = Range(drawn.SelectMany(line => line.Y).Where(double.IsFinite));
        if (fromZero) y0 = Math.Min(0, y0);
        if (most is { } limit) y1 = Math.Max(y1, limit);
        if (y1 == y0) (y0, y1) = (y0 - Math.Max(1e-9, Math.Abs(y0) * 0.1), y1 + Math.Max(1e-9, Math.Abs(y1) * 0.1));
        if (x1 == x0) x1 = x0 + 1;
        double X(double x) => left + (x - x0) / (x1 - x0) * plotWidth;
        double Y(double y) => top + (1 - (y - y0) / (y1 - y0)) * plotHeight;

        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture,
            $"<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{Html(title)}\"><text class=\"title\" x=\"{left}\" "
            + $"y=\"16\">{Html(title)}</text>");
        foreach (var tick in Ticks(y0, y1, height > 200 ? 6 : 4))
            svg.Append(CultureInfo.InvariantCulture,
                $"<line class=\"grid\" x1=\"{left}\" x2=\"{width - right}\" y1=\"{Y(tick):0.#}\" y2=\"{Y(tick):0.#}\"/><text "
                + $"class=\"tick\" text-anchor=\"end\" x=\"{left - 6}\" y=\"{Y(tick) + 4:0.#}\">{Label(tick)}</text>");
        foreach (var tick in Ticks(x0, x1, width > 500 ? 10 : 5).Where(tick => tick == Math.Floor(tick)))
            svg.Append(CultureInfo.InvariantCulture,
                $"<text class=\"tick\" text-anchor=\"middle\" x=\"{X(tick):0.#}\" y=\"{height - 8}\">{Label(tick)}</text>");
        var legend = width - right;
        foreach (var line in drawn)
        {
            Append(svg, line, X, Y);
            if (drawn.Count > 1)
            {
                legend -= 8 * line.Name.Length + 22;
                svg.Append(CultureInfo.InvariantCulture,
                    $"<circle cx=\"{legend}\" cy=\"12\" r=\"4\" fill=\"{line.Color}\"/><text class=\"tick\" x=\"{legend + 8}\" "
                    + $"y=\"16\">{Html(line.Name)}</text>");
            }
        }
        return svg.Append("</svg>\n").ToString();
    }

    private static void Append(StringBuilder svg, ChartLine line, Func<double, double> x, Func<double, double> y)
    {
        var stride = Math.Max(1, line.Y.Length / MostPoints);
        var pieces = new List<List<int>> { new() };
        for (var i = 0; i < line.Y.Length; i += stride)
            if (double.IsFinite(line.Y[i])) pieces[^1].Add(i);
            else if (pieces[^1].Count > 0) pieces.Add([]);
        foreach (var piece in pieces.Where(piece => piece.Count > 0))
        {
            if (!line.Points && piece.Count > 1)
                svg.Append(CultureInfo.InvariantCulture,
                    $"<polyline fill=\"none\" stroke=\"{line.Color}\" "
                    + $"points=\"{string.Join(' ', piece.Select(i => string.Create(CultureInfo.InvariantCulture, $"{x(line.X[i]):0.#},{y(line.Y[i]):0.#}")))}\"/>");
            // Marks carry a title, which the browser shows under the pointer; a long line gets none.
            if (line.Points || piece.Count <= 200)
                foreach (var i in piece)
                    svg.Append(CultureInfo.InvariantCulture,
                        $"<circle cx=\"{x(line.X[i]):0.#}\" cy=\"{y(line.Y[i]):0.#}\" r=\"{(line.Points ? 4.5 : 1.6)}\" "
                        + $"fill=\"{line.Color}\"><title>{Html(line.Name)}, step {line.X[i]}: {Label(line.Y[i])}</title></circle>");
        }
    }

    /// <summary>Round numbers (1, 2, 5 times a power of ten) that cover a range.</summary>
    internal static IEnumerable<double> Ticks(double from, double to, int about)
    {
        var raw = (to - from) / about;
        var power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        var step = power * (raw / power <= 1.5 ? 1 : raw / power <= 3.5 ? 2 : raw / power <= 7.5 ? 5 : 10);
        for (var tick = Math.Ceiling(from / step - 1e-9); tick * step <= to + step * 1e-9; tick++) yield return tick * step;
    }

    internal static string Label(double value)
    {
        var size = Math.Abs(value);
        if (size < 1e-12) return "0";
        return size is >= 1e-3 and < 1e5
            ? Math.Round(value, size >= 100 ? 0 : size >= 1 ? 3 : 5).ToString("0.#####", CultureInfo.InvariantCulture)
            : value.ToString("0.##E+0", CultureInfo.InvariantCulture).Replace("E+", "e", StringComparison.Ordinal)
            .Replace("E", "e", StringComparison.Ordinal);
    }

    private static (double Least, double Most) Range(IEnumerable<double> values)
    {
        var (least, most) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (var value in values) (least, most) = (Math.Min(least, value), Math.Max(most, value));
        return (least, most);
    }

    private static string Html(string text) => WebUtility.HtmlEncode(text);
}
