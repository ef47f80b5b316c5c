using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Tenon.Cluster;
using Tenon.Cluster.Workers;
using Tenon.Dashboard;
using Tenon.Tests.Cli;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cluster;

/// <summary>Orleans' dashboard: what it shows, to whom, and what is said where it cannot be.</summary>
public sealed class DashboardTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _browser = new(new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, _, _, _) => true });

    private static int FreePort() => ClusterAddress.FreePair(IPAddress.Loopback);

    private static ClusterWorker Start(ClusterSettings settings) =>
        ClusterWorker.Start(settings, new WorkerOffer { Threads = 1 }, pages: new DashboardPages());

    [Fact, Trait("Speed", "slow")]
    public async Task It_shows_the_silos_and_grains_of_all_workers()
    {
        var settings = new ClusterSettings { Address = $"127.0.0.1:{FreePort()}", Dashboard = $"{FreePort()}" };
        string[] workers;
        using (var first = Start(settings))
        using (var second = Start(settings))
        using (var client = ClusterClient.Connect(settings))
        {
            (first.ServesPages, second.ServesPages, second.Door!.Url).ShouldBe((true, false, first.Door!.Url));
            SpinWait.SpinUntil(() => client.Workers.Count == 2, TimeSpan.FromSeconds(30)).ShouldBeTrue();
            workers = [.. client.Workers.Select(worker => worker.Key).Order(StringComparer.Ordinal)];
            (await _browser.GetStringAsync(first.Door.Url)).ShouldContain("index.min.js");
            (await _browser.GetStringAsync(first.Door.Url + "index.min.js")).Length.ShouldBeGreaterThan(10_000);
            JsonNode counters;
            string[] Of(string list, Func<JsonNode, bool> wanted) => [.. counters[list]!.AsArray().Where(one => wanted(one!))
                .Select(one => (string)one!["siloAddress"]!).Order(StringComparer.Ordinal)];
            var until = Environment.TickCount64 + 30_000;
            do
            {
                await Task.Delay(200);
                counters = JsonNode.Parse(await _browser.GetStringAsync(first.Door.Url + "DashboardCounters"))!;
            }
            while (Environment.TickCount64 < until && !(Of("hosts", one => (string)one["status"]! == "Active").SequenceEqual(workers)
                && Of("simpleGrainStats", one => (string)one["grainType"]! == "Tenon.Cluster.Grains.WorkerGrain"
                    && (int)one["totalCalls"]! > 0).SequenceEqual(workers)));
            Of("hosts", one => (string)one["status"]! == "Active").ShouldBe(workers, counters.ToJsonString());
            Of("simpleGrainStats", one => (string)one["grainType"]! == "Tenon.Cluster.Grains.WorkerGrain" && (int)one["totalCalls"]! > 0)
                .ShouldBe(workers, counters.ToJsonString());
            foreach (var worker in workers)
                (await _browser.GetStringAsync($"{first.Door.Url}HistoricalStats/{worker}")).ShouldContain("rawMemoryUsageBytes");

            // A page of another site whose name was made to point here.
            using var foreign = new HttpRequestMessage(HttpMethod.Get, first.Door.Url);
            foreign.Headers.Host = "elsewhere.example";
            (await _browser.SendAsync(foreign)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
            (await _browser.GetAsync(first.Door.Url + "Trace")).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        }

        var (host, port) = ("127.0.0.1", int.Parse(settings.Dashboard));
        ClusterAddress.Answers(new IPEndPoint(IPAddress.Parse(host), port)).ShouldBeFalse();
    }

    [Theory, Trait("Speed", "slow")]
    [InlineData("127.0.0.1", "http")]
    [InlineData("0.0.0.0", "https")]
    public async Task With_a_secret_it_asks_for_a_password_and_beyond_this_machine_it_is_https(string address, string scheme)
    {
        var port = FreePort();
        var settings = new ClusterSettings
        {
            Address = $"127.0.0.1:{FreePort()}", Dashboard = $"{address}:{port}",
            SecretFile = _folder.File("secret", "a secret of twenty one"),
        };
        using var worker = Start(settings);
        var url = $"{scheme}://127.0.0.1:{port}/version";
        worker.Door!.Url.ShouldBe($"{scheme}://{address}:{port}/");
        (await _browser.GetAsync(url)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic",
            Convert.ToBase64String(Encoding.UTF8.GetBytes($"{PagesDoor.User}:{worker.Door.Password}")));
        (await _browser.SendAsync(request)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_place_where_it_cannot_be_is_told()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        // Listens, and hangs up on whoever speaks to it.
        var other = Task.Run(async () =>
        {
            while (true) (await listener.AcceptTcpClientAsync()).Dispose();
        });
        var taken = ((IPEndPoint)listener.LocalEndpoint).Port;
        var port = FreePort();
        string Fault(string dashboard)
        {
            var call = Call.Tenon("worker", "--cluster", $"127.0.0.1:{port}", "--dashboard", dashboard);
            call.Exit.ShouldBe(2, call.Error);
            return call.Error;
        }

        Fault($"{taken}").ShouldContain("another program listens on it\n  Hint: choose another with --dashboard");
        Fault("0.0.0.0:8080").ShouldContain("a secret for a port that other machines reach");
        Fault($"{port + 1}").ShouldContain("another port than the worker's two");
        Fault("web").ShouldContain("a port from 1 to 65534, or ADDRESS:PORT");
        listener.Stop();
        await Should.ThrowAsync<Exception>(other);
    }

    [Fact]
    public void Its_key_in_a_file_is_a_port_or_an_address()
    {
        ClusterSettings.Of(_folder.File("port.yaml", "dashboard: 8080\n")).Dashboard.ShouldBe("8080");
        ClusterSettings.Of(_folder.File("address.yaml", "dashboard: 10.0.0.2:8080\n")).Dashboard.ShouldBe("10.0.0.2:8080");
        Should.Throw<TenonException>(() => ClusterSettings.Of(_folder.File("odd.yaml", "dashboard: yes\n"))).Message
            .ShouldContain("a port from 1 to 65534");
    }

    [Fact]
    public void The_runtime_of_asp_net_is_found_where_dotnet_is_or_said_to_be_missing()
    {
        string Root(params string[] versions)
        {
            var root = _folder.File($"root-{versions.Length}");
            Directory.CreateDirectory(Path.Combine(root, "shared"));
            foreach (var version in versions)
                Directory.CreateDirectory(Path.Combine(root, "shared", "Microsoft.AspNetCore.App", version));
            return root;
        }

        var (none, some) = (Root(), Root("9.0.4", "10.0.2", "10.0.10", "11.0.0-preview.1"));
        Path.GetFileName(AspNetRuntime.Find([none, some], new Version(10, 0, 2))).ShouldBe("10.0.2");
        Path.GetFileName(AspNetRuntime.Find([none, some], new Version(10, 0, 5))).ShouldBe("10.0.10");
        var fault = Should.Throw<TenonException>(() => AspNetRuntime.Find([none, some], new Version(12, 0, 1)));
        fault.Message.ShouldContain("ASP.NET's runtime, Microsoft.AspNetCore.App 12.0");
        fault.Message.ShouldContain(Path.Combine(none, "shared"));
        fault.Message.ShouldContain("aspnetcore-runtime-12.0");
        // Beside the runtime that this process is on; elsewhere only for a program that brings its own.
        AspNetRuntime.Roots(Path.Combine(some, "shared", "Microsoft.NETCore.App", "10.0.2") + Path.DirectorySeparatorChar, none, none)
            .ShouldBe([some]);
        AspNetRuntime.Roots(none, some, null)[0].ShouldBe(some);
    }

    [Fact]
    public void The_program_asks_for_no_runtime_but_dotnets_own()
    {
        var known = typeof(DashboardPages).Assembly.GetReferencedAssemblies().Select(one => one.Name);
        known.ShouldContain(name => name!.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal));
        var config = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "tenon.runtimeconfig.json"));
        config.ShouldContain("Microsoft.NETCore.App");
        config.ShouldNotContain("AspNetCore");
    }

    public void Dispose()
    {
        _browser.Dispose();
        _folder.Dispose();
    }
}
