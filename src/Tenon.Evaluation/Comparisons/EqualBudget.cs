using Tenon.Evaluation.Statistics;

namespace Tenon.Evaluation.Comparisons;

/// <summary>
/// Rows at an equal cost: tokens that training has sampled, its seconds, or trained parameters. A run that has spent more is taken at its
/// last evaluation within what the cheapest trained row has spent; trained parameters are no matter of steps: a row counts where its number
/// is within a tenth of the other's.
/// </summary>
public static class EqualBudget
{
    /// <summary>The costs by name.</summary>
    public static IReadOnlyList<string> Names { get; } = ["tokens", "time", "parameters"];

    private const double Alike = 1.1;

    /// <summary>The fact that holds a cost.</summary>
    public static string FactOf(string name) => name switch { "time" => "seconds", "parameters" => "trainable", _ => name };

    /// <summary>What the cheapest trained row has spent; null where no row has trained, or says nothing.</summary>
    public static double? Of(IEnumerable<StoredEvaluation> compared, string name)
    {
        var spent = compared.Select(e => e.Facts.GetValueOrDefault(FactOf(name))).Where(x => x > 0).ToList();
        return spent.Count == 0 ? null : spent.Min();
    }

    /// <summary>
    /// A run's evaluation of a benchmark within a budget; null where it has none, or trains another number of parameters.
    /// </summary>
    public static StoredEvaluation? Within(IEnumerable<StoredEvaluation> history, StoredEvaluation compared, string name, double budget)
    {
        var fact = FactOf(name);
        if (compared.Facts.GetValueOrDefault(fact) is not { } spent) return null;
        if (name == "parameters") return spent <= budget * Alike ? compared : null;
        // The cost of a step before the first is none.
        return history.Where(e => e.Benchmark == compared.Benchmark && e.Facts.GetValueOrDefault(fact) <= budget).MaxBy(e => e.Step ?? 0);
    }

    /// <summary>A row's avg@k at an equal cost, the mean over its runs; null where one of them has none.</summary>
    public static double? Mean(IReadOnlyList<StoredEvaluation?> runs) => runs.Any(r => r is null || r.Problems.Count == 0) ? null
        : runs.Average(r => Sample.Mean([.. r!.Problems.Select(p => Sample.Mean(p.Scores))]));
}
