using System.Text.Json.Nodes;

namespace Tenon.Runs.Evaluations;

/// <summary>
/// An evaluation as it lies on disk: what everything that reads evaluations (comparisons, reports, diagnoses) reads them by.
/// </summary>
/// <param name="Benchmark"><c>NAME@K</c>, or a text's name.</param>
/// <param name="Step">The step of the run that it belongs to; null outside of runs.</param>
/// <param name="Identity">What the figures depend on; empty where the folder does not say.</param>
/// <param name="Summary">The figures; empty where the evaluation is not finished.</param>
public sealed record EvaluationResults(string Benchmark, int? Step, JsonObject Identity, JsonObject Summary)
{
    /// <summary>What <c>kind</c> is for an evaluation on a text.</summary>
    public const string TextKind = "text";

    /// <summary>The finished samples of a benchmark, in the file's order.</summary>
    public IReadOnlyList<EvaluationSample> Samples { get; init; } = [];

    /// <summary>The finished documents of a text, in the file's order.</summary>
    public IReadOnlyList<TextDocumentScore> Documents { get; init; } = [];

    /// <summary>True for a text, whose figure is a perplexity; false for a benchmark.</summary>
    public bool IsText { get; init; }

    /// <summary>True where the evaluation is finished.</summary>
    public bool IsFinished => Summary.Count > 0;

    /// <summary>A figure of the summary; NaN where it is missing.</summary>
    public double this[string name] => RunJson.Number(Summary[name]);

    /// <summary>True where a folder holds an evaluation's records.</summary>
    public static bool Is(string path) => EvaluationFolder.HasSamples(path) || TextFolder.HasDocuments(path);

    /// <summary>Reads a folder; what a killed process left of a last line is left out.</summary>
    /// <param name="path">The evaluation's folder.</param>
    /// <param name="step">The step of the run that it belongs to; null takes what the folder says itself.</param>
    public static EvaluationResults Read(string path, int? step = null)
    {
        var (identity, summary) = (EvaluationFiles.ReadIdentity(path) ?? [], EvaluationFiles.ReadSummary(path) ?? []);
        var name = RunJson.Text(summary["benchmark"]) ?? RunJson.Text(identity["benchmark"]) ?? Path.GetFileName(path);
        var at = step ?? (int?)(RunJson.Whole(identity["step"]) ?? RunJson.Whole(summary["step"]));
        return new(name, at, identity, summary)
        {
            Samples = EvaluationFolder.ReadSamples(path),
            Documents = TextFolder.ReadDocuments(path),
            IsText = RunJson.Text(identity["kind"]) == TextKind || TextFolder.HasDocuments(path),
        };
    }

    /// <summary>
    /// Reads a run's evaluation in the form of version 0.1, one object with its problems: <c>step, benchmark, accuracy, ... problems: [{id,
    /// problem, answer, samples: [...]}]</c>. Null for another object.
    /// </summary>
    public static EvaluationResults? Of(JsonObject json, JsonObject identity)
    {
        if (RunJson.Text(json["benchmark"]) is not { } benchmark || RunJson.Whole(json["step"]) is not { } step) return null;
        var summary = new JsonObject(json.Where(p => p.Key != "problems").Select(p => KeyValuePair.Create(p.Key, p.Value?.DeepClone())));
        foreach (var (old, now) in new[] { ("accuracy", "avg_at_k"), ("problem_count", "judged"), ("samples", "k") })
            if (json[old] is { } value && !summary.ContainsKey(now))
                summary[now] = value.DeepClone();
        var problems = (json["problems"] as JsonArray ?? []).OfType<JsonObject>();
        return new(benchmark, (int)step, identity, summary) { Samples = [.. problems.SelectMany(OldSamples)] };
    }

    private static IEnumerable<EvaluationSample> OldSamples(JsonObject problem) =>
        (problem["samples"] as JsonArray ?? []).OfType<JsonObject>().Select((s, j) => new EvaluationSample
        {
            Problem = RunJson.Text(problem["id"]) ?? "",
            Sample = j,
            Question = RunJson.Text(problem["problem"]) ?? "",
            Gold = RunJson.Text(problem["answer"]) ?? "",
            Text = RunJson.Text(s["completion"]) ?? "",
            Score = RunJson.Flag(s["correct"]) is { } right ? right ? 1 : 0 : double.NaN,
            Correct = RunJson.Flag(s["correct"]),
            Reason = RunJson.Text(s["reason"]),
            Tokens = (int)(RunJson.Whole(s["tokens"]) ?? 0),
            Finish = RunJson.Flag(s["truncated"]) == true ? EvaluationSample.AtLimit : EvaluationSample.Stopped,
        });
}
