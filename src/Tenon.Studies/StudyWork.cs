using Tenon.Runs;

namespace Tenon.Studies;

/// <summary>How an attempt at a cell ended.</summary>
internal enum CellAttempt
{
    /// <summary>The cell has a result.</summary>
    Ended,

    /// <summary>It was asked to stop, and goes on from its last checkpoint.</summary>
    Stopped,

    /// <summary>Another process holds it.</summary>
    Busy,
}

/// <summary>The cells that this process works on, with their leases.</summary>
internal sealed class StudyWork : IDisposable
{
    private readonly StudyFolder _folder;
    private readonly Action<StudyEvent> _events;
    private readonly CellRun _runs;
    private readonly LeaseWatch _watch;
    private readonly Dictionary<string, long> _away = [];
    private readonly Dictionary<string, (CellLease Lease, CancellationTokenSource Lost)> _held = [];
    private readonly Timer _heart;
    private readonly string _owner = $"{Environment.MachineName}/{Environment.ProcessId}/{Guid.NewGuid():N}";

    public StudyWork(StudyFolder folder, ModelShelf models, string home, StudyRoom room, Action<StudyEvent> events, TimeSpan patience)
    {
        (_folder, _events) = (folder, events);
        _runs = new CellRun(folder, models, home, room);
        _watch = new LeaseWatch(patience);
        _heart = new Timer(_ => Beat(), null, patience / 9, patience / 9);
    }

    /// <summary>
    /// Runs the first cell that is free; false where all are done. <paramref name="waits"/> is true where others hold all that are left.
    /// </summary>
    public bool Next(StudyPlan plan, CancellationToken stop, out bool waits)
    {
        var left = Left(plan, _folder);
        waits = left.Count > 0 && left.All(cell => Try(cell, stop) == CellAttempt.Busy);
        return left.Count > 0;
    }

    /// <summary>The cells that are known and have no result, each once.</summary>
    public static IReadOnlyList<StudyCell> Left(StudyPlan plan, StudyFolder folder) =>
        [.. plan.Cells(folder.ResultOf).Where(cell => folder.ResultOf(cell) is null).DistinctBy(cell => cell.Id)];

    /// <summary>Runs a cell to its end, or until it is asked to stop, where no other process holds it.</summary>
    public CellAttempt Try(StudyCell cell, CancellationToken stop)
    {
        if (Take(cell, stop) is not { } lost) return CellAttempt.Busy;
        try
        {
            return Run(cell, lost);
        }
        finally
        {
            GiveBack(cell);
        }
    }

    /// <summary>Takes a cell; null where another holds it. What is given is cancelled by a stop, or once the cell is lost.</summary>
    public CancellationToken? Take(StudyCell cell, CancellationToken stop)
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

            var lost = CancellationTokenSource.CreateLinkedTokenSource(stop);
            _held[cell.Id] = (lease, lost);
            return lost.Token;
        }
    }

    private CellAttempt Run(StudyCell cell, CancellationToken stop)
    {
        // A process that was thought dead and still holds the run's folder: looked at again once it has had time to see its loss.
        if (RunFolder.IsInUse(_folder.RunOf(cell)))
        {
            lock (_held) _away[cell.Id] = Environment.TickCount64 + (long)_watch.Patience.TotalMilliseconds;
            return CellAttempt.Busy;
        }

        _events(new CellBegun(cell));
        var result = _runs.Run(cell, e => _events(new CellMoved(cell, e)), stop);
        if (result is null) return CellAttempt.Stopped;
        _folder.WriteResult(cell, result);
        _events(new CellEnded(cell, result));
        return CellAttempt.Ended;
    }

    /// <summary>Gives a cell free.</summary>
    public void GiveBack(StudyCell cell)
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
