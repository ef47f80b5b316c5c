using System.Buffers;

namespace Tenon;

/// <summary>Words of commands that are printed to be pasted into a POSIX shell.</summary>
public static class ShellWord
{
    private static readonly SearchValues<char> S_plain =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-");

    /// <summary>The word as it stands where the shell takes it so, else in single quotes.</summary>
    public static string Quote(string word) =>
        word.Length > 0 && word.AsSpan().IndexOfAnyExcept(S_plain) < 0 ? word
        : "'" + word.Replace("'", "'\\''", StringComparison.Ordinal) + "'";

    /// <summary>A path as a word; one that begins with a dash, and would be taken for an option, gets <c>./</c> before it.</summary>
    public static string Path(string path) => Quote(path.StartsWith('-') ? "./" + path : path);
}
