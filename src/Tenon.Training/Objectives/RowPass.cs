namespace Tenon.Training.Objectives;

/// <summary>One row on its way through the loss: its terms, its slopes by the ratio, and what the report wants to know.</summary>
internal ref struct RowPass
{
    private readonly PolicyWindow _window;
    private readonly LossPlan _plan;
    private readonly RowRatio _ratio;
    private readonly Span<double> _gradient;
    private readonly int _row;
    private readonly int _start;
    private readonly int _length;
    private readonly int _lossTokens;

    public RowPass(PolicyWindow window, LossPlan plan, int row, RowRatio ratio, Span<double> gradient, bool isGammaWeighted)
    {
        (_window, _plan, _row, _ratio) = (window, plan, row, ratio);
        _gradient = gradient;
        (_start, _length) = (window.RowStarts[row], window.RowStarts[row + 1] - window.RowStarts[row]);
        _lossTokens = window.LossTokens(row);
        ByRatio = ratio.ByRatio(_length);
        gradient.Clear();
        RowLogWeight = isGammaWeighted ? LogWeight() : 0;
    }

    /// <summary>Slope of the loss by the ratio that each token is judged by.</summary>
    public Span<double> ByRatio { get; }

    /// <summary>log w of the row (gamma weight).</summary>
    public double RowLogWeight { get; }

    /// <summary>The row's share of the policy term.</summary>
    public double Policy { get; private set; }

    /// <summary>The row's share of the divergence term, its weight included.</summary>
    public double KlTerm { get; private set; }

    /// <summary>Sum of the plain divergence estimates over the row's loss tokens.</summary>
    public double KlSum { get; private set; }

    /// <summary>Sum of the estimates as they enter the loss (times the ratio under bias correction).</summary>
    public double KlPenaltySum { get; private set; }

    /// <summary>Loss tokens that the trust region stops.</summary>
    public int Untrusted { get; private set; }

    /// <summary>One term a token.</summary>
    public void AddTokenTerms(Func<TermInput, Term> term, in TokenTermChoice choice)
    {
        var weight = _plan.Denominators.TokenWeight(choice.Aggregation, PolicyTokens(choice.CountsRejected), _row);
        for (var t = 0; t < _length; t++)
        {
            var place = _start + t;
            if (!_window.Mask[place]) continue;
            var factor = weight * (_plan.Weights is null ? 1 : _plan.Weights[place]);
            if (choice.Region != TrustRegion.None && !Trusted(choice.Region, choice.Clip, place))
            {
                Untrusted++;
                continue;
            }
            var advantage = _ratio.Future is { } future ? future[t] * _window.Advantages[place] : _window.Advantages[place];
            var input = new TermInput(_ratio[t], _ratio.LogRatio[t], advantage, _window.Logps[place], RowLogWeight);
            var (value, byRatio, byLogp) = term(input);
            if (_plan.Penalised is { } penalised && penalised[place])
            {
                value += choice.CovarianceKl * Math.Abs(_ratio.LogRatio[t]);
                byLogp += choice.CovarianceKl * Math.Sign(_ratio.LogRatio[t]);
            }
            // A rejected token is out, whatever its value: 0 times an infinite term would be NaN.
            if (factor == 0) continue;
            Policy += factor * value;
            ByRatio[t] += factor * byRatio;
            _gradient[t] += factor * byLogp;
        }
    }

    /// <summary>One term for the row; a row without loss tokens has ratio 1 and still counts.</summary>
    public void AddRowTerm(Func<TermInput, Term> term)
    {
        if (_length == 0) return;
        var weight = 1 / Math.Max(1, _plan.Denominators.Rows);
        var input = new TermInput(_ratio[0], 0, RowAdvantage(), 0, 0);
        var (value, byRatio, _) = term(input);
        var factor = weight * RowWeight();
        if (factor == 0) return;
        Policy += factor * value;
        ByRatio[0] += factor * byRatio;
    }

    /// <summary>The row's share of its group's loss as a classifier.</summary>
    public void AddClass()
    {
        var classifier = _plan.Classifier ?? throw new InvalidOperationException("no plan of the groups");
        Policy += classifier.Values[_row];
        if (_lossTokens == 0) return;
        var slope = classifier.Slopes[_row] / _lossTokens;
        for (var t = 0; t < _length; t++)
            if (_window.Mask[_start + t])
                _gradient[t] += slope;
    }

    /// <summary>The penalty on (l - l_old)^2, on every loss token.</summary>
    public void AddDriftPenalty(double penalty, LossAggregation aggregation)
    {
        var weight = penalty * _plan.KlDenominators.TokenWeight(aggregation, _lossTokens, _row);
        for (var t = 0; t < _length; t++)
        {
            if (!_window.Mask[_start + t]) continue;
            var d = _ratio.LogRatio[t];
            Policy += weight * d * d;
            _gradient[t] += 2 * weight * d;
        }
    }

    /// <summary>The divergence from the reference, on every loss token.</summary>
    public void AddKl(KlChoice kl, LossAggregation aggregation)
    {
        var reference = _window.RefLogps ?? throw new TenonException("kl", "the reference's log-probabilities", "none");
        var weight = kl.Weight * _plan.KlDenominators.TokenWeight(aggregation, _lossTokens, _row);
        for (var t = 0; t < _length; t++)
        {
            var place = _start + t;
            if (!_window.Mask[place]) continue;
            var (value, slope) = KlEstimates.Of(
                kl.Estimator, _window.Logps[place], reference[place], kl.Bound, kl.GradientOfK2);
            KlSum += value;
            if (kl.BiasCorrection)
            {
                ByRatio[t] += weight * value;
                (value, slope) = (value * _ratio[t], slope * _ratio[t]);
            }
            KlPenaltySum += value;
            KlTerm += weight * value;
            _gradient[t] += weight * slope;
        }
    }

    /// <summary>
    /// The slope of the bonus on the mean entropy; its value is added where entropies are known (<see cref="LossTotals"/>).
    /// </summary>
    public readonly void AddEntropyBonus(Span<double> gradient)
    {
        if (_window.Entropies is null) throw new TenonException("entropy-bonus", "the entropy of each token", "none");
        gradient.Clear();
        for (var t = 0; t < _length; t++)
            if (_plan.HasBonus(_window, _start + t))
                gradient[t] = -_plan.BonusWeight;
    }

    /// <summary>
    /// The slope by each token's divergence from its teacher: a term of the token like the policy's, with its masks and its detached
    /// weight.
    /// </summary>
    public readonly void AddDivergence(
        TeacherStates teacher, in TokenTermChoice choice, WeightBounds? weighting, Span<double> gradient)
    {
        gradient.Clear();
        if (!teacher.Has(_row)) return;
        var weight = teacher.Weight * _plan.Denominators.TokenWeight(choice.Aggregation, PolicyTokens(choice.CountsRejected), _row);
        for (var t = 0; t < _length; t++)
        {
            var place = _start + t;
            if (!_window.Mask[place]) continue;
            var factor = weight * (_plan.Weights is null ? 1 : _plan.Weights[place]);
            gradient[t] = weighting is { } bounds ? factor * LossTerms.Weight(bounds, _ratio[t]) : factor;
        }
    }

    // Tokens that divide the row in a mean over the row: with rejected tokens removed, those that are left.
    private readonly int PolicyTokens(bool countsRejected)
    {
        if (countsRejected || _plan.Weights is null) return _lossTokens;
        var count = 0;
        for (var place = _start; place < _start + _length; place++)
            if (_window.Mask[place] && _plan.Weights[place] != 0)
                count++;
        return count;
    }

    private readonly bool Trusted(TrustRegion region, ClipBounds clip, int place)
    {
        var (probability, before) = (ExactMath.Exp(_window.Logps[place]), ExactMath.Exp(_window.Old(place)));
        var positive = _window.Advantages[place] > 0;
        if (region == TrustRegion.TotalVariation)
            return positive ? probability - before <= clip.High : probability - before >= -clip.Low;
        var divergence = before * (_window.Old(place) - _window.Logps[place])
            + (1 - before) * ExactMath.Log((1 - before + 1e-8) / (1 - probability + 1e-8));
        return positive
            ? divergence <= clip.High || probability <= before
            : divergence <= clip.Low || probability >= before;
    }

    private readonly double LogWeight()
    {
        var sum = 0.0;
        for (var t = 0; t < _length; t++)
            if (_window.Mask[_start + t])
                sum += Math.Clamp(_ratio.LogRatio[t], -20, 20);
        if (_plan.RowLogWeights is { } logs) sum += logs[_row];
        return Math.Clamp(sum, PolicyLoss.LogOfSmallest, 20);
    }

    private readonly double RowAdvantage()
    {
        if (_lossTokens == 0) return _window.Advantages[_start];
        var sum = 0.0;
        for (var place = _start; place < _start + _length; place++)
            if (_window.Mask[place])
                sum += _window.Advantages[place];
        return sum / (_lossTokens + _plan.Denominators.RowLengthOffset);
    }

    // The geometric mean of the row's factors; 0 where every token is rejected.
    private readonly double RowWeight()
    {
        if (_plan.Weights is null || _lossTokens == 0) return 1;
        var (sum, rejected) = (0.0, 0);
        for (var place = _start; place < _start + _length; place++)
        {
            if (!_window.Mask[place]) continue;
            if (_plan.Weights[place] == 0) rejected++;
            sum += ExactMath.Log(_plan.Weights[place] + 1e-10);
        }
        return rejected == _lossTokens ? 0 : ExactMath.Exp(sum / (_lossTokens + _plan.Denominators.RowLengthOffset));
    }
}
