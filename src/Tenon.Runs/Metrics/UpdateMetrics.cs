namespace Tenon.Runs;

/// <summary>What the optimizer steps of one step report, brought together as each metric says (<see cref="Metric.Over"/>).</summary>
public sealed class UpdateMetrics
{
    private readonly Dictionary<Metric, (double Value, int Count)> _values = [];

    /// <summary>Takes in an optimizer step's number; NaN says nothing, but the metric then stands in the line.</summary>
    public void Add(Metric metric, double value)
    {
        if (!_values.TryGetValue(metric, out var so) || so.Count == 0)
        {
            _values[metric] = double.IsNaN(value) ? (double.NaN, 0) : (value, 1);
            return;
        }

        if (double.IsNaN(value)) return;
        var together = metric.Over switch
        {
            Over.MeanOfUpdates or Over.SumOfUpdates => so.Value + value,
            Over.LargestOfUpdates => Math.Max(so.Value, value),
            Over.SmallestOfUpdates => Math.Min(so.Value, value),
            Over.FirstUpdate => so.Value,
            _ => value,
        };
        _values[metric] = (together, so.Count + 1);
    }

    /// <summary>Writes the numbers of all optimizer steps into the step's.</summary>
    public void WriteTo(MetricValues step)
    {
        foreach (var (metric, (value, count)) in _values)
            step[metric] = metric.Over == Over.MeanOfUpdates && count > 0 ? value / count : value;
    }
}
