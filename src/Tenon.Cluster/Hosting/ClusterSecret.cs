using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Tenon.Cluster;

/// <summary>
/// A secret that all members of a cluster share, as mutual TLS: each derives the same key pair from it (PBKDF2, then a scalar of P-256),
/// shows a certificate of that key, and takes no other from its peer. Whoever does not know the secret can neither join nor read along.
/// </summary>
internal sealed class ClusterSecret : ClusterIdentity
{
    /// <summary>The environment's variable.</summary>
    public const string Variable = "TENON_CLUSTER_SECRET";

    /// <summary>The name in the certificates of secrets.</summary>
    public const string Subject = "tenon";

    /// <summary>How a secret or certificates are given.</summary>
    public const string Ways =
        $"--secret-file FILE, or {Variable}, for example: openssl rand -hex 32 > secret; or --tls-certificate FILE";

    /// <summary>What to do where secrets differ.</summary>
    public const string SameForAll = $"the same secret for all: --secret-file, or {Variable}";

    private const int LeastLength = 16;

    // Guessing goes over the certificate that a stranger is shown: each guess shall cost.
    private const int Rounds = 600_000;

    private static readonly byte[] S_salt = "tenon cluster, key of the members"u8.ToArray();
    private readonly byte[] _publicKey;

    private ClusterSecret(X509Certificate2 certificate) : base(certificate) => _publicKey = certificate.GetPublicKey();

    /// <inheritdoc/>
    public override string Wanted => "the secret that was given here";

    /// <inheritdoc/>
    public override string Hint => SameForAll;

    /// <inheritdoc/>
    protected override bool MayBeRefused => false;

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
        var request = new CertificateRequest($"CN={Subject}", key, HashAlgorithmName.SHA256);
        return new ClusterSecret(
            Usable(request.CreateSelfSigned(DateTimeOffset.UnixEpoch, new DateTimeOffset(9999, 1, 1, 0, 0, 0, TimeSpan.Zero))));
    }

    /// <inheritdoc/>
    public override string? Refusal(X509Certificate2? peer, X509Chain? chain) => peer switch
    {
        null => "it shows nothing",
        _ when CryptographicOperations.FixedTimeEquals(peer.GetPublicKey(), _publicKey) => null,
        _ => IsOfSecret(peer) ? "it has another secret" : $"it shows {Words(peer)} and has no secret",
    };
}
