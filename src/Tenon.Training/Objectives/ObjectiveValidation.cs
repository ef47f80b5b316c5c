using Tenon.Training.Settings;

namespace Tenon.Training.Objectives;

/// <summary>What the choices of an objective must agree on; ranges of single values stand at the values.</summary>
public static class ObjectiveValidation
{
    /// <summary>All faults between the choices; empty where there is none.</summary>
    public static IEnumerable<SettingsFault> Faults(ObjectiveSettings s)
    {
        if (s.RewardMin > s.RewardMax) yield return new("reward-min", $"{s.RewardMin} is above reward-max", $"at most {s.RewardMax}");
        if (s.Delta <= 1 + s.ClipHigh) yield return new("delta", $"{s.Delta} lies inside the clip range", $"above 1 + clip-high ({1 + s.ClipHigh})");
        if (s.Loss == PolicyLossKind.WeightedLogProb && s.WeightCap is null)
            yield return new("weight-cap", "is not given, which would leave the weights of loss weighted-log-prob without a bound", "a number above 0; 5 is usual");
        if (s.WeightFloor > s.WeightCap) yield return new("weight-floor", $"{s.WeightFloor} is above weight-cap", $"at most {s.WeightCap}");
        if (s.CovarianceMin > s.CovarianceMax) yield return new("covariance-min", $"{s.CovarianceMin} is above covariance-max", $"at most {s.CovarianceMax}");
        if (s.KlBiasCorrection && s.KlGradientOfK2) yield return new("kl-bias-correction", "excludes kl-gradient-of-k2", "one of the two");
        if (s.EntropyBonusMin > s.EntropyBonusMax) yield return new("entropy-bonus-min", $"{s.EntropyBonusMin} is above entropy-bonus-max", $"at most {s.EntropyBonusMax}");
        foreach (var fault in Sampler(s).Concat(Combinations(s))) yield return fault;
    }

    /// <summary>Combinations that run but rarely do what was meant, each one sentence.</summary>
    /// <param name="s">The settings.</param>
    /// <param name="updatesPerBatch">Optimizer steps taken on one batch of rollouts.</param>
    public static IEnumerable<string> Warnings(ObjectiveSettings s, int updatesPerBatch)
    {
        if (updatesPerBatch == 1 && s.Loss is PolicyLossKind.Clip or PolicyLossKind.SoftGate)
            yield return "with one update a batch every ratio is 1, so clipping has no effect";
        if (s.Ratio == RatioLevel.Sequence && s.Aggregation is LossAggregation.TokenMean or LossAggregation.TokenSum)
            yield return "a ratio of the sequence with a token-level aggregation weighs completions by their length";
        if (s.Loss == PolicyLossKind.GammaWeighted && s.Ratio != RatioLevel.Token)
            yield return "loss gamma-weighted computes its own weight of the completion: ratio acts on kl-bias-correction only";
        if (s.Aggregation == LossAggregation.RowSum && s.Ratio == RatioLevel.Token)
            yield return "aggregation row-sum is meant for a ratio of the sequence (LUSPO)";
        if (s.SamplerCorrection != SamplerCorrection.None || s.SamplerTests.Count > 0)
            yield return "sampler and trainer are the same computation here: every sampler ratio is 1 unless rollouts come from elsewhere";
    }

    private static IEnumerable<SettingsFault> Sampler(ObjectiveSettings s)
    {
        if (s.SamplerCorrection == SamplerCorrection.None) yield break;
        if (s.SamplerMin is null && s.SamplerMax is null) yield return new("sampler-correction", "has no bound", "sampler-min or sampler-max");
        if (s.SamplerMin >= s.SamplerMax) yield return new("sampler-min", $"{s.SamplerMin} is not below sampler-max", $"below {s.SamplerMax}");
        if (s.Loss == PolicyLossKind.GammaWeighted && s.SamplerCorrection is SamplerCorrection.SequenceMask or SamplerCorrection.SequenceTruncate)
            yield return new("sampler-correction", "weighs whole completions, as loss gamma-weighted already does", "token-truncate or token-mask");
    }

    private static IEnumerable<SettingsFault> Combinations(ObjectiveSettings s)
    {
        if (s.Ratio == RatioLevel.Geometric && s.Loss != PolicyLossKind.Ratio)
            yield return new("loss", "clips a ratio that is already clipped: ratio is geometric", "loss: ratio");
        if (s.Whiten == AdvantageWhitening.Rows
            && s.Advantage is AdvantageEstimator.Return or AdvantageEstimator.GreedyBaseline or AdvantageEstimator.OptimalToken)
            yield return new("whiten", "rows does not fit an advantage that differs from token to token", "tokens or none");
        if (s.Aggregation != LossAggregation.Row) yield break;
        if (!s.RatioIsPerRow) yield return new("aggregation", "row wants a ratio of the completion", "ratio: sequence, sequence-sum or geometric");
        if (s.Loss is not (PolicyLossKind.Clip or PolicyLossKind.Ratio or PolicyLossKind.SoftGate))
            yield return new("aggregation", "row wants a loss of the ratio alone", "loss: clip, ratio or soft-gate");
        if (s.EntropyQuantile < 1 && s.Ratio != RatioLevel.Geometric)
            yield return new("entropy-quantile", "has no token to leave out where a completion is one term", "1, or ratio: geometric");
    }
}
