using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Runs;

/// <summary>
/// The folder of a run, which is all that evaluation, comparison and reports read: <c>run.json</c> (written first), <c>metrics.jsonl</c>,
/// <c>samples/</c>, <c>checkpoints/N/</c>, <c>eval/</c>; unfinished files lie in <c>.tmp/</c> only. One process at a time writes to it.
/// </summary>
public sealed class RunFolder : IDisposable
{
    private readonly FileStream? _lock;

    private RunFolder(string path, bool writes)
    {
        Folder = Path.GetFullPath(path);
        if (!writes) return;
        Directory.CreateDirectory(Temporary);
        try
        {
            _lock = new FileStream(Path.Combine(Temporary, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new TenonException($"the run folder {path} is in use", "one process at a time", "another process that holds it", "wait for it or stop it", e, usage: true);
        }
    }

    /// <summary>The absolute path.</summary>
    public string Folder { get; }

    /// <summary><c>run.json</c>.</summary>
    public string RunFile => Path.Combine(Folder, "run.json");

    /// <summary><c>metrics.jsonl</c>.</summary>
    public string MetricsFile => Path.Combine(Folder, "metrics.jsonl");

    /// <summary><c>report.html</c>.</summary>
    public string ReportFile => Path.Combine(Folder, "report.html");

    private string Temporary => Path.Combine(Folder, ".tmp");

    private string Checkpoints => Path.Combine(Folder, "checkpoints");

    private string Samples => Path.Combine(Folder, "samples");

    private string Evaluations => Path.Combine(Folder, "eval");

    /// <summary>True where the folder holds a run.</summary>
    public static bool IsRun(string path) => File.Exists(Path.Combine(path, "run.json"));

    /// <summary>Makes a new run folder: <c>run.json</c> first, at once and whole. A folder that holds a run or other files is refused.</summary>
    public static RunFolder Create(string path, RunDescription run) => Create(path, run.ToJson());

    /// <summary>The same from an object; what is not said in it is null to readers.</summary>
    public static RunFolder Create(string path, JsonObject run)
    {
        if (IsRun(path))
            throw new TenonException($"the output folder {path} already holds another run", "a new or empty folder", "a run.json", $"choose another --output, or go on with `{ResumeCommand(path)}`", usage: true);
        if (File.Exists(path))
            throw new TenonException($"the output folder {path} is a file", "a new or empty folder", usage: true);
        if (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any(entry => Path.GetFileName(entry) != ".tmp"))
            throw new TenonException($"the output folder {path} holds other files", "a new or empty folder", "files that belong to no run", "choose another --output", usage: true);
        var folder = new RunFolder(path, writes: true);
        // A process that is killed here leaves an empty folder but for .tmp, which the same call takes again.
        AtomicFile.WriteText(folder.RunFile, run.ToJsonString(RunJson.Indented) + "\n", folder.Temporary);
        return folder;
    }

    /// <summary>Opens a run to go on with it; clears what a killed process left in <c>.tmp/</c>.</summary>
    public static RunFolder Open(string path)
    {
        RequireRun(path);
        var folder = new RunFolder(path, writes: true);
        foreach (var entry in Directory.EnumerateFileSystemEntries(folder.Temporary))
        {
            if (Path.GetFileName(entry) == "lock") continue;
            if (Directory.Exists(entry)) Directory.Delete(entry, recursive: true);
            else File.Delete(entry);
        }
        return folder;
    }

    /// <summary>Opens a run to read it only.</summary>
    public static RunFolder Read(string path)
    {
        RequireRun(path);
        return new RunFolder(path, writes: false);
    }

    /// <summary>What <c>run.json</c> says.</summary>
    public JsonObject ReadRun()
    {
        try
        {
            return JsonNode.Parse(File.ReadAllText(RunFile))?.AsObject() ?? throw new TenonException($"{RunFile} is empty");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new TenonException($"{RunFile} cannot be read", "a JSON object", e.Message, inner: e);
        }
    }

    /// <summary>What <c>run.json</c> says, as a record.</summary>
    public RunDescription ReadDescription() => RunDescription.From(ReadRun());

    /// <summary>The call that goes on with this run.</summary>
    public string ResumeCommand() => ResumeCommand(Folder);

    /// <summary>The steps that have a checkpoint, ascending.</summary>
    public IReadOnlyList<int> CheckpointSteps() => Directory.Exists(Checkpoints)
        ? [.. Directory.EnumerateDirectories(Checkpoints).Select(NumberOf).OfType<int>().Order()]
        : [];

    /// <summary>The folder of a step's checkpoint.</summary>
    public string CheckpointFolder(int step) => Path.Combine(Checkpoints, step.ToString(CultureInfo.InvariantCulture));

    /// <summary>
    /// Writes a checkpoint: <paramref name="fill"/> writes into a temporary folder, which is flushed and then renamed. Afterwards only the
    /// newest <paramref name="keep"/> remain (0: all).
    /// </summary>
    public string WriteCheckpoint(int step, int keep, Action<string> fill)
    {
        var target = CheckpointFolder(step);
        try
        {
            AtomicFile.WriteFolder(target, Path.Combine(Temporary, $"checkpoint-{step}"), fill);
        }
        catch (TenonException e) when (e.InnerException is IOException or UnauthorizedAccessException)
        {
            var steps = CheckpointSteps();
            throw new TenonException($"the checkpoint of step {step} could not be written to {target}", "a folder that can be written to, with room for it", e.InnerException.Message,
                steps.Count > 0 ? $"free some space; the checkpoint of step {steps[^1]} is whole, and the run goes on from there" : "free some space; the run then begins again at step 0", e.InnerException);
        }

        if (keep > 0)
            foreach (var old in CheckpointSteps().SkipLast(keep))
                RemoveFolder(CheckpointFolder(old));
        return target;
    }

    /// <summary>
    /// Puts what a run has made beside its own files: <paramref name="fill"/> writes into an empty temporary folder, whose files then take their place, the configuration
    /// last, so that the folder is a model or an adapter only once it is a whole one.
    /// </summary>
    public void WriteResult(Action<string> fill)
    {
        var made = Path.Combine(Temporary, "result");
        AtomicFile.WriteFolder(made, made + ".new", fill);
        foreach (var file in Directory.GetFiles(made).OrderBy(f => Path.GetFileName(f) is "config.json" or "adapter_config.json"))
            File.Move(file, Path.Combine(Folder, Path.GetFileName(file)), overwrite: true);
        AtomicFile.SyncFolder(Folder);
        Directory.Delete(made);
    }

    /// <summary>The file of a step's completions.</summary>
    public string SamplesFile(int step) => Path.Combine(Samples, step.ToString("D6", CultureInfo.InvariantCulture) + ".jsonl");

    /// <summary>Writes a step's completions, one JSON line each.</summary>
    public void WriteSamples(int step, IEnumerable<JsonObject> lines) => AtomicFile.Write(SamplesFile(step), stream =>
    {
        foreach (var line in lines)
        {
            stream.Write(Encoding.UTF8.GetBytes(line.ToLine()));
            stream.WriteByte((byte)'\n');
        }
    }, Temporary);

    /// <summary>The steps that have completions on disk, ascending.</summary>
    public IReadOnlyList<int> SampleSteps() => Directory.Exists(Samples)
        ? [.. Directory.EnumerateFiles(Samples, "*.jsonl").Select(NumberOf).OfType<int>().Order()]
        : [];

    /// <summary>The file of an evaluation.</summary>
    public string EvaluationFile(string benchmark, int step) =>
        Path.Combine(Evaluations, $"{string.Concat(benchmark.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '@' or '.' ? c : '_'))}.{step.ToString("D6", CultureInfo.InvariantCulture)}.json");

    /// <summary>Writes an evaluation: <c>{"step":..,"benchmark":..,"accuracy":..,...,"problems":[...]}</c>.</summary>
    public void WriteEvaluation(string benchmark, int step, JsonObject evaluation) =>
        AtomicFile.WriteText(EvaluationFile(benchmark, step), evaluation.ToLine() + "\n", Temporary);

    /// <summary>The files of all evaluations, in ordinal order.</summary>
    public IReadOnlyList<string> EvaluationFiles() => Directory.Exists(Evaluations)
        ? [.. Directory.EnumerateFiles(Evaluations, "*.json").Order(StringComparer.Ordinal)]
        : [];

    /// <summary>Drops everything after a step: metrics, completions, evaluations, checkpoints. The run then goes on from there.</summary>
    public void CutBackTo(int step)
    {
        MetricsLog.CutBack(MetricsFile, step, Temporary);
        foreach (var number in SampleSteps().Where(number => number > step)) File.Delete(SamplesFile(number));
        foreach (var file in EvaluationFiles())
            if (int.TryParse(Path.GetExtension(Path.GetFileNameWithoutExtension(file)).TrimStart('.'), NumberStyles.None, CultureInfo.InvariantCulture, out var at) && at > step)
                File.Delete(file);
        foreach (var number in CheckpointSteps().Where(number => number > step)) RemoveFolder(CheckpointFolder(number));
    }

    /// <inheritdoc/>
    public void Dispose() => _lock?.Dispose();

    // A folder leaves its place by a rename, so that a kill in between leaves no half checkpoint under its name.
    private void RemoveFolder(string folder)
    {
        var trash = Path.Combine(Temporary, "old-" + Path.GetFileName(folder));
        if (Directory.Exists(trash)) Directory.Delete(trash, recursive: true);
        Directory.Move(folder, trash);
        Directory.Delete(trash, recursive: true);
    }

    private static string ResumeCommand(string path)
    {
        using var run = new RunFolder(path, writes: false);
        return $"tenon {(string?)run.ReadRun()["verb"] ?? "train"} --resume {path}";
    }

    private static int? NumberOf(string path) =>
        int.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static void RequireRun(string path)
    {
        if (!IsRun(path))
            throw new TenonException($"{path} is no run", "a folder with a run.json", Directory.Exists(path) ? "a folder without one" : "nothing there", usage: true);
    }
}
