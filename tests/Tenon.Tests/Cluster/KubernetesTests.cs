using System.Net;
using System.Text.Json.Nodes;
using k8s;
using Tenon.Cluster;
using Tenon.Cluster.Workers;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cluster;

/// <summary>Workers in pods, against a server that answers as Kubernetes does.</summary>
public sealed class KubernetesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Every_variable_that_is_missing_is_named_at_once()
    {
        var fault = Should.Throw<TenonException>(() => KubernetesPod.Of(name => name == "POD_NAMESPACE" ? "lab" : null));
        fault.Message.ShouldContain("no POD_NAME, no POD_IP");
        fault.Message.ShouldContain("POD_IP from fieldRef status.podIP");
        fault.IsUsage.ShouldBeTrue();
        Should.Throw<TenonException>(() => KubernetesPod.Of(_ => "words")).Message.ShouldContain("POD_IP");
        KubernetesPod.Of(name => name == "POD_IP" ? "10.0.0.7" : name.ToLowerInvariant())
            .ShouldBe(new KubernetesPod("pod_name", "pod_namespace", IPAddress.Parse("10.0.0.7")));
    }

    [Fact]
    public void A_list_of_members_that_outlives_a_pod_is_asked_for()
    {
        var file = _folder.File("cluster.yaml", "hosting: kubernetes\n");
        Should.Throw<TenonException>(() => ClusterSettings.Of(file)).Message.ShouldContain("members: redis or ado-net");
        ClusterSettings.Of(_folder.File("redis.yaml", "hosting: kubernetes\nmembers: redis\n")).Hosting.ShouldBe("kubernetes");
    }

    [Fact]
    public void Outside_of_kubernetes_it_says_so()
    {
        Assert.SkipWhen(KubernetesClientConfiguration.IsInCluster(), "the tests run in a pod");
        Should.Throw<TenonException>(KubernetesPod.InCluster).Message.ShouldContain("a pod with a service account");
    }

    [Fact, Trait("Speed", "slow")]
    public void A_worker_takes_the_pods_name_and_labels_it()
    {
        using var server = new PodServer();
        var settings = new ClusterSettings
        {
            Address = $"127.0.0.1:{ClusterAddress.FreePair(IPAddress.Loopback)}", Hosting = "kubernetes", Name = "lab-cluster",
        };
        var pod = new Dictionary<string, string> { ["POD_NAME"] = "tenon-1", ["POD_NAMESPACE"] = "lab", ["POD_IP"] = "127.0.0.1" };
        foreach (var (name, value) in pod) Environment.SetEnvironmentVariable(name, value);
        try
        {
            using var worker = ClusterWorker.Start(settings, new WorkerOffer { Threads = 1 }, kubernetes: server.Configuration);
            worker.Name.ShouldBe("tenon-1");
            server.Labels.ShouldBe("""{"orleans/serviceId":"lab-cluster","orleans/clusterId":"lab-cluster"}""");
            server.Asked.ShouldContain(path => path.Contains("labelSelector=orleans%2FserviceId%3Dlab-cluster"));
            // Orleans' own agent has found the labels and looked for the other pods.
            server.Asked.Count(path => path.StartsWith("PATCH", StringComparison.Ordinal)).ShouldBe(1);
            server.Asked.Count(path => path.Contains("labelSelector=")).ShouldBeGreaterThanOrEqualTo(2);
        }
        finally
        {
            foreach (var name in pod.Keys) Environment.SetEnvironmentVariable(name, null);
        }
    }

    [Fact]
    public void An_account_that_may_not_is_told_what_it_needs()
    {
        using var server = new PodServer { Forbids = "PATCH" };
        var pod = new KubernetesPod("tenon-1", "lab", IPAddress.Loopback);
        var fault = Should.Throw<TenonException>(() => pod.Label(server.Configuration, new ClusterSettings { Hosting = "kubernetes" }));
        fault.Message.ShouldContain("the pod lab/tenon-1");
        fault.Message.ShouldContain("an account that may patch pods");
        fault.Message.ShouldContain("403");
        fault.Message.ShouldContain("get, list, watch and patch of pods");
    }

    [Fact]
    public void A_server_that_does_not_answer_is_told()
    {
        var nobody = new KubernetesClientConfiguration { Host = $"http://127.0.0.1:{ClusterAddress.FreePair(IPAddress.Loopback)}" };
        var pod = new KubernetesPod("tenon-1", "lab", IPAddress.Loopback);
        Should.Throw<TenonException>(() => pod.Label(nobody, new ClusterSettings())).Message.ShouldContain("an answer to get pods");
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>One pod, its labels, and what was asked for.</summary>
    private sealed class PodServer : IDisposable
    {
        private readonly HttpListener _listener = new();
        private readonly List<string> _asked = [];
        private readonly Task _work;

        public PodServer()
        {
            var port = ClusterAddress.FreePair(IPAddress.Loopback);
            _listener.Prefixes.Add($"http://127.0.0.1:{port}/");
            _listener.Start();
            Configuration = new KubernetesClientConfiguration { Host = $"http://127.0.0.1:{port}" };
            _work = Task.Run(Work);
        }

        public KubernetesClientConfiguration Configuration { get; }

        public string Forbids { get; init; } = "";

        public string Labels { get; private set; } = "{}";

        public IReadOnlyList<string> Asked
        {
            get
            {
                lock (_asked) return [.. _asked];
            }
        }

        private string Pod => """{"kind":"Pod","apiVersion":"v1","metadata":{"name":"tenon-1","namespace":"lab","labels":"""
            + Labels + "}}";

        private async Task Work()
        {
            while (true)
            {
                HttpListenerContext context;
                try
                {
                    context = await _listener.GetContextAsync();
                }
                catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }

                var (method, path) = (context.Request.HttpMethod, context.Request.RawUrl!);
                lock (_asked) _asked.Add($"{method} {path}");
                using var reader = new StreamReader(context.Request.InputStream);
                var body = await reader.ReadToEndAsync();
                context.Response.ContentType = "application/json";
                if (method == Forbids) context.Response.StatusCode = 403;
                else if (method == "PATCH") Labels = JsonNode.Parse(body)!["metadata"]!["labels"]!.ToJsonString();
                await using var answer = new StreamWriter(context.Response.OutputStream);
                if (path.Contains("watch=true")) continue;
                await answer.WriteAsync(path.Contains("/pods/") ? Pod
                    : $$"""{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[{{Pod}}]}""");
            }
        }

        public void Dispose()
        {
            _listener.Close();
            _work.Wait();
        }
    }
}
