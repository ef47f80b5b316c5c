using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Tenon.Cluster.Grains;
using Tenon.Cluster.Rollouts;
using Tenon.Rollouts;
using Tenon.Training;

namespace Tenon.Cluster;

/// <summary>
/// A connection to a cluster of workers (<c>tenon worker</c>): knows which of them live. Several runs may use it at once.
/// </summary>
public sealed class ClusterClient : IDisposable
{
    private static readonly TimeSpan S_look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan S_answer = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan S_first = TimeSpan.FromSeconds(60);
    private const int MostMisses = 2;
    private readonly IClusterClient _client;
    private readonly IDisposable? _owned;
    private readonly CancellationTokenSource _end = new();
    private readonly Dictionary<SiloAddress, Worker> _known = [];
    private readonly Task _watch;
    private volatile Worker[] _workers = [];

    internal ClusterClient(IClusterClient client, ClusterSettings settings, IDisposable? owned = null)
    {
        (_client, Settings, _owned) = (client, settings, owned);
        _watch = Task.Run(Watch);
    }

    /// <summary>How the cluster is set.</summary>
    public ClusterSettings Settings { get; }

    /// <summary>The workers that live, by their names.</summary>
    public IReadOnlyList<string> WorkerNames => [.. _workers.Select(worker => worker.Name)];

    internal IReadOnlyList<Worker> Workers => _workers;

    /// <summary>
    /// Samples a run's rollouts on the workers and on this machine, to the bits of one machine: for <c>TrainingRun.Train</c>.
    /// </summary>
    /// <param name="setup">The run.</param>
    /// <param name="remark">Is told of workers that are refused, late or gone.</param>
    public IGroupSampler Sampling(TrainingSetup setup, Action<string> remark) => new ClusterSampler(setup, this, remark);

    /// <summary>Connects, and waits until a worker answers.</summary>
    /// <param name="settings">Where the cluster is.</param>
    /// <param name="wait">How long a worker may take to appear; null is 15 seconds.</param>
    /// <exception cref="TenonException">Nobody answers, or not to this secret.</exception>
    public static ClusterClient Connect(ClusterSettings settings, TimeSpan? wait = null)
    {
        var identity = ClusterIdentity.Of(settings);
        var until = Environment.TickCount64 + (long)(wait ?? TimeSpan.FromSeconds(15)).TotalMilliseconds;
        if (settings.Members == "worker") RequireGateway(settings, identity, until);
        var host = new HostBuilder().UseOrleansClient(client => ClusterHosting.Configure(client, settings, identity)).Build();
        var connected = new ClusterClientHost(host, identity);
        try
        {
            host.StartAsync().GetAwaiter().GetResult();
        }
        catch (Exception e)
        {
            connected.Dispose();
            throw new TenonException("the cluster", "workers that answer", e.Message.Split('\n')[0], "is a worker running: tenon worker "
                + "--cluster ...?", inner: e);
        }

        var cluster = new ClusterClient(host.Services.GetRequiredService<IClusterClient>(), settings, connected);
        // One that is connected is there; on a crowded machine it may be long in saying what it is.
        until = Math.Max(until, Environment.TickCount64 + (long)S_first.TotalMilliseconds);
        while (cluster.Workers.Count == 0 && Environment.TickCount64 < until) Thread.Sleep(50);
        if (cluster.Workers.Count > 0) return cluster;
        cluster.Dispose();
        throw new TenonException("the cluster", "at least one worker", "none", "start one: tenon worker --cluster ...");
    }

    // The client of a cluster tries again and again, and says little of why: asked beforehand, the gateway says it.
    private static void RequireGateway(ClusterSettings settings, ClusterIdentity? identity, long until)
    {
        var gateway = ClusterAddress.Resolve(settings.Address, further: 1);
        while (!ClusterAddress.Answers(gateway))
        {
            if (Environment.TickCount64 >= until)
                throw new TenonException($"the cluster at {settings.Address}", "a worker that listens there", "none",
                    $"start one: tenon worker --cluster {settings.Address}");
            Thread.Sleep(100);
        }

        ClusterIdentity.RequireAgreement(settings, gateway, identity);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _end.Cancel();
        _watch.Wait(TimeSpan.FromSeconds(5));
        _owned?.Dispose();
    }

    private async Task Watch()
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                var hosts = await _client.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true).WaitAsync(S_answer, _end.Token);
                foreach (var gone in Known().Except(hosts.Keys)) Lose(gone);
                await Task.WhenAll(hosts.Keys.Select(Look));
            }
            catch (Exception) when (!_end.IsCancellationRequested)
            {
                // Whoever keeps the list is away: the workers themselves still answer, or do not.
                await Task.WhenAll(Known().Select(Look));
            }
            catch (OperationCanceledException)
            {
                return;
            }

            lock (_known) _workers = [.. _known.Values.OrderBy(worker => worker.Name, StringComparer.Ordinal)];
            await Task.Delay(S_look, CancellationToken.None);
        }
    }

    private List<SiloAddress> Known()
    {
        lock (_known) return [.. _known.Keys];
    }

    private async Task Look(SiloAddress silo)
    {
        Worker? worker;
        lock (_known) _known.TryGetValue(silo, out worker);
        try
        {
            if (worker is null)
            {
                var grain = _client.GetGrain<IWorkerGrain>(silo.ToParsableString());
                var facts = await grain.Facts().WaitAsync(S_answer, _end.Token);
                lock (_known) _known[silo] = new Worker($"{silo.Endpoint}", silo.ToParsableString(), grain, facts);
                return;
            }

            await worker.Grain.Live().WaitAsync(S_answer, _end.Token);
            worker.Misses = 0;
        }
        catch (Exception) when (!_end.IsCancellationRequested)
        {
            if (worker is not null && ++worker.Misses >= MostMisses) Lose(silo);
        }
    }

    private void Lose(SiloAddress silo)
    {
        lock (_known)
            if (_known.Remove(silo, out var worker)) worker.IsGone = true;
    }

    private sealed class ClusterClientHost(IHost host, ClusterIdentity? identity) : IDisposable
    {
        public void Dispose()
        {
            try
            {
                host.StopAsync(TimeSpan.FromSeconds(3)).Wait(TimeSpan.FromSeconds(5));
            }
            catch (AggregateException)
            {
                // A cluster that is gone cannot be left in good order.
            }

            host.Dispose();
            identity?.Dispose();
        }
    }
}

/// <summary>A worker as those who use it know it.</summary>
internal sealed class Worker(string name, string key, IWorkerGrain grain, WorkerFacts facts)
{
    /// <summary>Its address, which people know it by.</summary>
    public string Name => name;

    /// <summary>Its silo: another one at the same address is another worker.</summary>
    public string Key => key;

    public IWorkerGrain Grain => grain;

    public WorkerFacts Facts => facts;

    public int Misses { get; set; }

    /// <summary>True once it is known to have died.</summary>
    public volatile bool IsGone;

    /// <summary>Why it cannot work on a run of a precision; null where it can.</summary>
    public string? Refusal(Tensors.Precision precision)
    {
        var here = Workers.WorkerMachine.FactsOf(1, 1);
        if (facts.Numerics != here.Numerics) return $"numerics {facts.Numerics}, expected {here.Numerics}";
        if (facts.Rules != here.Rules) return $"rules of judging {facts.Rules}, expected {here.Rules}";
        if (Tensors.Precisions.DependsOnTier(precision) && facts.Tier != here.Tier)
            return $"a CPU of tier {facts.Tier}, expected {here.Tier}, on which {Tensors.Precisions.Word(precision)} depends";
        return null;
    }
}
