using System.Text;
using System.Text.Json.Nodes;
using System.Text.Unicode;

namespace Tenon.Runs.Evaluations;

/// <summary>
/// The folder of one evaluation: <c>identity.json</c> (written first), a file of records (each finished one appended at once, and all put
/// in order at the end), <c>summary.json</c> (written last). One process at a time writes to it.
/// </summary>
/// <typeparam name="TKey">What tells records apart.</typeparam>
/// <typeparam name="TRecord">A line.</typeparam>
public abstract class RecordFolder<TKey, TRecord> : IDisposable
    where TKey : notnull
    where TRecord : class
{
    private readonly Dictionary<TKey, TRecord> _records = [];
    private readonly string _name;
    private FileStream? _lock;
    private FileStream? _file;

    /// <summary>A folder that is not open yet.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="name">The name of the file of records.</param>
    protected RecordFolder(string path, string name) => (Folder, _name) = (Path.GetFullPath(path), name);

    /// <summary>The absolute path.</summary>
    public string Folder { get; }

    /// <summary>The records that are done.</summary>
    protected IReadOnlyDictionary<TKey, TRecord> Records => _records;

    private string Temporary => Path.Combine(Folder, ".tmp");

    /// <summary>Begins an evaluation, or goes on with one of the same identity.</summary>
    /// <exception cref="TenonException">The folder holds an evaluation of another identity, or other files, or another process writes to
    /// it.</exception>
    protected void Begin(EvaluationIdentity identity)
    {
        if (File.Exists(Folder))
            throw new TenonException($"the evaluation folder {Folder} is a file", "a new or empty folder, or an evaluation to go on with",
                usage: true);
        if (!EvaluationFiles.IsEvaluation(Folder) && Directory.Exists(Folder)
            && Directory.EnumerateFileSystemEntries(Folder).Any(entry => Path.GetFileName(entry) != ".tmp"))
            throw new TenonException($"the evaluation folder {Folder} holds other files",
                "a new or empty folder, or an evaluation to go on with",
                "files that belong to no evaluation of this form", "choose another --output", usage: true);
        _lock = Lock(Folder);
        try
        {
            var file = Path.Combine(Folder, EvaluationFiles.Identity);
            if (EvaluationFiles.IsEvaluation(Folder)) RequireSame(identity, file);
            else AtomicFile.WriteText(file, identity.Values.ToJsonString(RunJson.Indented) + "\n", Temporary);
            ReadRecords();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>A line's record; null where it is incomplete.</summary>
    protected abstract TRecord? Read(string line);

    /// <summary>A record's line.</summary>
    protected abstract JsonObject Line(TRecord record);

    /// <summary>What tells a record apart.</summary>
    protected abstract TKey KeyOf(TRecord record);

    /// <summary>Records in the order in which the finished file holds them.</summary>
    protected abstract IEnumerable<TRecord> InOrder(IEnumerable<TRecord> records);

    /// <summary>
    /// Adds finished records: one write, handed to the system at once, so that a killed process loses at most what it had not finished.
    /// </summary>
    public void Append(IReadOnlyList<TRecord> records)
    {
        if (records.Count == 0) return;
        var file = Path.Combine(Folder, _name);
        try
        {
            _file ??= new FileStream(file, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
            _file.Write(Lines(records));
        }
        catch (Exception e) when (AtomicFile.DiskFault(e) is { } fault)
        {
            throw new TenonException($"{file} could not be written", "room for a line", fault.Message,
                "free some space, then make the same call again: it goes on", fault);
        }

        foreach (var record in records) _records[KeyOf(record)] = record;
    }

    /// <summary>Ends the evaluation: records in order, whatever order they were made in, then the summary.</summary>
    public void Finish(JsonObject summary)
    {
        _file?.Flush(flushToDisk: true);
        _file?.Dispose();
        _file = null;
        var ordered = Ordered().ToList();
        AtomicFile.Write(Path.Combine(Folder, _name), stream =>
        {
            foreach (var part in ordered.Chunk(256)) stream.Write(Lines(part));
        }, Temporary);
        AtomicFile.WriteText(Path.Combine(Folder, EvaluationFiles.Summary), summary.ToJsonString(RunJson.Indented) + "\n", Temporary);
    }

    /// <summary>The records in order.</summary>
    public IEnumerable<TRecord> Ordered() => InOrder(_records.Values);

    /// <inheritdoc/>
    public void Dispose()
    {
        _file?.Dispose();
        _lock?.Dispose();
        GC.SuppressFinalize(this);
    }

    private byte[] Lines(IEnumerable<TRecord> records) =>
        Encoding.UTF8.GetBytes(string.Concat(records.Select(r => Line(r).ToLine() + "\n")));

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
        var there = RunJson.Parse(SharedFile.ReadText(file))
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

    // What a killed process left of a last line is cut off, so that the next line begins a line of its own. A line whose
    // bytes are damaged is no record: it is made again.
    private void ReadRecords()
    {
        var file = Path.Combine(Folder, _name);
        if (!File.Exists(file)) return;
        var bytes = SharedFile.ReadBytes(file);
        var whole = bytes.AsSpan().LastIndexOf((byte)'\n') + 1;
        foreach (var range in bytes.AsSpan(0, whole).Split((byte)'\n'))
            if (bytes.AsSpan()[range] is var line && Utf8.IsValid(line) && Read(Encoding.UTF8.GetString(line)) is { } record)
                _records[KeyOf(record)] = record;
        if (whole == bytes.Length) return;
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Write);
        stream.SetLength(whole);
    }
}
