using Tenon.Training;

namespace Tenon.Studies;

/// <summary>
/// What the runs of one process share: cores, which more runs than cores take by turns, and memory. A run begins once its estimate fits
/// beside those that go on; one alone may always begin, so that no number of runs at once refuses what would fit by itself.
/// </summary>
/// <param name="jobs">Runs at once.</param>
/// <param name="cores">Threads of all of them together.</param>
/// <param name="available">Bytes for all of them with their model; null for what the process may use.</param>
internal sealed class StudyRoom(int jobs, int cores, long? available = null) : IDisposable
{
    private static readonly TimeSpan S_pause = TimeSpan.FromMilliseconds(500);
    private readonly SemaphoreSlim _turns = new(Math.Min(jobs, cores));
    private readonly Lock _memory = new();
    private long _taken;
    private int _inside;

    /// <summary>Runs at once.</summary>
    public int Jobs => jobs;

    /// <summary>Waits for a core.</summary>
    public void TakeTurn() => _turns.Wait(CancellationToken.None);

    /// <summary>Gives the core back.</summary>
    public void EndTurn() => _turns.Release();

    /// <summary>Lets another run have the core for a step, where there are more runs than cores.</summary>
    public void NextTurn()
    {
        if (jobs <= cores) return;
        EndTurn();
        TakeTurn();
    }

    /// <summary>Waits for a moment without the core.</summary>
    public void Pause(CancellationToken stop)
    {
        EndTurn();
        stop.WaitHandle.WaitOne(S_pause);
        TakeTurn();
    }

    /// <summary>Waits until the memory of a run fits beside that of the others; false where the stop came first.</summary>
    /// <param name="bytes">The run's, without the model.</param>
    /// <param name="model">The model's, which all share.</param>
    /// <param name="stop">Asks for an end.</param>
    public bool TakeMemory(long bytes, long model, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            lock (_memory)
                if (_inside == 0 || _taken + bytes + model <= (available ?? MemoryPlan.AvailableBytes()))
                {
                    (_taken, _inside) = (_taken + bytes, _inside + 1);
                    return true;
                }

            Pause(stop);
        }

        return false;
    }

    /// <summary>Gives a run's memory back.</summary>
    public void GiveMemory(long bytes)
    {
        lock (_memory) (_taken, _inside) = (_taken - bytes, _inside - 1);
    }

    public void Dispose() => _turns.Dispose();
}
