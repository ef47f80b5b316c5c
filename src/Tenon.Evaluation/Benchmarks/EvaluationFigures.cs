using System.Globalization;
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
    // A run of 512 samples has no use for 512 intervals: all up to 64, then the powers of two and k itself.
    private const int AllPassesUpTo = 64;

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
        var counts = judged.Select(p => (Right: p.Count(s => s.Correct == true), p.Count)).ToList();
        var average = Estimate.Of(Scores(judged));
        var passes = Enumerable.Range(1, k).Where(n => n <= AllPassesUpTo || int.IsPow2(n) || n == k)
            .Select(n => (K: n, Estimate: Estimate.PassAtK(counts, n))).ToList();
        var majority = Estimate.Share(judged.Select(AnswerVotes.MajorityIsRight));
        var all = judged.SelectMany(p => p).ToList();
        var sampled = all.Where(s => s.Finish != EvaluationSample.TooLong).ToList();
        var json = new JsonObject
        {
            ["benchmark"] = benchmark,
            ["k"] = k,
            ["problems"] = problems.Count,
            ["judged"] = judged.Count,
            ["unscorable"] = problems.Count - judged.Count,
            ["too_long"] = problems.Count(p => p.TrueForAll(s => s.Finish == EvaluationSample.TooLong)),
            ["samples"] = all.Count,
        };
        Add(json, "avg_at_k", average, ("low", average.Low), ("high", average.High), ("standard_error", average.StandardError));
        json["interval"] = average.Method;
        json["pass_at"] = Map(passes.Select(p => (p.K, RunJson.Finite(p.Estimate.Mean))));
        json["pass_at_interval"] =
            Map(passes.Select(p => (p.K, (JsonNode?)new JsonArray(RunJson.Finite(p.Estimate.Low), RunJson.Finite(p.Estimate.High)))));
        Add(json, "maj_at_k", majority, ("maj_low", majority.Low), ("maj_high", majority.High));
        json["g_pass_at_k"] =
            RunJson.Finite(Mean(judged.Where(p => p.Count >= k), p => GPassAtK.Mean(p.Count, p.Count(s => s.Correct == true), k)));
        json["truncated"] = RunJson.Finite(Mean(all, s => s.IsTruncated ? 1 : 0));
        json["length_mean"] = RunJson.Finite(Mean(sampled, s => s.Tokens));
        json["length_max"] = sampled.Count == 0 ? null : sampled.Max(s => s.Tokens);
        json["format"] = RunJson.Finite(Mean(all, s => s.Answer is null ? 0 : 1));
        json["by_subject"] = Parts(judged, s => s.Subject);
        json["by_level"] = Parts(judged, s => s.Level);
        json["skipped"] =
            new JsonObject(samples.Where(s => s.Skipped is not null).GroupBy(s => s.Skipped!).OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => KeyValuePair.Create(g.Key, (JsonNode?)g.Count())));
        json["identity"] = identity.Hash;
        return new EvaluationFigures(average, passes.Count == 0 ? Estimate.Nothing : passes[^1].Estimate, json);
    }

    private static List<IReadOnlyList<double>> Scores(IEnumerable<List<EvaluationSample>> problems) =>
        [.. problems.Select(p => (IReadOnlyList<double>)[.. p.Select(s => s.Correct == true ? 1.0 : 0.0)])];

    private static void Add(JsonObject json, string name, Estimate estimate, params (string Name, double Value)[] more)
    {
        json[name] = RunJson.Finite(estimate.Mean);
        foreach (var (key, value) in more) json[key] = RunJson.Finite(value);
    }

    private static JsonObject Map(IEnumerable<(int Key, JsonNode? Value)> values) =>
        new(values.Select(v => KeyValuePair.Create(v.Key.ToString(CultureInfo.InvariantCulture), v.Value)));

    // Null where the data names no part.
    private static JsonObject? Parts(List<List<EvaluationSample>> judged, Func<EvaluationSample, string?> partOf)
    {
        var parts = judged.Where(p => partOf(p[0]) is not null).GroupBy(p => partOf(p[0])!).OrderBy(g => g.Key, StringComparer.Ordinal)
            .ToList();
        if (parts.Count == 0) return null;
        return new JsonObject(parts.Select(g =>
        {
            var estimate = Estimate.Of(Scores(g));
            var json = new JsonObject { ["problems"] = estimate.Problems };
            Add(json, "avg_at_k", estimate, ("low", estimate.Low), ("high", estimate.High));
            return KeyValuePair.Create(g.Key, (JsonNode?)json);
        }));
    }

    private static double Mean<T>(IEnumerable<T> items, Func<T, double> value)
    {
        var (sum, count) = (0.0, 0);
        foreach (var item in items) (sum, count) = (sum + value(item), count + 1);
        return count == 0 ? double.NaN : sum / count;
    }
}
