namespace Tenon.Training.Objectives;

/// <summary>
/// The importance ratios of one row and the way back: from the loss's slopes by the ratio to slopes by the log-probabilities. A scratch
/// object
/// that is filled anew for every row.
/// </summary>
internal sealed class RowRatio
{
    private double[] _ratio = [];
    private double[] _slope = [];
    private double[] _byRatio = [];
    private double _rowSlope;

    /// <summary>The log-ratio l - l_old of each token of the row, unbounded; 0 outside the mask.</summary>
    public double[] LogRatio { get; private set; } = [];

    /// <summary>Weight of each token's advantage by what follows it; null where the objective has none.</summary>
    public double[]? Future { get; private set; }

    /// <summary>Cleared room for the slopes of the loss by the ratio, one a token.</summary>
    public Span<double> ByRatio(int length)
    {
        var room = _byRatio.AsSpan(0, length);
        room.Clear();
        return room;
    }

    /// <summary>The ratio that token t of the row (counted from the row's start) is judged by.</summary>
    public double this[int t] => _ratio[t];

    /// <summary>
    /// Fills in row <paramref name="row"/> of the window; <paramref name="kept"/> limits the tokens of the geometric ratio.
    /// </summary>
    public void Fill(RatioChoice choice, ClipBounds clip, FutureBounds? weights, PolicyWindow window, int row, bool[]? kept,
        double lengthOffset)
    {
        var (start, length) = (window.RowStarts[row], window.RowStarts[row + 1] - window.RowStarts[row]);
        if (_ratio.Length < length)
        {
            var size = Math.Max(length, 2 * _ratio.Length);
            (_ratio, _slope, _byRatio, LogRatio) = (new double[size], new double[size], new double[size], new double[size]);
        }
        Array.Clear(_slope);
        // Masked places may hold anything, NaN included: they count as unchanged.
        for (var t = 0; t < length; t++) LogRatio[t] = window.Mask[start + t] ? window.Logps[start + t] - window.Old(start + t) : 0;
        _rowSlope = 0;
        if (weights is { } future)
        {
            if (Future is null || Future.Length < length) Future = new double[_ratio.Length];
            FutureWeights.Fill(future, clip, choice.Bound, LogRatio.AsSpan(0, length),
                window.Advantages.AsSpan(start, length), window.Mask.AsSpan(start, length), Future.AsSpan(0, length));
        }
        switch (choice.Level)
        {
            case RatioLevel.Token:
                FillTokens(choice.Bound, length);
                break;
            case RatioLevel.Geometric:
                FillGeometric(clip, window, start, length, kept, lengthOffset);
                break;
            default:
                FillSequence(choice, window, start, length);
                break;
        }
    }

    /// <summary>Adds to the gradient of the row's log-probabilities what the slopes by the ratio, one a token, amount to.</summary>
    public void Backward(RatioLevel level, ReadOnlySpan<double> byRatio, Span<double> gradient)
    {
        if (level is RatioLevel.Token or RatioLevel.SequenceToken)
        {
            for (var t = 0; t < gradient.Length; t++) gradient[t] += byRatio[t] * _slope[t];
            return;
        }
        var sum = 0.0;
        foreach (var slope in byRatio) sum += slope;
        sum *= _rowSlope;
        for (var t = 0; t < gradient.Length; t++) gradient[t] += sum * _slope[t];
    }

    // c_t = exp(d_t), slope c_t.
    private void FillTokens(double? bound, int length)
    {
        for (var t = 0; t < length; t++)
        {
            var (held, free) = Hold(LogRatio[t], bound);
            _ratio[t] = ExactMath.Exp(held);
            _slope[t] = free ? _ratio[t] : 0;
        }
    }

    // One c for the row: exp of the sum or mean of d over the loss tokens.
    private void FillSequence(RatioChoice choice, PolicyWindow window, int start, int length)
    {
        var (sum, count) = (0.0, 0);
        for (var t = 0; t < length; t++)
        {
            if (!window.Mask[start + t]) continue;
            sum += LogRatio[t];
            count++;
        }
        double divisor = choice.Level == RatioLevel.SequenceSum ? 1 : Math.Max(1, count);
        var (held, free) = Hold(sum / divisor, choice.Bound);
        var ratio = ExactMath.Exp(held);
        _rowSlope = free ? ratio / divisor : 0;
        for (var t = 0; t < length; t++)
        {
            _ratio[t] = ratio;
            if (window.Mask[start + t]) _slope[t] = choice.Level != RatioLevel.SequenceToken ? 1 : free ? ratio : 0;
        }
    }

    // One c for the row: exp of the mean over kept loss tokens of d, each held at most at high where A > 0 and at least at -low elsewhere.
    private void FillGeometric(ClipBounds clip, PolicyWindow window, int start, int length, bool[]? kept, double offset)
    {
        var (sum, count) = (0.0, 0);
        for (var t = 0; t < length; t++)
        {
            if (!window.Mask[start + t] || (kept is not null && !kept[start + t])) continue;
            var positive = window.Advantages[start + t] > 0;
            var held = positive ? Math.Min(LogRatio[t], clip.High) : Math.Max(LogRatio[t], -clip.Low);
            sum += held;
            count++;
            _slope[t] = held == LogRatio[t] ? 1 : 0;
        }
        var divisor = Math.Max(1, count) + offset;
        var ratio = ExactMath.Exp(sum / divisor);
        _rowSlope = ratio / divisor;
        Array.Fill(_ratio, ratio, 0, length);
    }

    private static (double Held, bool Free) Hold(double value, double? bound)
    {
        if (bound is not { } limit) return (value, true);
        return value > limit ? (limit, false) : value < -limit ? (-limit, false) : (value, true);
    }
}
