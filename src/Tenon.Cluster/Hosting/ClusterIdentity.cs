using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Tenon.Cluster;

/// <summary>What a member of a cluster proves to others by mutual TLS, and whom it takes: a shared secret, or certificates.</summary>
internal abstract class ClusterIdentity(X509Certificate2 certificate) : IDisposable
{
    // One that refuses a certificate says so after the handshake, by hanging up.
    private static readonly TimeSpan S_refusal = TimeSpan.FromSeconds(1.5);

    /// <summary>The certificate that this member shows.</summary>
    public X509Certificate2 Certificate => certificate;

    /// <summary>What others must have, in words.</summary>
    public abstract string Wanted { get; }

    /// <summary>What to do where they have something else.</summary>
    public abstract string Hint { get; }

    /// <summary>Why a peer is not taken; null for a member.</summary>
    /// <param name="peer">The certificate that it shows.</param>
    /// <param name="chain">Those that it sent along.</param>
    public abstract string? Refusal(X509Certificate2? peer, X509Chain? chain);

    /// <summary>True where a peer may take this member for a stranger although it is none itself.</summary>
    protected abstract bool MayBeRefused { get; }

    /// <summary>The identity that settings name; null where they and the environment name none.</summary>
    /// <exception cref="TenonException">A file cannot be read, or holds something else.</exception>
    public static ClusterIdentity? Of(ClusterSettings settings) =>
        settings.TlsCertificate is null ? ClusterSecret.Of(settings.SecretFile) : ClusterCertificate.Of(settings);

    /// <summary>Throws where a member that listens at an address would not be one here, or this one would not be one there.</summary>
    public static void RequireAgreement(ClusterSettings settings, IPEndPoint address, ClusterIdentity? here)
    {
        if (Disagreement(address, here) is { } other)
            throw new TenonException($"the cluster at {settings.Address}", here?.Wanted ?? "the secret that was given here", other,
                here?.Hint ?? ClusterSecret.SameForAll, usage: true);
    }

    /// <inheritdoc/>
    public void Dispose() => certificate.Dispose();

    /// <summary>A certificate with its key as TLS takes it.</summary>
    protected static X509Certificate2 Usable(X509Certificate2 certificate)
    {
        // Windows wants the key in a store of its own.
        if (!OperatingSystem.IsWindows()) return certificate;
        using (certificate) return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
    }

    // Null where both agree, or where it cannot be told.
    private static string? Disagreement(IPEndPoint address, ClusterIdentity? here)
    {
        try
        {
            using var client = new TcpClient(address.AddressFamily);
            if (!client.ConnectAsync(address).Wait(TimeSpan.FromSeconds(2))) return null;
            X509Certificate2? shown = null;
            string? refusal = null;
            using var stream = new SslStream(client.GetStream(), false, (_, certificate, chain, _) =>
            {
                shown = certificate is null ? null : X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
                refusal = here?.Refusal(shown, chain);
                return true;
            });
            var options = new SslClientAuthenticationOptions { TargetHost = ClusterSecret.Subject };
            if (here is not null) options.ClientCertificates = [here.Certificate];
            using var late = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            var failed = false;
            try
            {
                stream.AuthenticateAsClientAsync(options, late.Token).GetAwaiter().GetResult();
            }
            catch (Exception e) when (e is IOException or AuthenticationException)
            {
                // What it has shown until then tells enough; one that shows nothing does not speak TLS.
                failed = true;
            }
            catch (OperationCanceledException)
            {
                // One that says nothing is late.
            }

            using (shown)
            {
                if (shown is null) return here is not null && failed ? "it has no secret" : null;
                if (here is null)
                    return $"it {(IsOfSecret(shown) ? "has a secret" : $"shows {Words(shown)}")}, and none was given here";
                if (refusal is not null) return refusal;
                return here.MayBeRefused && (failed || HangsUp(stream))
                    ? $"it does not take {Words(here.Certificate)}, which is shown here" : null;
            }
        }
        catch (Exception e) when (e is IOException or AggregateException or SocketException)
        {
            return null;
        }
    }

    /// <summary>A certificate as people know it.</summary>
    protected static string Words(X509Certificate2 certificate) => $"the certificate '{certificate.Subject}'";

    /// <summary>True for a certificate that was derived from a secret.</summary>
    protected static bool IsOfSecret(X509Certificate2 certificate) => certificate.Subject == $"CN={ClusterSecret.Subject}";

    private static bool HangsUp(SslStream stream)
    {
        if (!stream.IsAuthenticated) return false;
        using var late = new CancellationTokenSource(S_refusal);
        try
        {
            return stream.ReadAsync(new byte[1], late.Token).AsTask().GetAwaiter().GetResult() == 0;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }
}
