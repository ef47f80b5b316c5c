using System.Globalization;
using System.Text;

namespace Tenon.Runs;

/// <summary>
/// The folder <c>rollouts/</c>: the judged groups of the steps that no checkpoint holds yet, one file a step, a line a group after a line
/// that says what they depend on. A killed process leaves at most one incomplete last line.
/// </summary>
public sealed class PendingGroups : IDisposable
{
    // A kill loses nothing that was written; only a power cut does, and it may cost this long.
    private static readonly TimeSpan S_sync = TimeSpan.FromSeconds(1);

    // With overlap one thread opens a step's file while another removes those of the steps before.
    private readonly Lock _gate = new();
    private readonly string _folder;
    private readonly Action<string> _remark;
    private FileStream? _file;
    private int _step;
    private DateTime _synced;
    private bool _fails;

    /// <summary>The groups of a run.</summary>
    /// <param name="run">The run's folder.</param>
    /// <param name="remark">Is told where they cannot be kept.</param>
    public PendingGroups(string run, Action<string> remark) => (_folder, _remark) = (Path.Combine(run, "rollouts"), remark);

    /// <summary>
    /// Opens a step's file; gives the lines that stand in it after the first, which must be <paramref name="head"/>: else they were made
    /// by other weights, and the file begins anew.
    /// </summary>
    public IReadOnlyList<string> Open(int step, string head)
    {
        lock (_gate) return OpenAlone(step, head);
    }

    private IReadOnlyList<string> OpenAlone(int step, string head)
    {
        Close();
        (_fails, _step) = (false, step);
        var path = FileOf(step);
        try
        {
            Directory.CreateDirectory(_folder);
            var text = File.Exists(path) ? SharedFile.ReadText(path) : "";
            var whole = text[..(text.LastIndexOf('\n') + 1)];
            var lines = whole.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            var fits = lines.Length > 0 && lines[0] == head;
            _file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, bufferSize: 0);
            _file.SetLength(fits ? Encoding.UTF8.GetByteCount(whole) : 0);
            _file.Position = _file.Length;
            if (fits) return lines[1..];
            _file.Write(Encoding.UTF8.GetBytes(head + "\n"));
        }
        catch (Exception e) when (AtomicFile.DiskFault(e) is { } fault)
        {
            Give(fault);
        }

        return [];
    }

    /// <summary>
    /// Appends a line to the open file. A disk that does not take it is said once a step: the run needs it only after a kill.
    /// </summary>
    public void Append(string line)
    {
        if (_file is null || _fails) return;
        try
        {
            _file.Write(Encoding.UTF8.GetBytes(line + "\n"));
            if (DateTime.UtcNow - _synced < S_sync) return;
            _file.Flush(flushToDisk: true);
            _synced = DateTime.UtcNow;
        }
        catch (Exception e) when (AtomicFile.DiskFault(e) is { } fault)
        {
            Give(fault);
        }
    }

    /// <summary>Removes the files of the steps up to <paramref name="step"/>: a checkpoint holds what follows from them.</summary>
    public void Remove(int step)
    {
        lock (_gate) RemoveAlone(step);
    }

    private void RemoveAlone(int step)
    {
        if (!Directory.Exists(_folder)) return;
        // Windows deletes no file that is open.
        if (_step <= step) Close();
        foreach (var path in Directory.EnumerateFiles(_folder, "*.jsonl"))
            if (int.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && number <= step)
                File.Delete(path);
        if (!Directory.EnumerateFileSystemEntries(_folder).Any()) Directory.Delete(_folder);
    }

    /// <summary>Closes the open file.</summary>
    public void Close()
    {
        _file?.Dispose();
        _file = null;
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private string FileOf(int step) => Path.Combine(_folder, step.ToString("D6", CultureInfo.InvariantCulture) + ".jsonl");

    private void Give(Exception fault)
    {
        _fails = true;
        _remark($"finished groups cannot be kept in {_folder} ({fault.Message}): a process that is killed samples them again");
    }
}
