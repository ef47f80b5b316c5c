using System.Collections;

namespace Tenon.Runs;

/// <summary>An ordered map from metric to number; NaN says nothing and is null in a file.</summary>
public class MetricValues : IEnumerable<KeyValuePair<Metric, double>>
{
    private readonly SortedDictionary<Metric, double> _values = [];

    /// <summary>A metric's number; where it was not set, what the metric says then (0 for counts, else NaN).</summary>
    public double this[Metric metric]
    {
        get => _values.TryGetValue(metric, out var value) ? value : metric.Missing;
        set => _values[metric] = value;
    }

    /// <summary>The number of a name.</summary>
    public double this[string name] => this[StepMetric.Named(name)];

    /// <summary>True where the metric was set, to NaN too.</summary>
    public bool Has(Metric metric) => _values.ContainsKey(metric);

    /// <summary>A metric and its number, for collection initialisers.</summary>
    public void Add(Metric metric, double value) => this[metric] = value;

    /// <summary>The numbers that were set, in the order of the file.</summary>
    public IEnumerator<KeyValuePair<Metric, double>> GetEnumerator() => _values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
