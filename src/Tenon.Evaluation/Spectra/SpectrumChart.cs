using System.Globalization;
using Tenon.Evaluation.Reports;

namespace Tenon.Evaluation.Spectra;

/// <summary>The energy of updates over tenths of the base's directions as one SVG file, a line a step.</summary>
public static class SpectrumChart
{
    private static readonly string[] S_colors = ["#2f6fdb", "#e0762b", "#2a9d5c", "#8a5cd6", "#c0392b", "#16a2b8"];

    /// <summary>Writes the file; returns its path.</summary>
    public static string Write(IReadOnlyList<ModuleSpectrum> spectra, string path)
    {
        AtomicFile.WriteText(path, Svg(spectra));
        return Path.GetFullPath(path);
    }

    /// <summary>The drawing, with its own style so that it stands alone.</summary>
    public static string Svg(IReadOnlyList<ModuleSpectrum> spectra)
    {
        double[] tenths = [.. Enumerable.Range(1, 10).Select(i => (double)i)];
        ChartLine[] lines = [.. spectra.GroupBy(s => s.Step).Select((g, i) => new ChartLine(
            g.Key is { } step ? "step " + step.ToString(CultureInfo.InvariantCulture)
            : "update", tenths, SpectrumSummary.MeanEnergy(g), S_colors[i % S_colors.Length]))];
        var svg =
            LineChart.Svg("Share of the update's energy by tenth of the base's directions, largest first", lines, 760, 320, fromZero: true);
        const string style =
            "<style>text{font:12px "
            + "system-ui,sans-serif;fill:#667085}.title{font-weight:600;fill:#1c2430}.grid{stroke:#e3e7ee}polyline{stroke-width:1.8}</style>" +
            "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>";
        var open = svg.IndexOf('>', StringComparison.Ordinal) + 1;
        return svg[..open].Replace("<svg ", "<svg xmlns=\"http://www.w3.org/2000/svg\" ", StringComparison.Ordinal) + style + svg[open..];
    }
}
