using System.Text;

namespace Tenon;

/// <summary>
/// Reads files of ours that another process, or another part of this one, may be writing, replacing or deleting at the moment. On Windows a
/// reader that does not allow that is refused by the writer's handle, and keeps the writer from renaming over the file; elsewhere it makes
/// no difference. All of <c>src</c> reads its files this way (a test looks).
/// </summary>
public static class SharedFile
{
    /// <summary>Opens a file for reading.</summary>
    public static FileStream Open(string path) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    /// <summary>The whole text of a file, UTF-8 unless its first bytes say otherwise.</summary>
    public static string ReadText(string path)
    {
        using var reader = new StreamReader(Open(path), Encoding.UTF8);
        return reader.ReadToEnd();
    }

    /// <summary>The lines of a file, read while they are asked for; the last may be one that its writer has not finished.</summary>
    public static IEnumerable<string> ReadLines(string path)
    {
        using var reader = new StreamReader(Open(path), Encoding.UTF8);
        while (reader.ReadLine() is { } line) yield return line;
    }

    /// <summary>The bytes that a file has now.</summary>
    public static byte[] ReadBytes(string path)
    {
        using var file = Open(path);
        using var bytes = new MemoryStream(file.CanSeek ? (int)Math.Min(file.Length, Array.MaxLength) : 0);
        file.CopyTo(bytes);
        return bytes.Length == bytes.Capacity ? bytes.GetBuffer() : bytes.ToArray();
    }
}
