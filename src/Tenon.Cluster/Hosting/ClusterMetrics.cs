using System.Diagnostics.Metrics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;

namespace Tenon.Cluster;

/// <summary>What a cluster counts, for OpenTelemetry; sent nowhere unless the settings say where.</summary>
internal static class ClusterMetrics
{
    private static readonly Meter S_meter = new("Tenon.Cluster");

    /// <summary>Groups that workers were asked for.</summary>
    public static Counter<long> Sent { get; } = S_meter.CreateCounter<long>("tenon.cluster.groups.sent");

    /// <summary>Groups that had to be asked for again, or computed here.</summary>
    public static Counter<long> Again { get; } = S_meter.CreateCounter<long>("tenon.cluster.groups.again");

    /// <summary>Completions of workers that were computed again here.</summary>
    public static Counter<long> Checked { get; } = S_meter.CreateCounter<long>("tenon.cluster.completions.checked");

    /// <summary>Groups that this worker has sampled.</summary>
    public static Counter<long> Sampled { get; } = S_meter.CreateCounter<long>("tenon.cluster.groups.sampled");

    /// <summary>Cells that this worker has run.</summary>
    public static Counter<long> Cells { get; } = S_meter.CreateCounter<long>("tenon.cluster.cells");

    /// <summary>Begins to send these, Orleans' own and the runtime's; null where the settings name no receiver.</summary>
    public static IDisposable? Export(ClusterSettings settings) => settings.Metrics is null ? null
        : Sdk.CreateMeterProviderBuilder().AddMeter(S_meter.Name, "Microsoft.Orleans", "System.Runtime")
            .AddOtlpExporter(options => (options.Endpoint, options.Protocol) = (new Uri(settings.Metrics), OtlpExportProtocol.HttpProtobuf))
            .Build();
}
