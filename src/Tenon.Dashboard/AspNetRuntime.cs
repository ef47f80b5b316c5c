using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace Tenon.Dashboard;

/// <summary>
/// ASP.NET's runtime, found and loaded when it is first needed: the program's own runtimeconfig does not ask for it, so that it starts
/// where only .NET's runtime is installed.
/// </summary>
internal static class AspNetRuntime
{
    private const string Framework = "Microsoft.AspNetCore.App";
    private static readonly Lock S_lock = new();
    private static string? S_folder;

    /// <summary>Makes ASP.NET's assemblies loadable in this process.</summary>
    /// <exception cref="TenonException">They are not installed.</exception>
    public static void Require()
    {
        lock (S_lock)
        {
            if (S_folder is not null || IsPartOfProgram()) return;
            var roots = Roots(RuntimeEnvironment.GetRuntimeDirectory(), Environment.GetEnvironmentVariable("DOTNET_ROOT"),
                Environment.GetEnvironmentVariable("PATH"));
            S_folder = Find(roots, Environment.Version);
            AssemblyLoadContext.Default.Resolving += (context, name) =>
                Path.Combine(S_folder, name.Name + ".dll") is var file && File.Exists(file) ? context.LoadFromAssemblyPath(file) : null;
        }
    }

    /// <summary>The folders that runtimes are installed in: the one that this process runs on, or, where it brings its own, those that
    /// others would run on.</summary>
    public static IReadOnlyList<string> Roots(string runtime, string? root, string? path)
    {
        var own = new DirectoryInfo(Path.TrimEndingDirectorySeparator(runtime));
        if (own.Parent is { Name: "Microsoft.NETCore.App", Parent: { Name: "shared", Parent: { } shared } }) return [shared.FullName];
        var found = new List<string>();
        if (!string.IsNullOrEmpty(root)) found.Add(root);
        foreach (var folder in (path ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            var host = new FileInfo(Path.Combine(folder, OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));
            if (host.Exists) found.Add(((FileInfo?)host.ResolveLinkTarget(returnFinalTarget: true) ?? host).DirectoryName!);
        }

        found.Add(OperatingSystem.IsWindows()
            ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles), "dotnet") : "/usr/share/dotnet");
        return [.. found.Distinct()];
    }

    /// <summary>The folder with the assemblies of a version: its own patch, or else the newest.</summary>
    /// <exception cref="TenonException">There is none.</exception>
    public static string Find(IReadOnlyList<string> roots, Version version)
    {
        foreach (var root in roots)
        {
            var all = Path.Combine(root, "shared", Framework);
            if (!Directory.Exists(all)) continue;
            var fitting = Directory.GetDirectories(all).Select(folder => (Folder: folder, Version: VersionOf(folder)))
                .Where(one => one.Version is { } found && (found.Major, found.Minor) == (version.Major, version.Minor))
                .OrderByDescending(one => one.Version == version).ThenByDescending(one => one.Version).ToList();
            if (fitting.Count > 0) return fitting[0].Folder;
        }

        throw new TenonException("--dashboard", $"ASP.NET's runtime, {Framework} {version.Major}.{version.Minor}",
            $"none in {string.Join(", ", roots.Select(root => Path.Combine(root, "shared")))}",
            $"install it (the package aspnetcore-runtime-{version.Major}.{version.Minor}, or https://dotnet.microsoft.com/download), "
            + "or work without --dashboard", usage: true);
    }

    private static Version? VersionOf(string folder) =>
        Version.TryParse(Path.GetFileName(folder).Split('-')[0], out var version) ? version : null;

    private static bool IsPartOfProgram() =>
        AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") is string all && all.Contains("Microsoft.AspNetCore.dll", StringComparison.Ordinal);
}
