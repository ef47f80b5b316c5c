using Tenon.Cluster.Grains;
using Tenon.Cluster.Workers;
using Tenon.Models.Weights;
using Tenon.Runs;
using Tenon.Studies;
using Tenon.Training;
using Tenon.Training.Settings;

namespace Tenon.Cluster.Trials;

/// <summary>
/// Hands a study's cells to the workers of a cluster. Where a worker sees the study's folder it works in it, under the same leases as
/// every other process, and another goes on with a dead one's cell from its last checkpoint; else the cell is run elsewhere, its files are
/// fetched at the end, and a dead worker's cell begins anew.
/// </summary>
internal sealed class ClusterStudy : IDisposable
{
    private static readonly TimeSpan S_pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan S_mostToStop = TimeSpan.FromMinutes(10);
    private const int LookEvery = 10;
    private readonly Study _study;
    private readonly StudyPlan _plan;
    private readonly ClusterClient _cluster;
    private readonly Action<StudyEvent> _events;
    private readonly Action<string> _remark;
    private readonly TimeSpan _patience;
    private readonly StudyWork _leases;
    private readonly string _token = Guid.NewGuid().ToString("N");
    private readonly List<ClusterCell> _running = [];
    private readonly Dictionary<string, long> _away = [];
    private readonly Dictionary<(string Worker, BaseQuestion Base), Task<string?>> _asked = [];
    private readonly Dictionary<(string Path, Tensors.Precision Precision), BaseQuestion> _bases = [];
    private readonly HashSet<string> _told = [];

    public ClusterStudy(Study study, ClusterClient cluster, TimeSpan patience, Action<StudyEvent> events, Action<string> remark)
    {
        (_study, _plan, _cluster, _patience, _events, _remark) = (study, study.Results.Plan, cluster, patience, events, remark);
        _leases = new StudyWork(study.Files, new ModelShelf(), study.Home, new StudyRoom(1, 1), _ => { }, patience);
        AtomicFile.WriteText(Path.Combine(study.Files.Leases, WorkerCells.TokenFile), _token);
    }

    /// <summary>
    /// Runs what is missing until all is done, or a stop is asked for: each run then finishes its step and writes a checkpoint.
    /// </summary>
    /// <returns>True where every cell is done.</returns>
    /// <exception cref="TenonException">A fault that ends more than one cell, or no worker that can work on a cell.</exception>
    public bool Run(CancellationToken stop)
    {
        try
        {
            for (var turn = 0; !stop.IsCancellationRequested; turn++)
            {
                Collect();
                if (turn % LookEvery == 0) Look();
                var left = StudyWork.Left(_plan, _study.Files);
                if (left.Count == 0 && _running.Count == 0) break;
                foreach (var cell in left) HandOut(cell, stop);
                stop.WaitHandle.WaitOne(S_pause);
            }
        }
        finally
        {
            foreach (var cell in _running) cell.Stop();
            // A worker that is gone never answers.
            var until = Environment.TickCount64 + (long)S_mostToStop.TotalMilliseconds;
            while (_running.Exists(cell => !cell.Done.IsCompleted && !cell.Worker.IsGone) && Environment.TickCount64 < until)
                Thread.Sleep(S_pause);
            Collect(quiet: true);
        }

        return _study.Results.Missing == 0;
    }

    /// <inheritdoc/>
    public void Dispose() => _leases.Dispose();

    private void HandOut(StudyCell cell, CancellationToken stop)
    {
        if (_running.Exists(r => r.Cell.Id == cell.Id) || _away.GetValueOrDefault(cell.Id) > Environment.TickCount64) return;
        if (cell.Settings is not { } settings)
        {
            var refused = new CellResult(CellStatus.Refused) { Reason = cell.Refusal };
            _study.Files.WriteResult(cell, refused);
            _events(new CellEnded(cell, refused));
            return;
        }

        foreach (var worker in _cluster.Workers)
        {
            if (_running.Count(r => r.Worker == worker) >= worker.Facts.Jobs) continue;
            if (!May(worker, settings)) continue;
            var run = new ClusterCell(worker, cell, _study, _token, _patience, _leases);
            if (!run.Begin(stop)) return;
            _running.Add(run);
            _events(new CellBegun(cell));
            return;
        }

        RequireAny(settings);
    }

    private void Look()
    {
        foreach (var run in _running)
        {
            if (run.Steps > 0) _events(new CellMoved(run.Cell, new StepDone(new StepMetrics(run.Steps))));
            _ = run.Look();
        }
    }

    private void Collect(bool quiet = false)
    {
        foreach (var run in _running.Where(r => r.Done.IsCompleted || r.Worker.IsGone).ToList())
        {
            _running.Remove(run);
            run.End();
            if (!run.Done.IsCompleted)
            {
                _remark($"worker {run.Worker.Name} is gone; another takes {run.Cell.Id}");
                continue;
            }

            var answer = run.Answer;
            if (answer.Status == CellWord.Busy) _away[run.Cell.Id] = Environment.TickCount64 + 500;
            if (answer.Status == CellWord.Ended && _study.Files.ResultOf(run.Cell) is { } result) _events(new CellEnded(run.Cell, result));
            if (answer.Status != CellWord.Failed || quiet) continue;
            if (run.IsLost) _remark($"worker {run.Worker.Name} cannot be reached; another takes {run.Cell.Id}");
            else throw new TenonException($"worker {run.Worker.Name} with cell {run.Cell.Id}", got: answer.Fault);
        }
    }

    // Asked once for each base, in the background: a large one takes a while to open.
    private bool May(Worker worker, RunSettings settings)
    {
        if (worker.Refusal(settings.Precision) is { } refusal) return Tell(worker, refusal);
        var question = BaseOf(settings);
        if (!_asked.TryGetValue((worker.Key, question), out var answer))
            _asked[(worker.Key, question)] = answer = Ask(worker, question);
        return answer.IsCompleted && (answer.Result is not { } other || Tell(worker, other));
    }

    private bool Tell(Worker worker, string refusal)
    {
        if (_told.Add($"{worker.Key} {refusal}")) _remark($"worker {worker.Name} is refused: {refusal}");
        return false;
    }

    private static async Task<string?> Ask(Worker worker, BaseQuestion question)
    {
        try
        {
            return (await worker.Grain.Base(question)).Fault;
        }
        catch (Exception e)
        {
            return e.Message;
        }
    }

    private BaseQuestion BaseOf(RunSettings settings)
    {
        var path = new RunHome([_study.Home]).PathOf(settings.Model);
        if (_bases.TryGetValue((path, settings.Precision), out var known)) return known;
        using var source = ModelSource.Open(path);
        return _bases[(path, settings.Precision)] = BaseQuestion.Of(path, source.Fingerprint, settings.Precision);
    }

    private void RequireAny(RunSettings settings)
    {
        var workers = _cluster.Workers;
        if (workers.Count == 0 || _running.Count > 0) return;
        var refused =
            workers.Select(worker => (worker.Name, Why: worker.Refusal(settings.Precision) ?? Answered(worker, settings))).ToList();
        if (refused.TrueForAll(r => r.Why is not null))
            throw new TenonException("the cluster", "at least one worker that can work on this study",
                string.Join("; ", refused.Select(r => $"worker {r.Name} is refused: {r.Why!.ReplaceLineEndings(" ")}")), usage: true);
    }

    private string? Answered(Worker worker, RunSettings settings) =>
        _asked.GetValueOrDefault((worker.Key, BaseOf(settings))) is { IsCompleted: true } answer ? answer.Result : null;
}
