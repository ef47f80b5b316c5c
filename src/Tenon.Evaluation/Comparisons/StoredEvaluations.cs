using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Evaluation.Comparisons;

/// <summary>An evaluation that lies on disk: whose, of what, under which settings, with which scores.</summary>
/// <param name="Benchmark">The benchmark's name.</param>
/// <param name="Step">The step of the run it belongs to; null outside of runs.</param>
/// <param name="Identity">What the numbers depend on, as the folder says it; empty where it does not.</param>
/// <param name="Problems">Each problem's scores; those whose gold cannot be judged are not among them.</param>
/// <param name="Facts">Mean length, share truncated, trainable parameters, tokens and seconds of training, where known.</param>
public sealed record StoredEvaluation(
    string Benchmark, int? Step, JsonObject Identity, IReadOnlyList<ProblemScores> Problems, IReadOnlyDictionary<string, double?> Facts);

/// <summary>
/// Reads evaluations for a comparison: a folder with <c>samples.jsonl</c>, a folder of such folders, or a run folder (its <c>eval/</c>; the
/// last step
/// unless another is asked for). The run's and the evaluation's own files are all that is read.
/// </summary>
public static class StoredEvaluations
{
    private static Dictionary<string, double?> Untrained => new() { ["trainable"] = 0, ["tokens"] = 0, ["seconds"] = 0 };

    /// <summary>All evaluations of a folder; of a run those of one step: the last, or <paramref name="step"/>.</summary>
    public static IReadOnlyList<StoredEvaluation> Read(string folder, int? step = null)
    {
        if (!Directory.Exists(folder))
            throw new TenonException($"evaluation {folder}", "a folder of an evaluation or of a run", "nothing there", usage: true);
        var isRun = File.Exists(Path.Combine(folder, "run.json"));
        var found = isRun ? OfRun(folder) : OfFolders(folder, new Dictionary<string, double?>()).ToList();
        if (found.Count == 0)
        {
            throw new TenonException(
                $"evaluation {folder}", "a folder with samples.jsonl, or a run that was evaluated", isRun ? "a run without evaluations"
                : "neither",
                isRun ? "the recipe's evaluate.benchmarks, or tenon eval with the run's adapter"
                : "tenon eval ... --output DIR writes one", usage: true);
        }

        if (step is { } wanted && found.All(e => e.Step != wanted))
        {
            var steps = string.Join(", ", found.Select(e => e.Step).Distinct().Order());
            throw new TenonException($"evaluation {folder}@{wanted}", $"an evaluated step: {steps}", $"{wanted}", usage: true);
        }

        return [.. found.GroupBy(e => e.Benchmark)
            .Select(g => step is null ? g.MaxBy(e => e.Step ?? 0)! : g.FirstOrDefault(e => e.Step == step))
            .OfType<StoredEvaluation>()];
    }

    /// <summary>The steps of a run that were evaluated, ascending; none for another folder.</summary>
    public static IReadOnlyList<int> Steps(string folder) =>
        File.Exists(Path.Combine(folder, "run.json")) ? [.. OfRun(folder).Select(e => e.Step).OfType<int>().Distinct().Order()] : [];

    private static List<StoredEvaluation> OfRun(string folder)
    {
        var run = Parse(Path.Combine(folder, "run.json"));
        var facts = RunFacts(folder, run);
        var place = Path.Combine(folder, "eval");
        if (!Directory.Exists(place)) return [];
        var result = OfFolders(place, facts).ToList();
        foreach (var file in Directory.EnumerateFiles(place, "*.json").Order(StringComparer.Ordinal))
        {
            if (Parse(file) is { } json && json["problems"] is JsonArray problems && Text(json["benchmark"]) is { } benchmark)
                result.Add(OfHeldOut(json, benchmark, problems, RunIdentity(run), facts));
        }

        return result;
    }

    private static IEnumerable<StoredEvaluation> OfFolders(string folder, IReadOnlyDictionary<string, double?> facts)
    {
        foreach (var file in Directory.EnumerateFiles(folder, "samples.jsonl", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            // A run's completions have a place of their own.
            var place = Path.GetDirectoryName(file)!;
            if (Path.GetFileName(place) == "samples") continue;

            // A run keeps them under eval/STEP/NAME@K.
            var step =
                int.TryParse(Path.GetRelativePath(folder, place).Split(Path.DirectorySeparatorChar)[0], NumberStyles.None,
                CultureInfo.InvariantCulture, out var n)
                ? n
                : (int?)null;
            yield return OfSamples(place, step, facts);
        }
    }

    private static StoredEvaluation OfSamples(string folder, int? ofRun, IReadOnlyDictionary<string, double?> facts)
    {
        var identity = Parse(Path.Combine(folder, "identity.json")) ?? [];
        var summary = Parse(Path.Combine(folder, "summary.json")) ?? [];
        var problems = new Dictionary<string, (List<double> Scores, string? Cluster)>(StringComparer.Ordinal);
        var (samples, tokens, truncated) = (0L, 0.0, 0L);
        foreach (var line in File.ReadLines(Path.Combine(folder, "samples.jsonl")))
        {
            // A killed process may leave half a line.
            if (ParseText(line) is not { } sample || Text(sample["problem"]) is not { } id || Text(sample["skipped"]) is not null) continue;
            var score = Number(sample["score"])
                ?? (sample["correct"] is JsonValue value && value.TryGetValue<bool>(out var right) ? (right ? 1 : 0) : null);
            if (score is not { } x) continue;
            if (!problems.TryGetValue(id, out var problem)) problems[id] = problem = ([], Text(sample["cluster"]));
            problem.Scores.Add(x);
            samples++;
            tokens += Number(sample["tokens"]) ?? 0;
            if (Text(sample["finish"]) is "length" or "too-long") truncated++;
        }

        var name = Text(summary["benchmark"]) ?? Text(identity["benchmark"]) ?? Path.GetFileName(folder);
        var step = ofRun ?? Number(identity["step"]) ?? Number(summary["step"]);
        return new(
            name.Split('@')[0], step is { } s ? (int)s
            : null, identity, [.. problems.Select(p => new ProblemScores(p.Key, p.Value.Scores, p.Value.Cluster))],
            new Dictionary<string, double?>(step == 0 ? Untrained : facts)
            {
                ["length_mean"] = samples == 0 ? null : tokens / samples, ["truncated"] = samples == 0 ? null : truncated / (double)samples,
            });
    }

    private static StoredEvaluation OfHeldOut(
        JsonObject json, string benchmark, JsonArray problems, JsonObject identity, IReadOnlyDictionary<string, double?> facts)
    {
        var scores = problems.OfType<JsonObject>().Select(p => new ProblemScores(
            Text(p["id"]) ?? "",
            [.. (p["samples"] as JsonArray ?? []).OfType<JsonObject>().Select(s => s["correct"]).OfType<JsonValue>()
                .Select(v => v.TryGetValue<bool>(out var right) && right ? 1.0 : 0.0)]));
        return new(
            benchmark.Split('@')[0], (int?)Number(json["step"]), identity, [.. scores],
            new Dictionary<string, double?>(Number(json["step"]) == 0 ? Untrained : facts)
            {
                ["length_mean"] = Number(json["length_mean"]), ["truncated"] = Number(json["truncated"]),
            });
    }

    /// <summary>What a run's own evaluation depends on, from its recipe.</summary>
    private static JsonObject RunIdentity(JsonObject? run)
    {
        var result = new JsonObject();
        if (run?["recipe"] is not JsonObject recipe) return result;
        foreach (var (section, keys) in new (string, string[])[]
        {
            ("data", ["task", "prompt", "system", "chat-template"]), ("rollout", ["temperature"]),
            ("evaluate", ["temperature", "max-new-tokens", "problems", "seed"]),
        })
        {
            foreach (var key in keys)
            {
                if (recipe[section]?[key] is { } value) result[$"{section}.{key}"] = value.DeepClone();
            }
        }

        return result;
    }

    private static Dictionary<string, double?> RunFacts(string folder, JsonObject? run)
    {
        var (tokens, seconds, any) = (0.0, 0.0, false);
        var metrics = Path.Combine(folder, "metrics.jsonl");
        foreach (var line in File.Exists(metrics) ? File.ReadLines(metrics) : [])
        {
            if (ParseText(line) is not { } step) continue;
            any = true;
            tokens += Number(step["tokens_sampled"]) ?? 0;
            seconds += Number(step["time_s"]) ?? 0;
        }

        return new() { ["trainable"] = Number(run?["trainable"]), ["tokens"] = any ? tokens : null, ["seconds"] = any ? seconds : null };
    }

    private static JsonObject? Parse(string file) => File.Exists(file) ? ParseText(File.ReadAllText(file)) : null;

    private static JsonObject? ParseText(string text)
    {
        try
        {
            return text.Length == 0 ? null : JsonNode.Parse(text) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? Text(JsonNode? node) => node switch
    {
        null => null,
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        _ => node.ToJsonString(),
    };

    private static double? Number(JsonNode? node) => node is JsonValue value && value.GetValueKind() == JsonValueKind.Number
        ? double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture)
        : null;
}
