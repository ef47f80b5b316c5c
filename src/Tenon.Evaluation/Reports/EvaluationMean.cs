using Tenon.Evaluation.Statistics;
using Tenon.Runs.Evaluations;

namespace Tenon.Evaluation.Reports;

/// <summary>The figure of one of a run's own evaluations with its interval, from the verdicts of its samples.</summary>
internal static class EvaluationMean
{
    /// <summary>Null where there are no verdicts.</summary>
    public static Estimate? Of(EvaluationResults evaluation)
    {
        IReadOnlyList<double>[] scores = [.. evaluation.Samples.Where(s => s.Correct is not null).GroupBy(s => s.Problem)
            .Select(g => (IReadOnlyList<double>)[.. g.Select(s => s.Correct == true ? 1.0 : 0.0)])];
        return scores.Length == 0 ? null : Estimate.Of(scores);
    }
}
