using Tenon.Evaluation.Statistics;

namespace Tenon.Evaluation.Comparisons;

/// <summary>A row of a comparison.</summary>
/// <param name="Name">The entrant.</param>
/// <param name="Mean">avg@k with its interval, over the common problems.</param>
/// <param name="Difference">What it is ahead of the row compared with by; null for that row itself.</param>
/// <param name="AdjustedP">Its p, adjusted by Holm's method for the number of rows.</param>
/// <param name="EquivalenceP">p of the two one-sided tests at the stated margin; null without a margin.</param>
/// <param name="Verdict">better, worse, noise or equivalent.</param>
public sealed record ComparisonRow(string Name, Estimate Mean, ScoreDifference? Difference, double? AdjustedP, double? EquivalenceP,
    string? Verdict)
{
    /// <summary>pass@k by k: powers of two up to the fewest samples a problem has.</summary>
    public IReadOnlyList<(int K, Estimate Value)> Pass { get; init; } = [];

    /// <summary>
    /// The part of the standard error that more samples of the same problems would take away; null for one sample a problem.
    /// </summary>
    public double? WithinProblems { get; init; }

    /// <summary>Textbook tests of the pairs; null where there are no two pairs.</summary>
    public ClassicalTests? Tests { get; init; }

    /// <summary>What the entrant's source says beside.</summary>
    public IReadOnlyDictionary<string, double?> Facts { get; init; } = new Dictionary<string, double?>();
}

/// <summary>Entrants side by side on the same problems, against one of them.</summary>
/// <param name="Benchmark">What was evaluated.</param>
/// <param name="Against">The row that the others are compared with.</param>
/// <param name="Rows">All rows in the order given.</param>
/// <param name="Tied">Groups that cannot be told apart, best first.</param>
/// <param name="Problems">Common problems; 0 where there are none and the rows are compared as groups of different problems.</param>
/// <param name="LeftOut">Problems that not every run has.</param>
/// <param name="Margin">The margin within which rows count as equivalent; null where none was stated.</param>
/// <param name="Runs">True where a row has several runs, so that the intervals know how much a seed changes.</param>
public sealed record Comparison(
    string Benchmark, string Against, IReadOnlyList<ComparisonRow> Rows, IReadOnlyList<IReadOnlyList<string>> Tied, int Problems,
    int LeftOut,
    double? Margin, bool Runs)
{
    private const double Level = 0.05;

    /// <summary>Compares; at least one row, paired by problem id. <paramref name="against"/> names a row, the first by default.</summary>
    public static Comparison Of(string benchmark, IReadOnlyList<Entrant> entrants, string? against = null, double? margin = null)
    {
        var scores = PairedScores.Of(entrants);
        if (entrants.Any(e => e.Runs.Count == 0 || e.Runs.Any(r => r.All(p => p.Scores.Count == 0))))
            throw new TenonException($"comparison on {benchmark}", "at least one scored problem in every run", "a run without any",
                usage: true);
        var reference = against is null ? 0 : entrants.ToList().FindIndex(e => e.Name == against);
        if (reference < 0)
            throw new TenonException($"--against {against}", $"one of {string.Join(", ", entrants.Select(e => e.Name))}", against,
                usage: true);
        int[] others = [.. Enumerable.Range(0, entrants.Count).Where(i => i != reference)];
        ScoreDifference[] differences = [.. others.Select(i => ScoreDifference.Of(scores, reference, i))];
        var adjusted = MultipleComparisons.Holm([.. differences.Select(d => d.P)]);
        var rows = new List<ComparisonRow>();
        for (var i = 0; i < entrants.Count; i++)
        {
            var at = Array.IndexOf(others, i);
            var difference = at < 0 ? null : differences[at];
            var equivalence = difference is not null && margin is { } m ? difference.Equivalence(m) : (double?)null;
            double? p = at < 0 ? null : adjusted[at];
            rows.Add(new(entrants[i].Name, scores.Mean(i), difference, p, equivalence, difference is null ? null
                : Word(difference, p!.Value, equivalence))
            {
                Pass = Curve(scores, i), WithinProblems = ScoreDifference.WithinProblems(scores.Scores(i)), Tests = at < 0 ? null
                : ClassicalTests.Of(scores, reference, i), Facts = entrants[i].Facts,
            });
        }

        return new(
            benchmark, entrants[reference].Name, rows, Tie(scores, rows), scores.Paired ? scores.Problems.Count : 0, scores.Left, margin,
            scores.Paired && entrants.Any(e => e.Runs.Count > 1));
    }

    private static string Word(ScoreDifference difference, double p, double? equivalence)
    {
        if (p < Level && difference.Mean != 0) return difference.Mean > 0 ? "better" : "worse";
        return equivalence < Level ? "equivalent" : "noise";
    }

    private static (int, Estimate)[] Curve(PairedScores scores, int entrant)
    {
        if (!scores.IsBinary) return [];
        var least = Enumerable.Range(0, scores.Entrants.Count).Min(e => scores.Counts(e).Min(c => c.Samples));
        var ks = new List<int>();
        for (var k = 1; k <= least; k *= 2) ks.Add(k);
        if (ks[^1] != least) ks.Add(least);
        return [.. ks.Select(k => (k, scores.PassAtK(entrant, k)))];
    }

    /// <summary>All pairs are tested, Holm over all of them.</summary>
    private static IReadOnlyList<IReadOnlyList<string>> Tie(PairedScores scores, List<ComparisonRow> rows)
    {
        int[] order = [.. Enumerable.Range(0, rows.Count).OrderByDescending(i => rows[i].Mean.Mean)];
        var pairs =
            (from x in Enumerable.Range(0, order.Length) from y in Enumerable.Range(x + 1, order.Length - x - 1) select (x, y)).ToArray();
        var p = MultipleComparisons.Holm([.. pairs.Select(pair => ScoreDifference.Of(scores, order[pair.x], order[pair.y]).P)]);
        var apart = pairs.Where((_, i) => p[i] < Level).ToHashSet();
        return TiedSets.Of([.. order.Select(i => rows[i].Name)], (x, y) => apart.Contains((x, y)));
    }
}
