using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.Hosting;

namespace Tenon.Cluster;

/// <summary>Orleans' dashboard as a worker takes it in: what it needs of ASP.NET stands in a room of its own.</summary>
internal interface IClusterPages
{
    /// <summary>Has a silo count what its grains do, and answer questions about it.</summary>
    void Join(ISiloBuilder silo);

    /// <summary>Serves the pages.</summary>
    /// <param name="host">The worker's host.</param>
    /// <param name="door">Where, and to whom.</param>
    /// <param name="port">The door's address, which this process listens at already.</param>
    void Serve(IHostBuilder host, PagesDoor door, Socket port);
}

/// <summary>Where the pages are, and who may see them.</summary>
/// <param name="Address">Address and port.</param>
/// <param name="Certificate">For HTTPS; null on this machine alone.</param>
/// <param name="Password">What a browser asks its user for; null where the cluster has no secret either.</param>
/// <param name="Cluster">What tells this cluster's pages from another's.</param>
internal sealed record PagesDoor(IPEndPoint Address, X509Certificate2? Certificate, string? Password, string Cluster)
{
    // One that has taken the port and has not started yet is heard when it has.
    private static readonly TimeSpan S_start = TimeSpan.FromSeconds(20);

    /// <summary>The user that the password belongs to.</summary>
    public const string User = "tenon";

    /// <summary>The header of every answer that says which cluster's pages these are.</summary>
    public const string Header = "Tenon-Cluster";

    /// <summary>The address for a browser.</summary>
    public string Url => $"http{(Certificate is null ? "" : "s")}://{Address}/";

    /// <summary>The port, taken before the worker starts; null where another worker of the cluster serves the pages there.</summary>
    /// <exception cref="TenonException">Something else listens there.</exception>
    public Socket? Take()
    {
        var port = new Socket(Address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { ExclusiveAddressUse = true };
        try
        {
            port.Bind(Address);
            // Only then is it taken: several workers of a machine may begin at once.
            port.Listen();
            return port;
        }
        catch (SocketException e)
        {
            port.Dispose();
            return IsServed() ? null : throw ClusterAddress.NotFree(Address.Address, Address.Port, "--dashboard", e);
        }
    }

    /// <summary>The door that settings ask for; null where they ask for none.</summary>
    /// <exception cref="TenonException">Other machines would reach it, and there is no secret.</exception>
    public static PagesDoor? Of(ClusterSettings settings, ClusterIdentity? identity)
    {
        if (settings.Dashboard is null || !ClusterAddress.TryParsePort(settings.Dashboard, out var place)) return null;
        var address = ClusterAddress.ResolveHost(place.Host);
        var here = IPAddress.IsLoopback(address);
        if (!here && identity is null)
            throw new TenonException($"--dashboard {settings.Dashboard}", "a secret for a port that other machines reach", "none",
                $"{ClusterSecret.Ways}, or a port alone for this machine", usage: true);
        // Where a secret keeps the machine's other users from the worker, it keeps them from its pages.
        return new PagesDoor(new IPEndPoint(address, place.Port), here ? null : identity!.Certificate,
            identity is null ? null : RandomNumberGenerator.GetHexString(24, lowercase: true), Key(settings));
    }

    private static string Key(ClusterSettings settings)
    {
        var place = settings.Members == "worker" ? settings.Address : settings.RequiredConnection();
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{settings.Members}\n{place}\n{settings.Name}")))[..16];
    }

    private bool IsServed()
    {
        try
        {
            // Nothing is told to whoever answers; only that it is no program of another kind matters.
            using var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, _, _, _) => true };
            using var client = new HttpClient(handler) { Timeout = S_start };
            using var question = new HttpRequestMessage(HttpMethod.Get, $"{Url}version");
            using var answer = client.Send(question);
            return answer.Headers.TryGetValues(Header, out var cluster) && cluster.Contains(Cluster);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }
}
