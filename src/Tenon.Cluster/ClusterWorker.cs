using System.Net;
using System.Net.Sockets;
using k8s;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Tenon.Cluster.Workers;

namespace Tenon.Cluster;

/// <summary>A worker of a cluster in this process: a silo that takes groups to sample and cells to run.</summary>
internal sealed class ClusterWorker : IDisposable
{
    private readonly IHost _host;
    private readonly ClusterIdentity? _identity;
    private readonly WorkerMachine _machine;
    private readonly IDisposable? _metrics;

    private ClusterWorker(IHost host, ClusterIdentity? identity, WorkerMachine machine, ClusterSettings settings, IPEndPoint address)
    {
        (_host, _identity, _machine, Address) = (host, identity, machine, address);
        _metrics = ClusterMetrics.Export(settings);
    }

    /// <summary>Where it listens for other workers; programs that use the cluster connect to the port after it.</summary>
    public IPEndPoint Address { get; }

    /// <summary>Ends when the cluster goes on without this worker, with the reason.</summary>
    public required Task<string> Lost { get; init; }

    /// <summary>Its name among the cluster's; in Kubernetes the pod's.</summary>
    public string Name => _host.Services.GetRequiredService<ILocalSiloDetails>().Name;

    /// <summary>Where the dashboard is; null where none is asked for.</summary>
    public PagesDoor? Door { get; private init; }

    /// <summary>True where this worker serves the dashboard, false where another of the cluster does.</summary>
    public bool ServesPages { get; private init; }

    /// <summary>Starts a worker: the first at the settings' address, or one that joins it.</summary>
    /// <param name="settings">The cluster.</param>
    /// <param name="offer">What the worker offers.</param>
    /// <param name="listen">The address that others reach it by; null for this machine alone, or the pod's.</param>
    /// <param name="port">Its port, and the next one; null for the cluster's own, or any that are free.</param>
    /// <param name="pages">The dashboard, for settings that ask for it.</param>
    /// <param name="kubernetes">How a pod reaches Kubernetes; null by its service account.</param>
    /// <exception cref="TenonException">A port is in use, others have another secret, or an address beyond this machine has
    /// none.</exception>
    public static ClusterWorker Start(ClusterSettings settings, WorkerOffer offer, string? listen = null, int? port = null,
        IClusterPages? pages = null, KubernetesClientConfiguration? kubernetes = null)
    {
        var identity = ClusterIdentity.Of(settings);
        var pod = settings.Hosting == "kubernetes" ? KubernetesPod.Of(Environment.GetEnvironmentVariable) : null;
        var here = listen is not null ? ClusterAddress.ResolveHost(listen) : pod?.Address ?? IPAddress.Loopback;
        if (!IPAddress.IsLoopback(here) && identity is null)
            throw new TenonException(pod is null ? $"--listen {listen}" : $"the pod's address {here}",
                "a secret for a port that other machines reach", "none", ClusterSecret.Ways, usage: true);
        var primary = settings.Members == "worker" ? ClusterAddress.Resolve(settings.Address) : null;
        if (primary is not null && !IPAddress.IsLoopback(primary.Address) && listen is null)
            throw new TenonException($"the cluster at {settings.Address}", "--listen with the address that its workers reach this one by",
                "none: a worker is reached from its own machine alone unless it is told so", usage: true);
        var door = pages is null ? null : PagesDoor.Of(settings, identity);
        var first = primary is not null && primary.Address.Equals(here) && (port is null || port == primary.Port)
            && !ClusterAddress.Answers(primary);
        if (port is { } chosen && !first) RequireFree(here, chosen);
        if (first) RequireFree(here, primary!.Port);
        else if (primary is not null) RequireSame(settings, primary, identity);
        if (pod is not null)
        {
            kubernetes ??= KubernetesPod.InCluster();
            pod.Label(kubernetes, settings);
        }

        var address = new IPEndPoint(here, first ? primary!.Port : port ?? ClusterAddress.FreePair(here));
        var taken = door is null ? null : Take(door, address);
        var machine = new WorkerMachine(offer);
        var loss = new WorkerLoss();
        var host = new HostBuilder();
        try
        {
            host.UseOrleans(silo =>
            {
                ClusterHosting.Configure(silo, settings, identity, primary, kubernetes);
                silo.ConfigureEndpoints(address.Address, address.Port, address.Port + 1, listenOnAnyHostAddress: false);
                silo.Services.AddSingleton(machine);
                silo.Services.AddSingleton<IFatalErrorHandler>(loss);
                if (door is not null) pages!.Join(silo);
            });
            if (taken is not null) pages!.Serve(host, door!, taken);
            return new ClusterWorker(Started(host, address, loss.Told), identity, machine, settings, address)
            {
                Lost = loss.Told, Door = door, ServesPages = taken is not null,
            };
        }
        catch
        {
            taken?.Dispose();
            machine.Dispose();
            identity?.Dispose();
            throw;
        }
    }

    /// <summary>Ends when the worker is asked to, once what it does has come to a clean place.</summary>
    public void Dispose()
    {
        _metrics?.Dispose();
        _machine.Dispose();
        try
        {
            _host.StopAsync(TimeSpan.FromSeconds(10)).Wait(TimeSpan.FromSeconds(15));
        }
        catch (AggregateException)
        {
            // A cluster whose first worker is gone cannot be left in good order.
        }

        _host.Dispose();
        _identity?.Dispose();
    }

    private static IHost Started(HostBuilder builder, IPEndPoint address, Task<string> lost)
    {
        var host = builder.Build();
        try
        {
            var start = host.StartAsync();
            if (Task.WaitAny(start, lost) == 1) throw new OrleansException(lost.Result);
            start.GetAwaiter().GetResult();
            return host;
        }
        catch (Exception e)
        {
            host.Dispose();
            throw new TenonException($"the worker at {address}", "a cluster that it can join", e.GetBaseException().Message.Split('\n')[0],
                "the first worker's address, Redis or the database must be reached from here", inner: e);
        }
    }

    private static Socket? Take(PagesDoor door, IPEndPoint worker)
    {
        if (door.Address.Port == worker.Port || door.Address.Port == worker.Port + 1)
            throw new TenonException($"--dashboard {door.Address.Port}", "another port than the worker's two",
                $"{worker.Port} and {worker.Port + 1} are its own", usage: true);
        return door.Take();
    }

    private static void RequireFree(IPAddress address, int port)
    {
        ClusterAddress.RequireFree(address, port);
        ClusterAddress.RequireFree(address, port + 1);
    }

    private static void RequireSame(ClusterSettings settings, IPEndPoint primary, ClusterIdentity? identity)
    {
        if (!ClusterAddress.Answers(primary))
            throw new TenonException($"the cluster at {settings.Address}", "its first worker, which listens there", "none",
                "start that one first", usage: true);
        // Workers speak to each other at one port and to programs at the next; both have the same secret.
        ClusterIdentity.RequireAgreement(settings, new IPEndPoint(primary.Address, primary.Port + 1), identity);
    }
}
