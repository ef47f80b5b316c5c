namespace Tenon.Evaluation.Statistics;

/// <summary>Moments of a list of numbers.</summary>
internal static class Sample
{
    public static double Mean(IReadOnlyList<double> x) => x.Sum() / x.Count;

    /// <summary>Sum of squared distances from the mean, divisor n - 1.</summary>
    public static double Variance(IReadOnlyList<double> x)
    {
        var mean = Mean(x);
        return x.Sum(v => (v - mean) * (v - mean)) / (x.Count - 1);
    }

    /// <summary>Ranks from 1; equal numbers share the mean of theirs.</summary>
    public static double[] Ranks(IReadOnlyList<double> x)
    {
        var order = Enumerable.Range(0, x.Count).OrderBy(i => x[i]).ToArray();
        var ranks = new double[x.Count];
        for (var i = 0; i < order.Length;)
        {
            var end = i + 1;
            while (end < order.Length && x[order[end]] == x[order[i]]) end++;
            for (var j = i; j < end; j++) ranks[order[j]] = (i + end + 1) / 2.0;
            i = end;
        }

        return ranks;
    }

    /// <summary>Sizes of the groups of equal numbers.</summary>
    public static int[] Ties(IEnumerable<double> x) => [.. x.GroupBy(v => v).Select(g => g.Count())];
}
