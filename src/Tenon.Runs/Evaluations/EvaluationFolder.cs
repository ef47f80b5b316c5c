using System.Text;
using System.Text.Json.Nodes;

namespace Tenon.Runs.Evaluations;

/// <summary>
/// The folder of one evaluation: <c>identity.json</c> (written first), <c>samples.jsonl</c> (each finished sample appended at once, and put
/// in order at the end),
/// <c>summary.json</c> (written last). One process at a time writes to it.
/// </summary>
public sealed class EvaluationFolder : IDisposable
{
    private const string IdentityFile = "identity.json", SamplesFile = "samples.jsonl", SummaryFile = "summary.json";
    private readonly FileStream _lock;
    private readonly Dictionary<(string Problem, int Sample), EvaluationSample> _samples = [];
    private FileStream? _file;

    private EvaluationFolder(string path, FileStream held) => (Folder, _lock) = (path, held);

    /// <summary>The absolute path.</summary>
    public string Folder { get; }

    /// <summary>The samples that are done.</summary>
    public IReadOnlyDictionary<(string Problem, int Sample), EvaluationSample> Samples => _samples;

    private string Temporary => Path.Combine(Folder, ".tmp");

    /// <summary>True where the folder holds an evaluation.</summary>
    public static bool IsEvaluation(string path) => File.Exists(Path.Combine(path, IdentityFile));

    /// <summary>Begins an evaluation, or goes on with one of the same identity.</summary>
    /// <exception cref="TenonException">The folder holds an evaluation of another identity, or other files, or another process writes to
    /// it.</exception>
    public static EvaluationFolder Open(string path, EvaluationIdentity identity)
    {
        path = Path.GetFullPath(path);
        if (File.Exists(path))
            throw new TenonException($"the evaluation folder {path} is a file", "a new or empty folder, or an evaluation to go on with",
                usage: true);
        if (!IsEvaluation(path) && Directory.Exists(path)
            && Directory.EnumerateFileSystemEntries(path).Any(entry => Path.GetFileName(entry) != ".tmp"))
            throw new TenonException($"the evaluation folder {path} holds other files",
                "a new or empty folder, or an evaluation to go on with",
                "files that belong to no evaluation of this form", "choose another --output", usage: true);
        var folder = new EvaluationFolder(path, Lock(path));
        try
        {
            var file = Path.Combine(path, IdentityFile);
            if (IsEvaluation(path)) folder.RequireSame(identity, file);
            else AtomicFile.WriteText(file, identity.Values.ToJsonString(RunJson.Indented) + "\n", folder.Temporary);
            folder.ReadSamples();
            return folder;
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>The samples of an evaluation, in the file's order; incomplete lines are left out.</summary>
    public static IReadOnlyList<EvaluationSample> ReadSamples(string path) => File.Exists(Path.Combine(path, SamplesFile))
        ? [.. File.ReadLines(Path.Combine(path, SamplesFile)).Select(EvaluationSample.Read).OfType<EvaluationSample>()]
        : [];

    /// <summary>The summary of an evaluation; null where it is not finished.</summary>
    public static JsonObject? ReadSummary(string path) =>
        File.Exists(Path.Combine(path, SummaryFile)) ? RunJson.Parse(File.ReadAllText(Path.Combine(path, SummaryFile))) : null;

    /// <summary>The identity of an evaluation; null where there is none.</summary>
    public static JsonObject? ReadIdentity(string path) =>
        IsEvaluation(path) ? RunJson.Parse(File.ReadAllText(Path.Combine(path, IdentityFile))) : null;

    /// <summary>
    /// Adds finished samples: one write, handed to the system at once, so that a killed process loses at most what it had not finished.
    /// </summary>
    public void Append(IReadOnlyList<EvaluationSample> samples)
    {
        if (samples.Count == 0) return;
        var file = Path.Combine(Folder, SamplesFile);
        try
        {
            _file ??= new FileStream(file, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
            _file.Write(Lines(samples));
        }
        catch (Exception e) when (AtomicFile.DiskFault(e) is { } fault)
        {
            throw new TenonException($"{file} could not be written", "room for a line", fault.Message,
                "free some space, then make the same call again: it goes on", fault);
        }

        foreach (var sample in samples) _samples[(sample.Problem, sample.Sample)] = sample;
    }

    /// <summary>
    /// Ends the evaluation: samples in the order of problem and number, whatever order they were made in, then the summary.
    /// </summary>
    public void Finish(JsonObject summary)
    {
        _file?.Flush(flushToDisk: true);
        _file?.Dispose();
        _file = null;
        var ordered = Ordered().ToList();
        AtomicFile.Write(Path.Combine(Folder, SamplesFile), stream =>
        {
            foreach (var part in ordered.Chunk(256)) stream.Write(Lines(part));
        }, Temporary);
        AtomicFile.WriteText(Path.Combine(Folder, SummaryFile), summary.ToJsonString(RunJson.Indented) + "\n", Temporary);
    }

    /// <summary>The samples by problem id and number.</summary>
    public IEnumerable<EvaluationSample> Ordered() => _samples.Values.OrderBy(s => s.Problem, StringComparer.Ordinal).ThenBy(s => s.Sample);

    /// <inheritdoc/>
    public void Dispose()
    {
        _file?.Dispose();
        _lock.Dispose();
    }

    private static byte[] Lines(IEnumerable<EvaluationSample> samples) =>
        Encoding.UTF8.GetBytes(string.Concat(samples.Select(s => s.ToJson().ToLine() + "\n")));

    private static FileStream Lock(string path)
    {
        try
        {
            var temporary = Directory.CreateDirectory(Path.Combine(path, ".tmp")).FullName;
            return new FileStream(Path.Combine(temporary, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new TenonException($"the evaluation folder {path} cannot be written to", "a folder with the right to write", e.Message,
                "choose another --output", e, usage: true);
        }
        catch (IOException e)
        {
            throw new TenonException($"the evaluation folder {path} is in use", "one process at a time", "another process that holds it",
                "wait for it or stop it", e, usage: true);
        }
    }

    private void RequireSame(EvaluationIdentity identity, string file)
    {
        var there = RunJson.Parse(File.ReadAllText(file))
            ?? throw new TenonException($"{file} cannot be read", "a JSON object", "something else",
            "the folder is damaged: choose another --output", usage: true);
        var differences = identity.Differences(there);
        if (differences.Count == 0) return;
        throw new TenonException($"the folder {Folder} holds another evaluation",
            string.Join("; ", differences.Select(d => $"{d.Key} {Short(d.There)}")),
            string.Join("; ", differences.Select(d => $"{d.Key} {Short(d.Here)}")),
            "choose another --output, or leave it out: every evaluation then has a folder of its own", usage: true);
    }

    private static string Short(string text) => text.Length <= 60 ? text : text[..57] + "...";

    // What a killed process left of a last line is cut off, so that the next line begins a line of its own.
    private void ReadSamples()
    {
        var file = Path.Combine(Folder, SamplesFile);
        if (!File.Exists(file)) return;
        var bytes = File.ReadAllBytes(file);
        var whole = bytes.AsSpan().LastIndexOf((byte)'\n') + 1;
        foreach (var line in Encoding.UTF8.GetString(bytes.AsSpan(0, whole)).Split('\n'))
            if (EvaluationSample.Read(line) is { } sample) _samples[(sample.Problem, sample.Sample)] = sample;
        if (whole == bytes.Length) return;
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Write);
        stream.SetLength(whole);
    }
}
