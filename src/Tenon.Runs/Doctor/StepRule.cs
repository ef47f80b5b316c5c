namespace Tenon.Runs.Doctor;

/// <summary>A diagnosis by metrics as a run goes along: it reads each step once, in order, and says what it has seen so far.</summary>
internal abstract class StepRule
{
    /// <summary>What the steps so far show; null where they are free of it.</summary>
    public abstract Sight? Seen { get; }

    /// <summary>Reads the next step.</summary>
    public abstract void Add(StepMetrics step);
}

/// <summary>
/// The last stretch of so many steps in a row that something holds of; steps that it says null of neither break it nor count.
/// </summary>
/// <param name="length">Steps of a stretch.</param>
/// <param name="holds">What is asked of a step.</param>
/// <param name="value">The number whose mean over the stretch is told.</param>
/// <param name="threshold">The bound that it passes.</param>
internal sealed class StreakRule(
    int length, Func<StepMetrics, bool?> holds, Func<StepMetrics, double> value, double threshold) : StepRule
{
    // Values of steps that did not count: they belong to the stretch once it goes on behind them.
    private readonly List<double> _between = [];
    private Sight? _seen;
    private int _first, _count;
    private double _sum;
    private long _values;

    public override Sight? Seen => _seen;

    public override void Add(StepMetrics step)
    {
        if (holds(step) is not { } now)
        {
            if (_count > 0) _between.Add(value(step));
            return;
        }

        if (!now)
        {
            _count = 0;
            return;
        }

        if (_count++ == 0)
        {
            (_first, _sum, _values) = (step.Step, 0, 0);
            _between.Clear();
        }

        _between.Add(value(step));
        foreach (var one in _between.Where(double.IsFinite)) (_sum, _values) = (_sum + one, _values + 1);
        _between.Clear();
        if (_count >= length) _seen = new Sight(_first, step.Step, _values == 0 ? double.NaN : _sum / _values, threshold);
    }
}

/// <summary>Something that is looked for in the last steps, or in these and the first ones.</summary>
/// <param name="last">How many of the last steps are kept.</param>
/// <param name="first">How many of the first.</param>
/// <param name="counts">Which steps count; null for all.</param>
/// <param name="look">What the first and the last steps that count show, given how many there were.</param>
internal sealed class WindowRule(
    int last, int first, Func<StepMetrics, bool>? counts, Func<IReadOnlyList<StepMetrics>, IReadOnlyList<StepMetrics>, int, Sight?> look)
    : StepRule
{
    private readonly List<StepMetrics> _first = [];
    private readonly Queue<StepMetrics> _last = [];
    private int _count;

    public override Sight? Seen => look(_first, [.. _last], _count);

    public override void Add(StepMetrics step)
    {
        if (counts?.Invoke(step) == false) return;
        _count++;
        if (_first.Count < first) _first.Add(step);
        _last.Enqueue(step);
        if (_last.Count > last) _last.Dequeue();
    }
}

/// <summary>Steps, anywhere, at which a number is above a bound: the first and the last of them, and the largest number.</summary>
internal sealed class AboveRule(Func<StepMetrics, double> of, double bound) : StepRule
{
    private Sight? _seen;

    public override Sight? Seen => _seen;

    public override void Add(StepMetrics step)
    {
        var value = of(step);
        if (value > bound) _seen = new Sight(_seen?.First ?? step.Step, step.Step, Math.Max(_seen?.Value ?? value, value), bound);
    }
}
