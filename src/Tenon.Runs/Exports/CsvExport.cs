using System.Globalization;
using System.Text;

namespace Tenon.Runs.Exports;

/// <summary>A run's metrics as CSV: one row a step, one column a metric, empty where a step says nothing.</summary>
public static class CsvExport
{
    /// <summary>Writes the file.</summary>
    public static void Write(RunReader run, string path) => AtomicFile.WriteText(path, Text(run));

    /// <summary>The file's text; names that hold a comma or a quote are quoted (RFC 4180).</summary>
    public static string Text(RunReader run)
    {
        var metrics = run.Metrics;
        var text = new StringBuilder("step");
        foreach (var metric in metrics) text.Append(',').Append(Quoted(metric.Name));
        text.Append('\n');
        foreach (var step in run.Steps)
        {
            text.Append(step.Step.ToString(CultureInfo.InvariantCulture));
            foreach (var metric in metrics)
                text.Append(',')
                    .Append(step.Has(metric) && double.IsFinite(step[metric]) ? step[metric].ToString("R", CultureInfo.InvariantCulture)
                    : "");
            text.Append('\n');
        }

        return text.ToString();
    }

    private static string Quoted(string name) =>
        name.AsSpan().ContainsAny(",\"\n") ? $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : name;
}
