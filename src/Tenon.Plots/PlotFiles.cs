using ScottPlot;
using Tenon.Evaluation.Reports;

namespace Tenon.Plots;

/// <summary>
/// The charts of a report as files, one PNG and one SVG each. Drawing takes Skia's native library, which nothing else in Tenon needs: where
/// it is missing this alone
/// fails.
/// </summary>
public static class PlotFiles
{
    /// <summary>Width of a file in pixels.</summary>
    public const int Width = 900;

    /// <summary>Height of a file in pixels.</summary>
    public const int Height = 560;

    /// <summary>Writes every chart that has a number into the folder; gives the absolute paths, PNG before SVG, chart by chart.</summary>
    /// <exception cref="TenonException">Skia's library is missing, or the folder cannot be written to.</exception>
    public static IReadOnlyList<string> Write(IEnumerable<ReportChart> charts, string folder)
    {
        var shown = charts.Where(c => c.HasNumbers).ToList();
        var names = Names(shown);
        var paths = new List<string>();
        try
        {
            Directory.CreateDirectory(folder);
            foreach (var (chart, name) in shown.Zip(names))
            {
                using var plot = ChartDrawing.Of(chart);
                var place = Path.GetFullPath(Path.Combine(folder, name));
                var png = plot.GetImageBytes(Width, Height, ImageFormat.Png);
                AtomicFile.Write(place + ".png", stream => stream.Write(png));
                AtomicFile.WriteText(place + ".svg", plot.GetSvgXml(Width, Height));
                paths.AddRange([place + ".png", place + ".svg"]);
            }
        }
        catch (Exception e) when (IsNativeFault(e))
        {
            throw new TenonException("drawing plots", "Skia's native library (libSkiaSharp) beside the program", Innermost(e).Message,
                "reports, tables and --json need none; install the tool from its package for this system, which brings the library", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TenonException($"plots into {folder}", "a folder with the right to write", e.Message, "choose another folder", e,
                usage: true);
        }

        return paths;
    }

    /// <summary>File names from captions: letters, digits and lines; a name that stands twice gets its number.</summary>
    private static List<string> Names(IEnumerable<ReportChart> charts)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var names = new List<string>();
        foreach (var chart in charts)
        {
            var words = string.Concat(chart.Title.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) || c == '@' ? c : ' '))
                .Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var plain = words.Length == 0 ? "chart" : string.Join('-', words);
            var name = plain;
            for (var copy = 2; !seen.Add(name); copy++) name = $"{plain}-{copy}";
            names.Add(name);
        }

        return names;
    }

    private static bool IsNativeFault(Exception e) =>
        e is DllNotFoundException or BadImageFormatException or EntryPointNotFoundException
        || (e is TypeInitializationException && e.InnerException is { } inner && IsNativeFault(inner));

    private static Exception Innermost(Exception e) => e.InnerException is { } inner ? Innermost(inner) : e;
}
