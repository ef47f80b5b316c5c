using System.Net;
using System.Text;
using System.Text.Json;
using Tenon.MathAnswers;

namespace Tenon.Cli.Commands;

/// <summary>
/// The verifier over HTTP. POST one JSON object, several lines of them, or an array of objects; the answer has the same form and order.
/// GET / says which rules answer. Requests run side by side.
/// </summary>
internal static class VerifyServer
{
    private const int MaxBody = 64 * 1024 * 1024;

    // What is too long is read to its end all the same, up to here: a client that still sends would see a broken connection, no answer.
    private const long MaxDiscarded = 1L << 30;

    public static void Run(VerifyLines lines, string address, Terminal terminal)
    {
        var colon = address.LastIndexOf(':');
        if (colon < 1 || !int.TryParse(address.AsSpan(colon + 1), System.Globalization.CultureInfo.InvariantCulture, out var port)
            || port is < 1 or > 65535)
            throw new TenonException("tenon verify --serve", "HOST:PORT, such as 127.0.0.1:8123", address, usage: true);
        var host = address[..colon] is "0.0.0.0" or "*" ? "*" : address[..colon];
        using var listener = new HttpListener();
        listener.Prefixes.Add($"http://{host}:{port}/");
        try
        {
            listener.Start();
        }
        catch (HttpListenerException e)
        {
            throw new TenonException($"tenon verify --serve {address}", "a free port on this machine", e.Message, inner: e);
        }
        terminal.Error.WriteLine($"verifying at http://{address}/");
        using var stop = terminal.Interrupt.Token.Register(listener.Stop);
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = listener.GetContext();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                terminal.Interrupt.Token.ThrowIfCancellationRequested();
                return;
            }
            ThreadPool.QueueUserWorkItem(_ => Answer(lines, context));
        }
    }

    private static void Answer(VerifyLines lines, HttpListenerContext context)
    {
        try
        {
            var (status, body) = (200, "");
            if (context.Request.HttpMethod == "GET") body = "{\"verify\":\"tenon\",\"post\":\"{gold, answer}, lines or an array of them\"}";
            else if (context.Request.ContentLength64 > MaxBody || ReadBody(context.Request.InputStream) is not { } posted)
            {
                Discard(context.Request.InputStream);
                (status, body) = (413, "{\"error\":{\"kind\":\"size\",\"message\":\"more than 64 MiB\"}}");
            }
            else
            {
                body = Text(posted) is { } text ? Body(lines, text)
                    : "{\"error\":{\"kind\":\"text\",\"message\":\"the body is no UTF-8\"}}";
            }
            var bytes = Encoding.ASCII.GetBytes(body);
            context.Response.StatusCode = status;
            context.Response.ContentType = "application/json";
            context.Response.ContentLength64 = bytes.Length;
            context.Response.OutputStream.Write(bytes);
            context.Response.Close();
        }
        catch (Exception e) when (e is HttpListenerException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The client went away; there is nobody to tell.
            context.Response.Abort();
        }
    }

    /// <summary>The body, or null where it is longer than allowed: a chunked one does not say its length before.</summary>
    internal static byte[]? ReadBody(Stream input, int most = MaxBody)
    {
        var body = new MemoryStream();
        var buffer = new byte[1 << 16];
        while (input.Read(buffer) is > 0 and var read)
        {
            if (body.Length + read > most) return null;
            body.Write(buffer, 0, read);
        }

        return body.ToArray();
    }

    private static void Discard(Stream input)
    {
        var buffer = new byte[1 << 16];
        var total = 0L;
        while (total < MaxDiscarded && input.Read(buffer) is > 0 and var read) total += read;
    }

    private static string? Text(ReadOnlySpan<byte> body)
    {
        if (body is [0xEF, 0xBB, 0xBF, ..]) body = body[3..];
        return System.Text.Unicode.Utf8.IsValid(body) ? Encoding.UTF8.GetString(body) : null;
    }

    internal static string Body(VerifyLines lines, string text)
    {
        if (text.AsSpan().TrimStart() is not ['[', ..])
            return string.Join("\n", text.Split('\n').Where(l => !string.IsNullOrWhiteSpace(l)).Select(lines.Answer));
        try
        {
            using var document = JsonDocument.Parse(text);
            return "[" + string.Join(",", document.RootElement.EnumerateArray().Select(lines.Answer)) + "]";
        }
        catch (JsonException)
        {
            return lines.Answer(text);
        }
    }
}
