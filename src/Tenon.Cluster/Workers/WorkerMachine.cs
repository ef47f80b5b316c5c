using System.Collections.Concurrent;
using System.Reflection;
using Tenon.Cluster.Grains;
using Tenon.Cluster.Rollouts;
using Tenon.Rewards;
using Tenon.Tensors;

namespace Tenon.Cluster.Workers;

/// <summary>What a worker offers.</summary>
internal sealed record WorkerOffer
{
    /// <summary>Threads of all jobs.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Jobs at once.</summary>
    public int Jobs { get; init; } = 1;

    /// <summary>Models of its own.</summary>
    public IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>True where it takes no study's folder for the one that others see.</summary>
    public bool SeesNothing { get; init; }

    /// <summary>What it is, where that is not what this program is.</summary>
    public WorkerFacts? Facts { get; init; }

    /// <summary>Changes what it answers; null for nothing.</summary>
    public Func<RolloutGroups, RolloutGroups>? Answers { get; init; }
}

/// <summary>The work of one worker, whichever grain asks for it.</summary>
internal sealed class WorkerMachine : IDisposable
{
    // Runs whose model's slots and engines are kept.
    private const int MostRuns = 4;

    private readonly WorkerOffer _offer;
    private readonly WorkerThreads _threads;
    private readonly ConcurrentDictionary<Guid, (string Sha256, byte[] Bytes)> _adapters = [];
    private readonly ConcurrentDictionary<Guid, CancellationTokenSource> _drops = [];
    private readonly List<(Guid Run, RunSampler Sampler)> _runs = [];

    public WorkerMachine(WorkerOffer offer)
    {
        _offer = offer;
        _threads = new WorkerThreads(offer.Jobs, offer.Threads);
        Models = new WorkerModels(offer.Models);
        Facts = offer.Facts ?? FactsOf(offer.Threads, offer.Jobs);
        Cells = new WorkerCells(_threads, offer.Jobs);
    }

    public WorkerFacts Facts { get; }

    public WorkerModels Models { get; }

    public WorkerCells Cells { get; }

    public bool Sees(string study, string token) => !_offer.SeesNothing && WorkerCells.Sees(study, token);

    public static WorkerFacts FactsOf(int threads, int jobs) => new(
        typeof(WorkerMachine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "",
        Numerics.Version, Precision.Bf16.Tier(), JudgingRules.Version, threads, jobs);

    public Task<BaseAnswer> Base(BaseQuestion question) => _threads.Run(() =>
    {
        try
        {
            return new BaseAnswer(Models.Open(question).Fingerprint, null);
        }
        catch (TenonException e)
        {
            return new BaseAnswer(null, e.Message);
        }
    });

    public void TakeAdapter(Guid run, string sha256, byte[] snapshot) => _adapters[run] = (sha256, snapshot);

    public async Task<ShardAnswer> Sample(ShardRequest request)
    {
        var drop = _drops.GetOrAdd(request.Work, _ => new CancellationTokenSource());
        try
        {
            return await _threads.Run(() => SampleNow(request, drop.Token));
        }
        catch (TenonException e)
        {
            return new ShardAnswer(null, Fault: e.Message);
        }
        finally
        {
            _drops.TryRemove(request.Work, out _);
        }
    }

    public void Drop(Guid work)
    {
        if (_drops.TryGetValue(work, out var drop)) drop.Cancel();
        Cells.Stop(work);
    }

    public void Dispose()
    {
        foreach (var drop in _drops.Values) drop.Cancel();
        Cells.StopAll();
        _threads.Dispose();
        foreach (var (_, sampler) in _runs) sampler.Dispose();
    }

    private ShardAnswer SampleNow(ShardRequest request, CancellationToken drop)
    {
        if (drop.IsCancellationRequested) return new ShardAnswer(null);
        var sampler = Take(request);
        try
        {
            if (request.Adapter.Length > 0 && sampler.Adapter != request.Adapter)
            {
                if (!_adapters.TryGetValue(request.Run, out var adapter) || adapter.Sha256 != request.Adapter)
                    return new ShardAnswer(null, NeedsAdapter: true);
                sampler.Take(adapter.Sha256, adapter.Bytes);
                _adapters.TryRemove(request.Run, out _);
            }

            if (sampler.Sample(RolloutMessages.ReadRequests(request.Groups), request.Adapter.Length == 0, drop) is not { } groups)
                return new ShardAnswer(null);
            var answer = new RolloutGroups(groups);
            ClusterMetrics.Sampled.Add(groups.Length);
            return new ShardAnswer(RolloutMessages.Write(_offer.Answers is { } change ? change(answer) : answer));
        }
        finally
        {
            GiveBack(request.Run, sampler);
        }
    }

    // Taken out while it works: of two shards of one run at once, the second gets another sampler.
    private RunSampler Take(ShardRequest request)
    {
        var model = Models.Open(request.Base);
        lock (_runs)
        {
            var index = _runs.FindIndex(r => r.Run == request.Run);
            if (index < 0) return new RunSampler(model, request);
            var sampler = _runs[index].Sampler;
            _runs.RemoveAt(index);
            return sampler;
        }
    }

    private void GiveBack(Guid run, RunSampler sampler)
    {
        lock (_runs)
        {
            _runs.Add((run, sampler));
            if (_runs.Count <= MostRuns) return;
            _runs[0].Sampler.Dispose();
            _runs.RemoveAt(0);
        }
    }
}
