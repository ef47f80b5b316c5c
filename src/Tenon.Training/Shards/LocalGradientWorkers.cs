using System.Runtime.ExceptionServices;
using Tenon.Adapters;
using Tenon.Tensors;
using Tenon.Tensors.Threads;

namespace Tenon.Training;

/// <summary>
/// Workers of this process over one packed base: the first computes with the adapter that is trained, in the calling thread, each other one
/// with a copy of it in a thread of its own. The threads of one pool are shared out among them.
/// </summary>
internal sealed class LocalGradientWorkers : IGradientWorkers
{
    private readonly PolicyUpdater[] _updaters;
    private readonly AdapterSet[] _copies;
    private readonly WorkerPool[] _pools = [];

    /// <summary>Workers for a run.</summary>
    /// <param name="setup">The run.</param>
    /// <param name="own">The passes of the calling thread; the only ones where there is one worker.</param>
    /// <param name="pass">How passes are cut.</param>
    /// <param name="count">Number of workers.</param>
    /// <param name="shared">Its threads are shared out among them.</param>
    public LocalGradientWorkers(TrainingSetup setup, PolicyUpdater own, PassOptions pass, int count, WorkerPool shared)
    {
        Count = count;
        _copies = [.. Enumerable.Range(1, count - 1).Select(_ => setup.Adapter.Copy())];
        var threads = Math.Max(1, shared.Threads / count);
        if (count > 1) _pools = [.. Enumerable.Range(0, count).Select(_ => new WorkerPool(threads))];
        _updaters = count == 1 ? [own]
            : [.. _pools.Select(pool => new PolicyUpdater(setup.Model, setup.Settings.Rollout.Temperature, pass,
                new Tape(pool, setup.Precision)))];
    }

    /// <inheritdoc/>
    public int Count { get; }

    /// <inheritdoc/>
    public IEnumerable<ShardGradient> Compute(GradientRequest request)
    {
        foreach (var copy in _copies) copy.TakeValues(request.Adapter);
        for (var first = 0; first < request.Shards.Count; first += Count)
            foreach (var gradient in Round(request, first))
                yield return gradient;
    }

    // The shards from the first on, one each worker.
    private ShardGradient[] Round(GradientRequest request, int first)
    {
        var results = new ShardGradient[Math.Min(Count, request.Shards.Count - first)];
        var failed = new Exception?[results.Length];
        void Compute(int worker)
        {
            try
            {
                results[worker] = _updaters[worker].Gradient(request, request.Shards[first + worker],
                    worker == 0 ? request.Adapter : _copies[worker - 1]);
            }
            catch (Exception e)
            {
                failed[worker] = e;
            }
        }

        var threads = Enumerable.Range(1, results.Length - 1).Select(worker => new Thread(() =>
        {
            WorkerPool.UseHere(_pools[worker]);
            Compute(worker);
        })
        { IsBackground = true, Name = $"tenon-shard-{worker}" }).ToList();
        threads.ForEach(thread => thread.Start());
        Compute(0);
        threads.ForEach(thread => thread.Join());
        if (Array.Find(failed, e => e is not null) is { } error) ExceptionDispatchInfo.Throw(error);
        return results;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var copy in _copies) copy.Dispose();
        foreach (var pool in _pools) pool.Dispose();
    }
}
