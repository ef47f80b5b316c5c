namespace Tenon.Training.Objectives;

/// <summary>Mean and standard deviation (Bessel's correction) of the values that are not NaN, in one fixed order.</summary>
/// <param name="Count">How many values are not NaN.</param>
/// <param name="Mean">Their mean; NaN where there are none.</param>
/// <param name="Std">Their standard deviation; NaN below two values, exactly 0 where all are equal.</param>
internal readonly record struct Spread(int Count, double Mean, double Std)
{
    /// <summary>
    /// True where there are at least two values and all are exactly equal. Equality decides, not a small deviation: rewards that differ by
    /// one rounding error are different, and equal rewards have no signal whatever their mean rounds to.
    /// </summary>
    public bool AllEqual { get; private init; }

    /// <summary>Of the values at the given places.</summary>
    public static Spread Of(ReadOnlySpan<double> values, ReadOnlySpan<int> places)
    {
        var picked = new double[places.Length];
        for (var i = 0; i < places.Length; i++) picked[i] = values[places[i]];
        return Of(picked);
    }

    /// <summary>Of all values.</summary>
    public static Spread Of(ReadOnlySpan<double> values)
    {
        var (count, sum, first, equal) = (0, 0.0, double.NaN, true);
        foreach (var value in values)
        {
            if (double.IsNaN(value)) continue;
            if (count++ == 0) first = value;
            equal &= value == first;
            sum += value;
        }
        if (count == 0) return new Spread(0, double.NaN, double.NaN);
        if (count == 1) return new Spread(1, first, double.NaN);
        if (equal) return new Spread(count, first, 0) { AllEqual = true };
        var mean = sum / count;
        var squares = 0.0;
        foreach (var value in values)
            if (!double.IsNaN(value))
                squares += (value - mean) * (value - mean);
        return new Spread(count, mean, Math.Sqrt(squares / (count - 1)));
    }
}
