using System.Net;
using System.Security.Authentication;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Orleans.Configuration;
using Orleans.Connections.Security;
using Orleans.Serialization;
using StackExchange.Redis;
using Tenon.Cluster.Grains;

namespace Tenon.Cluster;

/// <summary>What workers and those who use them set alike.</summary>
internal static class ClusterHosting
{
    // Adapters travel whole; those of large models take hundreds of megabytes.
    private const int MaxMessage = 1 << 30;

    public static void Configure(ISiloBuilder silo, ClusterSettings settings, ClusterSecret? secret, IPEndPoint? primary)
    {
        silo.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (settings.Name, settings.Name));
        silo.Configure<SiloMessagingOptions>(options => options.MaxMessageBodySize = MaxMessage);
        silo.Configure<ClusterMembershipOptions>(options =>
        {
            options.ProbeTimeout = TimeSpan.FromSeconds(2);
            options.TableRefreshTimeout = TimeSpan.FromSeconds(10);
        });
        switch (settings.Members)
        {
            case "redis":
                silo.UseRedisClustering(options => options.ConfigurationOptions = RedisOf(settings));
                break;
            case "ado-net":
                silo.UseAdoNetClustering(options => (options.Invariant, options.ConnectionString) = DatabaseOf(settings));
                break;
            default:
                silo.UseDevelopmentClustering(primary);
                break;
        }

        if (secret is not null) silo.UseTls(options => Guard(options, secret));
        AddGrains(silo.Services);
    }

    public static void Configure(IClientBuilder client, ClusterSettings settings, ClusterSecret? secret)
    {
        client.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (settings.Name, settings.Name));
        client.Configure<ClientMessagingOptions>(options => options.MaxMessageBodySize = MaxMessage);
        switch (settings.Members)
        {
            case "redis":
                client.UseRedisClustering(options => options.ConfigurationOptions = RedisOf(settings));
                break;
            case "ado-net":
                client.UseAdoNetClustering(options => (options.Invariant, options.ConnectionString) = DatabaseOf(settings));
                break;
            default:
                client.UseStaticClustering(ClusterAddress.Resolve(settings.Address, further: 1));
                break;
        }

        if (secret is not null) client.UseTls(options => Guard(options, secret));
        AddGrains(client.Services);
    }

    /// <summary>The grains of this room, and where they are placed.</summary>
    public static void AddGrains(IServiceCollection services)
    {
        services.AddSerializer(serializer => serializer.AddAssembly(typeof(IWorkerGrain).Assembly));
        services.AddPlacementDirector<WorkerPlacement, WorkerPlacementDirector>();
        // The program listens to signals itself.
        services.AddSingleton<IHostLifetime, QuietLifetime>();
    }

    private static ConfigurationOptions RedisOf(ClusterSettings settings)
    {
        try
        {
            return ConfigurationOptions.Parse(settings.RequiredConnection());
        }
        catch (ArgumentException e)
        {
            throw new TenonException("the cluster's connection", "one of Redis, such as localhost:6379,password=...", e.Message, inner: e,
                usage: true);
        }
    }

    private static (string Provider, string Connection) DatabaseOf(ClusterSettings settings)
    {
        try
        {
            if (settings.Provider == "Npgsql") _ = new NpgsqlConnectionStringBuilder(settings.RequiredConnection());
            return (settings.Provider, settings.RequiredConnection());
        }
        catch (ArgumentException e)
        {
            throw new TenonException("the cluster's connection", "one of PostgreSQL, such as Host=...;Database=...;Username=...", e.Message,
                inner: e, usage: true);
        }
    }

    private static void Guard(TlsOptions options, ClusterSecret secret)
    {
        options.LocalCertificate = secret.Certificate;
        options.RemoteCertificateMode = RemoteCertificateMode.RequireCertificate;
        options.ClientCertificateMode = RemoteCertificateMode.RequireCertificate;
        options.RemoteCertificateValidation = (certificate, _, _) => secret.Holds(certificate);
        options.SslProtocols = SslProtocols.Tls13 | SslProtocols.Tls12;
        options.OnAuthenticateAsClient = (_, client) => client.TargetHost = "tenon";
    }

    private sealed class QuietLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
