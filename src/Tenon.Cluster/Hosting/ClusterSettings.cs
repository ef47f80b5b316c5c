namespace Tenon.Cluster;

/// <summary>
/// How workers and those who use them find each other: what <c>--cluster FILE</c> holds. An address alone (<c>--cluster HOST:PORT</c>)
/// leaves the rest at its defaults.
/// </summary>
public sealed record ClusterSettings : ISettings
{
    /// <summary>
    /// Who keeps the list of workers: <c>worker</c> (the first one, at <c>address</c>; where it ends, the cluster ends), <c>redis</c> or
    /// <c>ado-net</c> (a database with Orleans' tables: any worker may end).
    /// </summary>
    [Words("worker", "redis", "ado-net")]
    public string Members { get; init; } = "worker";

    /// <summary>Where the first worker listens for other workers; programs that use the cluster connect to the port after it.</summary>
    public string Address { get; init; } = "127.0.0.1:7700";

    /// <summary>How Redis or the database is reached; null takes the environment's <c>TENON_CLUSTER_CONNECTION</c>.</summary>
    public string? Connection { get; init; }

    /// <summary>The ADO.NET provider of the database.</summary>
    public string Provider { get; init; } = "Npgsql";

    /// <summary>The cluster's name: workers of different names do not see each other.</summary>
    public string Name { get; init; } = "tenon";

    /// <summary>
    /// Where workers run: <c>process</c>, or <c>kubernetes</c>, in pods, which say who they are (<c>POD_NAME</c>, <c>POD_NAMESPACE</c>,
    /// <c>POD_IP</c>; <c>ORLEANS_CLUSTER_ID</c> and <c>ORLEANS_SERVICE_ID</c> go before <c>name</c>) and are watched.
    /// </summary>
    [Words("process", "kubernetes")]
    public string Hosting { get; init; } = "process";

    /// <summary>A file with the cluster's secret; null takes the environment's <c>TENON_CLUSTER_SECRET</c>.</summary>
    public string? SecretFile { get; init; }

    /// <summary>In place of a secret: a PEM file with the certificate that this member shows, those between it and the authority
    /// after it.</summary>
    public string? TlsCertificate { get; init; }

    /// <summary>The PEM file of the certificate's private key; null where it stands in the certificate's file.</summary>
    public string? TlsKey { get; init; }

    /// <summary>
    /// A PEM file with the authority (or several) whose certificates members show; null takes this member's own certificate alone, which
    /// all members then share.
    /// </summary>
    public string? TlsAuthority { get; init; }

    /// <summary>A DNS name that the certificate of every member carries; null asks for none.</summary>
    public string? TlsName { get; init; }

    /// <summary>
    /// The port on this machine, or ADDRESS:PORT, at which a worker shows Orleans' dashboard; null shows none. It needs ASP.NET's runtime.
    /// </summary>
    public string? Dashboard { get; init; }

    /// <summary>
    /// The share of remote rollouts that is computed again here and compared bit for bit; at least one of every answer; 0 for none.
    /// </summary>
    [Bounds(0, 1)]
    public double Checked { get; init; } = 0.01;

    /// <summary>Seconds that an answer may be waited for once this machine has nothing left to do; then it is computed here.</summary>
    [Bounds(0, 86400, Above = true)]
    public double Patience { get; init; } = 30;

    /// <summary>Where OpenTelemetry metrics are sent (OTLP over HTTP); null sends none.</summary>
    public string? Metrics { get; init; }

    /// <inheritdoc/>
    public IEnumerable<SettingsFault> Rules()
    {
        if (Members == "worker" && !ClusterAddress.TryParse(Address, out _))
            yield return new SettingsFault("address", $"'{Address}'", "HOST:PORT with a port from 1 to 65534");
        if (Metrics is not null && !Uri.TryCreate(Metrics, UriKind.Absolute, out _))
            yield return new SettingsFault("metrics", $"'{Metrics}'", "an address such as http://127.0.0.1:4318/v1/metrics");
        if (Hosting == "kubernetes" && Members == "worker")
            yield return new SettingsFault("hosting", "kubernetes with members: worker",
                "members: redis or ado-net, for a pod's address is gone with the pod");
        if (TlsCertificate is not null && SecretFile is not null)
            yield return new SettingsFault("tls-certificate", "secret-file beside it", "either certificates or a secret");
        if (TlsCertificate is null && (TlsKey ?? TlsAuthority ?? TlsName) is not null)
            yield return new SettingsFault("tls-certificate", "none", "the certificate that tls-key, tls-authority and tls-name go with");
        if (Dashboard is not null && !ClusterAddress.TryParsePort(Dashboard, out _))
            yield return new SettingsFault("dashboard", $"'{Dashboard}'", "a port from 1 to 65534, or ADDRESS:PORT");
    }

    /// <summary>The settings of <c>--cluster</c>: a file's, or those of an address.</summary>
    /// <exception cref="TenonException">Neither a file nor an address, or a file with faults.</exception>
    public static ClusterSettings Of(string text)
    {
        if (File.Exists(text)) return SettingsFile.Load<ClusterSettings>(text, "the cluster's settings", "docs/studies.md");
        if (ClusterAddress.TryParse(text, out _)) return new ClusterSettings { Address = text };
        throw new TenonException("--cluster", "HOST:PORT of the first worker, or a YAML file with the cluster's settings", text,
            usage: true);
    }

    /// <summary>These, or an error with every fault of them: for settings that flags have changed.</summary>
    internal ClusterSettings Require()
    {
        var faults = Rules().ToList();
        return faults.Count == 0 ? this : throw new TenonException(
            $"the cluster's settings:{string.Concat(faults.Select(fault => $"\n  {fault}"))}", usage: true);
    }

    /// <summary>The connection string of Redis or the database.</summary>
    internal string RequiredConnection() => Connection ?? Environment.GetEnvironmentVariable("TENON_CLUSTER_CONNECTION")
        ?? throw new TenonException($"members: {Members}", "connection, or TENON_CLUSTER_CONNECTION in the environment", "neither",
            usage: true);
}
