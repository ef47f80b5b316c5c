using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Runs;

/// <summary>
/// <c>metrics.jsonl</c>: one JSON line a step, names and order fixed, numbers as the shortest text that reads back to the same bits.
/// Two equal runs differ in <see cref="TimeFields"/> at most.
/// </summary>
public sealed class MetricsLog : IDisposable
{
    private readonly FileStream _file;

    /// <summary>Opens the file for appending.</summary>
    public MetricsLog(string path) => _file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);

    /// <summary>The fields of time, speed and memory: the only ones in which equal runs may differ.</summary>
    public static IReadOnlyList<string> TimeFields { get; } =
        [.. StepMetric.All.Where(metric => metric.IsTime).Select(metric => metric.Name)];

    /// <summary>Appends a step of reinforcement learning: every key that such a line has.</summary>
    public void Append(StepMetrics metrics) => Append(Format(metrics));

    /// <summary>Appends a line with one write, so that a killed process leaves at most one incomplete last line.</summary>
    public void Append(string line)
    {
        try
        {
            _file.Write(Encoding.UTF8.GetBytes(line + "\n"));
        }
        catch (Exception e) when (AtomicFile.DiskFault(e) is { } fault)
        {
            throw new TenonException($"{_file.Name} could not be written", "room for a line", fault.Message, AtomicFile.HintOf(fault),
                fault);
        }
    }

    /// <summary>Waits until the lines are on the disk.</summary>
    public void Sync() => _file.Flush(flushToDisk: true);

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>The line of a step, without its line break; <paramref name="onlySet"/> leaves out what the step does not report.</summary>
    public static string Format(StepMetrics metrics, bool onlySet = false)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = RunJson.Line.Encoder }))
        {
            json.WriteStartObject();
            json.WriteNumber("step", metrics.Step);
            foreach (var (metric, value) in onlySet ? metrics : metrics.Line())
                if (double.IsFinite(value)) json.WriteNumber(metric.Name, value);
                else json.WriteNull(metric.Name);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Reads a line back; null where it is incomplete or no step.</summary>
    public static StepMetrics? Read(string line)
    {
        if (RunJson.Parse(line) is not { } json || RunJson.Whole(json["step"]) is not { } step || step is < 0 or > int.MaxValue)
            return null;
        var metrics = new StepMetrics((int)step);
        foreach (var (name, value) in json)
            if (name != "step") metrics[StepMetric.Named(name)] = RunJson.Number(value);
        return metrics;
    }

    /// <summary>A line without its fields of time, speed and memory, for the comparison of two runs.</summary>
    public static string WithoutTimes(string line)
    {
        var node = JsonNode.Parse(line)!.AsObject();
        foreach (var field in TimeFields) node.Remove(field);
        return node.ToLine();
    }

    /// <summary>Keeps the lines of steps 1 to <paramref name="step"/>, drops the others and an incomplete last line.</summary>
    public static void CutBack(string path, int step, string? temporaryFolder = null)
    {
        if (!File.Exists(path)) return;
        var kept = new StringBuilder();
        foreach (var line in SharedFile.ReadText(path).Split('\n'))
            if (StepOf(line) is { } number && number <= step)
                kept.Append(line).Append('\n');
        AtomicFile.WriteText(path, kept.ToString(), temporaryFolder);
    }

    /// <summary>The metrics of a step that is logged; null where it is not.</summary>
    public static StepMetrics? Last(string path, int step) =>
        File.Exists(path) ? SharedFile.ReadLines(path).Where(line => StepOf(line) == step).Select(Read).LastOrDefault() : null;

    /// <summary>Puts a step's metrics in place of its line: what became known after it was logged.</summary>
    public static void Replace(string path, StepMetrics metrics, string? temporaryFolder = null) =>
        AtomicFile.WriteText(path,
        string.Concat(SharedFile.ReadLines(path).Select(line => (StepOf(line) == metrics.Step ? Format(metrics) : line) + "\n")),
        temporaryFolder);

    /// <summary>The step that a line belongs to, or null where the line is incomplete.</summary>
    public static int? StepOf(string line) =>
        RunJson.Parse(line) is { } json && RunJson.Whole(json["step"]) is { } step and >= 0 and <= int.MaxValue ? (int)step : null;
}
