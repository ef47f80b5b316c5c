using System.Text.Json.Nodes;

namespace Tenon.Runs.Evaluations;

/// <summary>
/// A run's evaluation as one object, the form of version 0.1: <c>step, benchmark, accuracy, ... problems: [{id, problem, answer, samples:
/// [...]}]</c>.
/// </summary>
internal static class EvaluationRecord
{
    /// <summary>Reads a folder; null where the evaluation is not finished.</summary>
    public static JsonObject? Read(string path, int step)
    {
        if (EvaluationFolder.ReadSummary(path) is not { } summary) return null;
        return new JsonObject
        {
            ["step"] = step,
            ["benchmark"] = summary["benchmark"]?.DeepClone(),
            ["accuracy"] = summary["avg_at_k"]?.DeepClone(),
            ["standard_error"] = summary["standard_error"]?.DeepClone(),
            ["low"] = summary["low"]?.DeepClone(),
            ["high"] = summary["high"]?.DeepClone(),
            ["pass_at_k"] = summary["pass_at"]?[RunJson.Whole(summary["k"])?.ToString() ?? ""]?.DeepClone(),
            ["maj_at_k"] = summary["maj_at_k"]?.DeepClone(),
            ["samples"] = summary["k"]?.DeepClone(),
            ["problem_count"] = summary["judged"]?.DeepClone(),
            ["truncated"] = summary["truncated"]?.DeepClone(),
            ["length_mean"] = summary["length_mean"]?.DeepClone(),
            ["problems"] = new JsonArray([.. EvaluationFolder.ReadSamples(path).GroupBy(s => s.Problem).Select(Problem)]),
        };
    }

    private static JsonNode Problem(IGrouping<string, EvaluationSample> samples) => new JsonObject
    {
        ["id"] = samples.Key,
        ["problem"] = samples.First().Question,
        ["answer"] = samples.First().Gold,
        ["samples"] = new JsonArray([.. samples.Select(s => (JsonNode)new JsonObject
        {
            ["correct"] = s.Correct, ["reason"] = s.Reason, ["completion"] = s.Text, ["tokens"] = s.Tokens, ["truncated"] = s.IsTruncated,
        })]),
    };
}
