using System.Net;
using System.Text.Json;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace Tenon.Cluster;

/// <summary>
/// The pod that a worker runs in, as Orleans' hosting on Kubernetes has it: its name is the silo's, its labels say which cluster it
/// belongs to, and two workers watch the pods, so that one that is deleted is known to be gone at once.
/// </summary>
/// <param name="Name">Its name.</param>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Address">Its address.</param>
internal sealed record KubernetesPod(string Name, string Namespace, IPAddress Address)
{
    /// <summary>The variables of the pod's environment that it must have, each with the field that Kubernetes fills in.</summary>
    public static readonly IReadOnlyList<(string Variable, string Field)> Variables =
        [("POD_NAME", "metadata.name"), ("POD_NAMESPACE", "metadata.namespace"), ("POD_IP", "status.podIP")];

    // What Orleans looks for; it would put them there itself, but not say why it may not.
    private const string ServiceLabel = "orleans/serviceId";
    private const string ClusterLabel = "orleans/clusterId";
    private static readonly TimeSpan S_answer = TimeSpan.FromSeconds(20);

    /// <summary>The pod of an environment.</summary>
    /// <exception cref="TenonException">Variables are missing.</exception>
    public static KubernetesPod Of(Func<string, string?> variable)
    {
        var missing = Variables.Where(one => string.IsNullOrWhiteSpace(variable(one.Variable))).ToList();
        if (missing.Count > 0)
            throw new TenonException("hosting: kubernetes",
                $"{string.Join(", ", Variables.Select(one => one.Variable))} in the environment", $"no {string.Join(", no ", missing.Select(one => one.Variable))}", "in the pod's env: "
                + string.Join("; ", missing.Select(one => $"{one.Variable} from fieldRef {one.Field}"))
                + " (tenon study --export k8s-cluster FILE writes such a file)", usage: true);
        var address = variable("POD_IP")!;
        return new KubernetesPod(variable("POD_NAME")!, variable("POD_NAMESPACE")!, IPAddress.TryParse(address, out var parsed) ? parsed
            : throw new TenonException("POD_IP", "the pod's address", $"'{address}'", usage: true));
    }

    /// <summary>What the cluster is called there: <c>ORLEANS_CLUSTER_ID</c> and <c>ORLEANS_SERVICE_ID</c>, or the settings' name.</summary>
    public static (string Cluster, string Service) NamesOf(ClusterSettings settings) =>
        settings.Hosting != "kubernetes" ? (settings.Name, settings.Name)
        : (Environment.GetEnvironmentVariable("ORLEANS_CLUSTER_ID") is { Length: > 0 } cluster ? cluster : settings.Name,
            Environment.GetEnvironmentVariable("ORLEANS_SERVICE_ID") is { Length: > 0 } service ? service : settings.Name);

    /// <summary>How the pod reaches Kubernetes: by its service account.</summary>
    /// <exception cref="TenonException">This is no pod, or one without an account.</exception>
    public static KubernetesClientConfiguration InCluster()
    {
        try
        {
            return KubernetesClientConfiguration.InClusterConfig();
        }
        catch (Exception e) when (e is k8s.Exceptions.KubeConfigException or IOException)
        {
            throw new TenonException("hosting: kubernetes", "a pod with a service account", e.Message,
                "outside of Kubernetes: hosting: process", inner: e, usage: true);
        }
    }

    /// <summary>Puts the labels on the pod and looks at the others: what Orleans will do, but with words where it may not.</summary>
    public void Label(KubernetesClientConfiguration configuration, ClusterSettings settings)
    {
        var step = "get";
        try
        {
            // The client's own waiting for the rest of an answer does not end.
            Task.Run(() => Label(configuration, NamesOf(settings), word => step = word)).WaitAsync(S_answer).GetAwaiter().GetResult();
        }
        catch (HttpOperationException e)
        {
            throw new TenonException($"the pod {Namespace}/{Name}", $"an account that may {step} pods", $"{(int)e.Response.StatusCode} "
                + e.Response.ReasonPhrase, "a Role with get, list, watch and patch of pods, bound to the pod's service account", e);
        }
        catch (Exception e) when (e is HttpRequestException or TimeoutException or OperationCanceledException or IOException)
        {
            throw new TenonException($"Kubernetes at {configuration.Host}", $"an answer to {step} pods", e.Message, inner: e);
        }
    }

    private async Task Label(KubernetesClientConfiguration configuration, (string Cluster, string Service) names, Action<string> begin)
    {
        using var client = new Kubernetes(configuration);
        var pod = await client.CoreV1.ReadNamespacedPodAsync(Name, Namespace);
        if (pod.GetLabel(ServiceLabel) != names.Service || pod.GetLabel(ClusterLabel) != names.Cluster)
        {
            begin("patch");
            var labels = new Dictionary<string, string> { [ServiceLabel] = names.Service, [ClusterLabel] = names.Cluster };
            var patch = JsonSerializer.Serialize(new { metadata = new { labels } });
            await client.CoreV1.PatchNamespacedPodAsync(new V1Patch(patch, V1Patch.PatchType.MergePatch), Name, Namespace);
        }

        begin("list");
        await client.CoreV1.ListNamespacedPodAsync(Namespace,
            labelSelector: $"{ServiceLabel}={names.Service},{ClusterLabel}={names.Cluster}");
    }
}
