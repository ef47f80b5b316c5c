using System.Text.Json.Nodes;

namespace Tenon.Runs.Evaluations;

/// <summary>What every evaluation's folder holds, whatever was evaluated: its identity, and a summary once it is finished.</summary>
public static class EvaluationFiles
{
    internal const string Identity = "identity.json", Summary = "summary.json";

    /// <summary>True where the folder holds an evaluation.</summary>
    public static bool IsEvaluation(string path) => File.Exists(Path.Combine(path, Identity));

    /// <summary>The summary of an evaluation; null where it is not finished.</summary>
    public static JsonObject? ReadSummary(string path) => Read(path, Summary);

    /// <summary>The identity of an evaluation; null where there is none.</summary>
    public static JsonObject? ReadIdentity(string path) => Read(path, Identity);

    private static JsonObject? Read(string path, string name) =>
        File.Exists(Path.Combine(path, name)) ? RunJson.Parse(SharedFile.ReadText(Path.Combine(path, name))) : null;
}
