using System.Net;
using System.Security.Cryptography;
using System.Text;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cli;

/// <summary><c>tenon data get</c> against a server on this machine.</summary>
public sealed class DataCommandTests : IDisposable
{
    private static readonly byte[] S_file = Encoding.UTF8.GetBytes("{\"problem\":\"1+1=?\",\"answer\":\"2\"}\n");
    private static readonly string S_sha = Convert.ToHexStringLower(SHA256.HashData(S_file));

    private readonly TempFolder _folder = new();
    private readonly HttpListener _server = new();
    private readonly string _url;
    private byte[] _body = S_file;
    private int _requests;

    public DataCommandTests()
    {
        var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        var port = ((IPEndPoint)probe.LocalEndpoint).Port;
        probe.Stop();
        _url = $"http://127.0.0.1:{port}/";
        _server.Prefixes.Add(_url);
        _server.Start();
        _ = Task.Run(Serve);
    }

    public void Dispose()
    {
        _server.Close();
        _folder.Dispose();
    }

    [Fact]
    public void A_file_is_fetched_pinned_and_found_again()
    {
        var data = _folder["data"];
        var call = Get("mine", "file.jsonl");
        call.Exit.ShouldBe(0, call.Error);
        call.Out.Trim().ShouldBe(Path.Combine(data, "mine.jsonl"));
        call.Error.ShouldContain(S_sha);
        call.Error.ShouldContain("pinned in data.lock.json");
        File.ReadAllBytes(Path.Combine(data, "mine.jsonl")).ShouldBe(S_file);
        File.ReadAllText(Path.Combine(data, "data.lock.json")).ShouldContain(S_sha);
        Get("mine", "file.jsonl").Error.ShouldContain("there already");
        _requests.ShouldBe(1);

        File.Delete(Path.Combine(data, "mine.jsonl"));
        _body = "{\"problem\":\"other\",\"answer\":\"3\"}\n"u8.ToArray();
        var changed = Get("mine", "file.jsonl");
        changed.Exit.ShouldBe(1);
        changed.Error.ShouldContain($"expected: sha256 {S_sha}");
        Directory.GetFiles(data).Select(Path.GetFileName).ShouldBe(["data.lock.json"]);
        Get("mine", "file.jsonl", "--force").Exit.ShouldBe(0);
    }

    [Fact]
    public void The_right_checksum_passes_and_a_wrong_one_keeps_nothing()
    {
        Get("GSM8K", "x.jsonl.gz", "--sha256", S_sha.ToUpperInvariant())
            .ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(0, c.Error), c => c.Error.ShouldContain("as expected"),
            c => c.Out.Trim().ShouldEndWith("gsm8k.jsonl.gz"));
        var wrong = Get("b", "file.csv", "--sha256", new string('0', 64));
        wrong.Exit.ShouldBe(1);
        wrong.Error.ShouldContain("nothing was kept");
        File.Exists(Path.Combine(_folder["data"], "b.csv")).ShouldBeFalse();
        Directory.GetFiles(_folder["data"], "*.tmp").ShouldBeEmpty();
        Get("b", "file.csv", "--sha256", "abc").Exit.ShouldBe(2);
    }

    [Theory]
    [InlineData("cut", "then the connection ended")]
    [InlineData("missing", "404")]
    [InlineData("forbidden", "not public")]
    public void A_transfer_that_fails_leaves_nothing(string path, string words)
    {
        var call = Get("mine", path);
        call.Exit.ShouldBe(1);
        call.Error.ShouldContain(words);
        call.Error.ShouldContain("Hint:");
        call.Error.ShouldNotContain("System.");
        if (Directory.Exists(_folder["data"])) Directory.GetFileSystemEntries(_folder["data"]).ShouldBeEmpty();
    }

    [Fact]
    public void Names_addresses_and_a_server_that_is_not_there_are_told()
    {
        Call.Tenon("data", "get", "MATH-50", "--output", _folder["data"])
            .ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(2), c => c.Error.ShouldContain("nearest: MATH-500"));
        Call.Tenon("data", "get", "x", "--from", "file:///etc/passwd").Exit.ShouldBe(2);
        Call.Tenon("data", "get", "../x", "--from", _url).Exit.ShouldBe(2);
        Call.Tenon("data", "get").Exit.ShouldBe(2);
        Call.Tenon("data", "list").Out.ShouldContain("HMMT25");
        _server.Stop();
        Get("mine", "file.jsonl").ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(1), c => c.Error.ShouldContain("check the connection"));
    }

    private Call Get(string name, string path, params string[] more) =>
        Call.Tenon(["data", "get", name, "--from", _url + path, "--output", _folder["data"], .. more]);

    private async Task Serve()
    {
        while (_server.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await _server.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            _requests++;
            switch (context.Request.Url!.AbsolutePath)
            {
                case "/cut":
                    context.Response.ContentLength64 = 1000;
                    await context.Response.OutputStream.WriteAsync(S_file);
                    await context.Response.OutputStream.FlushAsync();
                    context.Response.Abort();
                    break;
                case "/missing":
                    context.Response.StatusCode = 404;
                    context.Response.Close();
                    break;
                case "/forbidden":
                    context.Response.StatusCode = 403;
                    context.Response.Close();
                    break;
                default:
                    context.Response.ContentLength64 = _body.Length;
                    await context.Response.OutputStream.WriteAsync(_body);
                    context.Response.Close();
                    break;
            }
        }
    }
}
