using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Tenon.Cluster.Grains;
using Tenon.Studies;
using Tenon.Training;
using Tenon.Training.Settings;

namespace Tenon.Cluster.Workers;

/// <summary>
/// Cells of studies on a worker: in the study's folder, under its leases, where the worker sees it; else in a folder of its own, whose
/// files are fetched at the end.
/// </summary>
internal sealed class WorkerCells(WorkerThreads threads, int jobs)
{
    /// <summary>The file of a study's folder by which a worker knows that it sees the same one.</summary>
    public const string TokenFile = ".cluster";

    private readonly ModelShelf _models = new();
    private readonly StudyRoom _room = new(jobs, jobs);
    private readonly ConcurrentDictionary<Guid, Job> _jobs = [];
    private readonly Dictionary<string, StudyWork> _studies = [];

    public static bool Sees(string study, string token)
    {
        var path = Path.Combine(study, "leases", TokenFile);
        try
        {
            return File.Exists(path) && SharedFile.ReadText(path) == token;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    public async Task<CellAnswer> Run(CellRequest request)
    {
        var job = _jobs[request.Work] = new Job(request.Shared ? request.Study : Scratch(request.Work), request.Cell);
        var answer = await threads.Run(() => RunNow(request, job));
        if (request.Shared) _jobs.TryRemove(request.Work, out _);
        return answer;
    }

    public void Stop(Guid work)
    {
        if (_jobs.TryGetValue(work, out var job)) job.Stop.Cancel();
    }

    public void StopAll()
    {
        foreach (var job in _jobs.Values) job.Stop.Cancel();
    }

    public int Steps(Guid work) => _jobs.TryGetValue(work, out var job) ? job.Steps : 0;

    public byte[] Read(Guid work, string path, long offset, int length)
    {
        if (!_jobs.TryGetValue(work, out var job) || !job.Files.Contains(path)) return [];
        using var file = SharedFile.Open(Path.Combine(job.Folder, path));
        file.Position = offset;
        var bytes = new byte[Math.Min(length, Math.Max(0, file.Length - offset))];
        file.ReadExactly(bytes);
        return bytes;
    }

    public void Forget(Guid work)
    {
        if (!_jobs.TryRemove(work, out var job) || job.Folder != Scratch(work) || !Directory.Exists(job.Folder)) return;
        Directory.Delete(job.Folder, recursive: true);
    }

    private CellAnswer RunNow(CellRequest request, Job job)
    {
        try
        {
            var cell = new StudyCell
            {
                Id = request.Cell, Row = new StudyRow("", []), Tuned = new Dictionary<string, string>(), Seed = request.Seed,
                Role = StudyRole.Report, Settings = SettingsJson.Read<RunSettings>(JsonNode.Parse(request.Settings)!),
            };
            var attempt = request.Shared ? StudyOf(request).Try(cell, job.Stop.Token) : Alone(request, job, cell);
            ClusterMetrics.Cells.Add(attempt == CellAttempt.Ended ? 1 : 0);
            return attempt switch
            {
                CellAttempt.Busy => new CellAnswer(CellWord.Busy),
                CellAttempt.Stopped => new CellAnswer(CellWord.Stopped),
                _ => new CellAnswer(CellWord.Ended, job.Result?.ToJson().ToJsonString(), request.Shared ? null : FilesOf(job, cell.Id)),
            };
        }
        catch (Exception e) when (e is TenonException or IOException or UnauthorizedAccessException)
        {
            return new CellAnswer(CellWord.Failed, Fault: e.Message);
        }
    }

    // Kept from cell to cell: a lease that stands still is only seen by who looks again.
    private StudyWork StudyOf(CellRequest request)
    {
        lock (_studies)
        {
            var key = $"{request.Study} {request.Patience}";
            if (_studies.TryGetValue(key, out var known)) return known;
            return _studies[key] = Work(request, request.Study, e => Hear(e, request.Study));
        }
    }

    private CellAttempt Alone(CellRequest request, Job job, StudyCell cell)
    {
        using var work = Work(request, job.Folder, e => Hear(e, job.Folder));
        return work.Try(cell, job.Stop.Token);
    }

    private StudyWork Work(CellRequest request, string folder, Action<StudyEvent> events) => new(StudyFolder.At(folder), _models,
        Directory.Exists(request.Home) ? request.Home : Directory.GetCurrentDirectory(), _room, events,
        TimeSpan.FromSeconds(request.Patience));

    private void Hear(StudyEvent e, string folder)
    {
        foreach (var job in _jobs.Values)
            if (job.Folder == folder && job.Cell == e.Cell.Id) job.Hear(e);
    }

    private static string[] FilesOf(Job job, string cell)
    {
        var run = Path.Combine(job.Folder, "runs", cell);
        job.Files = !Directory.Exists(run) ? []
            : [.. Directory.EnumerateFiles(run, "*", SearchOption.AllDirectories)
                .Where(path => !Path.GetRelativePath(run, path).StartsWith(".tmp", StringComparison.Ordinal))
                // Whoever fetches them may be on another system.
                .Select(path => Path.GetRelativePath(job.Folder, path).Replace(Path.DirectorySeparatorChar, '/'))
                .Order(StringComparer.Ordinal)];
        return [.. job.Files];
    }

    private static string Scratch(Guid work) => Path.Combine(Path.GetTempPath(), $"tenon-cell-{work:N}");

    private sealed class Job(string folder, string cell)
    {
        public string Folder => folder;

        public string Cell => cell;

        public CancellationTokenSource Stop { get; } = new();

        public IReadOnlyList<string> Files { get; set; } = [];

        public int Steps { get; private set; }

        public CellResult? Result { get; private set; }

        public void Hear(StudyEvent e)
        {
            if (e is CellMoved { Event: StepDone done }) Steps = done.Metrics.Step;
            if (e is CellEnded ended) Result = ended.Result;
        }
    }
}
