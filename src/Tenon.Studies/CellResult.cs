using System.Text.Json.Nodes;
using Tenon.Runs;

namespace Tenon.Studies;

/// <summary>How a cell stands.</summary>
public enum CellStatus
{
    /// <summary>Not run yet, or not to its end.</summary>
    Missing,

    /// <summary>Run to its end.</summary>
    Done,

    /// <summary>Ended by a fault of its training.</summary>
    Diverged,

    /// <summary>Its recipe cannot be run.</summary>
    Refused,
}

/// <summary>What became of a cell, as its record on disk says.</summary>
/// <param name="Status">How it ended.</param>
public sealed record CellResult(CellStatus Status)
{
    /// <summary>Why it was refused or ended; null for a finished one.</summary>
    public string? Reason { get; init; }

    /// <summary>The mean accuracy after the last step, by benchmark (<c>NAME@K</c>).</summary>
    public IReadOnlyDictionary<string, double> Accuracy { get; init; } = new Dictionary<string, double>();

    /// <summary>Trained parameters.</summary>
    public long? Trainable { get; init; }

    /// <summary>Tokens that it sampled in training.</summary>
    public long? Tokens { get; init; }

    /// <summary>Seconds of its steps: with the record's name the only figures that two equal studies do not share.</summary>
    public double? Seconds { get; init; }

    /// <summary>
    /// The highest resident size of the process that ran it, in 1e9 bytes, other cells that it ran before among it: the cell's record and
    /// the report have it, <c>study.json</c> does not.
    /// </summary>
    public double? Memory { get; init; }

    /// <summary>The record as JSON.</summary>
    public JsonObject ToJson() => new()
    {
        ["status"] = Word(Status), ["reason"] = Reason,
        ["accuracy"] = new JsonObject(Accuracy.Select(a => KeyValuePair.Create(a.Key, (JsonNode?)JsonValue.Create(a.Value)))),
        ["trainable"] = Trainable, ["tokens"] = Tokens, ["seconds"] = Seconds, ["memory_gb"] = Memory,
    };

    /// <summary>A record that was read; null where it is none.</summary>
    public static CellResult? Read(string text)
    {
        if (RunJson.Parse(text) is not { } json || !Enum.TryParse<CellStatus>(RunJson.Text(json["status"]), true, out var status))
            return null;
        return new CellResult(status)
        {
            Reason = RunJson.Text(json["reason"]),
            Accuracy = (json["accuracy"] as JsonObject ?? []).ToDictionary(a => a.Key, a => RunJson.Number(a.Value)),
            Trainable = RunJson.Whole(json["trainable"]), Tokens = RunJson.Whole(json["tokens"]),
            Seconds = Finite(json["seconds"]), Memory = Finite(json["memory_gb"]),
        };
    }

    private static double? Finite(JsonNode? node) => RunJson.Number(node) is var number && double.IsFinite(number) ? number : null;

    /// <summary>The status's word in files.</summary>
    public static string Word(CellStatus status) => status.ToString().ToLowerInvariant();
}
