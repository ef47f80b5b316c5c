namespace Tenon.Runs;

/// <summary>
/// Where a run's relative paths are at home: the folder it was begun in. <c>run.json</c> keeps it whole and as seen from the run's folder,
/// so that a run goes on
/// from any current folder, after the run alone was moved, and after both were moved together.
/// </summary>
/// <param name="folders">Folders that are tried in order; none leaves paths as they are.</param>
public sealed class RunHome(IReadOnlyList<string> folders)
{
    /// <summary>The current folder: paths of a run that begins.</summary>
    public static RunHome Here { get; } = new([]);

    /// <summary>The home of a run that was begun before.</summary>
    public static RunHome Of(RunFolder run, RunDescription description) => new(
    [
        .. description.Home is { } home ? [home] : Array.Empty<string>(),
        .. description.HomeFromRun is { } relative ? [Path.GetFullPath(Path.Combine(run.Folder, relative))] : Array.Empty<string>(),
    ]);

    /// <summary>A path of the recipe as it is to be opened: what stands under the run's home, else the path itself.</summary>
    public string PathOf(string path)
    {
        if (path.Length == 0 || Path.IsPathRooted(path)) return path;
        foreach (var folder in folders)
            if (Path.Combine(folder, path) is var found && Path.Exists(found)) return found;
        return path;
    }

    /// <summary>The same where there is a path.</summary>
    public string? PathOfOrNull(string? path) => path is null ? null : PathOf(path);
}
