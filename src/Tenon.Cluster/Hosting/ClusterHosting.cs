using System.Net;
using System.Security.Authentication;
using k8s;
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

    public static void Configure(ISiloBuilder silo, ClusterSettings settings, ClusterIdentity? identity, IPEndPoint? primary,
        KubernetesClientConfiguration? kubernetes)
    {
        silo.Configure<ClusterOptions>(options => Name(options, settings));
        silo.Configure<SiloMessagingOptions>(options => options.MaxMessageBodySize = MaxMessage);
        silo.Configure<ClusterMembershipOptions>(options =>
        {
            options.ProbeTimeout = TimeSpan.FromSeconds(2);
            options.TableRefreshTimeout = TimeSpan.FromSeconds(10);
        });
        MembersOf(settings, primary).OfSilo(silo);
        if (kubernetes is not null)
            silo.UseKubernetesHosting(hosting => hosting.Configure(options => options.GetClientConfiguration = () => kubernetes));
        if (identity is not null) silo.UseTls(options => Guard(options, identity));
        AddGrains(silo.Services);
    }

    public static void Configure(IClientBuilder client, ClusterSettings settings, ClusterIdentity? identity)
    {
        client.Configure<ClusterOptions>(options => Name(options, settings));
        client.Configure<ClientMessagingOptions>(options => options.MaxMessageBodySize = MaxMessage);
        MembersOf(settings, null).OfClient(client);
        if (identity is not null) client.UseTls(options => Guard(options, identity));
        AddGrains(client.Services);
    }

    // Where the list of members is kept: one row a kind, for those who join and those who ask.
    private static (Action<ISiloBuilder> OfSilo, Action<IClientBuilder> OfClient) MembersOf(
        ClusterSettings settings, IPEndPoint? primary) =>
        settings.Members switch
        {
            "redis" => (
                silo => silo.UseRedisClustering(options => options.ConfigurationOptions = RedisOf(settings)),
                client => client.UseRedisClustering(options => options.ConfigurationOptions = RedisOf(settings))),
            "ado-net" => (
                silo => silo.UseAdoNetClustering(options => (options.Invariant, options.ConnectionString) = DatabaseOf(settings)),
                client => client.UseAdoNetClustering(options => (options.Invariant, options.ConnectionString) = DatabaseOf(settings))),
            _ => (
                silo => silo.UseDevelopmentClustering(primary),
                client => client.UseStaticClustering(ClusterAddress.Resolve(settings.Address, further: 1))),
        };

    private static void Name(ClusterOptions options, ClusterSettings settings) =>
        (options.ClusterId, options.ServiceId) = KubernetesPod.NamesOf(settings);

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

    private static void Guard(TlsOptions options, ClusterIdentity identity)
    {
        options.LocalCertificate = identity.Certificate;
        options.RemoteCertificateMode = RemoteCertificateMode.RequireCertificate;
        options.ClientCertificateMode = RemoteCertificateMode.RequireCertificate;
        options.RemoteCertificateValidation = (certificate, chain, _) => identity.Refusal(certificate, chain) is null;
        options.SslProtocols = SslProtocols.Tls13 | SslProtocols.Tls12;
        options.OnAuthenticateAsClient = (_, client) => client.TargetHost = ClusterSecret.Subject;
    }

    private sealed class QuietLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
