namespace Tenon.Runs;

/// <summary>How metrics come into the catalogue, and are found in it by their names.</summary>
public static partial class StepMetric
{
    /// <summary>All metrics that have a fixed name, in the order of the file.</summary>
    public static IReadOnlyList<Metric> All => S_all;

    /// <summary>All families, in the order of the file.</summary>
    public static IReadOnlyList<MetricFamily> Families => S_families;

    /// <summary>The metric of a key: of the catalogue, of a family, or (a name this version does not know) of a method.</summary>
    public static Metric Named(string name)
    {
        foreach (var metric in S_all)
            if (metric.Name == name)
                return metric;
        foreach (var family in S_families)
            if (family.Prefix.Length > 0 && name.StartsWith(family.Prefix, StringComparison.Ordinal))
                return family[name[family.Prefix.Length..]];
        return Method[name];
    }

    private static Metric Add(Metric metric)
    {
        metric = metric with { Place = S_all.Count + S_families.Count };
        S_all.Add(metric);
        return metric;
    }

    private static Metric Always(string name, string title, string sentence, Unit unit, Over over) =>
        Add(new Metric(name, title, sentence, unit, over) { IsAlways = true });

    // A metric of one choice: it stands only in runs that have made it.
    private static Metric Where(string name, string title, string sentence, Unit unit, Over over) =>
        Add(new Metric(name, title, sentence, unit, over));

    private static Metric Clock(string name, string title, string sentence, Unit unit) =>
        Add(new Metric(name, title, sentence, unit, Over.Step) { IsAlways = true, IsTime = true });

    private static MetricFamily Family(string prefix, string title, string sentence, Unit unit, Over over)
    {
        var family = new MetricFamily(prefix, new Metric(prefix, title, sentence, unit, over) { Place = S_all.Count + S_families.Count });
        S_families.Add(family);
        return family;
    }
}
