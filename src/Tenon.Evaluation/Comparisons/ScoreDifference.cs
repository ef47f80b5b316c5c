using Tenon.Evaluation.Statistics;

namespace Tenon.Evaluation.Comparisons;

/// <summary>
/// What one entrant is ahead of another by, problem by problem. The standard error holds the scatter of the problems' differences (sampling
/// noise is in
/// it) and, where runs differ, that of the runs. Scores between 0 and 1 get the pseudo-observations of Agresti and Min (2005), the weight
/// of one sample
/// a problem, so that pairs which never disagree do not make an interval of no width.
/// </summary>
/// <param name="Mean">Mean difference, second less first.</param>
/// <param name="Low">Lower end of its interval.</param>
/// <param name="High">Upper end.</param>
/// <param name="StandardError">Its standard error.</param>
/// <param name="Df">Degrees of freedom of that.</param>
/// <param name="P">Two-sided p: sign flips over problems (or clusters); Student's t where runs are several, Welch's where problems
/// differ.</param>
/// <param name="McNemarP">Exact p of McNemar's test; null unless both have one 0 or 1 a problem.</param>
/// <param name="Gained">Problems that more than half of the second's samples solve and not of the first's.</param>
/// <param name="Lost">The reverse.</param>
public sealed record ScoreDifference(
    double Mean, double Low, double High, double StandardError, double Df, double P, double? McNemarP,
    IReadOnlyList<string> Gained, IReadOnlyList<string> Lost)
{
    /// <summary>With this probability the smallest difference that data can show is found.</summary>
    public const double Power = 0.8;

    private const double Confidence = 0.95;

    /// <summary>The part of the squared standard error that more problems take away; the rest is the runs'.</summary>
    private double FromProblems { get; init; }

    /// <summary>The part that more samples a problem take away.</summary>
    private double FromSamples { get; init; }

    /// <summary>The part of the standard error that the runs' scatter adds; 0 with one run a row.</summary>
    public double FromSeeds => Math.Sqrt(Math.Max(0, Runs));

    private int Problems { get; init; }

    // Shares differ by 1 at most.
    private double Widest { get; init; } = double.PositiveInfinity;

    private double Samples { get; init; }

    /// <summary>The smallest true difference that a test at 5 % finds with 80 % probability in data of this size.</summary>
    public double SmallestDifference => Math.Min(Reach(Df) * StandardError, Widest);

    /// <summary>
    /// How many problems would find a true difference as large as the one seen; null where none was seen or the runs' scatter alone hides
    /// it.
    /// </summary>
    public long? ProblemsToSettle =>
        Room is { } room && room > Runs ? (long)Math.Ceiling(Math.Min(1e15, Problems * FromProblems / (room - Runs))) : null;

    /// <summary>How many samples a problem would, with these problems; null where no number does.</summary>
    public long? SamplesToSettle
    {
        get
        {
            var rest = (StandardError * StandardError) - FromSamples;
            if (Room is not { } room || room <= rest || FromSamples <= 0) return null;
            return (long)Math.Ceiling(Math.Min(1e15, Samples * FromSamples / (room - rest)));
        }
    }

    private double Runs => (StandardError * StandardError) - FromProblems;

    private double? Room => Mean == 0 ? null : Mean / Reach(Df) * (Mean / Reach(Df));

    /// <summary>
    /// Two one-sided tests (Schuirmann 1987): p of the claim that the true difference lies within the margin on either side.
    /// </summary>
    public double Equivalence(double margin)
    {
        if (StandardError == 0) return Math.Abs(Mean) < margin ? 0 : 1;
        return Math.Max(Distributions.StudentTTail((Mean + margin) / StandardError, Df),
            Distributions.StudentTTail((margin - Mean) / StandardError, Df));
    }

    /// <summary>
    /// Of two rows of a table; <paramref name="draws"/> random sign changes where there are too many problems to take all.
    /// </summary>
    public static ScoreDifference Of(PairedScores scores, int first, int second, int draws = 20_000)
    {
        var (a, b) = (scores.Scores(first), scores.Scores(second));
        if (!scores.Paired) return Apart(a[0], b[0]);
        var n = scores.Problems.Count;
        double[] from = [.. Enumerable.Range(0, n).Select(i => a.Average(r => Sample.Mean(r[i])))];
        double[] to = [.. Enumerable.Range(0, n).Select(i => b.Average(r => Sample.Mean(r[i])))];
        double[] differences = [.. to.Zip(from, (y, x) => y - x)];
        var mean = Sample.Mean(differences);
        var bounded = a.Concat(b).All(r => r.All(p => p.All(s => s is >= 0 and <= 1)));
        var samples = Math.Min(a.Sum(r => r.Min(p => p.Count)), b.Sum(r => r.Min(p => p.Count)));
        var weight = bounded ? 1.0 / samples : 0;
        double[] units = Units(differences, scores.Clusters);
        var (centre, fromProblems) = Problem(differences, units.Length, scores.Clusters, weight);
        var (runsA, runsB) = (RunExcess(a), RunExcess(b));
        var df = (double)Math.Max(1, units.Length - 1);
        var variance = fromProblems + runsA + runsB;
        if (runsA + runsB > 0)
        {
            var noise = (fromProblems * fromProblems / df) + (runsA * runsA / Math.Max(1, a.Length - 1))
                + (runsB * runsB / Math.Max(1, b.Length - 1));
            df = Math.Clamp(variance * variance / noise, 1, 1e6);
        }

        var error = Math.Sqrt(variance);
        var half = Distributions.StudentTQuantile(0.5 + (Confidence / 2), df) * error;
        var single = a.Length == 1 && b.Length == 1;
        var one = single && scores.IsBinary && samples == 1 && a[0].Concat(b[0]).All(p => p.Count == 1);
        return new(
            mean, bounded ? Math.Max(-1, centre - half) : centre - half, bounded ? Math.Min(1, centre + half) : centre + half, error, df,
            single ? SignFlipTest.Of(units, draws).TwoSided : Distributions.StudentTTwoSided(centre / error, df),
            one ? McNemar.Of(differences.Count(d => d < 0), differences.Count(d => d > 0)).Exact : null,
            Flipped(scores, from, to), Flipped(scores, to, from))
        {
            FromProblems = fromProblems, FromSamples = Math.Min(fromProblems, Within(a) + Within(b)), Problems = n, Samples = samples,
            Widest = bounded ? 1 : double.PositiveInfinity,
        };
    }

    /// <summary>Of two rows on different problems: Welch's t test, with a pseudo-problem of either outcome in each row.</summary>
    private static ScoreDifference Apart(IReadOnlyList<IReadOnlyList<double>> a, IReadOnlyList<IReadOnlyList<double>> b)
    {
        var bounded = a.Concat(b).All(p => p.All(s => s is >= 0 and <= 1));
        var (from, to) = (Side(a), Side(b));
        var variance = from.Variance + to.Variance;
        var noise = (Square(from.Variance) / Math.Max(1, a.Count - 1)) + (Square(to.Variance) / Math.Max(1, b.Count - 1));
        var df = noise > 0 ? Math.Max(1, variance * variance / noise) : Math.Max(1, a.Count + b.Count - 2);
        var (error, centre) = (Math.Sqrt(variance), to.Centre - from.Centre);
        var half = Distributions.StudentTQuantile(0.5 + (Confidence / 2), df) * error;
        var samples = Math.Min(a.Min(p => p.Count), b.Min(p => p.Count));
        var mean = b.Average(Sample.Mean) - a.Average(Sample.Mean);
        return new(
            mean, bounded ? Math.Max(-1, centre - half) : centre - half, bounded ? Math.Min(1, centre + half) : centre + half, error, df,
            Distributions.StudentTTwoSided(centre / error, df), null, [], [])
        {
            FromProblems = variance, FromSamples = Math.Min(variance, Within([a]) + Within([b])), Problems = Math.Min(a.Count, b.Count),
            Samples = samples,
            Widest = bounded ? 1 : double.PositiveInfinity,
        };

        (double Centre, double Variance) Side(IReadOnlyList<IReadOnlyList<double>> problems)
        {
            double[] means = [.. problems.Select(Sample.Mean)];
            var weight = bounded ? 1.0 / problems.Min(p => p.Count) : 0;
            var n = means.Length + (2 * weight);
            var middle = (means.Sum() + weight) / n;
            var sum = means.Sum(m => Square(m - middle)) + (weight * (Square(middle) + Square(1 - middle)));
            return (middle, sum / (n * Math.Max(1, n - 1)));
        }
    }

    internal static double Reach(double df) =>
        Distributions.StudentTQuantile(0.5 + (Confidence / 2), df) + Distributions.StudentTQuantile(Power, df);

    private static string[] Flipped(PairedScores scores, double[] before, double[] after) =>
        [.. Enumerable.Range(0, before.Length).Where(i => before[i] <= 0.5 && after[i] > 0.5)
            .OrderByDescending(i => after[i] - before[i]).Select(i => scores.Problems[i])];

    /// <summary>One number a problem, or a cluster's sum.</summary>
    private static double[] Units(double[] values, IReadOnlyList<string>? clusters) => clusters is null ? values
        : [.. Enumerable.Range(0, values.Length).GroupBy(i => clusters[i], StringComparer.Ordinal).Select(g => g.Sum(i => values[i]))];

    /// <summary>
    /// The mean with half a pseudo-problem at 1, half at -1 and one at 0, each of the given weight, and its variance over units.
    /// </summary>
    private static (double Centre, double Variance) Problem(double[] differences, int units, IReadOnlyList<string>? clusters, double weight)
    {
        var n = differences.Length + (2 * weight);
        var centre = differences.Sum() / n;
        var sum = Units([.. differences.Select(d => d - centre)], clusters).Sum(e => e * e) * (units > 1 ? units / (units - 1.0) : 1);
        return (centre, (sum + (weight * (1 + (2 * centre * centre)))) / (n * n));
    }

    /// <summary>The squared standard error that runs add to what problems and samples explain.</summary>
    private static double RunExcess(IReadOnlyList<IReadOnlyList<double>>[] runs)
    {
        if (runs.Length < 2) return 0;
        double[][] means = [.. runs.Select(r => r.Select(Sample.Mean).ToArray())];
        var (count, n) = (runs.Length, means[0].Length);
        double[] byRun = [.. means.Select(m => Sample.Mean(m))];
        var all = Sample.Mean(byRun);
        var scatter = 0.0;
        for (var i = 0; i < n; i++)
        {
            var byProblem = means.Sum(m => m[i]) / count;
            for (var r = 0; r < count; r++) scatter += Square(means[r][i] - byRun[r] - byProblem + all);
        }

        scatter = n < 2 ? 0 : scatter / ((count - 1.0) * (n - 1.0)) / ((double)count * n);
        return Math.Max(0, (Sample.Variance(byRun) / count) - scatter);
    }

    /// <summary>
    /// The standard error of a row's mean that comes from samples of the same problems; null where there is one a problem.
    /// </summary>
    internal static double? WithinProblems(IReadOnlyList<IReadOnlyList<double>>[] runs) =>
        runs.All(r => r.All(p => p.Count < 2)) ? null : Math.Sqrt(Within(runs));

    /// <summary>The squared standard error of the mean that comes from samples of the same problems.</summary>
    private static double Within(IReadOnlyList<IReadOnlyList<double>>[] runs)
    {
        var sum = 0.0;
        foreach (var run in runs)
        {
            foreach (var problem in run) sum += problem.Count < 2 ? 0 : Sample.Variance(problem) / problem.Count;
        }

        return sum / Square(runs.Length * (double)runs[0].Count);
    }

    private static double Square(double x) => x * x;
}
