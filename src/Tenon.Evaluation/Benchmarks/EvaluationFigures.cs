using System.Text.Json.Nodes;
using Tenon.Evaluation.Statistics;
using Tenon.Runs;
using Tenon.Runs.Evaluations;

namespace Tenon.Evaluation.Benchmarks;

/// <summary>The figures of a finished evaluation, each with its interval.</summary>
/// <param name="Average">avg@k.</param>
/// <param name="PassAtK">pass@k with k as asked for.</param>
/// <param name="Json">Everything: what <c>summary.json</c> holds.</param>
public sealed record EvaluationFigures(Estimate Average, Estimate PassAtK, JsonObject Json)
{
    /// <summary>Problems that were judged, too long ones among them.</summary>
    public int Judged => (int)Json["judged"]!;

    /// <summary>Problems that no reward could judge.</summary>
    public int Unscorable => (int)Json["unscorable"]!;

    /// <summary>Problems whose prompt left no room: they count as wrong and truncated.</summary>
    public int TooLong => (int)Json["too_long"]!;

    /// <summary>Share of samples that reached the limit.</summary>
    public double Truncated => RunJson.Number(Json["truncated"]);

    /// <summary>Mean length in tokens.</summary>
    public double LengthMean => RunJson.Number(Json["length_mean"]);

    /// <summary>Figures of samples in the order of problem and number.</summary>
    public static EvaluationFigures Of(string benchmark, int k, IReadOnlyList<EvaluationSample> samples, EvaluationIdentity identity)
    {
        var problems = samples.GroupBy(s => s.Problem).Select(g => g.ToList()).ToList();
        var judged = problems.Select(p => p.Where(s => s.Correct is not null).ToList()).Where(p => p.Count > 0).ToList();
        var json = new JsonObject
        {
            ["benchmark"] = benchmark,
            ["k"] = k,
            ["problems"] = problems.Count,
            ["judged"] = judged.Count,
            ["unscorable"] = problems.Count - judged.Count,
            ["too_long"] = problems.Count(p => p.TrueForAll(s => s.Finish == EvaluationSample.TooLong)),
            ["samples"] = judged.Sum(p => p.Count),
        };
        var (average, pass) = SampleFigures.Add(json, judged, k);
        AddParts(json, "by_subject", "macro_subject", judged, k, s => s.Subject);
        AddParts(json, "by_level", "macro_level", judged, k, s => s.Level);
        json["skipped"] =
            new JsonObject(samples.Where(s => s.Skipped is not null).GroupBy(s => s.Skipped!).OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => KeyValuePair.Create(g.Key, (JsonNode?)g.Count())));
        json["identity"] = identity.Hash;
        return new EvaluationFigures(average, pass, json);
    }

    // The same figures of each part, and the plain mean over parts; null where the data names no part.
    private static void AddParts(JsonObject json, string name, string macro, List<List<EvaluationSample>> judged, int k,
        Func<EvaluationSample, string?> partOf)
    {
        var parts = judged.Where(p => partOf(p[0]) is not null).GroupBy(p => partOf(p[0])!).OrderBy(g => g.Key, StringComparer.Ordinal)
            .ToList();
        json[name] = null;
        if (parts.Count == 0) return;
        var (inside, averages) = (new JsonObject(), new List<Estimate>());
        foreach (var part in parts)
        {
            var figures = new JsonObject { ["problems"] = part.Count() };
            averages.Add(SampleFigures.Add(figures, [.. part], k).Average);
            inside[part.Key] = figures;
        }

        json[name] = inside;
        json[macro] = Macro(averages);
    }

    /// <summary>A plain mean over figures with its interval.</summary>
    public static JsonObject Macro(IReadOnlyList<Estimate> averages)
    {
        var macro = MacroAverage.Of(averages);
        return new JsonObject
        {
            ["parts"] = macro.Parts, ["avg_at_k"] = RunJson.Finite(macro.Mean), ["low"] = RunJson.Finite(macro.Low),
            ["high"] = RunJson.Finite(macro.High), ["standard_error"] = RunJson.Finite(macro.StandardError),
        };
    }
}
