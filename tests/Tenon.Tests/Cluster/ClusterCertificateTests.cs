using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Tenon.Cluster;
using Tenon.Cluster.Workers;
using Tenon.Tests.Cli;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cluster;

/// <summary>Clusters whose members show certificates of their own: who is let in, and what is said of files that are none.</summary>
public sealed class ClusterCertificateTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TestCertificates _ours;
    private readonly TestCertificates _theirs;

    public ClusterCertificateTests() =>
        (_ours, _theirs) = (new TestCertificates(_folder.Path, "ours"), new TestCertificates(_folder.Path, "theirs"));

    private ClusterSettings Settings(TestCertificates of, string member, int port, string[]? names = null)
    {
        var (certificate, key) = of.Member(member, names: names);
        return new ClusterSettings
        {
            Address = $"127.0.0.1:{port}", TlsCertificate = certificate, TlsKey = key, TlsAuthority = of.Authority,
        };
    }

    [Fact, Trait("Speed", "slow")]
    public void Members_of_one_authority_come_in_and_others_hear_why_not()
    {
        var port = ClusterAddress.FreePair(IPAddress.Loopback);
        var settings = Settings(_ours, "first", port);
        using var first = ClusterWorker.Start(settings, new WorkerOffer { Threads = 1 });
        using (ClusterWorker.Start(Settings(_ours, "second", port), new WorkerOffer { Threads = 1 }))
        using (var client = ClusterClient.Connect(Settings(_ours, "program", port)))
            SpinWait.SpinUntil(() => client.Workers.Count == 2, TimeSpan.FromSeconds(30)).ShouldBeTrue();

        var other = Settings(_theirs, "stranger", port);
        string Fault(ClusterSettings with) => Should.Throw<TenonException>(() => ClusterClient.Connect(with)).Message;
        Fault(other).ShouldContain("the certificate 'CN=first' is none of the authority");
        Should.Throw<TenonException>(() => ClusterWorker.Start(other, new WorkerOffer { Threads = 1 })).Message
            .ShouldContain("is none of the authority");
        // One that would take the cluster is not taken by it: who decides is the one that is knocked at.
        var both = _ours.Written("both.pem", File.ReadAllText(_ours.Authority) + File.ReadAllText(_theirs.Authority));
        Fault(other with { TlsAuthority = both }).ShouldContain("it does not take the certificate 'CN=stranger', which is shown here");
        Fault(new ClusterSettings { Address = settings.Address })
            .ShouldContain("it shows the certificate 'CN=first', and none was given here");
        var secret = new ClusterSettings { Address = settings.Address, SecretFile = _folder.File("secret", "a secret of twenty one A") };
        Fault(secret).ShouldContain("it shows the certificate 'CN=first' and has no secret");
    }

    [Fact, Trait("Speed", "slow")]
    public void Without_an_authority_all_show_the_same_certificate()
    {
        var port = ClusterAddress.FreePair(IPAddress.Loopback);
        var settings = Settings(_ours, "shared", port) with { TlsAuthority = null };
        using var worker = ClusterWorker.Start(settings, new WorkerOffer { Threads = 1 });
        using (var client = ClusterClient.Connect(settings)) client.WorkerNames.ShouldBe([worker.Address.ToString()]);
        Should.Throw<TenonException>(() => ClusterClient.Connect(Settings(_ours, "second", port) with { TlsAuthority = null })).Message
            .ShouldContain("the certificate 'CN=shared' is another one");
    }

    [Fact]
    public void A_certificate_that_is_asked_for_a_name_carries_it()
    {
        var named = Settings(_ours, "named", 7700, ["tenon.example", "other.example"]) with { TlsName = "tenon.example" };
        using var identity = ClusterIdentity.Of(named)!;
        identity.Refusal(identity.Certificate, null).ShouldBeNull();
        using var stranger = ClusterIdentity.Of(Settings(_ours, "unnamed", 7700))!;
        identity.Refusal(stranger.Certificate, null)!.ShouldContain("does not carry the name tenon.example");
        identity.Refusal(null, null)!.ShouldContain("no certificate");
    }

    [Fact]
    public void A_certificate_in_between_stands_behind_the_members_own()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var root = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest Request(string name, ECDsa of)
        {
            var request = new CertificateRequest($"CN={name}", of, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(name != "leaf", false, 0, true));
            return request;
        }

        var (from, to) = (DateTimeOffset.UtcNow.AddDays(-2), DateTimeOffset.UtcNow.AddDays(2));
        using var top = Request("top", root).CreateSelfSigned(from.AddHours(-1), to.AddHours(1));
        using var middleKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var bare = Request("middle", middleKey).Create(top, from, to, [1]);
        using var middle = bare.CopyWithPrivateKey(middleKey);
        using var leaf = Request("leaf", key).Create(middle, from.AddHours(1), to.AddHours(-1), [2]);
        var settings = new ClusterSettings
        {
            TlsCertificate = _folder.File("chain.pem", leaf.ExportCertificatePem() + "\n" + bare.ExportCertificatePem() + "\n"),
            TlsKey = _folder.File("leaf.key", key.ExportPkcs8PrivateKeyPem()),
            TlsAuthority = _folder.File("top.pem", top.ExportCertificatePem()),
        };
        using (ClusterIdentity.Of(settings)) { }
        var alone = settings with { TlsCertificate = _folder.File("leaf.pem", leaf.ExportCertificatePem()) };
        Should.Throw<TenonException>(() => ClusterIdentity.Of(alone)).Message.ShouldContain("is none of the authority");
    }

    [Fact]
    public void Files_that_are_no_members_certificate_are_refused_in_words()
    {
        var (certificate, key) = _ours.Member("member");
        var good = new ClusterSettings { TlsCertificate = certificate, TlsKey = key, TlsAuthority = _ours.Authority };
        using (ClusterIdentity.Of(good)) { }

        var one = _ours.Written("one.pem", File.ReadAllText(certificate) + File.ReadAllText(key));
        using (ClusterIdentity.Of(good with { TlsKey = null, TlsCertificate = one })) { }

        void Refused(ClusterSettings settings, params string[] words)
        {
            var fault = Should.Throw<TenonException>(() => ClusterIdentity.Of(settings));
            fault.IsUsage.ShouldBeTrue();
            foreach (var word in words) fault.Message.ShouldContain(word);
        }

        var (ended, endedKey) = _ours.Member("ended", days: -1);
        Refused(good with { TlsCertificate = ended, TlsKey = endedKey }, "the TLS certificate", "'CN=ended' ended on 20");
        Refused(good with { TlsKey = endedKey }, "the TLS key", $"the private key of {certificate}");
        Refused(good with { TlsKey = null }, "no private key", "--tls-key FILE");
        Refused(good with { TlsKey = certificate }, "no private key");
        Refused(good with { TlsCertificate = key }, "the TLS certificate", "no certificate");
        Refused(good with { TlsAuthority = key }, "the TLS authority", "no certificate");
        Refused(good with { TlsCertificate = _ours.Written("bad.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----") },
            "the TLS certificate", "BEGIN CERTIFICATE");
        Refused(good with { TlsCertificate = _folder.File("none.pem") }, "nothing there");
        Refused(good with { TlsAuthority = _theirs.Authority }, $"a certificate of the authority {_theirs.Authority}, valid now",
            "is none of the authority");
        Refused(good with { TlsName = "tenon.example" }, "for the name tenon.example", "does not carry the name");
        var (server, serverKey) = _ours.Member("server", usage: "1.3.6.1.5.5.7.3.1");
        Refused(good with { TlsCertificate = server, TlsKey = serverKey }, "is none of the authority", "NotValidForUsage");
        using var secret = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var locked = secret.ExportEncryptedPkcs8PrivateKeyPem("password",
            new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000));
        Refused(good with { TlsKey = _ours.Written("locked.key", locked) }, "one that is encrypted", "openssl pkey");
    }

    [Theory]
    [InlineData("either certificates or a secret", "--tls-certificate", "a.pem", "--secret-file", "secret")]
    [InlineData("the certificate that tls-key", "--tls-key", "a.key")]
    [InlineData("nothing there", "--tls-certificate", "/nowhere/a.pem")]
    public void Options_that_do_not_go_together_are_refused(string because, params string[] options)
    {
        var call = Call.Tenon(["worker", "--cluster", "127.0.0.1:7700", .. options]);
        call.Exit.ShouldBe(2, call.Error);
        call.Error.ShouldContain(because);
    }

    public void Dispose()
    {
        _ours.Dispose();
        _theirs.Dispose();
        _folder.Dispose();
    }
}
