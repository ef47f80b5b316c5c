using System.Net;
using System.Net.Sockets;
using System.Text;
using Tenon.Cli.Commands;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cli;

public class VerifyServerTests
{
    [Theory]
    [InlineData("abc", 3, 3)]
    [InlineData("abcd", 3, null)]
    [InlineData("", 1, 0)]
    public void A_body_is_read_up_to_its_bound(string body, int most, int? length) =>
        (VerifyServer.ReadBody(new MemoryStream(Encoding.UTF8.GetBytes(body)), most) is { } read ? read.Length
        : (int?)null).ShouldBe(length);

    [Fact]
    public void Nothing_is_read_far_beyond_the_bound()
    {
        var endless = new Endless();
        VerifyServer.ReadBody(endless, 1 << 20).ShouldBeNull();
        endless.Given.ShouldBeLessThan(2 << 20);
    }

    [Fact, Trait("Speed", "slow")]
    public async Task A_chunked_body_is_answered_and_one_that_is_too_long_is_told_so()
    {
        var port = FreePort();
        using var process = TenonProcess.Start(["verify", "--serve", $"127.0.0.1:{port}"]);
        try
        {
            (await process.StandardError.ReadLineAsync(TestContext.Current.CancellationToken))!.ShouldContain("verifying");
            using var client = new HttpClient();
            using var small = await Post(client, port, new MemoryStream("{\"gold\":\"7\",\"answer\":\"7\"}"u8.ToArray()));
            (await small.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("\"correct\":true");
            using var large = await Post(client, port, new Endless());
            large.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
            using var declared = await client.PostAsync($"http://127.0.0.1:{port}/", new ByteArrayContent(new byte[(64 << 20) + 1]),
                TestContext.Current.CancellationToken);
            declared.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
            using var again = await Post(client, port, new MemoryStream("{\"gold\":\"7\",\"answer\":\"8\"}"u8.ToArray()));
            (await again.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("\"correct\":false");
        }
        finally
        {
            process.Kill();
        }
    }

    private static Task<HttpResponseMessage> Post(HttpClient client, int port, Stream body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{port}/") { Content = new StreamContent(body) };
        request.Headers.TransferEncodingChunked = true;
        return client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Gives bytes for as long as it is asked (90 MiB at most, so that a fault ends).</summary>
    private sealed class Endless : MemoryStream
    {
        public long Given { get; private set; }

        public override int Read(Span<byte> buffer)
        {
            if (Given > 90 << 20) return 0;
            buffer.Fill((byte)'x');
            Given += buffer.Length;
            return buffer.Length;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            new(Read(buffer.Span));

        public override Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken) => Copy(destination);

        private async Task Copy(Stream destination)
        {
            var part = new byte[81920];
            for (int count; (count = Read(part.AsSpan())) > 0;) await destination.WriteAsync(part.AsMemory(0, count));
        }
    }
}
