namespace Tenon.Evaluation.Statistics;

/// <summary>
/// A mean with the standard error of its units: problems, or clusters of problems that depend on each other, crossed with runs where there
/// are several.
/// Its degrees of freedom are those of a chi-squared number with the variance's own variance (Satterthwaite 1946), the units' fourth moment
/// known: a mean
/// that hangs on few units has few.
/// </summary>
/// <param name="Mean">The mean over problems.</param>
/// <param name="StandardError">Its standard error; NaN with one unit.</param>
/// <param name="Df">Degrees of freedom of the standard error, 1 at least.</param>
/// <param name="Units">Problems, or clusters where there are any.</param>
public sealed record ClusteredMean(double Mean, double StandardError, double Df, int Units)
{
    /// <summary>Of one number a problem, with each problem's cluster where there are clusters.</summary>
    public static ClusteredMean Of(IReadOnlyList<double> values, IReadOnlyList<string>? clusters = null)
    {
        var mean = Sample.Mean(values);
        var parts = Parts(values, clusters, mean);
        var (variance, df) = Variance(parts);
        return new(mean, Math.Sqrt(variance), df, parts.Length);
    }

    /// <summary>
    /// Of runs of the same problems [run][problem], two at least: variance over problems of the runs' means, plus that over runs, less what
    /// both hold of
    /// the scatter that belongs to neither (the crossed analysis of variance, never below either part).
    /// </summary>
    public static ClusteredMean OfRuns(IReadOnlyList<IReadOnlyList<double>> runs, IReadOnlyList<string>? clusters = null)
    {
        var (count, problems) = (runs.Count, runs[0].Count);
        double[] byProblem = [.. Enumerable.Range(0, problems).Select(i => runs.Sum(r => r[i]) / count)];
        double[] byRun = [.. runs.Select(Sample.Mean)];
        var overProblems = Of(byProblem, clusters);
        var mean = overProblems.Mean;
        var fromProblems = overProblems.StandardError * overProblems.StandardError;
        var fromRuns = Sample.Variance(byRun) / count;
        var scatter = 0.0;
        for (var r = 0; r < count; r++)
        {
            for (var i = 0; i < problems; i++)
            {
                var rest = runs[r][i] - byRun[r] - byProblem[i] + mean;
                scatter += rest * rest;
            }
        }

        scatter = problems < 2 ? 0 : scatter / ((count - 1.0) * (problems - 1.0)) / ((double)count * problems);
        if (double.IsNaN(fromProblems)) return new(mean, Math.Sqrt(fromRuns), count - 1, overProblems.Units);
        var variance = Math.Max(fromProblems + fromRuns - scatter, Math.Max(fromProblems, fromRuns));
        var noise = Square(fromProblems) / overProblems.Df + Square(fromRuns) / (count - 1);
        noise += problems < 2 ? 0 : Square(scatter) / ((count - 1.0) * (problems - 1.0));
        return new(mean, Math.Sqrt(variance), noise > 0 ? Math.Max(1, Square(variance) / noise) : overProblems.Df, overProblems.Units);
    }

    /// <summary>
    /// The interval: for scores inside a range Wilson's at the sample size that a share of this mean and standard error would have, with
    /// Student's
    /// quantile; otherwise mean and t times standard error.
    /// </summary>
    public (double Low, double High, string Method) Interval(double confidence, double least, double most, bool bounded)
    {
        var t = Distributions.StudentTQuantile(0.5 + (confidence / 2), Df);
        if (!bounded)
        {
            // Equal numbers of one unit, or of many, say nothing of others beyond themselves.
            var reach = double.IsNaN(StandardError) ? double.PositiveInfinity : t * StandardError;
            return (Mean - reach, Mean + reach, IntervalMethod.StudentT);
        }

        var p = (Mean - least) / (most - least);
        var variance = StandardError * StandardError / (most - least) / (most - least);
        var size = variance > 0 ? Math.Max(1, p * (1 - p) / variance) : Units;
        var spread = t * t / size;
        var centre = (p + (spread / 2)) / (1 + spread);
        var half = Math.Sqrt((p * (1 - p) * spread) + (spread * spread / 4)) / (1 + spread);
        var (low, high) = (p == 0 ? 0 : Math.Max(0, centre - half), p == 1 ? 1 : Math.Min(1, centre + half));
        return (least + (low * (most - least)), least + (high * (most - least)), IntervalMethod.Wilson);
    }

    private static double Square(double x) => x * x;

    /// <summary>
    /// Each unit's share of the mean's error: the sum of its problems' distances from the mean over the number of problems.
    /// </summary>
    private static double[] Parts(IReadOnlyList<double> values, IReadOnlyList<string>? clusters, double mean)
    {
        if (clusters is null) return [.. values.Select(v => (v - mean) / values.Count)];
        return [.. Enumerable.Range(0, values.Count).GroupBy(i => clusters[i], StringComparer.Ordinal)
            .Select(g => g.Sum(i => values[i] - mean) / values.Count)];
    }

    /// <summary>The variance of a sum of parts that are drawn at random, and its degrees of freedom; NaN and 1 with one part.</summary>
    internal static (double Variance, double Df) Variance(double[] parts)
    {
        var n = parts.Length;
        if (n < 2) return (double.NaN, 1);
        var (second, fourth) = (parts.Sum(Square), parts.Sum(x => Square(Square(x))));
        var kurtosis = second > 0 ? n * fourth / Square(second) : 3;
        return (second * n / (n - 1), Math.Clamp(2.0 * n / Math.Max(kurtosis - 1, 1e-9), 1, n - 1));
    }
}
