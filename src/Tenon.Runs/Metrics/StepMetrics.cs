namespace Tenon.Runs;

/// <summary>The numbers of one step: a line of <c>metrics.jsonl</c>.</summary>
/// <param name="step">The step, from 1.</param>
public sealed class StepMetrics(int step) : MetricValues
{
    /// <summary>The step, from 1.</summary>
    public int Step => step;

    /// <summary>Every metric that the line holds, in its order: all that every line has, and those that were set.</summary>
    public IEnumerable<KeyValuePair<Metric, double>> Line()
    {
        var line = new SortedDictionary<Metric, double>();
        foreach (var metric in StepMetric.All.Where(metric => metric.IsAlways)) line[metric] = metric.Missing;
        foreach (var (metric, value) in this) line[metric] = value;
        return line;
    }
}
