namespace Tenon.Evaluation.Statistics;

/// <summary>p-values adjusted for their number, in the order they came in, capped at 1.</summary>
public static class MultipleComparisons
{
    /// <summary>p times their number.</summary>
    public static double[] Bonferroni(IReadOnlyList<double> p) => [.. p.Select(x => Math.Min(1, x * p.Count))];

    /// <summary>Holm's step-down (1979): the i-th smallest times n - i, never below a smaller p's.</summary>
    public static double[] Holm(IReadOnlyList<double> p)
    {
        var result = new double[p.Count];
        var (running, rank) = (0.0, 0);
        foreach (var i in Ascending(p))
        {
            running = Math.Max(running, (p.Count - rank++) * p[i]);
            result[i] = Math.Min(1, running);
        }

        return result;
    }

    /// <summary>The false discovery rate of Benjamini and Hochberg (1995).</summary>
    public static double[] BenjaminiHochberg(IReadOnlyList<double> p) => StepUp(p, 1);

    /// <summary>The same under any dependence (Benjamini and Yekutieli 2001): times 1 + 1/2 + ... + 1/n.</summary>
    public static double[] BenjaminiYekutieli(IReadOnlyList<double> p) => StepUp(p, Enumerable.Range(1, p.Count).Sum(i => 1.0 / i));

    private static double[] StepUp(IReadOnlyList<double> p, double factor)
    {
        var result = new double[p.Count];
        var (running, rank) = (1.0, p.Count);
        foreach (var i in Ascending(p).Reverse())
        {
            running = Math.Min(running, p[i] * (p.Count / (double)rank--) * factor);
            result[i] = running;
        }

        return result;
    }

    private static int[] Ascending(IReadOnlyList<double> p) => [.. Enumerable.Range(0, p.Count).OrderBy(i => p[i])];
}
