using System.Globalization;
using System.Text;

namespace Tenon.Studies;

/// <summary>
/// The right to work on a cell, for any number of processes over a shared folder. A lease is a file <c>CELL.N</c> that is made only where
/// there is none (one system call decides between two processes, on network file systems too), and whose text its holder changes every few
/// seconds. The highest N holds. Who has watched a text stand still for <see cref="LeaseWatch.Patience"/> by a clock of its own makes N +
/// 1: no two
/// machines' clocks are compared, and nothing is ever renamed or deleted under a holder.
/// </summary>
internal sealed class CellLease
{
    private readonly string _path;
    private readonly string _cell;
    private readonly string _folder;
    private readonly int _number;
    private readonly string _owner;
    private long _beats;

    private CellLease(string folder, string cell, int number, string owner)
    {
        (_folder, _cell, _number, _owner) = (folder, cell, number, owner);
        _path = PathOf(folder, cell, number);
    }

    /// <summary>
    /// Takes a cell: one that nobody holds, or one whose holder the watcher has seen stand still. Null where another process has it.
    /// </summary>
    public static CellLease? TryTake(string folder, string cell, string owner, LeaseWatch watch)
    {
        Directory.CreateDirectory(folder);
        var last = Last(folder, cell);
        if (last >= 0 && Text(PathOf(folder, cell, last)) is { } text && text != Released
            && !watch.StoodStill(cell, $"{last} {text}")) return null;
        var lease = new CellLease(folder, cell, last + 1, owner);
        try
        {
            using var file = new FileStream(lease._path, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
            file.Write(Encoding.UTF8.GetBytes(lease.Line()));
        }
        catch (IOException) when (File.Exists(lease._path))
        {
            return null;
        }

        return lease;
    }

    /// <summary>
    /// Refuses a folder in which two processes could both take a cell: a file that is there must not be made anew, and what was written
    /// must be read back.
    /// </summary>
    public static void RequireExclusive(string folder)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, $".probe-{Guid.NewGuid():N}");
        try
        {
            using (var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read)) file.WriteByte((byte)'x');
            var twice = true;
            try
            {
                new FileStream(path, FileMode.CreateNew, FileAccess.Write).Dispose();
            }
            catch (IOException)
            {
                twice = false;
            }

            if (twice || SharedFile.ReadText(path) != "x")
                throw new TenonException($"the study's folder {folder}", "a file system in which a file is made by one process only",
                    "one that made the same file twice", "put the study on a local disk or on NFS 3 or later", usage: true);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new TenonException($"the study's folder {folder} cannot be written to", got: e.Message,
                hint: "make it writable for this user", inner: e, usage: true);
        }
        finally
        {
            if (File.Exists(path)) File.Delete(path);
        }
    }

    /// <summary>Shows that the holder lives; false where another process has taken the cell meanwhile.</summary>
    public bool Beat()
    {
        if (Last(_folder, _cell) > _number) return false;
        _beats++;
        try
        {
            // In place: a reader sees the old text, the new one or a part of it, and each of these differs from what it saw before.
            using var file = new FileStream(_path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            file.Write(Encoding.UTF8.GetBytes(Line()));
            file.SetLength(file.Position);
            file.Flush(flushToDisk: true);
        }
        catch (IOException)
        {
            // A disk that is away for a moment: the next beat tells.
        }

        return true;
    }

    /// <summary>Gives the cell free.</summary>
    public void Release()
    {
        if (Last(_folder, _cell) > _number) return;
        try
        {
            AtomicFile.WriteText(_path, Released);
        }
        catch (TenonException)
        {
            // Its text stands still from now on, which comes to the same.
        }
    }

    private const string Released = "free\n";

    private string Line() => string.Create(CultureInfo.InvariantCulture, $"{_owner} {_beats}\n");

    private static string PathOf(string folder, string cell, int number) =>
        Path.Combine(folder, $"{cell}.{number.ToString(CultureInfo.InvariantCulture)}");

    private static int Last(string folder, string cell)
    {
        var last = -1;
        while (File.Exists(PathOf(folder, cell, last + 1))) last++;
        return last;
    }

    private static string? Text(string path)
    {
        try
        {
            return SharedFile.ReadText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

/// <summary>What a process has seen of others' leases, by a clock of its own.</summary>
/// <param name="patience">How long a lease's text must stand still before the cell is taken over; its holder changes it nine times in
/// that time.</param>
/// <param name="clock">Milliseconds; null for the system's.</param>
internal sealed class LeaseWatch(TimeSpan patience, Func<long>? clock = null)
{
    private readonly Func<long> _clock = clock ?? (() => Environment.TickCount64);
    private readonly Dictionary<string, (string Text, long Since)> _seen = [];

    /// <summary>How long a lease's text must stand still before the cell is taken over.</summary>
    public TimeSpan Patience => patience;

    /// <summary>True where the text has been the same for that long.</summary>
    public bool StoodStill(string cell, string text)
    {
        lock (_seen)
        {
            var now = _clock();
            if (!_seen.TryGetValue(cell, out var seen) || seen.Text != text)
            {
                _seen[cell] = (text, now);
                return false;
            }

            return now - seen.Since >= patience.TotalMilliseconds;
        }
    }
}
