using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Tenon.Tests.Support;

/// <summary>A headless Chromium over its DevTools protocol; tests that want one skip where none is installed.</summary>
internal sealed class Chromium : IDisposable
{
    private readonly Process _process;
    private readonly TemporaryFolder _profile;
    private readonly ClientWebSocket _socket = new();
    private int _last;

    private Chromium(Process process, TemporaryFolder profile) => (_process, _profile) = (process, profile);

    /// <summary>The program, or null where there is none.</summary>
    public static string? Program => new[] { "chromium", "chromium-browser", "google-chrome" }
        .SelectMany(name => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, name)))
        .FirstOrDefault(File.Exists);

    /// <summary>Starts a browser with one empty page.</summary>
    public static async Task<Chromium> Start()
    {
        var program = Program;
        Assert.SkipWhen(program is null, "no Chromium is installed");
        var profile = new TemporaryFolder();
        var start = new ProcessStartInfo(program!)
        {
            ArgumentList = { "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0",
            $"--user-data-dir={profile.File("p")}", "about:blank" },
            RedirectStandardError = true, RedirectStandardOutput = true,
        };
        var browser = new Chromium(Process.Start(start)!, profile);
        browser._process.ErrorDataReceived += (_, _) => { };
        browser._process.BeginErrorReadLine();
        var portFile = profile.File(Path.Combine("p", "DevToolsActivePort"));
        // The file is there before its first line is.
        string? port = null;
        for (var wait = 0; wait < 600 && port is null; wait++)
        {
            if (File.Exists(portFile)) port = (await File.ReadAllLinesAsync(portFile)).FirstOrDefault();
            if (port is null) await Task.Delay(100);
        }

        using var http = new HttpClient();
        JsonNode? page = null;
        for (var wait = 0; wait < 100 && page is null; wait++)
        {
            page = JsonNode.Parse(await http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/json")))!.AsArray()
                .FirstOrDefault(t => (string?)t!["type"] == "page");
            if (page is null) await Task.Delay(100);
        }

        await browser._socket.ConnectAsync(new Uri((string)page!["webSocketDebuggerUrl"]!), default);
        await browser.Send("Page.enable");
        await browser.Send("Emulation.setScrollbarsHidden", new() { ["hidden"] = true });
        return browser;
    }

    /// <summary>Opens a file at a width, light or dark, and waits until its script has drawn.</summary>
    public async Task Open(string path, int width, bool dark)
    {
        await Send("Emulation.setDeviceMetricsOverride",
            new() { ["width"] = width, ["height"] = 900, ["deviceScaleFactor"] = 1, ["mobile"] = false });
        await Send("Emulation.setEmulatedMedia",
            new()
            {
                ["features"] =
            new JsonArray(new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = dark ? "dark" : "light" })
            });
        await Send("Page.navigate", new() { ["url"] = new Uri(Path.GetFullPath(path)).AbsoluteUri });
        for (var wait = 0; wait < 300; wait++)
        {
            if ((string?)await Value("document.body?.dataset.ready ?? ''") is { Length: > 0 }) return;
            await Task.Delay(100);
        }

        throw new InvalidOperationException($"{path} was not drawn");
    }

    /// <summary>What a script gives.</summary>
    public async Task<JsonNode?> Value(string script)
    {
        var answer = await Send("Runtime.evaluate", new() { ["expression"] = script, ["returnByValue"] = true, ["awaitPromise"] = true });
        if (answer["exceptionDetails"] is { } fault) throw new InvalidOperationException(fault.ToJsonString());
        return answer["result"]?["value"]?.DeepClone();
    }

    /// <summary>Moves the pointer.</summary>
    public Task Move(double x, double y) => Send("Input.dispatchMouseEvent", new() { ["type"] = "mouseMoved", ["x"] = x, ["y"] = y });

    /// <summary>The whole page as a PNG file, or the first <paramref name="height"/> pixels of it.</summary>
    public async Task Screenshot(string path, int height = 0)
    {
        await Task.Delay(300);
        JsonObject shot = new() { ["captureBeyondViewport"] = true };
        if (height > 0)
        {
            var width = (int)(await Value("document.documentElement.clientWidth"))!;
            shot["clip"] = new JsonObject { ["x"] = 0, ["y"] = 0, ["width"] = width, ["height"] = height, ["scale"] = 1 };
        }

        var answer = await Send("Page.captureScreenshot", shot);
        await File.WriteAllBytesAsync(path, Convert.FromBase64String((string)answer["data"]!));
    }

    public void Dispose()
    {
        _socket.Dispose();
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
        _profile.Dispose();
    }

    private async Task<JsonNode> Send(string method, JsonObject? parameters = null)
    {
        var id = ++_last;
        var text = new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters ?? [] }.ToJsonString();
        await _socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, default);
        var buffer = new byte[1 << 16];
        while (true)
        {
            using var message = new MemoryStream();
            WebSocketReceiveResult part;
            do
            {
                part = await _socket.ReceiveAsync(buffer, default);
                message.Write(buffer, 0, part.Count);
            }
            while (!part.EndOfMessage);
            var json = JsonNode.Parse(message.ToArray())!;
            if ((int?)json["id"] != id) continue;
            return json["result"] ?? throw new InvalidOperationException($"{method}: {json.ToJsonString()}");
        }
    }
}
