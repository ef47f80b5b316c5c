using Tenon.Runs;

namespace Tenon.Studies;

/// <summary>The cells that this process works on, with their leases.</summary>
internal sealed class StudyWork : IDisposable
{
    private readonly StudyFolder _folder;
    private readonly StudyPlan _plan;
    private readonly Action<StudyEvent> _events;
    private readonly CancellationToken _stop;
    private readonly CellRun _runs;
    private readonly LeaseWatch _watch;
    private readonly Dictionary<string, long> _away = [];
    private readonly Dictionary<string, (CellLease Lease, CancellationTokenSource Lost)> _held = [];
    private readonly Timer _heart;
    private readonly string _owner = $"{Environment.MachineName}/{Environment.ProcessId}/{Guid.NewGuid():N}";

    public StudyWork(StudyFolder folder, StudyPlan plan, string home, Action<StudyEvent> events, TimeSpan patience, CancellationToken stop)
    {
        (_folder, _plan, _events, _stop) = (folder, plan, events, stop);
        _runs = new CellRun(folder, new ModelShelf(), home);
        _watch = new LeaseWatch(patience);
        _heart = new Timer(_ => Beat(), null, patience / 9, patience / 9);
    }

    /// <summary>
    /// Runs the first cell that is free; false where all are done. <paramref name="waits"/> is true where others hold all that are left.
    /// </summary>
    public bool Next(out bool waits)
    {
        waits = false;
        var left = _plan.Cells(_folder.ResultOf).Where(cell => _folder.ResultOf(cell) is null).DistinctBy(cell => cell.Id).ToList();
        if (left.Count == 0) return false;
        foreach (var cell in left)
        {
            if (Take(cell) is not { } stop) continue;
            try
            {
                Run(cell, stop.Token);
            }
            finally
            {
                GiveBack(cell);
            }

            return true;
        }

        waits = true;
        return true;
    }

    private CancellationTokenSource? Take(StudyCell cell)
    {
        lock (_held)
        {
            if (_held.ContainsKey(cell.Id) || _away.GetValueOrDefault(cell.Id) > Environment.TickCount64) return null;
            if (CellLease.TryTake(_folder.Leases, cell.Id, _owner, _watch) is not { } lease) return null;
            // Another process may have ended the cell between the look at its record and the lease.
            if (_folder.ResultOf(cell) is not null)
            {
                lease.Release();
                return null;
            }

            var lost = CancellationTokenSource.CreateLinkedTokenSource(_stop);
            _held[cell.Id] = (lease, lost);
            return lost;
        }
    }

    private void Run(StudyCell cell, CancellationToken stop)
    {
        // A process that was thought dead and still holds the run's folder: looked at again once it has had time to see its loss.
        if (RunFolder.IsInUse(_folder.RunOf(cell)))
        {
            lock (_held) _away[cell.Id] = Environment.TickCount64 + (long)_watch.Patience.TotalMilliseconds;
            return;
        }

        _events(new CellBegun(cell));
        var result = _runs.Run(cell, e => _events(new CellMoved(cell, e)), stop);
        if (result is null) return;
        _folder.WriteResult(cell, result);
        _events(new CellEnded(cell, result));
    }

    private void GiveBack(StudyCell cell)
    {
        lock (_held)
        {
            if (!_held.Remove(cell.Id, out var held)) return;
            held.Lease.Release();
            held.Lost.Dispose();
        }
    }

    private void Beat()
    {
        lock (_held)
            foreach (var (lease, lost) in _held.Values)
                if (!lease.Beat()) lost.Cancel();
    }

    public void Dispose()
    {
        using var done = new ManualResetEvent(false);
        if (_heart.Dispose(done)) done.WaitOne();
    }
}
