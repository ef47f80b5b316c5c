namespace Tenon.Models.Weights;

/// <summary>
/// Writes a file whole or not at all: to a temporary name beside it, flushed to the disk, then renamed over the target. A fault leaves the old file
/// as it was and no temporary one behind.
/// </summary>
public static class AtomicFile
{
    /// <summary>Writes what <paramref name="write"/> puts into the stream to <paramref name="path"/>; missing folders are made.</summary>
    public static void Write(string path, Action<Stream> write)
    {
        var target = Path.GetFullPath(path);
        var temporary = Path.Combine(Path.GetDirectoryName(target)!, $".{Path.GetFileName(target)}.{Guid.NewGuid():N}.tmp");
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, target, overwrite: true);
        }
        catch (Exception e)
        {
            try
            {
                File.Delete(temporary);
            }
            catch (Exception ignored) when (ignored is IOException or UnauthorizedAccessException)
            {
                // The first fault is the one to report.
            }
            if (e is IOException or UnauthorizedAccessException)
                throw new TenonException($"Cannot write '{path}'", "a folder that can be written to, with room for the file", e.Message, "Free space or choose another folder; the old file, if any, is untouched.", e);
            throw;
        }
    }

    /// <summary>Writes bytes.</summary>
    public static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        var copy = bytes.ToArray();
        Write(path, stream => stream.Write(copy));
    }
}
