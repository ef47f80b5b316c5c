namespace Tenon.Cli.Display;

/// <summary>A line plot one character high.</summary>
internal static class Sparkline
{
    private const string Bars = "▁▂▃▄▅▆▇█";

    /// <summary>
    /// The values as bars between their own least and largest; more values than <paramref name="width"/> are averaged in neighbouring
    /// buckets.
    /// </summary>
    public static string Of(IReadOnlyList<double> values, int width = 40)
    {
        var finite = values.Where(double.IsFinite).ToList();
        if (finite.Count == 0) return "";
        var count = Math.Min(width, finite.Count);
        var buckets = new double[count];
        for (var i = 0; i < count; i++)
        {
            int from = (int)((long)i * finite.Count / count), to = (int)((long)(i + 1) * finite.Count / count);
            buckets[i] = finite.Skip(from).Take(to - from).Average();
        }
        double least = buckets.Min(), most = buckets.Max();
        return string.Concat(buckets.Select(value => most > least
            ? Bars[(int)Math.Round((value - least) / (most - least) * (Bars.Length - 1))] : Bars[3]));
    }
}
