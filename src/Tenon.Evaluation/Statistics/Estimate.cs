namespace Tenon.Evaluation.Statistics;

/// <summary>
/// A mean score with an interval that holds: the one figure that every table prints. Problems are the units that are drawn at random;
/// samples of one
/// problem, problems of one cluster and runs of one recipe depend on each other, and the interval knows it.
/// </summary>
/// <param name="Mean">Mean over problems of the mean over their samples (over runs first, where there are several); NaN without a
/// problem.</param>
/// <param name="Low">Lower end of the interval.</param>
/// <param name="High">Its upper end.</param>
/// <param name="StandardError">Standard error of the mean over problems (or clusters, runs); NaN where there is one unit only.</param>
/// <param name="Problems">Problems with a score.</param>
/// <param name="Samples">Scores in all.</param>
/// <param name="Method">How the interval was made, one of <see cref="IntervalMethod"/>'s words.</param>
public sealed record Estimate(double Mean, double Low, double High, double StandardError, int Problems, long Samples, string Method)
{
    /// <summary>No problem, no figure.</summary>
    public static Estimate Nothing { get; } = new(double.NaN, double.NaN, double.NaN, double.NaN, 0, 0, IntervalMethod.None);

    /// <summary>
    /// avg@k: <paramref name="scores"/> holds each problem's scores, <paramref name="clusters"/> each problem's cluster where problems
    /// depend on each
    /// other (variants of one question, questions on one text). Problems may have different numbers of samples; those without any do not
    /// count.
    /// Scores of 0 and 1: one a problem gives the binomial interval, several give <see cref="RepeatedInterval"/>; other scores, and
    /// clusters, the clustered one.
    /// </summary>
    public static Estimate Of(IReadOnlyList<IReadOnlyList<double>> scores, IReadOnlyList<string>? clusters = null, double confidence = 0.95)
    {
        Check(scores.Count, clusters, confidence);
        int[] kept = [.. Enumerable.Range(0, scores.Count).Where(i => scores[i].Count > 0)];
        if (kept.Length == 0) return Nothing;
        double[] means = [.. kept.Select(i => Sample.Mean(scores[i]))];
        string[]? groups = clusters is null ? null : [.. kept.Select(i => clusters[i])];
        var samples = kept.Sum(i => (long)scores[i].Count);
        var spread = ClusteredMean.Of(means, groups);
        var (low, high, method) = (groups is null || spread.Units == means.Length) && kept.All(i => scores[i].All(s => s is 0 or 1))
            ? Binary([.. kept.Select(i => ((int)scores[i].Sum(), scores[i].Count))], spread, confidence)
            : spread.Interval(confidence, 0, 1, Bounded(kept.SelectMany(i => scores[i])));
        return new(spread.Mean, Math.Min(low, spread.Mean), Math.Max(high, spread.Mean), spread.StandardError, kept.Length, samples,
            method);
    }

    /// <summary>avg@k from the numbers of right samples of each problem, <paramref name="k"/> samples each.</summary>
    public static Estimate OfCounts(IReadOnlyList<int> correct, int k, double confidence = 0.95) =>
        PassAtK([.. correct.Select(c => (c, k))], 1, confidence);

    /// <summary>
    /// avg@k of several runs of one recipe (seeds): <paramref name="runs"/>[r][i] holds the scores of problem i in run r, the same problems
    /// in the same
    /// order. Problems and runs are both drawn at random (crossed), so that the interval widens where seeds differ.
    /// </summary>
    public static Estimate OfRuns(
        IReadOnlyList<IReadOnlyList<IReadOnlyList<double>>> runs, IReadOnlyList<string>? clusters = null, double confidence = 0.95)
    {
        if (runs.Count == 0) return Nothing;
        if (runs.Count == 1) return Of(runs[0], clusters, confidence);
        if (runs.Any(r => r.Count != runs[0].Count))
            throw new ArgumentException($"runs of {string.Join(", ", runs.Select(r => r.Count))} problems are not of the same problems",
                nameof(runs));
        Check(runs[0].Count, clusters, confidence);
        int[] kept = [.. Enumerable.Range(0, runs[0].Count).Where(i => runs.All(r => r[i].Count > 0))];
        if (kept.Length == 0) return Nothing;
        double[][] means = [.. runs.Select(r => kept.Select(i => Sample.Mean(r[i])).ToArray())];
        var spread = ClusteredMean.OfRuns(means, clusters is null ? null : [.. kept.Select(i => clusters[i])]);
        var samples = runs.Sum(r => kept.Sum(i => (long)r[i].Count));
        var (low, high, method) = spread.Interval(confidence, 0, 1, Bounded(means.SelectMany(m => m)));
        return new(spread.Mean, Math.Min(low, spread.Mean), Math.Max(high, spread.Mean), spread.StandardError, kept.Length, samples,
            method);
    }

    /// <summary>
    /// pass@k (unbiased) over problems with so many right of so many samples; a problem with fewer than k samples does not count.
    /// </summary>
    public static Estimate PassAtK(IReadOnlyList<(int Correct, int Samples)> problems, int k, double confidence = 0.95,
        IReadOnlyList<string>? clusters = null)
    {
        if (k == 1)
            return Of([.. problems.Select(p => (IReadOnlyList<double>)[.. Enumerable.Range(0, p.Samples)
                .Select(j => j < p.Correct ? 1.0 : 0.0)])], clusters, confidence);
        int[] kept = [.. Enumerable.Range(0, problems.Count).Where(i => problems[i].Samples >= k)];
        return Of([.. kept.Select(i => (IReadOnlyList<double>)[Statistics.PassAtK.Of(problems[i].Samples, problems[i].Correct, k)])],
            clusters is null ? null : [.. kept.Select(i => clusters[i])], confidence);
    }

    /// <summary>A share of problems: maj@k from each problem's verdict on the majority's answer.</summary>
    public static Estimate Share(IEnumerable<bool> problems, double confidence = 0.95) =>
        Of([.. problems.Select(p => (IReadOnlyList<double>)[p ? 1.0 : 0.0])], null, confidence);

    private static (double Low, double High, string Method) Binary(
        (int Correct, int Samples)[] problems, ClusteredMean spread, double confidence)
    {
        if (problems.All(p => p.Samples == 1))
        {
            var (low, high) = Proportion.MidP(problems.Sum(p => p.Correct), problems.Length, confidence);
            return (low, high, IntervalMethod.Binomial);
        }

        var interval = RepeatedInterval.Of(problems, spread, confidence);
        return (interval.Low, interval.High, IntervalMethod.Repeated);
    }

    private static bool Bounded(IEnumerable<double> scores) => scores.All(s => s is >= 0 and <= 1);

    private static void Check(int problems, IReadOnlyList<string>? clusters, double confidence)
    {
        if (clusters is not null && clusters.Count != problems)
            throw new ArgumentException($"{clusters.Count} clusters for {problems} problems", nameof(clusters));
        if (confidence is not (> 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(confidence), confidence, "between 0 and 1");
    }
}

/// <summary>The words by which an <see cref="Estimate"/> names how its interval was made.</summary>
public static class IntervalMethod
{
    /// <summary>No problem, no interval.</summary>
    public const string None = "none";

    /// <summary>One 0 or 1 a problem: two-sided mid-p by the order of probabilities (<see cref="Proportion.MidP"/>).</summary>
    public const string Binomial = "binomial";

    /// <summary>Several 0 or 1 a problem: between Wilson's and <see cref="BetaBinomialInterval"/>.</summary>
    public const string Repeated = "wilson and beta-binomial";

    /// <summary>
    /// Scores between 0 and 1 with clusters, runs or parts: Wilson's interval at the effective sample size (<see cref="ClusteredMean"/>).
    /// </summary>
    public const string Wilson = "wilson";

    /// <summary>Other scores: Student's t over units.</summary>
    public const string StudentT = "t";
}
