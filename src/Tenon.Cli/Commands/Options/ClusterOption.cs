using System.CommandLine;
using Tenon.Cluster;

namespace Tenon.Cli.Commands.Options;

/// <summary>The options of verbs that use a cluster of workers. Its libraries are loaded only where it is asked for.</summary>
internal sealed class ClusterOption
{
    private readonly Option<string?> _cluster;
    private readonly Option<string?> _secret;

    public ClusterOption(Command verb, string use)
    {
        _cluster = new Option<string?>("--cluster")
        {
            Description = $"{use}: HOST:PORT of the first worker, or a YAML file (docs/studies.md)", HelpName = "ADDRESS|FILE",
        };
        _secret = new Option<string?>("--secret-file")
        {
            Description = "a file with the cluster's secret; TENON_CLUSTER_SECRET by default",
        };
        verb.Options.Add(_cluster);
        verb.Options.Add(_secret);
    }

    /// <summary>True where a cluster is asked for.</summary>
    public bool IsGiven(ParseResult call) => call.GetValue(_cluster) is not null;

    /// <summary>The cluster's settings; its usual address where none is given.</summary>
    public ClusterSettings Settings(ParseResult call)
    {
        var settings = call.GetValue(_cluster) is { } text ? ClusterSettings.Of(text) : new ClusterSettings();
        return call.GetValue(_secret) is { } file ? settings with { SecretFile = file } : settings;
    }
}
