namespace Tenon.Recipes;

/// <summary>
/// The folder of a probe's run: on the disk that the run itself would write to, and gone when the probe or the process ends.
/// </summary>
internal sealed class ProbeFolder : IDisposable
{
    /// <summary>A folder that does not exist yet, in what there is of <paramref name="run"/>'s path; null for a temporary one.</summary>
    public ProbeFolder(string? run)
    {
        Path = System.IO.Path.Combine(run is null ? System.IO.Path.GetTempPath() : Place(run), $".tenon-probe-{Guid.NewGuid():n}");
        AppDomain.CurrentDomain.ProcessExit += Exit;
    }

    /// <summary>Its path.</summary>
    public string Path { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= Exit;
        Delete();
    }

    // The nearest folder of the run's path that is there, as long as one may write to it.
    private static string Place(string run)
    {
        var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(run));
        while (folder is not null && !Directory.Exists(folder)) folder = System.IO.Path.GetDirectoryName(folder);
        if (folder is null) return System.IO.Path.GetTempPath();
        var tried = System.IO.Path.Combine(folder, $".tenon-probe-{Guid.NewGuid():n}");
        try
        {
            Directory.CreateDirectory(tried);
            Directory.Delete(tried);
            return folder;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return System.IO.Path.GetTempPath();
        }
    }

    private void Exit(object? sender, EventArgs e) => Delete();

    private void Delete()
    {
        try
        {
            if (Directory.Exists(Path)) Directory.Delete(Path, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What an ending process still writes to cannot be deleted: the folder says by its name what it is.
        }
    }
}
