using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tenon.Tests.Cluster;

/// <summary>An authority that is made for a test, and PEM files with certificates of it.</summary>
internal sealed class TestCertificates : IDisposable
{
    private readonly string _folder;
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _root;
    private byte _number;

    public TestCertificates(string folder, string name)
    {
        _folder = folder;
        var request = new CertificateRequest($"CN={name}", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _root = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-10), DateTimeOffset.UtcNow.AddDays(10));
        Authority = Written($"{name}.pem", _root.ExportCertificatePem());
    }

    /// <summary>The authority's file.</summary>
    public string Authority { get; }

    /// <summary>Files with a certificate and with its key, valid from now minus a day to now plus some days.</summary>
    public (string Certificate, string Key) Member(string name, int days = 1, string[]? names = null, string? usage = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        if (usage is not null) request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        if (names is not null)
        {
            var others = new SubjectAlternativeNameBuilder();
            foreach (var other in names) others.AddDnsName(other);
            request.CertificateExtensions.Add(others.Build());
        }

        using var made = request.Create(_root, DateTimeOffset.UtcNow.AddDays(-5), DateTimeOffset.UtcNow.AddDays(days), [1, ++_number]);
        return (Written($"{name}.pem", made.ExportCertificatePem()), Written($"{name}.key", key.ExportPkcs8PrivateKeyPem()));
    }

    /// <summary>A file with text.</summary>
    public string Written(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, text + "\n");
        return path;
    }

    public void Dispose()
    {
        _root.Dispose();
        _key.Dispose();
    }
}
