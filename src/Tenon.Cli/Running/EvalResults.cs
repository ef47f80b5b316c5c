using System.Globalization;
using System.Text.Json.Nodes;
using Tenon.Evaluation.Statistics;
using Tenon.Training.Rollouts;

namespace Tenon.Cli.Running;

/// <summary>Per-problem results of an evaluation on disk, one JSON line a problem, so that it goes on where it stopped.</summary>
internal static class EvalResults
{
    /// <summary>The prompts whose problems have no whole line yet.</summary>
    public static IEnumerable<DrawnPrompt> Missing(string file, IReadOnlyList<DrawnPrompt> prompts)
    {
        var done = Lines(file).Select(l => (string?)l["id"]).ToHashSet();
        return prompts.Where(p => !done.Contains(p.Problem.Id));
    }

    /// <summary>Problems done.</summary>
    public static int Count(string file) => Lines(file).Count;

    /// <summary>Adds finished groups.</summary>
    public static void Append(string file, IReadOnlyList<RolloutGroup> groups)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        var whole = string.Concat(Lines(file).Select(l => l.ToJsonString() + "\n"));
        AtomicFile.WriteText(file, whole + string.Concat(groups.Select(g => new JsonObject
        {
            ["id"] = g.Problem.Id,
            ["answer"] = g.Problem.Answer,
            ["samples"] = new JsonArray([.. g.Rollouts.Select(r => (JsonNode)new JsonObject
            {
                ["correct"] = r.Verdicts[0].Correct, ["reason"] = r.Verdicts[0].Reason, ["extracted"] = r.Verdicts[0].Extracted, ["completion"] = r.Text, ["tokens"] = r.Sampled.Ids.Length, ["truncated"] = r.IsTruncated,
            })]),
        }.ToJsonString() + "\n")));
    }

    /// <summary>avg@k with its standard error and 95 % interval, pass@k, maj@k, lengths.</summary>
    public static JsonObject Summary(string file, string benchmark)
    {
        var lines = Lines(file);
        var questions = lines.Select(l => l["samples"]!.AsArray().Select(s => s!).ToList()).ToList();
        var (mean, error) = PassAtK.Average([.. questions.Select(q => q.Count(Right) / (double)q.Count)]);
        var k = questions.Count == 0 ? 0 : questions.Min(q => q.Count);
        var all = questions.SelectMany(q => q).ToList();
        return new JsonObject
        {
            ["benchmark"] = benchmark,
            ["problems"] = lines.Count,
            ["avg_at_k"] = Finite(mean),
            ["standard_error"] = Finite(error),
            ["low"] = Finite(mean - 1.96 * error),
            ["high"] = Finite(mean + 1.96 * error),
            ["pass_at_k"] = Finite(PassAtK.Average([.. questions.Select(q => PassAtK.Of(q.Count, q.Count(Right), k))]).Mean),
            ["maj_at_k"] = Finite(PassAtK.Average([.. questions.Select(Majority)]).Mean),
            ["truncated"] = Finite(all.Count == 0 ? double.NaN : all.Count(s => (bool)s["truncated"]!) / (double)all.Count),
            ["length_mean"] = Finite(all.Count == 0 ? double.NaN : all.Sum(s => (int)s["tokens"]!) / (double)all.Count),
        };
    }

    /// <summary>One line for a person.</summary>
    public static string Describe(JsonObject s) => string.Create(CultureInfo.InvariantCulture,
        $"{s["benchmark"]}: avg {Percent(s["avg_at_k"])} (95 % {Percent(s["low"])} to {Percent(s["high"])}), pass {Percent(s["pass_at_k"])}, majority {Percent(s["maj_at_k"])}, {s["problems"]} problems, {Percent(s["truncated"])} truncated");

    private static string Percent(JsonNode? value) => value is null ? "-" : ((double)value).ToString("P1", CultureInfo.InvariantCulture);

    private static bool Right(JsonNode sample) => (bool?)sample["correct"] == true;

    /// <summary>1 where the most frequent extracted answer (the first among equals; unreadable ones do not vote) is right.</summary>
    private static double Majority(List<JsonNode> samples)
    {
        var winner = MajorityVote.Of(samples.Select(s => (string?)s["extracted"])).Winner;
        return winner is not null && Right(samples.First(s => (string?)s["extracted"] == winner)) ? 1 : 0;
    }

    private static JsonNode? Finite(double value) => double.IsFinite(value) ? value : null;

    private static List<JsonObject> Lines(string file)
    {
        if (!File.Exists(file)) return [];
        var result = new List<JsonObject>();
        foreach (var line in File.ReadLines(file))
        {
            if (line.Length == 0) continue;
            try
            {
                if (JsonNode.Parse(line) is JsonObject json) result.Add(json);
            }
            catch (System.Text.Json.JsonException)
            {
                // A line that a killed process left half-written is done again.
            }
        }

        return result;
    }
}
