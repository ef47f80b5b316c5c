using Tenon.Evaluation.Statistics;

namespace Tenon.Evaluation.Comparisons;

/// <summary>The textbook tests and effect sizes of two rows' problem means, for whoever wants one that the verdict does not use.</summary>
/// <param name="Paired">Student's paired test.</param>
/// <param name="SignFlips">The sign-flip permutation test.</param>
/// <param name="Wilcoxon">The signed-rank test; null where no pair differs.</param>
/// <param name="Bootstrap">The percentile bootstrap over problems.</param>
/// <param name="Groups">Tests of the two as groups.</param>
/// <param name="Pearson">Correlation of the problems' means.</param>
/// <param name="Spearman">The same by ranks.</param>
/// <param name="Kendall">The same by order of pairs.</param>
public sealed record ClassicalTests(
    PairedTest Paired, SignFlipTest SignFlips, Wilcoxon? Wilcoxon, PairedBootstrap Bootstrap, TwoSampleTest Groups,
    Correlation Pearson, Correlation Spearman, Correlation Kendall)
{
    private const int Resamples = 2000;

    /// <summary>Of two rows; null below two pairs.</summary>
    public static ClassicalTests? Of(PairedScores scores, int first, int second)
    {
        if (!scores.Paired || scores.Problems.Count < 2) return null;
        var (a, b) = (Means(scores, first), Means(scores, second));
        double[] differences = [.. b.Zip(a, (y, x) => y - x)];
        return new(
            PairedTest.Of(a, b), SignFlipTest.Of(differences, Resamples), Statistics.Wilcoxon.Of(differences),
            PairedBootstrap.Of(a, b, PairedBootstrap.Resamples(a.Length, Resamples)), TwoSampleTest.Of(a, b),
            Correlation.Pearson(a, b), Correlation.Spearman(a, b), Correlation.Kendall(a, b));
    }

    private static double[] Means(PairedScores scores, int entrant)
    {
        var runs = scores.Scores(entrant);
        return [.. Enumerable.Range(0, runs[0].Count).Select(i => runs.Average(r => Sample.Mean(r[i])))];
    }
}
