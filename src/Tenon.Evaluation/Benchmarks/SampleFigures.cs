using System.Globalization;
using System.Text.Json.Nodes;
using Tenon.Evaluation.Statistics;
using Tenon.Runs;
using Tenon.Runs.Evaluations;

namespace Tenon.Evaluation.Benchmarks;

/// <summary>The figures of judged samples, of a whole benchmark or of a part of it, each with its 95 % interval.</summary>
internal static class SampleFigures
{
    // A run of 512 samples has no use for 512 intervals: all up to 64, then the powers of two and k itself.
    private const int AllPassesUpTo = 64;

    // The thresholds of arXiv 2412.13147; the one of 0 is pass@k.
    private static readonly double[] S_shares = [0.25, 0.5, 0.75, 1];

    /// <summary>Adds them to an object; gives avg@k and pass@k.</summary>
    /// <param name="json">The object.</param>
    /// <param name="judged">Each problem's judged samples, one at least.</param>
    /// <param name="k">The samples that were asked for.</param>
    public static (Estimate Average, Estimate PassAtK) Add(JsonObject json, IReadOnlyList<List<EvaluationSample>> judged, int k)
    {
        string[]? clusters = judged.Any(p => p[0].Cluster is not null) ? [.. judged.Select(p => p[0].Cluster ?? "problem " + p[0].Problem)]
            : null;
        var counts = judged.Select(p => (Right: p.Count(s => s.Correct == true), p.Count)).ToList();
        var average = Of(s => s.Correct == true ? 1 : 0);
        json["avg_at_k"] = RunJson.Finite(average.Mean);
        json["low"] = RunJson.Finite(average.Low);
        json["high"] = RunJson.Finite(average.High);
        json["standard_error"] = RunJson.Finite(average.StandardError);
        json["interval"] = average.Method;
        var passes = Enumerable.Range(1, k).Where(n => n <= AllPassesUpTo || int.IsPow2(n) || n == k)
            .Select(n => (Name: n.ToString(CultureInfo.InvariantCulture), Value: Estimate.PassAtK(counts, n, clusters: clusters))).ToList();
        Map("pass_at", passes);
        var majority = OfProblems(judged, p => AnswerVotes.MajorityIsRight(p) ? 1 : 0);
        json["maj_at_k"] = RunJson.Finite(majority.Mean);
        json["maj_low"] = RunJson.Finite(majority.Low);
        json["maj_high"] = RunJson.Finite(majority.High);
        var whole = judged.Where(p => p.Count >= k).ToList();
        Single("g_pass_at_k", OfProblems(whole, p => GPassAtK.Mean(p.Count, p.Count(s => s.Correct == true), k)));
        Map("g_pass_at", [.. S_shares.Select(tau => (tau.ToString(CultureInfo.InvariantCulture),
            OfProblems(whole, p => GPassAtK.Of(p.Count, p.Count(s => s.Correct == true), k, tau))))]);
        Single("truncated", Of(s => s.IsTruncated ? 1 : 0));
        var sampled = judged.Select(p => p.Where(s => s.Finish != EvaluationSample.TooLong).ToList()).ToList();
        Single("length_mean", Estimate.Of([.. sampled.Select(p => (IReadOnlyList<double>)[.. p.Select(s => (double)s.Tokens)])], clusters));
        json["length_max"] = sampled.Sum(p => p.Count) == 0 ? null : sampled.SelectMany(p => p).Max(s => s.Tokens);
        Single("format", Of(s => s.Answer is null ? 0 : 1));
        return (average, passes.Count == 0 ? Estimate.Nothing : passes[^1].Value);

        Estimate Of(Func<EvaluationSample, double> value) =>
            Estimate.Of([.. judged.Select(p => (IReadOnlyList<double>)[.. p.Select(value)])], clusters);

        // Of one number a problem.
        Estimate OfProblems(IReadOnlyList<List<EvaluationSample>> problems, Func<List<EvaluationSample>, double> value) => Estimate.Of(
            [.. problems.Select(p => (IReadOnlyList<double>)[value(p)])],
            clusters is null ? null : [.. problems.Select(p => p[0].Cluster ?? "problem " + p[0].Problem)]);

        void Single(string name, Estimate estimate)
        {
            json[name] = RunJson.Finite(estimate.Mean);
            json[name + "_interval"] = Ends(estimate);
        }

        void Map(string name, IReadOnlyList<(string Name, Estimate Value)> values)
        {
            json[name] = new JsonObject(values.Select(v => KeyValuePair.Create(v.Name, RunJson.Finite(v.Value.Mean))));
            json[name + "_interval"] = new JsonObject(values.Select(v => KeyValuePair.Create(v.Name, (JsonNode?)Ends(v.Value))));
        }
    }

    private static JsonArray Ends(Estimate estimate) => new(RunJson.Finite(estimate.Low), RunJson.Finite(estimate.High));
}
