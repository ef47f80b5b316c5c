using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost;
using Tenon.Cluster;
using Tenon.Cluster.Workers;

namespace Tenon.Tests.Cluster;

/// <summary>A cluster of workers in this process, without a port.</summary>
internal sealed class WorkersInProcess : IDisposable
{
    private readonly InProcessTestCluster _cluster;

    /// <summary>Starts workers; each may offer something else.</summary>
    public WorkersInProcess(int workers, Func<int, WorkerOffer>? offer = null, ClusterSettings? settings = null)
    {
        var builder = new InProcessTestClusterBuilder((short)workers);
        var number = -1;
        builder.ConfigureSilo((_, silo) =>
        {
            var machine = new WorkerMachine(offer?.Invoke(Interlocked.Increment(ref number)) ?? new WorkerOffer { Threads = 1 });
            ClusterHosting.AddGrains(silo.Services);
            silo.Services.AddSingleton(machine);
        });
        builder.ConfigureClient(client => ClusterHosting.AddGrains(client.Services));
        _cluster = builder.Build();
        _cluster.DeployAsync().GetAwaiter().GetResult();
        Client = new ClusterClient(_cluster.Client, settings ?? new ClusterSettings());
        var until = Environment.TickCount64 + 60_000;
        while (Client.Workers.Count < workers && Environment.TickCount64 < until) Thread.Sleep(20);
        Client.Workers.Count.ShouldBe(workers);
    }

    /// <summary>What runs use.</summary>
    public ClusterClient Client { get; }

    /// <summary>Ends a worker as a crash does.</summary>
    public void Kill(int number) => _cluster.KillSiloAsync(_cluster.Silos[number]).GetAwaiter().GetResult();

    /// <inheritdoc/>
    public void Dispose()
    {
        Client.Dispose();
        _cluster.Dispose();
    }
}
