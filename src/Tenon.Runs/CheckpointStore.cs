using System.Globalization;

namespace Tenon.Runs;

/// <summary>
/// The folder <c>checkpoints/</c>. What is not a checkpoint of this run (a copy, a folder of another name, a half or an empty one) is
/// passed
/// over by name: never counted, never deleted.
/// </summary>
internal sealed class CheckpointStore(string folder, string temporary)
{
    private const string Unfinished = "checkpoint-";
    private string? _temporary;

    /// <summary>
    /// Where unfinished checkpoints lie: in the run's <c>.tmp</c>, or beside the checkpoints where these lie on another disk.
    /// </summary>
    private string Temporary => _temporary ??= CanMove() ? temporary : Beside;

    private string Beside => Path.Combine(folder, ".tmp");

    /// <summary>The folder of a step.</summary>
    public string FolderOf(int step) => Path.Combine(folder, step.ToString(CultureInfo.InvariantCulture));

    /// <summary>The steps that have a checkpoint by its name, its seal and its files' lengths, ascending.</summary>
    public IReadOnlyList<int> Steps() =>
        [.. Folders().Where(path => CheckpointSeal.StepOf(path) is { } step && CheckpointSeal.Fault(path, step, bytes: false) is null)
            .Select(path => CheckpointSeal.StepOf(path)!.Value).Order()];

    /// <summary>
    /// The newest checkpoint whose every byte is what was written, and a sentence for each newer or stranger folder that was passed over.
    /// </summary>
    public (int? Step, IReadOnlyList<string> PassedOver) NewestWhole(IReadOnlySet<int> except)
    {
        var remarks = new List<string>();
        foreach (var path in Folders().Where(path => CheckpointSeal.StepOf(path) is null))
            remarks.Add($"{path} is no checkpoint of this run by its name: passed over");
        foreach (var step in Folders().Select(CheckpointSeal.StepOf).OfType<int>().OrderDescending())
        {
            if (except.Contains(step)) continue;
            if (CheckpointSeal.Fault(FolderOf(step), step, bytes: true) is not { } fault) return (step, remarks);
            remarks.Add($"{FolderOf(step)} is no whole checkpoint of step {step} ({fault}): passed over");
        }

        return (null, remarks);
    }

    /// <summary>Fills a temporary folder, seals it and gives it its name.</summary>
    public string Write(int step, Action<string> fill)
    {
        var target = FolderOf(step);
        Directory.CreateDirectory(folder);
        if (Directory.Exists(target) && CheckpointSeal.Fault(target, step, bytes: false) is not null) SetAside(target);
        AtomicFile.WriteFolder(target, Path.Combine(Temporary, $"{Unfinished}{step}"), path =>
        {
            fill(path);
            CheckpointSeal.Write(path, step);
        });
        ClearBeside();
        return target;
    }

    /// <summary>
    /// Removes a step's checkpoint; it leaves its place by a rename, so that a kill in between leaves no half checkpoint under its name.
    /// </summary>
    public void Remove(int step)
    {
        var trash = Path.Combine(Temporary, $"old-{step}");
        if (Directory.Exists(trash)) Directory.Delete(trash, recursive: true);
        Directory.CreateDirectory(Temporary);
        AtomicFile.MoveFolder(FolderOf(step), trash);
        Directory.Delete(trash, recursive: true);
        ClearBeside();
    }

    /// <summary>Gives a folder that stands in a checkpoint's place another name.</summary>
    public void SetAside(string path)
    {
        var name = path + ".aside";
        for (var i = 2; Directory.Exists(name); i++) name = $"{path}.aside-{i}";
        AtomicFile.MoveFolder(path, name);
    }

    /// <summary>
    /// Puts a checkpoint back that a process was replacing by its own step's when it was killed; the unfinished rest is cleared.
    /// </summary>
    public void Restore()
    {
        foreach (var place in new[] { temporary, Beside }.Where(Directory.Exists))
            foreach (var old in Directory.GetDirectories(place, $"{Unfinished}*.old"))
                if (int.TryParse(Path.GetFileName(old)[Unfinished.Length..^4], NumberStyles.None, CultureInfo.InvariantCulture,
                    out var step) && !Directory.Exists(FolderOf(step)))
                    AtomicFile.MoveFolder(old, FolderOf(step));
        ClearBeside();
    }

    /// <summary>Clears what a killed process left beside the checkpoints.</summary>
    public void ClearBeside()
    {
        if (Directory.Exists(Beside)) Directory.Delete(Beside, recursive: true);
    }

    /// <summary>Bytes of a step's checkpoint.</summary>
    public long BytesOf(int step) => new DirectoryInfo(FolderOf(step)).EnumerateFiles().Sum(file => file.Length);

    private IEnumerable<string> Folders() =>
        Directory.Exists(folder) ? Directory.EnumerateDirectories(folder).Where(path => !Path.GetFileName(path).StartsWith('.')) : [];

    // A rename reaches no other disk, and which disk a link or a mount leads to is best asked by a rename.
    private bool CanMove()
    {
        var (from, to) = (Path.Combine(temporary, "probe"), Path.Combine(folder, ".probe"));
        try
        {
            Directory.CreateDirectory(from);
            if (Directory.Exists(to)) Directory.Delete(to);
            Directory.Move(from, to);
            Directory.Delete(to);
            return true;
        }
        catch (IOException)
        {
            if (Directory.Exists(from)) Directory.Delete(from);
            return false;
        }
    }
}
