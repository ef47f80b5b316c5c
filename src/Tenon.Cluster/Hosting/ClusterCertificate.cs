using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tenon.Cluster;

/// <summary>
/// Certificates of one's own as mutual TLS: members are who shows a certificate of the authority, with a name where one is asked for;
/// without an authority, who shows the same certificate. Names of hosts are not compared: a member's address is no part of who it is.
/// Lists of revoked certificates are not asked for.
/// </summary>
internal sealed class ClusterCertificate : ClusterIdentity
{
    // A member is a server to some and a client to others: where a certificate says what it is for, it must say both.
    private static readonly Oid S_server = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid S_client = new("1.3.6.1.5.5.7.3.2");

    private readonly X509Certificate2Collection _between;
    private readonly X509Certificate2Collection? _authority;
    private readonly string? _name;

    private ClusterCertificate(X509Certificate2 certificate, X509Certificate2Collection between, X509Certificate2Collection? authority,
        string? name)
        : base(certificate) => (_between, _authority, _name) = (between, authority, name);

    /// <inheritdoc/>
    public override string Wanted => _authority is null ? "the certificate that was given here" : "a certificate that is taken here";

    /// <inheritdoc/>
    public override string Hint => _authority is null
        ? "the same --tls-certificate for all, or certificates of one authority: --tls-authority"
        : "certificates of the same --tls-authority for all, with the same --tls-name";

    /// <inheritdoc/>
    protected override bool MayBeRefused => true;

    /// <summary>The certificate that settings name.</summary>
    /// <exception cref="TenonException">A file cannot be read or holds something else, or the certificate is none of a member.</exception>
    public static new ClusterCertificate Of(ClusterSettings settings)
    {
        var file = settings.TlsCertificate!;
        var shown = Certificates(file, "the TLS certificate");
        using var bare = shown[0];
        shown.RemoveAt(0);
        var certificate = Usable(WithKey(bare, file, settings.TlsKey));
        var made = new ClusterCertificate(certificate, shown,
            settings.TlsAuthority is { } authority ? Certificates(authority, "the TLS authority") : null, settings.TlsName);
        if (made.Refusal(certificate, null) is not { } fault) return made;
        made.Dispose();
        throw new TenonException($"the TLS certificate {file}", settings.TlsAuthority is { } of
            ? $"a certificate of the authority {of}, valid now" + (settings.TlsName is { } name ? $", for the name {name}" : "")
            : "a certificate that is valid now" + (settings.TlsName is { } own ? $", for the name {own}" : ""), fault, usage: true);
    }

    /// <inheritdoc/>
    public override string? Refusal(X509Certificate2? peer, X509Chain? chain)
    {
        if (peer is null) return "it shows no certificate";
        var now = DateTime.Now;
        if (peer.NotAfter < now) return $"{Words(peer)} ended on {peer.NotAfter:yyyy-MM-dd}";
        if (peer.NotBefore > now) return $"{Words(peer)} begins on {peer.NotBefore:yyyy-MM-dd}";
        if (_authority is null)
        {
            if (!peer.RawDataMemory.Span.SequenceEqual(Certificate.RawDataMemory.Span)) return $"{Words(peer)} is another one";
        }
        else if (Broken(peer, chain) is { } fault) return $"{Words(peer)} is none of the authority: {fault}";
        return _name is null || peer.MatchesHostname(_name) ? null : $"{Words(peer)} does not carry the name {_name}";
    }

    // What breaks the way from a certificate to the authority; null where nothing does.
    private string? Broken(X509Certificate2 peer, X509Chain? sent)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_authority!);
        chain.ChainPolicy.ExtraStore.AddRange(_between);
        if (sent is not null) chain.ChainPolicy.ExtraStore.AddRange(sent.ChainPolicy.ExtraStore);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(S_server);
        chain.ChainPolicy.ApplicationPolicy.Add(S_client);
        if (chain.Build(peer)) return null;
        var status = chain.ChainStatus.FirstOrDefault();
        return $"{status.StatusInformation.Trim()} ({status.Status})";
    }

    private static X509Certificate2Collection Certificates(string file, string what)
    {
        var found = new X509Certificate2Collection();
        try
        {
            found.ImportFromPem(InputFile.ReadText(file, what));
        }
        catch (CryptographicException e)
        {
            throw new TenonException($"{what} {file}", "PEM, -----BEGIN CERTIFICATE-----", e.Message, inner: e, usage: true);
        }

        return found.Count > 0 ? found : throw new TenonException($"{what} {file}", "PEM, -----BEGIN CERTIFICATE-----", "no certificate",
            "from DER: openssl x509 -inform der -in FILE -out FILE.pem", usage: true);
    }

    private static X509Certificate2 WithKey(X509Certificate2 certificate, string file, string? keyFile)
    {
        var text = InputFile.ReadText(keyFile ?? file, "the TLS key");
        if (text.Contains("ENCRYPTED", StringComparison.Ordinal))
            throw new TenonException($"the TLS key {keyFile ?? file}", "a private key without a password", "one that is encrypted",
                "openssl pkey -in FILE -out FILE.plain; keep that file from others (chmod 600)", usage: true);
        if (!text.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
            throw new TenonException($"the TLS key {keyFile ?? file}", "PEM, -----BEGIN PRIVATE KEY-----", "no private key",
                keyFile is null ? "--tls-key FILE, where the key has a file of its own" : null, usage: true);
        try
        {
            return X509Certificate2.CreateFromPem(certificate.ExportCertificatePem(), text);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new TenonException($"the TLS key {keyFile ?? file}", $"the private key of {file}", e.Message.Split('\n')[0], inner: e,
                usage: true);
        }
    }
}
