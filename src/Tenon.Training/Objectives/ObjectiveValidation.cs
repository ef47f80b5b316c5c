namespace Tenon.Training.Objectives;

/// <summary>Finds every fault of an objective at once.</summary>
public static class ObjectiveValidation
{
    /// <summary>All faults, each one sentence that names the recipe key; empty where there is none.</summary>
    public static IReadOnlyList<string> Faults(ObjectiveSettings s)
    {
        var faults = new List<string>();
        void Check(bool right, string fault)
        {
            if (!right) faults.Add(fault);
        }

        Check(s.ScaleEpsilon > 0, $"scale-epsilon must be above 0, got {s.ScaleEpsilon}");
        Check(s.Discount is > 0 and <= 1, $"discount must lie in (0, 1], got {s.Discount}");
        Check(s.RewardKl >= 0, $"reward-kl must be 0 or more, got {s.RewardKl}");
        Check(!(s.RewardMin > s.RewardMax), $"reward-min {s.RewardMin} is above reward-max {s.RewardMax}");
        Check(s.ClipLow >= 0, $"clip-low must be 0 or more, got {s.ClipLow}");
        Check(s.ClipHigh >= 0, $"clip-high must be 0 or more, got {s.ClipHigh}");
        Check(s.LogRatioBound is null or > 0, $"log-ratio-bound must be above 0, got {s.LogRatioBound}");
        Check(s.Delta is null || s.Delta > 1 + s.ClipHigh, $"delta must be above 1 + clip-high = {1 + s.ClipHigh}, got {s.Delta}");
        Check(s.Loss != PolicyLossKind.WeightedLogProb || s.WeightCap is > 0,
            "weight-cap must be given (above 0) for loss weighted-log-prob: an unset cap has silently crippled runs elsewhere; 5 is usual");
        Check(s.WeightFloor >= 0 && !(s.WeightFloor > s.WeightCap), $"weight-floor must lie between 0 and weight-cap, got {s.WeightFloor}");
        Check(s.GateTemperaturePositive > 0 && s.GateTemperatureNegative > 0, "gate temperatures must be above 0");
        Check(s.QuadraticBeta > 0, $"quadratic-beta must be above 0, got {s.QuadraticBeta}");
        Check(s.CovarianceShare is > 0 and <= 1, $"covariance-share must lie in (0, 1], got {s.CovarianceShare}");
        Check(s.ConstantLength is null or > 0, $"constant-length must be above 0, got {s.ConstantLength}");
        Check(s.Kl >= 0, $"kl must be 0 or more, got {s.Kl}");
        Check(s.KlBound is null or > 0, $"kl-bound must be above 0, got {s.KlBound}");
        Check(!(s.KlBiasCorrection && s.KlGradientOfK2), "kl-bias-correction and kl-gradient-of-k2 exclude each other");
        Check(s.EntropyQuantile is >= 0 and <= 1, $"entropy-quantile must lie in [0, 1], got {s.EntropyQuantile}");
        Check(s.EntropyBonusMin <= s.EntropyBonusMax, "entropy-bonus-min is above entropy-bonus-max");
        if (s.SamplerCorrection != SamplerCorrection.None)
        {
            Check(s.SamplerMin is not null || s.SamplerMax is not null, "sampler-correction needs sampler-min or sampler-max");
            Check(!(s.SamplerMin >= s.SamplerMax), $"sampler-min {s.SamplerMin} must be below sampler-max {s.SamplerMax}");
        }
        var samplerByRow = s.SamplerCorrection is SamplerCorrection.SequenceMask or SamplerCorrection.SequenceTruncate;
        Check(!(s.Loss == PolicyLossKind.GammaWeighted && samplerByRow),
            "loss gamma-weighted already weighs whole rows: use a token mode of sampler-correction");
        Check(s.Aggregation != LossAggregation.Row || s.RatioIsPerRow, "aggregation row wants a ratio of the row: sequence, sequence-sum or geometric");
        Check(s.Aggregation != LossAggregation.Row || s.Loss is PolicyLossKind.Clip or PolicyLossKind.Ratio or PolicyLossKind.SoftGate,
            "aggregation row wants a loss of the ratio: clip, ratio or soft-gate");
        Check(s.Aggregation != LossAggregation.Row || s.EntropyQuantile == 1 || s.Ratio == RatioLevel.Geometric,
            "entropy-quantile with aggregation row wants ratio geometric");
        Check(s.Ratio != RatioLevel.Geometric || s.Loss == PolicyLossKind.Ratio, "ratio geometric is already clipped: its loss is ratio");
        Check(s.Whiten != AdvantageWhitening.Rows || s.Advantage is not (AdvantageEstimator.Return or AdvantageEstimator.GreedyBaseline
            or AdvantageEstimator.OptimalToken), "whiten rows does not fit an advantage that differs from token to token: use tokens");
        return faults;
    }

    /// <summary>Combinations that run but rarely do what was meant, each one sentence.</summary>
    /// <param name="s">The settings.</param>
    /// <param name="updatesPerBatch">Optimizer steps taken on one batch of rollouts.</param>
    public static IReadOnlyList<string> Warnings(ObjectiveSettings s, int updatesPerBatch)
    {
        var warnings = new List<string>();
        if (updatesPerBatch == 1 && s.Loss is PolicyLossKind.Clip or PolicyLossKind.SoftGate)
            warnings.Add("with one update a batch every ratio is 1, so clipping has no effect");
        if (s.Ratio == RatioLevel.Sequence && s.Aggregation is LossAggregation.TokenMean or LossAggregation.TokenSum)
            warnings.Add("a ratio of the sequence with a token-level aggregation weighs rows by their length");
        if (s.Loss == PolicyLossKind.GammaWeighted && s.Ratio != RatioLevel.Token)
            warnings.Add("loss gamma-weighted computes its own weight of the row: ratio acts on kl-bias-correction only");
        if (s.Aggregation == LossAggregation.RowSum && s.Ratio == RatioLevel.Token)
            warnings.Add("aggregation row-sum is meant for a ratio of the sequence (LUSPO)");
        return warnings;
    }

    /// <summary>Throws one error with all faults, or returns.</summary>
    public static void Require(ObjectiveSettings settings)
    {
        var faults = Faults(settings);
        if (faults.Count > 0)
            throw new TenonException("objective: " + string.Join("; ", faults), hint: "docs/objectives.md lists every choice", usage: true);
    }
}
