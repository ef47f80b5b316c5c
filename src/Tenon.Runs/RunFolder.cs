using System.Globalization;
using System.Text.Json.Nodes;
using Tenon.Runs.Evaluations;

namespace Tenon.Runs;

/// <summary>
/// The folder of a run, which is all that evaluation, comparison and reports read: <c>run.json</c> (written first), <c>metrics.jsonl</c>,
/// <c>samples/</c>, <c>checkpoints/N/</c>, <c>eval/</c>; unfinished files lie in <c>.tmp/</c> only. One process at a time writes to it.
/// </summary>
public sealed class RunFolder : IDisposable
{
    private readonly FileStream? _lock;
    private readonly CheckpointStore _checkpoints;
    private readonly SampleFiles _samples = new();
    private (int? Step, IReadOnlyList<string> PassedOver)? _newest;
    private bool _saidRoom;

    private RunFolder(string path, bool writes)
    {
        Folder = Path.GetFullPath(path);
        _checkpoints = new CheckpointStore(Checkpoints, Temporary);
        if (!writes) return;
        Directory.CreateDirectory(Temporary);
        try
        {
            _lock = new FileStream(Path.Combine(Temporary, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new TenonException($"the run folder {path} is in use", "one process at a time", "another process that holds it",
                "wait for it or stop it", e, usage: true);
        }
    }

    /// <summary>The absolute path.</summary>
    public string Folder { get; }

    /// <summary><c>run.json</c>.</summary>
    public string RunFile => Path.Combine(Folder, "run.json");

    /// <summary><c>metrics.jsonl</c>.</summary>
    public string MetricsFile => Path.Combine(Folder, "metrics.jsonl");

    private string Temporary => Path.Combine(Folder, ".tmp");

    private string Checkpoints => Path.Combine(Folder, "checkpoints");

    private string Samples => Path.Combine(Folder, "samples");

    private string Diverged => Path.Combine(Folder, "diverged");

    private string Evaluations => Path.Combine(Folder, "eval");

    /// <summary>True where the folder holds a run.</summary>
    public static bool IsRun(string path) => File.Exists(Path.Combine(path, "run.json"));

    /// <summary>True where another process, or another run of this one, writes to the run.</summary>
    public static bool IsInUse(string path)
    {
        var held = Path.Combine(path, ".tmp", "lock");
        if (!File.Exists(held)) return false;
        try
        {
            new FileStream(held, FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();
            return false;
        }
        catch (IOException)
        {
            return File.Exists(held);
        }
    }

    /// <summary>
    /// Makes a new run folder: <c>run.json</c> first, at once and whole. A folder that holds a run or other files is refused.
    /// </summary>
    public static RunFolder Create(string path, RunDescription run)
    {
        var here = Directory.GetCurrentDirectory();
        here = run.Home ?? here;
        return Create(path, (run with { Home = here, HomeFromRun = Path.GetRelativePath(Path.GetFullPath(path), here) }).ToJson());
    }

    /// <summary>The same from an object; what is not said in it is null to readers.</summary>
    public static RunFolder Create(string path, JsonObject run)
    {
        if (IsRun(path))
            throw new TenonException($"the output folder {path} already holds another run", "a new or empty folder", "a run.json",
                $"choose another --output, or go on with `{ResumeCommand(path)}`", usage: true);
        if (File.Exists(path))
            throw new TenonException($"the output folder {path} is a file", "a new or empty folder", usage: true);
        if (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any(entry => Path.GetFileName(entry) != ".tmp"))
            throw new TenonException($"the output folder {path} holds other files", "a new or empty folder", "files that belong to no run",
                "choose another --output", usage: true);
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
        folder._checkpoints.Restore();
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

    /// <summary>
    /// What <c>run.json</c> says; a damaged one is an error that names the newest whole checkpoint, which is an adapter folder of its own.
    /// </summary>
    public JsonObject ReadRun()
    {
        string text;
        try
        {
            text = SharedFile.ReadText(RunFile);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TenonException($"{RunFile} cannot be read", "a JSON object", e.Message, AtomicFile.HintOf(e), e);
        }

        return RunJson.Parse(text) ?? throw Damaged(text.Trim('\0', ' ', '\n').Length == 0 ? "nothing" : "no JSON, or a part of it");
    }

    /// <summary>The error of a <c>run.json</c> that does not say what a run needs.</summary>
    public TenonException Damaged(string got, Exception? inner = null) => new($"{RunFile} is damaged", "what the run wrote there", got,
        NewestCheckpoint().Step is { } step
            ? $"the checkpoint of step {step} is whole: {CheckpointFolder(step)} is an adapter to evaluate, or to go on from with "
            + $"adapter.from in a new run"
            : "no checkpoint is whole: begin a new run", inner);

    /// <summary>Writes <c>run.json</c> anew, for a run that goes on with changed keys.</summary>
    public void WriteRun(RunDescription run) =>
        AtomicFile.WriteText(RunFile, run.ToJson().ToJsonString(RunJson.Indented) + "\n", Temporary);

    /// <summary>What <c>run.json</c> says, as a record.</summary>
    public RunDescription ReadDescription() => RunDescription.From(ReadRun());

    /// <summary>The call that goes on with this run.</summary>
    public string ResumeCommand() => ResumeCommand(Folder);

    /// <summary>
    /// The steps that have a checkpoint, by name, seal and lengths of its files, ascending; other folders beside them do not count.
    /// </summary>
    public IReadOnlyList<int> CheckpointSteps() => _checkpoints.Steps();

    /// <summary>The folder of a step's checkpoint.</summary>
    public string CheckpointFolder(int step) => _checkpoints.FolderOf(step);

    /// <summary>Takes remarks that a person should read (a disk that fills up).</summary>
    public Action<string>? Remark { get; set; }

    /// <summary>Free bytes of the disk that a folder lies on; null asks the system.</summary>
    public Func<string, long>? FreeSpace { get; set; }

    /// <summary>
    /// The newest checkpoint whose bytes are those that were written (null where there is none), and a sentence for each folder beside it
    /// that is
    /// passed over. <paramref name="except"/> are steps that have failed to load.
    /// </summary>
    public (int? Step, IReadOnlyList<string> PassedOver) NewestCheckpoint(IReadOnlySet<int>? except = null)
    {
        if (except is { Count: > 0 }) return _checkpoints.NewestWhole(except);
        return _newest ??= _checkpoints.NewestWhole(new HashSet<int>());
    }

    /// <summary>
    /// Writes a checkpoint: <paramref name="fill"/> writes into a temporary folder, which is sealed, flushed and then renamed. Afterwards
    /// only the
    /// newest <paramref name="keep"/> remain (0: all), and <paramref name="kept"/> whatever its age. <paramref name="expected"/> is about
    /// how many bytes the first will take.
    /// </summary>
    public string WriteCheckpoint(int step, int keep, Action<string> fill, int? kept = null, long expected = 0)
    {
        var target = CheckpointFolder(step);
        _newest = null;
        try
        {
            RequireRoom(expected);
            _samples.Flush();
            _checkpoints.Write(step, fill);
        }
        catch (Exception e) when (FaultOf(e) is { } fault)
        {
            var steps = CheckpointSteps();
            throw new TenonException($"the checkpoint of step {step} could not be written to {target}",
                "a folder that can be written to, with room for it", fault.Message,
                AtomicFile.HintOf(fault)
                + (steps.Count > 0 ? $"; the checkpoint of step {steps[^1]} is whole, and the run goes on from there"
                : "; the run then begins again at step 0"), fault);
        }

        if (keep > 0)
            foreach (var old in CheckpointSteps().Where(old => old != kept).SkipLast(keep)) Prune(old);
        return target;
    }

    // Windows renames no folder that somebody reads in: an evaluation of an old checkpoint must not end the run.
    private void Prune(int step)
    {
        try
        {
            _checkpoints.Remove(step);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Remark?.Invoke($"the checkpoint of step {step} could not be removed ({e.Message}): it is tried again at the next checkpoint");
        }
    }

    // Looked at before a byte is written: the newest checkpoint says how much the next will take.
    private void RequireRoom(long expected)
    {
        var needed = CheckpointSteps() is [.., var last] ? _checkpoints.BytesOf(last) : expected;
        var free = FreeSpace?.Invoke(Checkpoints) ?? FreeBytes();
        if (free < needed) throw new IOException($"{free / 1e6:F1} MB are free, a checkpoint takes {needed / 1e6:F1} MB");
        if (free >= 3 * needed || _saidRoom) return;
        _saidRoom = true;
        Remark?.Invoke(
            $"the disk of {Checkpoints} has {free / 1e6:F0} MB left, room for {free / Math.Max(1, needed)} more "
            + $"checkpoints of {needed / 1e6:F0} MB");
    }

    private long FreeBytes()
    {
        try
        {
            // Before the first checkpoint there is no such folder yet.
            var folder = Directory.Exists(Checkpoints) ? Checkpoints : Folder;
            return new DriveInfo(Directory.ResolveLinkTarget(folder, returnFinalTarget: true)?.FullName ?? folder).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return long.MaxValue;
        }
    }

    private static Exception? FaultOf(Exception e) => e switch
    {
        TenonException { InnerException: IOException or UnauthorizedAccessException } inner => inner.InnerException,
        _ => AtomicFile.DiskFault(e),
    };

    /// <summary>
    /// Puts what a run has made beside its own files: <paramref name="fill"/> writes into an empty temporary folder, whose files then take
    /// their place, the configuration
    /// last, so that the folder is a model or an adapter only once it is a whole one.
    /// </summary>
    public void WriteResult(Action<string> fill)
    {
        var made = Path.Combine(Temporary, "result");
        AtomicFile.WriteFolder(made, made + ".new", fill);
        foreach (var file in Directory.GetFiles(made).OrderBy(f => Path.GetFileName(f) is "config.json" or "adapter_config.json"))
            AtomicFile.MoveFile(file, Path.Combine(Folder, Path.GetFileName(file)));
        AtomicFile.SyncFolder(Folder);
        Directory.Delete(made);
    }

    /// <summary>The file of a step's completions.</summary>
    public string SamplesFile(int step) => Path.Combine(Samples, step.ToString("D6", CultureInfo.InvariantCulture) + ".jsonl");

    /// <summary>Writes a step's completions, one JSON line each; a power cut may take those behind the last checkpoint.</summary>
    public void WriteSamples(int step, IEnumerable<JsonObject> lines) => _samples.Write(SamplesFile(step), lines, Temporary);

    /// <summary>Keeps a step's completions aside under <c>diverged/</c>; gives the file.</summary>
    public string KeepAside(int step)
    {
        var (from, to) = (SamplesFile(step), Path.Combine(Diverged, Path.GetFileName(SamplesFile(step))));
        if (File.Exists(from)) AtomicFile.Write(to, stream => stream.Write(SharedFile.ReadBytes(from)), Temporary);
        return to;
    }

    /// <summary>The steps that have completions on disk, ascending.</summary>
    public IReadOnlyList<int> SampleSteps() => Directory.Exists(Samples)
        ? [.. Directory.EnumerateFiles(Samples, "*.jsonl").Select(NumberOf).OfType<int>().Order()]
        : [];

    /// <summary>Puts a step's metrics in place of its line: what became known after it was logged.</summary>
    public void ReplaceMetrics(StepMetrics metrics) => MetricsLog.Replace(MetricsFile, metrics, Temporary);

    /// <summary>The file of an evaluation in the form of version 0.1.</summary>
    public string EvaluationFile(string benchmark, int step) =>
        Path.Combine(Evaluations,
        $"{string.Concat(benchmark.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '@' or '.' ? c : '_'))}.{step.ToString("D6", CultureInfo.InvariantCulture)}.json");

    /// <summary>The folder of an evaluation: <c>eval/STEP/NAME@K</c>.</summary>
    public string EvaluationFolder(string benchmark, int step) =>
        Path.Combine(Evaluations, step.ToString(CultureInfo.InvariantCulture), EvaluationNames.Of(benchmark));

    /// <summary>The folders of all evaluations with their steps, by step and name.</summary>
    public IReadOnlyList<(int Step, string Path)> EvaluationFolders() => Directory.Exists(Evaluations)
        ? [.. Directory.EnumerateDirectories(Evaluations).Select(path => (Step: NumberOf(path), Path: path)).Where(f => f.Step is not null)
        .OrderBy(f => f.Step)
            .SelectMany(f => Directory.EnumerateDirectories(f.Path).Order(StringComparer.Ordinal).Select(path => (f.Step!.Value, path)))]
        : [];

    /// <summary>
    /// Writes an evaluation in the form of version 0.1: <c>{"step":..,"benchmark":..,"accuracy":..,...,"problems":[...]}</c>.
    /// </summary>
    public void WriteEvaluation(string benchmark, int step, JsonObject evaluation) =>
        AtomicFile.WriteText(EvaluationFile(benchmark, step), evaluation.ToLine() + "\n", Temporary);

    /// <summary>The files of all evaluations, in ordinal order.</summary>
    public IReadOnlyList<string> EvaluationFiles() => Directory.Exists(Evaluations)
        ? [.. Directory.EnumerateFiles(Evaluations, "*.json").Order(StringComparer.Ordinal)]
        : [];

    /// <summary>
    /// Gives folders that look like later checkpoints of this run, but are not whole, another name: they are kept, and no longer in the
    /// way.
    /// </summary>
    public void SetAsideAfter(int step)
    {
        foreach (var later in CheckpointSteps().Where(number => number > step)) _checkpoints.SetAside(CheckpointFolder(later));
    }

    /// <summary>
    /// What of the steps 1 to <paramref name="step"/> is missing or cut off in metrics and completions: one sentence a file. Nothing of it
    /// is needed to go on.
    /// </summary>
    public IEnumerable<string> Losses(int step)
    {
        var lines = File.Exists(MetricsFile) ? SharedFile.ReadLines(MetricsFile) : [];
        var logged = lines.Select(MetricsLog.StepOf).OfType<int>().ToHashSet();
        var lost = Enumerable.Range(1, step).Where(number => !logged.Contains(number)).ToList();
        if (lost.Count > 0)
            yield return $"{MetricsFile} has lost "
                + $"{(lost.Count == 1 ? $"step {lost[0]}" : $"{lost.Count} steps from {lost[0]} to {lost[^1]}")}: the run goes on without";
        if (!Directory.Exists(Samples)) yield break;
        for (var number = 1; number <= step; number++)
            if (!EndsALine(SamplesFile(number)))
                yield return $"{SamplesFile(number)} is {(File.Exists(SamplesFile(number)) ? "cut off" : "missing")}: the run goes on "
                    + $"without";
    }

    private static bool EndsALine(string path)
    {
        if (!File.Exists(path)) return false;
        using var file = SharedFile.Open(path);
        file.Position = Math.Max(0, file.Length - 1);
        return file.ReadByte() == '\n';
    }

    /// <summary>Drops everything after a step: metrics, completions, evaluations, checkpoints. The run then goes on from there.</summary>
    public void CutBackTo(int step)
    {
        MetricsLog.CutBack(MetricsFile, step, Temporary);
        foreach (var number in SampleSteps().Where(number => number > step)) File.Delete(SamplesFile(number));
        foreach (var (_, path) in EvaluationFolders().Where(f => f.Step > step)) Directory.Delete(path, recursive: true);
        if (Directory.Exists(Diverged))
            foreach (var file in Directory.GetFiles(Diverged, "*.jsonl").Where(file => NumberOf(file) > step)) File.Delete(file);
        foreach (var file in EvaluationFiles())
            if (int.TryParse(Path.GetExtension(Path.GetFileNameWithoutExtension(file)).TrimStart('.'), NumberStyles.None,
                CultureInfo.InvariantCulture, out var at) && at > step)
                File.Delete(file);
        foreach (var number in CheckpointSteps().Where(number => number > step)) _checkpoints.Remove(number);
    }

    /// <inheritdoc/>
    public void Dispose() => _lock?.Dispose();

    private static string ResumeCommand(string path)
    {
        using var run = new RunFolder(path, writes: false);
        return $"tenon {RunJson.Text(RunJson.Parse(SharedFile.ReadText(run.RunFile))?["verb"]) ?? "train"} --resume {ShellWord.Path(path)}";
    }

    private static int? NumberOf(string path) =>
        int.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : null;

    private static void RequireRun(string path)
    {
        if (!IsRun(path))
            throw new TenonException($"{path} is no run", "a folder with a run.json", Directory.Exists(path) ? "a folder without one"
                : File.Exists(path) ? "a file" : "nothing there", usage: true);
    }
}
