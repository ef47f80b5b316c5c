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
    public static void WriteText(string path, string text, string? temporaryFolder = null) => Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)), temporaryFolder);

    /// <summary>
    /// Writes a file through a temporary one in the same folder, or in <paramref name="temporaryFolder"/> on the same volume where a killed process must leave nothing beside the file; a failure leaves the old
    /// file as it was.
    /// </summary>
    public static void Write(string path, Action<Stream> write, string? temporaryFolder = null)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        Directory.CreateDirectory(folder);
        var temporary = Path.Combine(temporaryFolder ?? folder, $".{Path.GetFileName(path)}.{Environment.ProcessId}.tmp");
        try
        {
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
            SyncFolder(folder);
        }
        catch (Exception e)
        {
            TryDelete(temporary);
            if (e is IOException or UnauthorizedAccessException)
                throw new TenonException($"{path} could not be written", got: e.Message, hint: "the old file, if there was one, is unchanged", inner: e);
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
            if (Directory.Exists(path)) Directory.Move(path, temporary + ".old");
            Directory.Move(temporary, path);
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
            if (e is IOException or UnauthorizedAccessException)
                throw new TenonException($"the folder {path} could not be written", got: e.Message, hint: "free some space or choose another place; what was there before is unchanged", inner: e);
            throw;
        }
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

    private static void SyncFile(string path)
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
        catch (IOException)
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
