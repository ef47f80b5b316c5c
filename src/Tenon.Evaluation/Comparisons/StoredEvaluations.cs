using System.Globalization;
using System.Text.Json.Nodes;
using Tenon.Runs;
using Tenon.Runs.Evaluations;

namespace Tenon.Evaluation.Comparisons;

/// <summary>An evaluation as a comparison takes it: whose, of what, under which settings, with which scores.</summary>
/// <param name="Benchmark">The benchmark's name, or the text's.</param>
/// <param name="Step">The step of the run it belongs to; null outside of runs.</param>
/// <param name="Identity">What the numbers depend on, as the folder says it; empty where it does not.</param>
/// <param name="Problems">Each problem's scores; those whose gold cannot be judged are not among them.</param>
/// <param name="Facts">Mean length, share truncated, trainable parameters, tokens and seconds of training, where known.</param>
public sealed record StoredEvaluation(
    string Benchmark, int? Step, JsonObject Identity, IReadOnlyList<ProblemScores> Problems, IReadOnlyDictionary<string, double?> Facts)
{
    /// <summary>The documents of a text; null for a benchmark.</summary>
    public IReadOnlyList<TextDocumentScore>? Documents { get; init; }
}

/// <summary>
/// Evaluations for a comparison: a folder of one, a folder of such folders, or a run's (the last step unless another is asked for).
/// </summary>
public static class StoredEvaluations
{
    /// <summary>All evaluations of a folder; of a run those of one step: the last, or <paramref name="step"/>.</summary>
    public static IReadOnlyList<StoredEvaluation> Read(string folder, int? step = null)
    {
        if (!Directory.Exists(folder))
            throw new TenonException($"evaluation {folder}", "a folder of an evaluation or of a run", "nothing there", usage: true);
        return Of(folder, All(folder), step);
    }

    /// <summary>Of all evaluations of a folder those of one step: the last, or <paramref name="step"/>.</summary>
    public static IReadOnlyList<StoredEvaluation> Of(string folder, IReadOnlyList<StoredEvaluation> found, int? step)
    {
        if (found.Count == 0)
        {
            var isRun = RunFolder.IsRun(folder);
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

    /// <summary>All evaluations of a folder, of a run those of every step.</summary>
    public static IReadOnlyList<StoredEvaluation> All(string folder) => RunFolder.IsRun(folder) ? OfRun(RunReader.Open(folder)) :
    [
        .. Directory.EnumerateDirectories(folder, "*", SearchOption.AllDirectories).Prepend(folder).Order(StringComparer.Ordinal)
            // A run's completions have a place of their own.
            .Where(path => EvaluationResults.Is(path) && Path.GetFileName(path) != "samples")
            .Select(path => Of(EvaluationResults.Read(path, StepOf(folder, path)), new Dictionary<string, double?>())),
    ];

    /// <summary>The steps of a run that were evaluated, ascending; none for another folder.</summary>
    public static IReadOnlyList<int> Steps(string folder) =>
        RunFolder.IsRun(folder) ? [.. OfRun(RunReader.Open(folder)).Select(e => e.Step).OfType<int>().Distinct().Order()] : [];

    /// <summary>A run's evaluations, of every step.</summary>
    public static IReadOnlyList<StoredEvaluation> OfRun(RunReader run) =>
        [.. run.Evaluations().Select(e => Of(e, TrainingFacts(run, e.Step ?? 0)))];

    private static StoredEvaluation Of(EvaluationResults results, Dictionary<string, double?> facts)
    {
        var problems = results.Samples.Where(s => s.Skipped is null && Score(s) is not null).GroupBy(s => s.Problem, StringComparer.Ordinal)
            .Select(g => new ProblemScores(g.Key, [.. g.Select(s => Score(s)!.Value)], g.First().Cluster)).ToList();
        var scored = results.Samples.Where(s => s.Skipped is null && Score(s) is not null).ToList();
        // What the form of version 0.1 says of lengths stands in its summary alone.
        facts["length_mean"] = scored.Exists(s => s.Tokens > 0) ? scored.Average(s => (double)s.Tokens) : Finite(results["length_mean"]);
        facts["truncated"] = scored.Count > 0 ? scored.Average(s => s.IsTruncated ? 1.0 : 0) : Finite(results["truncated"]);
        return new(results.Benchmark.Split('@')[0], results.Step, results.Identity, problems, facts)
        {
            Documents = results.IsText ? results.Documents : null,
        };
    }

    private static double? Score(EvaluationSample sample) =>
        double.IsFinite(sample.Score) ? sample.Score : sample.Correct is { } right ? right ? 1 : 0 : null;

    // A folder of a run's evaluations keeps them under STEP/NAME@K.
    private static int? StepOf(string folder, string path) => int.TryParse(Path.GetRelativePath(folder, path)
        .Split(Path.DirectorySeparatorChar)[0], NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : null;

    /// <summary>What training had cost by a step.</summary>
    private static Dictionary<string, double?> TrainingFacts(RunReader run, int step)
    {
        if (step == 0) return new() { ["trainable"] = 0, ["tokens"] = 0, ["seconds"] = 0 };
        var steps = run.Steps.Where(s => s.Step <= step).ToList();
        double? Sum(Metric metric) => steps.Count == 0 ? null : steps.Select(s => s[metric]).Where(double.IsFinite).Sum();
        return new()
        {
            ["trainable"] = Finite(RunJson.Number(run.Run.Json["trainable"])),
            ["tokens"] = Sum(StepMetric.TokensSampled),
            ["seconds"] = Sum(StepMetric.Time),
        };
    }

    private static double? Finite(double value) => double.IsFinite(value) ? value : null;
}
