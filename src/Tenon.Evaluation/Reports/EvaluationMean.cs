using System.Text.Json.Nodes;
using Tenon.Evaluation.Statistics;
using Tenon.Runs;

namespace Tenon.Evaluation.Reports;

/// <summary>The figure of one of a run's own evaluations with its interval, from the verdicts in its file.</summary>
internal static class EvaluationMean
{
    /// <summary>Null where the file holds no verdicts.</summary>
    public static Estimate? Of(EvaluationRecord evaluation)
    {
        var problems = (evaluation.Json["problems"] as JsonArray)?.OfType<JsonObject>() ?? [];
        IReadOnlyList<double>[] scores = [.. problems.Select(p => (IReadOnlyList<double>)
            [.. (p["samples"] as JsonArray ?? []).OfType<JsonObject>().Select(s => RunJson.Flag(s["correct"])).OfType<bool>()
            .Select(right => right ? 1.0 : 0.0)])];
        return scores.All(s => s.Count == 0) ? null : Estimate.Of(scores);
    }
}
