using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Tenon.Cluster.Workers;

namespace Tenon.Cluster;

/// <summary>A worker of a cluster in this process: a silo that takes groups to sample and cells to run.</summary>
internal sealed class ClusterWorker : IDisposable
{
    private readonly IHost _host;
    private readonly ClusterSecret? _secret;
    private readonly WorkerMachine _machine;
    private readonly IDisposable? _metrics;

    private ClusterWorker(IHost host, ClusterSecret? secret, WorkerMachine machine, ClusterSettings settings, IPEndPoint address)
    {
        (_host, _secret, _machine, Address) = (host, secret, machine, address);
        _metrics = ClusterMetrics.Export(settings);
    }

    /// <summary>Where it listens for other workers; programs that use the cluster connect to the port after it.</summary>
    public IPEndPoint Address { get; }

    /// <summary>Starts a worker: the first at the settings' address, or one that joins it.</summary>
    /// <param name="settings">The cluster.</param>
    /// <param name="offer">What the worker offers.</param>
    /// <param name="listen">The address that others reach it by; null for this machine alone.</param>
    /// <param name="port">Its port, and the next one; null for the cluster's own, or any that are free.</param>
    /// <exception cref="TenonException">A port is in use, others have another secret, or an address beyond this machine has
    /// none.</exception>
    public static ClusterWorker Start(ClusterSettings settings, WorkerOffer offer, string? listen = null, int? port = null)
    {
        var secret = ClusterSecret.Of(settings.SecretFile);
        var here = listen is null ? IPAddress.Loopback : ClusterAddress.ResolveHost(listen);
        if (!IPAddress.IsLoopback(here) && secret is null)
            throw new TenonException($"--listen {listen}", "a secret for a port that other machines reach", "none",
                $"--secret-file FILE, or {ClusterSecret.Variable}; for example: openssl rand -hex 32 > secret", usage: true);
        var primary = settings.Members == "worker" ? ClusterAddress.Resolve(settings.Address) : null;
        if (primary is not null && !IPAddress.IsLoopback(primary.Address) && listen is null)
            throw new TenonException($"the cluster at {settings.Address}", "--listen with the address that its workers reach this one by",
                "none: a worker is reached from its own machine alone unless it is told so", usage: true);
        var first = primary is not null && primary.Address.Equals(here) && (port is null || port == primary.Port)
            && !ClusterAddress.Answers(primary);
        if (port is { } chosen && !first) RequireFree(here, chosen);
        if (first) RequireFree(here, primary!.Port);
        else if (primary is not null) RequireSame(settings, primary, secret);
        var address = new IPEndPoint(here, first ? primary!.Port : port ?? ClusterAddress.FreePair(here));
        return Start(settings, offer, secret, address, primary);
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
        _secret?.Dispose();
    }

    private static ClusterWorker Start(ClusterSettings settings, WorkerOffer offer, ClusterSecret? secret, IPEndPoint address,
        IPEndPoint? primary)
    {
        var machine = new WorkerMachine(offer);
        var host = new HostBuilder().UseOrleans(silo =>
        {
            ClusterHosting.Configure(silo, settings, secret, primary);
            silo.ConfigureEndpoints(address.Address, address.Port, address.Port + 1, listenOnAnyHostAddress: false);
            silo.Services.AddSingleton(machine);
        }).Build();
        try
        {
            host.StartAsync().GetAwaiter().GetResult();
        }
        catch (Exception e)
        {
            machine.Dispose();
            host.Dispose();
            secret?.Dispose();
            throw new TenonException($"the worker at {address}", "a cluster that it can join", e.GetBaseException().Message.Split('\n')[0],
                "the first worker's address, Redis or the database must be reached from here", inner: e);
        }

        return new ClusterWorker(host, secret, machine, settings, address);
    }

    private static void RequireFree(IPAddress address, int port)
    {
        ClusterAddress.RequireFree(address, port);
        ClusterAddress.RequireFree(address, port + 1);
    }

    private static void RequireSame(ClusterSettings settings, IPEndPoint primary, ClusterSecret? secret)
    {
        if (!ClusterAddress.Answers(primary))
            throw new TenonException($"the cluster at {settings.Address}", "its first worker, which listens there", "none",
                "start that one first", usage: true);
        // Workers speak to each other at one port and to programs at the next; both have the same secret.
        if (ClusterSecret.Disagreement(new IPEndPoint(primary.Address, primary.Port + 1), secret) is { } other)
            throw new TenonException($"the cluster at {settings.Address}", "the secret that was given here", other,
                $"the same secret for all: --secret-file, or {ClusterSecret.Variable}", usage: true);
    }
}
