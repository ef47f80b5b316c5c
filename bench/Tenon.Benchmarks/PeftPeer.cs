using System.Text.Json.Nodes;
using Tenon.Rewards.External;

namespace Tenon.Benchmarks;

/// <summary>
/// PEFT in a process of its own (<c>bench/peft_peer.py</c>): it reads folders that Tenon writes, and its steps are timed beside ours.
/// </summary>
internal sealed class PeftPeer : IDisposable
{
    private static readonly TimeSpan S_patience = TimeSpan.FromMinutes(30);

    private readonly CommandProcess _process;

    /// <summary>Starts the command and opens a model folder.</summary>
    public PeftPeer(string command, string modelFolder, int threads)
    {
        _process = CommandProcess.Start(command);
        Version = (string)Ask(new JsonObject { ["op"] = "open", ["model"] = modelFolder, ["threads"] = threads })["peft"]!;
    }

    /// <summary>PEFT's version.</summary>
    public string Version { get; }

    /// <summary>Asks one line; the answer's <c>error</c> is an exception here.</summary>
    public JsonObject Ask(JsonObject line)
    {
        _process.SendAll([line.ToJsonString()]);
        if (_process.ReadLine(S_patience, out var text) != LineOutcome.Line)
            throw new TenonException("PEFT's process", "an answer", "none" + _process.LastErrors);
        var answer = JsonNode.Parse(text!)!.AsObject();
        return answer["error"] is { } error ? throw new TenonException("PEFT", $"to do '{(string)line["op"]!}'", (string)error!) : answer;
    }

    public void Dispose() => _process.Dispose();
}
