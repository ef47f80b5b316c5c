using System.Runtime.CompilerServices;

namespace Tenon.Tests.Support;

/// <summary>Files of the repository that tests compare with what the code says.</summary>
internal static class Repository
{
    /// <summary>A path under the repository's root.</summary>
    public static string Path(string relative) => System.IO.Path.GetFullPath(System.IO.Path.Combine(Here(), "..", "..", "..", relative));

    private static string Here([CallerFilePath] string file = "") => System.IO.Path.GetDirectoryName(file)!;
}
