using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Tenon.Cluster;

/// <summary>Hosts and ports of workers.</summary>
internal static class ClusterAddress
{
    /// <summary>HOST:PORT in parts; the port leaves room for the one after it.</summary>
    public static bool TryParse(string text, out (string Host, int Port) address)
    {
        address = default;
        var colon = text.LastIndexOf(':');
        if (colon < 1 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            || port is < 1 or > 65534) return false;
        var host = text[..colon].Trim('[', ']');
        if (Uri.CheckHostName(host) == UriHostNameType.Unknown) return false;
        address = (host, port);
        return true;
    }

    /// <summary>A port of this machine alone, or HOST:PORT.</summary>
    public static bool TryParsePort(string text, out (string Host, int Port) address) =>
        TryParse(text.Contains(':') ? text : $"{IPAddress.Loopback}:{text}", out address);

    /// <summary>The parts of an address that was checked before.</summary>
    public static IPEndPoint Resolve(string text, int further = 0)
    {
        if (!TryParse(text, out var address)) throw new TenonException("the cluster's address", "HOST:PORT", text, usage: true);
        return new IPEndPoint(Resolve(address.Host), address.Port + further);
    }

    /// <summary>A host's address; IPv4 where there is one.</summary>
    public static IPAddress ResolveHost(string host) => Resolve(host);

    private static IPAddress Resolve(string host)
    {
        if (IPAddress.TryParse(host, out var literal)) return literal;
        try
        {
            var found = Dns.GetHostAddresses(host);
            return found.FirstOrDefault(a => a.AddressFamily == AddressFamily.InterNetwork) ?? found[0];
        }
        catch (Exception e) when (e is SocketException or IndexOutOfRangeException)
        {
            throw new TenonException($"the host '{host}'", "a name or address that this machine knows", e.Message, inner: e, usage: true);
        }
    }

    /// <summary>Throws where a port cannot be listened on.</summary>
    /// <param name="address">The address.</param>
    /// <param name="port">The port.</param>
    /// <param name="option">What chooses another.</param>
    public static void RequireFree(IPAddress address, int port, string option = "--port")
    {
        try
        {
            using var probe = new TcpListener(address, port);
            probe.ExclusiveAddressUse = true;
            probe.Start();
        }
        catch (SocketException e)
        {
            throw NotFree(address, port, option, e);
        }
    }

    /// <summary>The error of a port that cannot be listened on.</summary>
    public static TenonException NotFree(IPAddress address, int port, string option, SocketException e)
    {
        var inUse = e.SocketErrorCode == SocketError.AddressAlreadyInUse;
        return new TenonException($"port {port} of {address}", "a port that is free",
            inUse ? "another program listens on it" : e.Message,
            inUse ? $"choose another with {option}, or end that program" : option == "--port" ? "check --listen and --port" : $"check {option}",
            inner: e, usage: true);
    }

    /// <summary>Two ports that nobody listens on at the moment, one after the other.</summary>
    public static int FreePair(IPAddress address)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                using var first = new TcpListener(address, 0);
                first.Start();
                var port = ((IPEndPoint)first.LocalEndpoint).Port;
                using var second = new TcpListener(address, port + 1);
                second.Start();
                return port;
            }
            catch (Exception e) when (tries < 50 && e is SocketException or ArgumentOutOfRangeException)
            {
                // The next one.
            }
        }
    }

    /// <summary>True where somebody listens.</summary>
    public static bool Answers(IPEndPoint address)
    {
        try
        {
            using var client = new TcpClient(address.AddressFamily);
            return client.ConnectAsync(address).Wait(TimeSpan.FromSeconds(2));
        }
        catch (AggregateException)
        {
            return false;
        }
    }
}
