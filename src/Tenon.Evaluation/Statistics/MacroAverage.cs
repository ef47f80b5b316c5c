namespace Tenon.Evaluation.Statistics;

/// <summary>
/// The plain mean of several figures, each counting once however many problems it has: a table's "average" over benchmarks, subjects or
/// levels. Its interval joins theirs by their distances from the figures (MOVER, Zou and Donner 2008), so that it keeps what small samples
/// and shares near 0 and 1 need; the parts' problems are others, and so independent.
/// </summary>
/// <param name="Mean">The mean of the parts' means; NaN without a part.</param>
/// <param name="Low">Lower end of its interval.</param>
/// <param name="High">Its upper end.</param>
/// <param name="StandardError">Its standard error.</param>
/// <param name="Parts">Parts with a figure.</param>
public sealed record MacroAverage(double Mean, double Low, double High, double StandardError, int Parts)
{
    /// <summary>Of figures with their intervals; those without a problem do not count.</summary>
    public static MacroAverage Of(IEnumerable<Estimate> parts) =>
        Of([.. parts.Where(e => e.Problems > 0).Select(e => (e.Mean, e.Low, e.High, e.StandardError))]);

    /// <summary>Of means with their intervals and standard errors.</summary>
    internal static MacroAverage Of(IReadOnlyList<(double Mean, double Low, double High, double StandardError)> parts)
    {
        if (parts.Count == 0) return new(double.NaN, double.NaN, double.NaN, double.NaN, 0);
        var mean = parts.Average(p => p.Mean);
        var down = Math.Sqrt(parts.Sum(p => Square(p.Mean - p.Low))) / parts.Count;
        var up = Math.Sqrt(parts.Sum(p => Square(p.High - p.Mean))) / parts.Count;
        return new(mean, mean - down, mean + up, Math.Sqrt(parts.Sum(p => Square(p.StandardError))) / parts.Count, parts.Count);
    }

    private static double Square(double x) => x * x;
}
