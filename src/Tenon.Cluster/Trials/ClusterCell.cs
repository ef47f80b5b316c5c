using Tenon.Cluster.Grains;
using Tenon.Studies;

namespace Tenon.Cluster.Trials;

/// <summary>One cell with the worker that runs it.</summary>
internal sealed class ClusterCell(Worker worker, StudyCell cell, Study study, string token, TimeSpan patience, StudyWork leases)
{
    private const int Piece = 1 << 20;
    private readonly Guid _work = Guid.NewGuid();
    private bool _held;

    public Worker Worker => worker;

    public StudyCell Cell => cell;

    /// <summary>Completed once the worker has answered and its files are here.</summary>
    public Task Done { get; private set; } = Task.CompletedTask;

    /// <summary>What it answered.</summary>
    public CellAnswer Answer { get; private set; } = new(CellWord.Busy);

    /// <summary>True where the worker could not be reached.</summary>
    public bool IsLost { get; private set; }

    /// <summary>Begins; false where another process holds the cell.</summary>
    public bool Begin(CancellationToken stop)
    {
        bool shared;
        try
        {
            shared = worker.Grain.Sees(study.Folder, token).WaitAsync(TimeSpan.FromSeconds(5), stop).GetAwaiter().GetResult();
        }
        catch (Exception) when (!stop.IsCancellationRequested)
        {
            return false;
        }
        catch (OperationCanceledException)
        {
            return false;
        }

        // Who does not see the folder cannot hold its lease.
        if (!shared && leases.Take(cell, stop) is null) return false;
        _held = !shared;
        var request = new CellRequest(_work, study.Folder, shared, cell.Id, cell.Seed, SettingsJson.Write(cell.Settings!).ToJsonString(),
            study.Home, patience.TotalSeconds);
        Done = Task.Run(() => Run(request));
        return true;
    }

    /// <summary>Asks the worker to finish its step and to write a checkpoint.</summary>
    public void Stop() => _ = Drop();

    /// <summary>Steps that the worker has said.</summary>
    public int Steps { get; private set; }

    /// <summary>Asks the worker how far it is.</summary>
    public async Task Look()
    {
        try
        {
            Steps = await worker.Grain.Steps(_work);
        }
        catch (Exception)
        {
            // Whether it lives is seen elsewhere.
        }
    }

    /// <summary>Gives the cell free, where this process held it.</summary>
    public void End()
    {
        if (_held) leases.GiveBack(cell);
        _held = false;
    }

    private async Task Run(CellRequest request)
    {
        try
        {
            Answer = await worker.Grain.Run(request);
            if (request.Shared || Answer.Status != CellWord.Ended) return;
            await Fetch(Answer.Files ?? []);
            if (Answer.Result is { } text && CellResult.Read(text) is { } result) study.Files.WriteResult(cell, result);
            await worker.Grain.Forget(_work);
        }
        catch (Exception e)
        {
            IsLost = e is not (IOException or UnauthorizedAccessException or TenonException);
            Answer = new CellAnswer(CellWord.Failed, Fault: e.Message);
        }
    }

    // Whole or not at all: the run's folder appears by a rename.
    private async Task Fetch(IReadOnlyList<string> files)
    {
        var target = study.Files.RunOf(cell);
        var folder = Path.Combine(study.Folder, ".tmp", $"{cell.Id}-{_work:N}");
        foreach (var file in files)
        {
            var relative = Path.GetRelativePath(Path.Combine("runs", cell.Id), file);
            if (relative.StartsWith("..", StringComparison.Ordinal) || Path.IsPathRooted(relative))
                throw new TenonException($"worker {worker.Name}", "files of the cell's run", file);
            var path = Path.Combine(folder, relative);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await using var stream = File.Create(path);
            while (await worker.Grain.Read(_work, file, stream.Position, Piece) is { Length: > 0 } piece) await stream.WriteAsync(piece);
        }

        if (!Directory.Exists(folder)) return;
        if (Directory.Exists(target)) Directory.Delete(target, recursive: true);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        AtomicFile.MoveFolder(folder, target);
    }

    private async Task Drop()
    {
        try
        {
            await worker.Grain.Drop(_work);
        }
        catch (Exception)
        {
            // Whoever is gone has stopped.
        }
    }
}
