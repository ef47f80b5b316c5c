using System.Net;
using System.Security.Cryptography;

namespace Tenon.Rewards.Data;

/// <summary>Fetches a file so that it is there whole and checked, or not at all; what came is pinned in the folder's lock file.</summary>
public static class DataDownload
{
    /// <summary>The file beside fetched data that pins each one's address, size and SHA-256.</summary>
    public const string LockFile = DataLock.FileName;

    /// <summary>What is on disk afterwards.</summary>
    /// <param name="Path">The file.</param>
    /// <param name="Bytes">Its size.</param>
    /// <param name="Sha256">The hash of its bytes.</param>
    /// <param name="WasThere">True where nothing was fetched.</param>
    public readonly record struct Fetched(string Path, long Bytes, string Sha256, bool WasThere);

    /// <summary>Fetches <paramref name="url"/> to <paramref name="path"/>.</summary>
    /// <param name="url">Where the file is.</param>
    /// <param name="path">Where it is to stand.</param>
    /// <param name="sha256">What its bytes must hash to; null takes what the lock file pins, and pins what comes where that has
    /// nothing.</param>
    /// <param name="force">Fetches and pins anew.</param>
    /// <param name="cancel">Gives the transfer up and leaves nothing behind.</param>
    public static Fetched Get(string url, string path, string? sha256, bool force, CancellationToken cancel = default)
    {
        var pins = DataLock.Open(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var name = Path.GetFileName(path);
        var wanted = sha256 ?? (force ? null : pins.Sha256Of(name));
        if (File.Exists(path) && !force)
        {
            var there = HashOf(path);
            if (wanted is not null && there != wanted)
                throw new TenonException($"the file {path}", $"sha256 {wanted}", there,
                    "it was changed, or is another version: --force fetches it again");
            pins.Pin(name, url, there, new FileInfo(path).Length);
            return new Fetched(path, new FileInfo(path).Length, there, WasThere: true);
        }

        var sha = "";
        long bytes = 0;
        AtomicFile.Write(path, target =>
        {
            (sha, bytes) = Fetch(url, target, cancel);
            if (wanted is not null && sha != wanted)
                throw new TenonException($"the file from {url}", $"sha256 {wanted}", $"{sha} ({bytes} bytes)",
                    "nothing was kept: the address has another version, or the transfer was tampered with; --sha256 or --force takes "
                    + "another");
        });
        pins.Pin(name, url, sha, bytes);
        return new Fetched(path, bytes, sha, WasThere: false);
    }

    private static (string Sha256, long Bytes) Fetch(string url, Stream target, CancellationToken cancel)
    {
        var address = new Uri(url);
        using var handler =
            new SocketsHttpHandler
            {
                ConnectTimeout = TimeSpan.FromSeconds(30), UseProxy = !address.IsLoopback,
                AutomaticDecompression = DecompressionMethods.None
            };
        using var client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.UserAgent.ParseAdd($"tenon/{typeof(DataDownload).Assembly.GetName().Version?.ToString(3)}");
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long? whole = null;
        long bytes = 0;
        try
        {
            using var response =
                client.Send(new HttpRequestMessage(HttpMethod.Get, address), HttpCompletionOption.ResponseHeadersRead, cancel);
            if (response.StatusCode != HttpStatusCode.OK)
                throw new TenonException($"fetching {url}", "the answer 200", $"{(int)response.StatusCode} {response.ReasonPhrase}",
                    Advice(response.StatusCode));
            whole = response.Content.Headers.ContentLength;
            using var body = response.Content.ReadAsStream(cancel);
            var buffer = new byte[1 << 16];
            while (Read(body, buffer, cancel) is > 0 and var read)
            {
                hash.AppendData(buffer, 0, read);
                target.Write(buffer, 0, read);
                bytes += read;
            }
        }
        catch (Exception e) when (e is HttpRequestException or HttpIOException)
        {
            throw Broken(url, bytes, whole, e);
        }

        if (whole is { } length && bytes != length) throw Broken(url, bytes, whole, null);
        return (Convert.ToHexStringLower(hash.GetHashAndReset()), bytes);
    }

    // A fault of the connection is no fault of the disk.
    private static int Read(Stream body, byte[] buffer, CancellationToken cancel)
    {
        try
        {
            var pending = body.ReadAsync(buffer, cancel).AsTask();
            if (!pending.Wait(TimeSpan.FromSeconds(60)))
                throw new HttpIOException(HttpRequestError.ResponseEnded, "nothing came for 60 seconds");
            return pending.Result;
        }
        catch (AggregateException e) when (e.InnerException is OperationCanceledException cancelled)
        {
            throw cancelled;
        }
        catch (AggregateException e) when (e.InnerException is IOException broken)
        {
            throw new HttpIOException(HttpRequestError.ResponseEnded, broken.Message, broken);
        }
    }

    private static TenonException Broken(string url, long bytes, long? whole, Exception? e) =>
        new($"fetching {url}", whole is null ? "the whole file" : $"{whole} bytes", e is null || bytes > 0
        ? $"{bytes} bytes, then the connection ended" : e.Message,
            "nothing was kept: check the connection and call it again; --from URL takes another address", e);

    private static string Advice(HttpStatusCode status) => status switch
    {
        HttpStatusCode.NotFound => "the file is not there (any more): --from URL takes another address",
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden =>
            "the file is not public: fetch it by other means and put it into the folder",
        _ => "call it again later, or take another address with --from URL",
    };

    private static string HashOf(string path)
    {
        using var stream = InputFile.Open(path, "file");
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
