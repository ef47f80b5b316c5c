using System.Net;
using System.Net.Sockets;
using Tenon.Cluster;
using Tenon.Cluster.Grains;
using Tenon.Cluster.Workers;
using Tenon.Tensors;
using Tenon.Tests.Cli;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cluster;

/// <summary>Ports, secrets and settings of clusters: what is let in, and what is refused with which words.</summary>
public sealed class ClusterDoorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Secret(string text) => _folder.File($"secret-{text.Length}-{text[^1]}", text + "\n");

    private static int FreePort() => ClusterAddress.FreePair(IPAddress.Loopback);

    [Fact, Trait("Speed", "slow")]
    public void Workers_and_runs_with_the_secret_come_in_and_others_hear_why_not()
    {
        var settings = new ClusterSettings { Address = $"127.0.0.1:{FreePort()}", SecretFile = Secret("a secret of twenty one A") };
        using var first = ClusterWorker.Start(settings, new WorkerOffer { Threads = 1 });
        first.Address.Port.ShouldBe(ClusterAddress.Resolve(settings.Address).Port);
        using (var second = ClusterWorker.Start(settings, new WorkerOffer { Threads = 1 }))
        using (var client = ClusterClient.Connect(settings))
        {
            SpinWait.SpinUntil(() => client.Workers.Count == 2, TimeSpan.FromSeconds(30)).ShouldBeTrue();
            client.WorkerNames.ShouldContain(first.Address.ToString());
            client.WorkerNames.ShouldContain(second.Address.ToString());
        }

        var other = settings with { SecretFile = Secret("a secret of twenty one B") };
        var none = settings with { SecretFile = null };
        Should.Throw<TenonException>(() => ClusterClient.Connect(other)).Message.ShouldContain("it has another secret");
        Should.Throw<TenonException>(() => ClusterClient.Connect(none)).Message.ShouldContain("it has a secret, and none was given here");
        Should.Throw<TenonException>(() => ClusterWorker.Start(other, new WorkerOffer { Threads = 1 })).Message
            .ShouldContain("it has another secret");
    }

    [Fact]
    public void A_worker_without_a_secret_is_told_to_who_has_one()
    {
        var settings = new ClusterSettings { Address = $"127.0.0.1:{FreePort()}" };
        using var worker = ClusterWorker.Start(settings, new WorkerOffer { Threads = 1 });
        var secret = settings with { SecretFile = Secret("a secret of twenty one A") };
        Should.Throw<TenonException>(() => ClusterClient.Connect(secret)).Message.ShouldContain("it has no secret");
    }

    [Fact]
    public void A_port_in_use_is_told()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var settings = new ClusterSettings { Address = $"127.0.0.1:{FreePort()}" };
        var fault = Should.Throw<TenonException>(() => ClusterWorker.Start(settings, new WorkerOffer { Threads = 1 }, port: port));
        fault.Message.ShouldContain($"port {port} of 127.0.0.1");
        fault.Message.ShouldContain("another program listens on it");
        fault.IsUsage.ShouldBeTrue();
    }

    [Fact]
    public void A_cluster_of_nobody_is_told()
    {
        var settings = new ClusterSettings { Address = $"127.0.0.1:{FreePort()}" };
        Should.Throw<TenonException>(() => ClusterClient.Connect(settings, TimeSpan.FromSeconds(0.1))).Message
            .ShouldContain("a worker that listens there");
    }

    [Theory]
    [InlineData("no secret", "worker", "--listen", "0.0.0.0")]
    [InlineData("--listen with the address", "worker", "--cluster", "192.0.2.1:7700")]
    [InlineData("HOST:PORT of the first worker", "worker", "--cluster", "nowhere")]
    [InlineData("1 to 65534", "worker", "--port", "65535")]
    public void A_call_that_would_open_a_port_unasked_is_refused(string because, params string[] arguments)
    {
        var call = Call.Tenon(arguments);
        call.Exit.ShouldBe(2, call.Error);
        if (because == "no secret") call.Error.ShouldContain("a secret for a port that other machines reach");
        else call.Error.ShouldContain(because);
    }

    [Fact]
    public void Settings_of_a_file_are_read_and_their_faults_told_at_once()
    {
        var file = _folder.File("cluster.yaml", "members: redis\nconnection: localhost:6379\nchecked: 0.5\nname: ours\n");
        ClusterSettings.Of(file).ShouldBe(new ClusterSettings
        {
            Members = "redis", Connection = "localhost:6379", Checked = 0.5, Name = "ours",
        });
        var odd = _folder.File("odd.yaml", "members: rumour\nchekced: 2\nchecked: 2\n");
        var fault = Should.Throw<TenonException>(() => ClusterSettings.Of(odd)).Message;
        fault.ShouldContain("members");
        fault.ShouldContain("checked");
    }

    [Fact]
    public async Task A_worker_that_is_taken_for_dead_says_so_in_a_line()
    {
        var loss = new WorkerLoss();
        loss.OnFatalException(this, "I have been told I am dead, so this silo will stop! Reason: its pod is gone. Membership: [S1, S2].");
        loss.OnFatalException(this, "and again");
        (await loss.Told).ShouldBe("I have been told I am dead, so this silo will stop! Reason: its pod is gone.");
    }

    [Fact]
    public void A_short_secret_is_refused() =>
        Should.Throw<TenonException>(() => ClusterSecret.FromText("short")).Message.ShouldContain("16 characters or more");

    [Fact]
    public void A_worker_with_another_base_says_both_fingerprints()
    {
        var models = new WorkerModels([]);
        var same = models.Open(new BaseQuestion("tiny", Tenon.Rollouts.LanguageModel.Open("tiny").Model.Fingerprint, "f32"));
        models.Open(new BaseQuestion("tiny", same.Fingerprint, "f32")).ShouldBeSameAs(same);
        var fault = Should.Throw<TenonException>(() => models.Open(new BaseQuestion("tiny", "0123456789abcdef", "f32"))).Message;
        fault.ShouldContain("0123456789ab");
        fault.ShouldContain(same.Fingerprint[..12]);
    }

    [Fact]
    public void Bf16_needs_the_same_tier_and_f32_does_not()
    {
        var worker = new Worker("w", "w", null!, WorkerMachine.FactsOf(1, 1) with { Tier = "abacus" });
        worker.Refusal(Precision.F32).ShouldBeNull();
        worker.Refusal(Precision.Int8).ShouldBeNull();
        worker.Refusal(Precision.Bf16)!.ShouldContain("abacus");
    }

    public void Dispose() => _folder.Dispose();
}
