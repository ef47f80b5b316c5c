using System.Collections.Concurrent;
using Tenon.Tensors.Threads;

namespace Tenon.Cluster.Workers;

/// <summary>The threads that a worker computes on, each with a pool of its own; grains only wait for them.</summary>
internal sealed class WorkerThreads : IDisposable
{
    private readonly BlockingCollection<Action> _jobs = [];
    private readonly List<Thread> _threads;

    public WorkerThreads(int jobs, int threads)
    {
        _threads = [.. Enumerable.Range(1, jobs).Select(number => new Thread(() => Work(Math.Max(1, threads / jobs)))
        {
            IsBackground = true, Name = $"tenon-cluster-{number}",
        })];
        _threads.ForEach(thread => thread.Start());
    }

    /// <summary>Runs work as soon as a thread is free.</summary>
    public Task<T> Run<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _jobs.Add(() =>
        {
            try
            {
                done.SetResult(work());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        });
        return done.Task;
    }

    /// <summary>Ends the threads once they have nothing left to do.</summary>
    public void Dispose()
    {
        _jobs.CompleteAdding();
        _threads.ForEach(thread => thread.Join());
        _jobs.Dispose();
    }

    private void Work(int threads)
    {
        using var pool = new WorkerPool(threads);
        WorkerPool.UseHere(pool);
        foreach (var job in _jobs.GetConsumingEnumerable()) job();
    }
}
