using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Tenon.Cluster;

/// <summary>
/// A secret that all members of a cluster share, as mutual TLS: each derives the same key pair from it (PBKDF2, then a scalar of P-256),
/// shows a certificate of that key, and takes no other from its peer. Whoever does not know the secret can neither join nor read along.
/// </summary>
internal sealed class ClusterSecret : IDisposable
{
    /// <summary>The environment's variable.</summary>
    public const string Variable = "TENON_CLUSTER_SECRET";

    private const int LeastLength = 16;

    // Guessing goes over the certificate that a stranger is shown: each guess shall cost.
    private const int Rounds = 600_000;

    private static readonly byte[] S_salt = "tenon cluster, key of the members"u8.ToArray();
    private readonly byte[] _publicKey;

    private ClusterSecret(X509Certificate2 certificate) => (Certificate, _publicKey) = (certificate, certificate.GetPublicKey());

    /// <summary>The certificate that this member shows.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>The secret of a file, else of the environment; null where there is none.</summary>
    /// <exception cref="TenonException">The file cannot be read, or the secret is short.</exception>
    public static ClusterSecret? Of(string? file)
    {
        var text = file is null ? Environment.GetEnvironmentVariable(Variable) : InputFile.ReadText(file, "the cluster's secret").Trim();
        return string.IsNullOrEmpty(text) && file is null ? null : FromText(text ?? "");
    }

    /// <summary>The secret of a text.</summary>
    public static ClusterSecret FromText(string text)
    {
        if (text.Length < LeastLength)
            throw new TenonException("the cluster's secret", $"{LeastLength} characters or more", $"{text.Length}",
                "for example: openssl rand -hex 32 > secret", usage: true);
        var bits = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(text), S_salt, Rounds, HashAlgorithmName.SHA256, 31);
        // 31 bytes lie below the group's order; a leading one keeps the scalar from being zero.
        var parameters = new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = [1, .. bits] };
        using var key = ECDsa.Create(parameters);
        var request = new CertificateRequest("CN=tenon", key, HashAlgorithmName.SHA256);
        using var made = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, new DateTimeOffset(9999, 1, 1, 0, 0, 0, TimeSpan.Zero));
        // Windows wants the key in a store of its own.
        return new ClusterSecret(OperatingSystem.IsWindows()
            ? X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null) : new X509Certificate2(made));
    }

    /// <summary>True for a certificate of the same secret.</summary>
    public bool Holds(X509Certificate? peer) =>
        peer is not null && CryptographicOperations.FixedTimeEquals(peer.GetPublicKey(), _publicKey);

    /// <summary>
    /// What a member that listens at an address answers to this secret, or to none; null where it agrees or cannot be told.
    /// </summary>
    public static string? Disagreement(IPEndPoint address, ClusterSecret? secret)
    {
        try
        {
            using var client = new System.Net.Sockets.TcpClient(address.AddressFamily);
            if (!client.ConnectAsync(address).Wait(TimeSpan.FromSeconds(2))) return null;
            X509Certificate? shown = null;
            using var stream = new SslStream(client.GetStream(), false, (_, certificate, _, _) =>
            {
                shown = certificate;
                return true;
            });
            var options = new SslClientAuthenticationOptions { TargetHost = "tenon" };
            if (secret is not null) options.ClientCertificates = [secret.Certificate];
            using var late = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            var plain = false;
            try
            {
                stream.AuthenticateAsClientAsync(options, late.Token).GetAwaiter().GetResult();
            }
            catch (Exception e) when (e is IOException or AuthenticationException)
            {
                // What it has shown until then tells enough; one that shows nothing does not speak TLS.
                plain = shown is null;
            }
            catch (OperationCanceledException)
            {
                // One that says nothing is late.
            }

            if (shown is null) return secret is not null && plain ? "it has no secret" : null;
            if (secret is null) return "it has a secret, and none was given here";
            return secret.Holds(shown) ? null : "it has another secret";
        }
        catch (Exception e) when (e is IOException or AggregateException or System.Net.Sockets.SocketException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Certificate.Dispose();
}
