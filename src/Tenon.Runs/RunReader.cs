using System.Text;
using System.Text.Json.Nodes;
using Tenon.Runs.Evaluations;

namespace Tenon.Runs;

/// <summary>
/// Follows a run folder that may still grow: each <see cref="Refresh"/> reads what was written since the last one. Lines that a writer has
/// not
/// finished are left for the next time; where a resumed run has cut its metrics back, they are read anew.
/// </summary>
public sealed class RunReader
{
    private readonly RunFolder _folder;
    private readonly List<StepMetrics> _steps = [];
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private readonly StringBuilder _rest = new();
    private long _read;
    private byte[] _tail = [];

    private RunReader(RunFolder folder) => _folder = folder;

    /// <summary>The absolute path.</summary>
    public string Folder => _folder.Folder;

    /// <summary>What <c>run.json</c> says.</summary>
    public required RunDescription Run { get; init; }

    /// <summary>The steps that are logged, in order.</summary>
    public IReadOnlyList<StepMetrics> Steps => _steps;

    /// <summary>The metrics that any step names, in the order of the file.</summary>
    public IReadOnlyList<Metric> Metrics => [.. _steps.SelectMany(step => step.Select(pair => pair.Key)).Distinct().Order()];

    /// <summary>Opens a run to read it and reads what is there.</summary>
    public static RunReader Open(string path)
    {
        var folder = RunFolder.Read(path);
        var reader = new RunReader(folder) { Run = RunDescription.From(folder.ReadRun()) };
        reader.Refresh();
        return reader;
    }

    /// <summary>A metric by step, NaN where a step says nothing; null where no step has it.</summary>
    public double[]? Column(Metric metric) => _steps.Exists(step => step.Has(metric)) ? [.. _steps.Select(step => step[metric])] : null;

    /// <summary>Reads what was written since the last time; true where there is something new.</summary>
    public bool Refresh()
    {
        if (!File.Exists(_folder.MetricsFile)) return Reset();
        using var file = SharedFile.Open(_folder.MetricsFile);
        // A shorter file, or one with other bytes before the place that was reached (times differ between any two steps), was cut back.
        var changed = (file.Length < _read || !TailOf(file, _read).AsSpan().SequenceEqual(_tail)) && Reset();
        file.Position = _read;
        var count = _steps.Count;
        var bytes = new byte[1 << 16];
        var text = new char[Encoding.UTF8.GetMaxCharCount(bytes.Length)];
        for (int got; (got = file.Read(bytes)) > 0;)
        {
            _read += got;
            _rest.Append(text.AsSpan(0, _decoder.GetChars(bytes.AsSpan(0, got), text, flush: false)));
        }

        Take();
        _tail = TailOf(file, _read);
        return changed || _steps.Count != count;
    }

    /// <summary>A step's completions; empty where none are on disk.</summary>
    /// <exception cref="TenonException">Bytes that are no UTF-8, with their line.</exception>
    public IReadOnlyList<SampleRecord> Samples(int step) =>
        [.. RunLines.Read(_folder.SamplesFile(step)).Select(SampleRecord.Read).OfType<SampleRecord>()];

    /// <summary>The steps that have completions on disk, ascending.</summary>
    public IReadOnlyList<int> SampleSteps() => _folder.SampleSteps();

    /// <summary>The run's finished evaluations, by benchmark and step.</summary>
    public IReadOnlyList<EvaluationResults> Evaluations() =>
    [
        .. _folder.EvaluationFiles().Select(file => RunJson.Parse(SharedFile.ReadText(file))).OfType<JsonObject>()
            .Select(json => EvaluationResults.Of(json, OldIdentity())).OfType<EvaluationResults>()
            .Concat(_folder.EvaluationFolders().Select(f => EvaluationResults.Read(f.Path, f.Step)).Where(e => e.IsFinished))
            .OrderBy(e => e.Benchmark, StringComparer.Ordinal).ThenBy(e => e.Step),
    ];

    // What an evaluation of version 0.1, which has no identity of its own, depends on: a part of the recipe.
    private JsonObject OldIdentity()
    {
        var result = new JsonObject();
        foreach (var (section, keys) in new (string, string[])[]
        {
            ("data", ["task", "prompt", "system", "chat-template"]), ("rollout", ["temperature"]),
            ("evaluate", ["temperature", "max-new-tokens", "problems", "seed"]),
        })
        {
            foreach (var key in keys)
            {
                if (Run.Recipe[section]?[key] is { } value) result[$"{section}.{key}"] = value.DeepClone();
            }
        }

        return result;
    }

    private void Take()
    {
        var text = _rest.ToString();
        var end = text.LastIndexOf('\n') + 1;
        foreach (var line in text[..end].Split('\n'))
        {
            if (MetricsLog.Read(line) is not { } step) continue;
            // A run that went on from a checkpoint may have been cut back and be longer again by now.
            while (_steps.Count > 0 && _steps[^1].Step >= step.Step) _steps.RemoveAt(_steps.Count - 1);
            _steps.Add(step);
        }

        _rest.Clear().Append(text.AsSpan(end));
    }

    private static byte[] TailOf(FileStream file, long end)
    {
        var bytes = new byte[Math.Min(4096, end)];
        file.Position = end - bytes.Length;
        file.ReadExactly(bytes);
        return bytes;
    }

    private bool Reset()
    {
        var any = _steps.Count > 0;
        _steps.Clear();
        _rest.Clear();
        _decoder.Reset();
        (_read, _tail) = (0, []);
        return any;
    }
}
