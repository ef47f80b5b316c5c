using System.Diagnostics;
using Tenon.Adapters;
using Tenon.Rollouts;
using Tenon.Runs;
using Tenon.Tensors;
using Tenon.Tensors.Threads;

namespace Tenon.Training;

/// <summary>
/// The batches of a run in the order of its steps. With overlap the next one is sampled while this one trains, by a copy of the adapter
/// from before this step's updates: batch n + 1 belongs to the weights before step n whatever takes how long.
/// </summary>
internal sealed class BatchPipeline : IDisposable
{
    private readonly TrainingSetup _setup;
    private readonly IRolloutSource _source;
    private readonly PendingGroups _groups;
    private readonly WorkerPool? _pool;
    private CancellationTokenSource _giveUp = new();
    private Task<(RolloutBatch Batch, double Seconds)>? _ahead;

    /// <summary>Batches of a run.</summary>
    /// <param name="setup">The run.</param>
    /// <param name="folder">Where sampled groups are kept until a checkpoint holds what follows from them.</param>
    /// <param name="remark">Is told what a person should know.</param>
    /// <param name="source">Where rollouts come from; null for this process.</param>
    /// <param name="kept">Where sampling keeps its products; null keeps none.</param>
    public BatchPipeline(TrainingSetup setup, RunFolder folder, Action<string> remark, IRolloutSource? source, KeptProducts? kept = null)
    {
        _setup = setup;
        _groups = new PendingGroups(folder.Folder, remark);
        if (setup.Settings.Rollout.Overlap) Sampler = setup.Adapter.Copy();
        var sampler = Sampler ?? setup.Adapter;
        // Sampling and training that wait for each other's jobs lose more than they gain: each has its half of the threads.
        if (Sampler is not null && source is null) _pool = new WorkerPool(Math.Max(1, WorkerPool.Default.Threads / 2));
        _source = source ?? setup.LocalRollouts(sampler, new GroupLog(setup, sampler, _groups), _pool, kept);
    }

    /// <summary>The copy of the adapter that samples; null without overlap.</summary>
    public AdapterSet? Sampler { get; }

    /// <summary>Seconds that the sampling of the last batch took, beside training or not.</summary>
    public double Seconds { get; private set; }

    /// <summary>True where the last batch was sampled by the weights that it trains.</summary>
    public bool IsFresh { get; private set; } = true;

    /// <summary>The batch of a step: the one that was begun ahead, else it is sampled now.</summary>
    public RolloutBatch Next(int step, RolloutState state, Action<double> progress, CancellationToken cancel)
    {
        IsFresh = Sampler is null || Sampler.Version == _setup.Adapter.Version;
        if (_ahead is not { } ahead)
        {
            var clock = Stopwatch.StartNew();
            var batch = _source.Draw(step, state, progress, cancel);
            Seconds = clock.Elapsed.TotalSeconds;
            return batch;
        }

        try
        {
            ahead.Wait(cancel);
        }
        catch (AggregateException)
        {
            // Thrown below as it is.
        }

        _ahead = null;
        (var made, Seconds) = ahead.GetAwaiter().GetResult();
        return made;
    }

    /// <summary>Begins a step's batch by the adapter as it is now, before the updates of the step before it.</summary>
    public void Ahead(int step, RolloutState state)
    {
        if (Sampler is null) return;
        // After the last step too: a run may be made longer.
        Sampler.TakeValues(_setup.Adapter);
        if (step <= _setup.Settings.Steps) _ahead = Begin(step, state, _giveUp.Token);
    }

    /// <summary>
    /// Drops the batch that was begun ahead, whose weights are no longer the run's, and begins it anew by the adapter as it is now.
    /// </summary>
    public void Again(int step, RolloutState state)
    {
        if (Sampler is null) return;
        Drop();
        Ahead(step, state);
    }

    /// <summary>The groups of the steps up to this one are needed no more.</summary>
    public void Forget(int step) => _groups.Remove(step);

    /// <inheritdoc/>
    public void Dispose()
    {
        Drop();
        _groups.Dispose();
        _giveUp.Dispose();
        Sampler?.Dispose();
        _pool?.Dispose();
    }

    private Task<(RolloutBatch Batch, double Seconds)> Begin(int step, RolloutState state, CancellationToken giveUp)
    {
        // A run that has workers of its own samples ahead with them too.
        var pool = WorkerPool.Default;
        return Task.Factory.StartNew(() =>
        {
            WorkerPool.UseHere(pool);
            var clock = Stopwatch.StartNew();
            return (_source.Draw(step, state, null, giveUp), clock.Elapsed.TotalSeconds);
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    private void Drop()
    {
        if (_ahead is not { } ahead) return;
        _giveUp.Cancel();
        try
        {
            ahead.Wait();
        }
        catch (AggregateException)
        {
            // It was given up; what it sampled is on disk.
        }

        _ahead = null;
        _giveUp.Dispose();
        _giveUp = new CancellationTokenSource();
    }
}
