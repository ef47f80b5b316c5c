using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Evaluation.Reports;

/// <summary>A run as its folder tells it: <c>run.json</c>, the columns of <c>metrics.jsonl</c>, evaluations and completions. Nothing else is read.</summary>
internal sealed class RunRecord
{
    private readonly Dictionary<string, double[]> _columns = [];

    private RunRecord(string folder, JsonObject run) => (Folder, Run) = (folder, run);

    public string Folder { get; }

    public JsonObject Run { get; }

    /// <summary>The steps that are logged.</summary>
    public double[] Steps { get; private set; } = [];

    /// <summary>Evaluations by step.</summary>
    public IReadOnlyList<EvaluationRecord> Evaluations { get; private set; } = [];

    /// <summary>Completions of the first and of the last step.</summary>
    public IReadOnlyList<JsonObject> First { get; private set; } = [];

    public IReadOnlyList<JsonObject> Last { get; private set; } = [];

    /// <summary>The names of all columns, in the order of their first appearance.</summary>
    public IReadOnlyCollection<string> Names => _columns.Keys;

    /// <summary>A column with NaN where a step says nothing; null where no step has it.</summary>
    public double[]? Column(string name) => _columns.GetValueOrDefault(name);

    /// <summary>Reads a folder.</summary>
    public static RunRecord Read(string folder)
    {
        var file = Path.Combine(folder, "run.json");
        if (!File.Exists(file))
            throw new TenonException($"{folder} is no run", "a folder with a run.json", Directory.Exists(folder) ? "a folder without one" : "nothing there", usage: true);
        var record = new RunRecord(Path.GetFullPath(folder), Parse(File.ReadAllText(file)) ?? throw new TenonException($"{file} cannot be read", "a JSON object"));
        record.ReadMetrics(Path.Combine(folder, "metrics.jsonl"));
        var evaluations = Path.Combine(folder, "eval");
        if (Directory.Exists(evaluations))
            record.Evaluations = [.. Directory.EnumerateFiles(evaluations, "*.json").Select(path => Parse(File.ReadAllText(path))).OfType<JsonObject>()
                .Select(EvaluationRecord.From).OfType<EvaluationRecord>().OrderBy(e => e.Benchmark, StringComparer.Ordinal).ThenBy(e => e.Step)];
        var samples = Path.Combine(folder, "samples");
        var files = Directory.Exists(samples) ? Directory.GetFiles(samples, "*.jsonl").Order(StringComparer.Ordinal).ToArray() : [];
        if (files.Length > 0) record.First = Lines(files[0]);
        if (files.Length > 1) record.Last = Lines(files[^1]);
        return record;
    }

    private void ReadMetrics(string path)
    {
        var lines = File.Exists(path) ? Lines(path) : [];
        Steps = [.. lines.Select(line => Number(line["step"]))];
        for (var i = 0; i < lines.Count; i++)
            foreach (var (name, value) in lines[i])
            {
                if (!_columns.TryGetValue(name, out var column))
                {
                    _columns[name] = column = new double[lines.Count];
                    Array.Fill(column, double.NaN);
                }
                column[i] = Number(value);
            }
    }

    private static List<JsonObject> Lines(string path) => [.. File.ReadLines(path).Select(Parse).OfType<JsonObject>()];

    // A run that is still going may end in half a line; it is left out.
    private static JsonObject? Parse(string text)
    {
        try
        {
            return text.Length == 0 ? null : JsonNode.Parse(text) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    internal static double Number(JsonNode? node) => node is JsonValue value && value.GetValueKind() == JsonValueKind.Number
        ? double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture)
        : double.NaN;
}

/// <summary>A file of <c>eval/</c>.</summary>
internal sealed record EvaluationRecord(int Step, string Benchmark, JsonObject Json)
{
    public static EvaluationRecord? From(JsonObject json) =>
        json["benchmark"]?.GetValue<string>() is { } benchmark && RunRecord.Number(json["step"]) is var step && !double.IsNaN(step) ? new EvaluationRecord((int)step, benchmark, json) : null;

    /// <summary>A summary's number; NaN where it is missing.</summary>
    public double this[string name] => RunRecord.Number(Json[name]);
}
