namespace Tenon.Runs;

/// <summary>
/// Lines of a file that a run or an evaluation writes, while it may still grow. A last line without its line break is one that the writer
/// is at, or was killed at: it is left out. Bytes that are no UTF-8 are an error with file, line and byte, never replaced.
/// </summary>
public static class RunLines
{
    /// <summary>The whole lines of a file; none where there is no file.</summary>
    public static IEnumerable<string> Read(string path)
    {
        if (!File.Exists(path)) yield break;
        using var lines = Utf8Lines.Open(path, "file");
        while (Next(lines) is { } line) yield return line;
    }

    private static string? Next(Utf8Lines lines)
    {
        try
        {
            return lines.ReadLine() is { } line && lines.IsEnded ? line : null;
        }
        catch (TenonException) when (!lines.IsEnded && !lines.IsHopeless)
        {
            return null;
        }
    }
}
