using Tenon.Runs;

namespace Tenon.Training.Objectives;

/// <summary>Running sums over the rows of one optimizer step; rows are added in order, whatever micro-batch they come in.</summary>
public sealed class LossTotals
{
    private readonly TotalsChoice _choice;
    private double _policy, _kl, _bonus, _klSum, _klPenalty, _entropy, _driftSum, _absoluteDrift, _gammaSum, _bonusEntropy;
    private double _ratioMax = double.NegativeInfinity, _ratioMin = double.PositiveInfinity, _lowMin = double.NaN, _highMax = double.NaN;
    private double _samplerSum, _samplerMax;
    private long _tokens, _rows, _units, _low, _high, _dual, _capped, _cappedPositive, _untrusted, _samplerTokens, _outsidePositive,
        _outsideNegative, _bonusTokens;
    private long _covariant;
    private double _coefficient;
    private bool _hasKl, _hasEntropy;
    private (int OffPolicy, int Entropy, int Sampler, int Tests, int Moment) _rejected;
    private double _squares, _future, _moment = double.NaN, _classified = double.NaN;
    private long _futureHeld;
    private double _taught, _divergence, _tail;
    private long _taughtTokens, _divergenceHeld;

    /// <summary>Sums of nothing yet.</summary>
    /// <param name="objective">What its diagnostics are counted by is taken from it.</param>
    public LossTotals(ObjectiveSettings objective) => _choice = objective.Totals;

    /// <summary>The loss of all rows so far.</summary>
    public double Loss => _policy + _kl - _bonus + _taught;

    /// <summary>Adds the entropies of one row.</summary>
    internal void AddEntropies(PolicyWindow window, LossPlan plan, int row)
    {
        if (window.Entropies is not { } entropies) return;
        _hasEntropy = true;
        var bonus = 0.0;
        for (var place = window.RowStarts[row]; place < window.RowStarts[row + 1]; place++)
        {
            if (!window.Mask[place]) continue;
            _entropy += entropies[place];
            if (!plan.HasBonus(window, place)) continue;
            _bonusEntropy += entropies[place];
            _bonusTokens++;
            if (plan.EntropyBonus != 0) bonus += plan.BonusWeight * entropies[place];
        }

        _bonus += bonus;
    }

    /// <summary>Adds the divergences of one row's tokens, from the token <paramref name="start"/> on, with their slopes.</summary>
    internal void AddDivergences(PolicyWindow window, int start, ReadOnlySpan<double> slopes)
    {
        var row = 0.0;
        for (var t = 0; t < slopes.Length; t++)
        {
            if (slopes[t] == 0) continue;
            var divergence = window.Divergences![start + t];
            row += slopes[t] * divergence.Value;
            _divergence += divergence.Value;
            _tail += divergence.Tail;
            _taughtTokens++;
            if (divergence.IsHeld) _divergenceHeld++;
        }

        _taught += row;
    }

    /// <summary>Adds one row that has been through the loss, but for its entropies and divergences.</summary>
    internal void AddRow(PolicyWindow window, LossPlan plan, int row, RowRatio ratio, in RowPass pass)
    {
        _policy += pass.Policy;
        _kl += pass.KlTerm;
        _klSum += pass.KlSum;
        _klPenalty += pass.KlPenaltySum;
        _untrusted += pass.Untrusted;
        (_rejected, _coefficient) = (plan.Rejected, plan.EntropyBonus);
        (_moment, _classified) = (plan.SecondMoment, plan.Classifier?.Placed ?? double.NaN);
        _hasKl = window.RefLogps is not null;
        _rows++;
        var (start, length) = (window.RowStarts[row], window.RowStarts[row + 1] - window.RowStarts[row]);
        if (length > 0 && _choice.Gamma is { } gamma)
            _gammaSum += LossTerms.GammaWeight(gamma, window.Advantages[start], pass.RowLogWeight);
        var perRow = _choice.Ratio is RatioLevel.Sequence or RatioLevel.SequenceSum;
        var (tokens, low, high) = (0, 0, 0);
        for (var t = 0; t < length; t++)
        {
            var place = start + t;
            if (!window.Mask[place]) continue;
            tokens++;
            if (plan.Covariant is { } covariant && covariant[place]) _covariant++;
            // Where the divergence stands in the reward, the loss has not summed it.
            if (_choice.Kl is { Weight: 0 } kl && window.RefLogps is { } reference)
                _klSum += KlEstimates.Of(kl.Estimator, window.Logps[place], reference[place], kl.Bound, false).Value;
            _driftSum -= ratio.LogRatio[t];
            _absoluteDrift += Math.Abs(ratio.LogRatio[t]);
            _squares += ratio.LogRatio[t] * ratio.LogRatio[t];
            if (_choice.Future is { } bounds && ratio.Future is { } future)
            {
                _future += future[t];
                if (future[t] == 1 - bounds.Low || future[t] == 1 + bounds.High) _futureHeld++;
            }
            if (window.SamplerLogps is { } sampler && !double.IsNaN(sampler[place]))
            {
                var difference = Math.Abs(window.Old(place) - sampler[place]);
                _samplerTokens++;
                _samplerSum += difference;
                _samplerMax = Math.Max(_samplerMax, difference);
            }
            _ratioMax = Math.Max(_ratioMax, ratio[t]);
            _ratioMin = Math.Min(_ratioMin, ratio[t]);
            if (!perRow) Judge(ratio, t, window.Advantages[place], ref low, ref high);
        }
        _tokens += tokens;
        if (perRow && length > 0) Judge(ratio, 0, window.Advantages[start], ref low, ref high);
        var units = perRow ? 1 : tokens;
        _units += units;
        _low += low;
        _high += high;
        if (units == 0) return;
        _lowMin = double.IsNaN(_lowMin) ? (double)low / units : Math.Min(_lowMin, (double)low / units);
        _highMax = double.IsNaN(_highMax) ? (double)high / units : Math.Max(_highMax, (double)high / units);
    }

    // Clip shares are counted after the delta bound, as the loss sees the ratio; the geometric ratio is clipped in the log, token by token.
    private void Judge(RowRatio ratio, int t, double advantage, ref int low, ref int high)
    {
        var (geometric, clip) = (_choice.Ratio == RatioLevel.Geometric, _choice.Clip);
        var value = geometric ? ratio.LogRatio[t] : Math.Min(ratio[t], clip.Delta ?? double.PositiveInfinity);
        var (below, above) = geometric
            ? (value < -clip.Low, value > clip.High)
            : (value < 1 - clip.Low, value > 1 + clip.High);
        if (below && advantage < 0) low++;
        if (above && advantage > 0) high++;
        if ((below || above) && advantage > 0) _outsidePositive++;
        if ((below || above) && advantage < 0) _outsideNegative++;
        if (clip.Delta is { } delta && ratio[t] > delta && advantage < 0) _dual++;
        if (_choice.Weighting is not { } weight) return;
        if (ratio[t] > weight.Cap || ratio[t] < weight.Floor) _capped++;
        if (ratio[t] > weight.Cap && advantage > 0) _cappedPositive++;
    }

    /// <summary>Loss tokens so far.</summary>
    public long Tokens => _tokens;

    /// <summary>
    /// The diagnostics of the rows so far, all of them; <see cref="LoggedMetrics"/> says which a run logs. Shares and means are over loss
    /// tokens; where
    /// one ratio belongs to a whole row, the shares of clipping count every row once, rows without loss tokens included. Without loss
    /// tokens
    /// what is taken over them is NaN.
    /// </summary>
    public MetricValues Report()
    {
        double tokens = _tokens == 0 ? double.NaN : _tokens, units = _units == 0 ? double.NaN : _units;
        double taught = _taughtTokens == 0 ? double.NaN : _taughtTokens;
        return new MetricValues
        {
            { StepMetric.TokensTrained, _tokens },
            { StepMetric.Loss, Loss },
            { StepMetric.PolicyLoss, _policy + _kl + _taught },
            { StepMetric.Kl, _hasKl ? _klSum / tokens : double.NaN },
            { StepMetric.KlPenalty, _klPenalty / tokens },
            { StepMetric.Entropy, _hasEntropy ? _entropy / tokens : double.NaN },
            { StepMetric.BonusEntropy, _bonusEntropy / (_bonusTokens == 0 ? double.NaN : _bonusTokens) },
            { StepMetric.EntropyCoefficient, _coefficient },
            { StepMetric.RatioMax, _tokens == 0 ? double.NaN : _ratioMax },
            { StepMetric.RatioMin, _tokens == 0 ? double.NaN : _ratioMin },
            { StepMetric.ClipLow, _low / units },
            { StepMetric.ClipHigh, _high / units },
            { StepMetric.ClipLowMin, _lowMin },
            { StepMetric.ClipHighMax, _highMax },
            { StepMetric.ClipDual, _dual / units },
            { StepMetric.Capped, _capped / units },
            { StepMetric.CappedPositive, _cappedPositive / units },
            { StepMetric.OutsidePositive, _outsidePositive / units },
            { StepMetric.OutsideNegative, _outsideNegative / units },
            { StepMetric.Untrusted, _untrusted / tokens },
            { StepMetric.GammaWeight, _choice.Gamma is not null && _rows > 0 ? _gammaSum / _rows : 1 },
            { StepMetric.CovarianceShare, _covariant / tokens },
            { StepMetric.Drift, _driftSum / tokens },
            { StepMetric.DriftAbsolute, _absoluteDrift / tokens },
            { StepMetric.DriftSquared, _squares / tokens },
            { StepMetric.FutureWeight, _choice.Future is null ? 1 : _future / tokens },
            { StepMetric.FutureHeld, _futureHeld / tokens },
            { StepMetric.TeacherDivergence, _divergence / taught },
            { StepMetric.TeacherDivergenceHeld, _divergenceHeld / taught },
            { StepMetric.TeacherTail, _tail / taught },
            { StepMetric.SecondMoment, _moment },
            { StepMetric.Classified, _classified },
            { StepMetric.SamplerDifference, _samplerTokens == 0 ? 0 : _samplerSum / _samplerTokens },
            { StepMetric.SamplerDifferenceMax, _samplerMax },
            { StepMetric.RejectedOffPolicy, _rejected.OffPolicy / tokens },
            { StepMetric.RejectedEntropy, _rejected.Entropy / tokens },
            { StepMetric.RejectedSampler, _rejected.Sampler / tokens },
            { StepMetric.RejectedTests, _rejected.Tests / tokens },
            { StepMetric.RejectedMoment, _rejected.Moment / tokens },
        };
    }
}
