using System.Collections.Concurrent;
using System.Security.Cryptography;
using Tenon.Adapters;
using Tenon.Cluster.Grains;
using Tenon.Models.Generation;
using Tenon.Models.Layers;
using Tenon.Rollouts;
using Tenon.Tensors.Threads;
using Tenon.Training;

namespace Tenon.Cluster.Rollouts;

/// <summary>
/// Samples a run's groups on the workers of a cluster and on this machine, each as many as its share of all threads. A worker that dies or
/// is late costs time only: its groups are asked for elsewhere, or computed here. Of every answer some completions are computed again here
/// and compared to the bit before any of it is used.
/// </summary>
internal sealed class ClusterSampler : IGroupSampler
{
    private readonly ClusterSettings _settings;
    private readonly TrainingSetup _setup;
    private readonly RunWorkers _workers;
    private readonly LocalSampler _local;
    private readonly Action<string> _remark;
    private readonly Guid _run = Guid.NewGuid();
    private readonly Queue<Group> _waiting = [];
    private readonly List<Shard> _out = [];
    private readonly BlockingCollection<(Shard Shard, ShardAnswer? Answer, Exception? Fault)> _arrived = [];
    private readonly int _threads = WorkerPool.Default.Threads;
    private Lazy<(string Sha256, byte[] Bytes)>? _adapter;
    private long _idleSince;

    public ClusterSampler(TrainingSetup setup, ClusterClient cluster, Action<string> remark)
    {
        (_setup, _remark, _settings) = (setup, remark, cluster.Settings);
        _local = new LocalSampler(setup.Model, setup.Generation());
        _workers = new RunWorkers(cluster, BaseQuestion.Of(setup.Settings.Model, setup.Model.Fingerprint, setup.Precision),
            setup.Precision, remark);
    }

    /// <inheritdoc/>
    public bool HasRoom => _waiting.Count == 0 && (_local.IsIdle || Free().Any());

    /// <inheritdoc/>
    public void Submit(RolloutRequest request, IAdapter? adapter, Action<IReadOnlyList<GeneratedSample>> onWhole,
        Action<int>? onTokens = null)
    {
        if (adapter is AdapterSet set) _adapter ??= new(() => (set.Sha256(), AdapterSnapshot.Write(set)));
        _waiting.Enqueue(new Group(request, adapter, onWhole, onTokens));
    }

    /// <inheritdoc/>
    public bool Step()
    {
        while (_arrived.TryTake(out var arrival)) Take(arrival.Shard, arrival.Answer, arrival.Fault);
        HandOut();
        if (_local.Step())
        {
            _idleSince = Environment.TickCount64;
            return true;
        }

        if (_out.Count == 0) return _waiting.Count > 0;
        foreach (var shard in _out.ToList())
            if (shard.Worker.IsGone) AskElsewhere(shard, "is gone");
            else if (_waiting.Count == 0 && IsLate(shard)) ComputeHere(shard);
        if (_arrived.TryTake(out var next, 20)) Take(next.Shard, next.Answer, next.Fault);
        return true;
    }

    /// <inheritdoc/>
    public void CancelAll()
    {
        foreach (var shard in _out) _ = Quietly(shard.Worker.Grain.Drop(shard.Work));
        _out.Clear();
        _waiting.Clear();
        _local.CancelAll();
        _adapter = null;
    }

    private IEnumerable<Worker> Free() => _workers.Usable().Where(worker => _out.TrueForAll(shard => shard.Worker != worker));

    private void HandOut()
    {
        if (_waiting.Count == 0) return;
        var (free, here) = (Free().ToList(), _local.IsIdle ? _threads : 0);
        var weight = free.Sum(worker => worker.Facts.Threads) + here;
        foreach (var worker in free)
        {
            if (_waiting.Count == 0) return;
            var share = (int)Math.Ceiling(_waiting.Count * (double)worker.Facts.Threads / weight);
            weight -= worker.Facts.Threads;
            Send(new Shard(worker, [.. Enumerable.Range(0, share).Select(_ => _waiting.Dequeue())]));
        }

        if (here == 0) return;
        while (_waiting.TryDequeue(out var group)) Compute(group);
        _idleSince = Environment.TickCount64;
    }

    private void Compute(Group group) => _local.Submit(group.Request, group.Adapter, samples => Deliver(group, samples), group.OnTokens);

    private void Send(Shard shard)
    {
        _out.Add(shard);
        ClusterMetrics.Sent.Add(shard.Groups.Count);
        var options = _setup.Generation();
        var request = new ShardRequest(shard.Work, _run, _workers.Question, _adapter?.Value.Sha256 ?? "", _setup.Model.MaxLength,
            options.Concurrency, options.SharePrompts, options.Speculate,
            RolloutMessages.Write([.. shard.Groups.Select(group => group.Request)]));
        var adapter = _adapter;
        _ = Task.Run(async () =>
        {
            try
            {
                var answer = await shard.Worker.Grain.Sample(request);
                if (answer.NeedsAdapter)
                {
                    await shard.Worker.Grain.TakeAdapter(_run, adapter!.Value.Sha256, adapter.Value.Bytes);
                    answer = await shard.Worker.Grain.Sample(request);
                }

                _arrived.Add((shard, answer, null));
            }
            catch (Exception e)
            {
                _arrived.Add((shard, null, e));
            }
        });
    }

    private void Take(Shard shard, ShardAnswer? answer, Exception? fault)
    {
        // An answer that nobody waits for any more.
        if (!_out.Contains(shard)) return;
        if (answer?.Groups is not { } bytes)
        {
            _workers.Distrust(shard.Worker);
            AskElsewhere(shard, answer?.Fault is { } text ? $"could not answer: {text}" : $"could not be reached: {fault?.Message}");
            return;
        }

        _out.Remove(shard);
        RolloutGroups groups;
        try
        {
            groups = RolloutMessages.ReadGroups(bytes, [.. shard.Groups.Select(group => group.Request)]);
        }
        catch (TenonException e)
        {
            throw Liar(shard, e.Message);
        }

        var check = Chosen(groups);
        var left = check.Count;
        if (left == 0) DeliverAll();
        foreach (var (g, i) in check)
        {
            var (group, claimed) = (shard.Groups[g], groups.Groups[g][i]);
            var again = group.Request with { FirstSample = group.Request.FirstSample + i, Samples = 1 };
            _local.Submit(again, group.Adapter, own =>
            {
                ClusterMetrics.Checked.Add(1);
                if (!RolloutMessages.Same(own[0], claimed))
                    throw Liar(shard, $"completion {claimed.Sample} of prompt {group.Request.Draw} of step {group.Request.Step} "
                        + "is not what this machine computes");
                if (--left == 0) DeliverAll();
            });
        }

        void DeliverAll()
        {
            for (var g = 0; g < shard.Groups.Count; g++)
            {
                if (shard.Groups[g].IsWhole) continue;
                shard.Groups[g].OnTokens?.Invoke(groups.Groups[g].Sum(sample => sample.Ids.Length));
                Deliver(shard.Groups[g], groups.Groups[g]);
            }
        }
    }

    // Nobody shall know beforehand which: drawn anew each time, and no number of the run depends on it.
    private List<(int Group, int Sample)> Chosen(RolloutGroups groups)
    {
        var all = groups.Groups.SelectMany((group, g) => group.Select((_, i) => (g, i))).ToList();
        if (_settings.Checked == 0) return [];
        var chosen = all.Where(_ => RandomNumberGenerator.GetInt32(int.MaxValue) < _settings.Checked * int.MaxValue).ToList();
        return chosen.Count > 0 ? chosen : [all[RandomNumberGenerator.GetInt32(all.Count)]];
    }

    private bool IsLate(Shard shard) => Environment.TickCount64 - Math.Max(shard.Sent, _idleSince) > 1000 * _settings.Patience;

    private void AskElsewhere(Shard shard, string why)
    {
        _out.Remove(shard);
        var open = shard.Groups.Where(group => !group.IsWhole).ToList();
        if (open.Count == 0) return;
        ClusterMetrics.Again.Add(open.Count);
        _remark($"worker {shard.Worker.Name} {why}; {open.Count} groups are asked for again");
        foreach (var group in open) _waiting.Enqueue(group);
    }

    private void ComputeHere(Shard shard)
    {
        _out.Remove(shard);
        _ = Quietly(shard.Worker.Grain.Drop(shard.Work));
        ClusterMetrics.Again.Add(shard.Groups.Count);
        _remark($"worker {shard.Worker.Name} is late; {shard.Groups.Count} groups are computed here");
        foreach (var group in shard.Groups) Compute(group);
    }

    private static void Deliver(Group group, IReadOnlyList<GeneratedSample> samples)
    {
        if (group.IsWhole) return;
        group.IsWhole = true;
        group.OnWhole(samples);
    }

    private static TenonException Liar(Shard shard, string what) => new($"worker {shard.Worker.Name} answers what is not so",
        "the rollouts that every machine computes, to the bit", what,
        "leave that worker out and look at its program and its memory; what the run had checked before is kept");

    private static async Task Quietly(Task call)
    {
        try
        {
            await call;
        }
        catch (Exception)
        {
            // Whoever is gone has nothing to give up.
        }
    }

    private sealed record Group(
        RolloutRequest Request, IAdapter? Adapter, Action<IReadOnlyList<GeneratedSample>> OnWhole, Action<int>? OnTokens)
    {
        public bool IsWhole { get; set; }
    }

    private sealed record Shard(Worker Worker, IReadOnlyList<Group> Groups)
    {
        public Guid Work { get; } = Guid.NewGuid();

        public long Sent { get; } = Environment.TickCount64;
    }
}
