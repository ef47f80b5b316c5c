using System.CommandLine;
using Tenon.Cluster;

namespace Tenon.Cli.Commands.Options;

/// <summary>The options of verbs that use a cluster of workers. Its libraries are loaded only where it is asked for.</summary>
internal sealed class ClusterOption
{
    private readonly Option<string?> _cluster;
    private readonly Option<string?> _secret;
    private readonly Option<string?> _certificate;
    private readonly Option<string?> _key;
    private readonly Option<string?> _authority;
    private readonly Option<string?> _name;

    public ClusterOption(Command verb, string use)
    {
        _cluster = new Option<string?>("--cluster")
        {
            Description = $"{use}: HOST:PORT of the first worker, or a YAML file (docs/studies.md)", HelpName = "ADDRESS|FILE",
        };
        verb.Options.Add(_cluster);
        _secret = File(verb, "--secret-file", "a file with the cluster's secret; TENON_CLUSTER_SECRET by default");
        _certificate = File(verb, "--tls-certificate", "in place of a secret: the certificate that is shown to the cluster (PEM)");
        _key = File(verb, "--tls-key", "its private key (PEM); the certificate's file by default");
        _authority = File(verb, "--tls-authority",
            "the authority whose certificates are taken (PEM); by default only the same certificate is");
        _name = new Option<string?>("--tls-name") { Description = "a DNS name that every certificate carries", HelpName = "NAME" };
        verb.Options.Add(_name);
    }

    /// <summary>True where a cluster is asked for.</summary>
    public bool IsGiven(ParseResult call) => call.GetValue(_cluster) is not null;

    /// <summary>The cluster's settings; its usual address where none is given.</summary>
    public ClusterSettings Settings(ParseResult call)
    {
        var settings = call.GetValue(_cluster) is { } text ? ClusterSettings.Of(text) : new ClusterSettings();
        settings = settings with
        {
            SecretFile = call.GetValue(_secret) ?? settings.SecretFile,
            TlsCertificate = call.GetValue(_certificate) ?? settings.TlsCertificate,
            TlsKey = call.GetValue(_key) ?? settings.TlsKey,
            TlsAuthority = call.GetValue(_authority) ?? settings.TlsAuthority,
            TlsName = call.GetValue(_name) ?? settings.TlsName,
        };
        return settings.Require();
    }

    private static Option<string?> File(Command verb, string name, string description)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = "FILE" };
        verb.Options.Add(option);
        return option;
    }
}
