namespace Tenon.Rewards.Code;

/// <summary>Finds programs as a shell does.</summary>
internal static class Programs
{
    /// <summary>The full path of a program on the PATH (or of a path as it stands); null where there is none.</summary>
    public static string? Find(string program)
    {
        if (program.AsSpan().IndexOfAny(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar) >= 0)
            return File.Exists(program) ? Path.GetFullPath(program) : null;
        var names = OperatingSystem.IsWindows() ? new[] { program + ".exe", program + ".cmd" } : [program];
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return folders.SelectMany(folder => names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
    }
}
