using System.Runtime.InteropServices;
using System.Text;

namespace Tenon;

/// <summary>
/// Files and folders that are there whole or not at all: written beside their place, flushed to the disk, then renamed, then the folder's
/// entry is flushed too.
/// </summary>
public static partial class AtomicFile
{
    /// <summary>Writes a text as UTF-8 without a byte-order mark.</summary>
    public static void WriteText(string path, string text, string? temporaryFolder = null) =>
        Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)), temporaryFolder);

    /// <summary>
    /// Writes a file through a temporary one in the same folder, or in <paramref name="temporaryFolder"/> on the same volume where a killed
    /// process must leave nothing beside the file; a failure leaves the old file as it was. Without <paramref name="flush"/> it is whole
    /// for every process, but a power cut may take it until <see cref="SyncFile"/> has been called for it.
    /// </summary>
    public static void Write(string path, Action<Stream> write, string? temporaryFolder = null, bool flush = true)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var temporary = Path.Combine(temporaryFolder ?? folder, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}.tmp");
        try
        {
            Directory.CreateDirectory(folder);
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: flush);
            }
            MoveFile(temporary, path);
            if (flush) SyncFolder(folder);
        }
        catch (Exception e)
        {
            TryDelete(temporary);
            if (DiskFault(e) is { } fault)
                throw new TenonException($"{path} could not be written", "a folder that can be written to, with room for the file",
                    fault.Message, $"{HintOf(fault)}; the old file, if there was one, is unchanged", fault);
            throw;
        }
    }

    /// <summary>
    /// Makes a folder through a temporary one: <paramref name="fill"/> gets the temporary path and writes into it; all files are flushed,
    /// then the folder takes its name. A folder that stands there already is replaced. A failure leaves nothing.
    /// </summary>
    public static void WriteFolder(string path, string temporary, Action<string> fill)
    {
        try
        {
            if (Directory.Exists(temporary)) Directory.Delete(temporary, recursive: true);
            Directory.CreateDirectory(temporary);
            fill(temporary);
            foreach (var file in Directory.EnumerateFiles(temporary, "*", SearchOption.AllDirectories)) SyncFile(file);
            foreach (var inner in Directory.EnumerateDirectories(temporary, "*", SearchOption.AllDirectories)) SyncFolder(inner);
            SyncFolder(temporary);
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            if (Directory.Exists(path)) MoveFolder(path, temporary + ".old");
            MoveFolder(temporary, path);
            SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
            if (Directory.Exists(temporary + ".old")) Directory.Delete(temporary + ".old", recursive: true);
        }
        catch (Exception e)
        {
            try
            {
                if (Directory.Exists(temporary)) Directory.Delete(temporary, recursive: true);
            }
            catch (IOException)
            {
                // What is left of it lies in a temporary folder and is cleared by the next run.
            }
            if (DiskFault(e) is { } fault)
                throw new TenonException($"the folder {path} could not be written", got: fault.Message,
                    hint: $"{HintOf(fault)}; what was there before is unchanged", inner: fault);
            throw;
        }
    }

    /// <summary>
    /// The fault where writing failed for what a person can mend (no room, no right, a file too large for the disk); null for any other
    /// exception.
    /// </summary>
    public static Exception? DiskFault(Exception e) => e switch
    {
        IOException or UnauthorizedAccessException => e,
        // What .NET makes of EFBIG.
        ArgumentOutOfRangeException { ParamName: "value" } =>
            new IOException("the file is too large for the file system or the process's limit", e),
        _ => null,
    };

    /// <summary>What a person can do about a fault of writing or reading: by its kind, not always "free some space".</summary>
    public static string HintOf(Exception fault)
    {
        // On Unix an I/O exception carries errno; on Windows the low half of the result is Win32's code.
        var code = fault.HResult & 0xFFFF;
        return fault switch
        {
            UnauthorizedAccessException => "make the folder writable for this user, or choose another",
            DirectoryNotFoundException or FileNotFoundException => "the folder is gone: restore it, or choose another",
            PathTooLongException => "choose a shorter path",
            _ when OperatingSystem.IsWindows() => code switch
            {
                0x70 or 0x27 => "free some space",
                0x11 => "choose a folder on the same volume",
                0x20 or 0x21 => "close the program that holds the file",
                _ => "look at the disk, or choose another folder",
            },
            _ => code switch
            {
                28 or 122 or 69 => "free some space",
                18 => "choose a folder on the same disk",
                30 => "the disk is mounted read-only: mount it for writing, or choose another folder",
                5 => "the disk reports a fault: look at it before going on, or choose another folder",
                23 or 24 => "raise the limit of open files (ulimit -n)",
                27 => "raise the limit of file sizes (ulimit -f), or choose another file system",
                _ => fault.Message.Contains("free", StringComparison.Ordinal) ? "free some space"
                    : "look at the disk, or choose another folder",
            },
        };
    }

    /// <summary>Flushes a folder's entries to the disk, so that a rename survives a power cut; does nothing on Windows.</summary>
    public static void SyncFolder(string folder)
    {
        if (OperatingSystem.IsWindows()) return;
        var handle = Open(folder, 0);
        if (handle < 0) return;
        _ = FSync(handle);
        _ = Close(handle);
    }

    /// <summary>Renames a file on its volume, over another where there is one.</summary>
    public static void MoveFile(string from, string to) =>
        Patiently(() => File.Move(from, to, overwrite: true), OperatingSystem.IsWindows());

    /// <summary>Renames a folder on its volume.</summary>
    public static void MoveFolder(string from, string to) => Patiently(() => Directory.Move(from, to), OperatingSystem.IsWindows());

    /// <summary>
    /// Windows renames nothing that is open, and who reads one of our files (or scans it for viruses) is done in a moment: with
    /// <paramref name="again"/> a refused rename is tried for half a second.
    /// </summary>
    internal static void Patiently(Action rename, bool again, int milliseconds = 20)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                rename();
                return;
            }
            catch (Exception e) when (again && tries < 25
                && e is UnauthorizedAccessException or IOException and not FileNotFoundException)
            {
                Thread.Sleep(milliseconds);
            }
        }
    }

    /// <summary>Flushes a file to the disk.</summary>
    public static void SyncFile(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        stream.Flush(flushToDisk: true);
        RandomAccess.FlushToDisk(stream.SafeFileHandle);
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The name begins with a dot and ends in .tmp: nobody takes it for the file.
        }
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    private static partial int FSync(int handle);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int handle);
}
