using Tenon.Runs;

namespace Tenon.Training.Objectives;

/// <summary>Which diagnostics of the loss a run logs: those of every objective, and those that its choices are about.</summary>
public static class LoggedMetrics
{
    /// <summary>The metrics of an objective's optimizer steps.</summary>
    public static IReadOnlyList<Metric> Of(ObjectiveSettings s) =>
    [
        StepMetric.TokensTrained, StepMetric.Loss, StepMetric.Entropy, StepMetric.RatioMax, StepMetric.RatioMin, StepMetric.Drift,
        .. When(Clips(s), StepMetric.ClipLow, StepMetric.ClipHigh),
        .. When(s.NeedsReference, StepMetric.Kl),
        .. When(s.Kl != 0 && s.KlBiasCorrection, StepMetric.KlPenalty),
        .. When(s.Loss == PolicyLossKind.Clip && !s.RatioIsPerRow, StepMetric.ClipLowMin, StepMetric.ClipHighMax),
        .. When(s.Delta is not null, StepMetric.ClipDual),
        .. When(s.Loss == PolicyLossKind.SoftGate
            || s.Ratio == RatioLevel.Geometric, StepMetric.OutsidePositive, StepMetric.OutsideNegative),
        .. When(s.Loss == PolicyLossKind.WeightedLogProb, StepMetric.Capped, StepMetric.CappedPositive),
        .. When(s.Loss == PolicyLossKind.GammaWeighted, StepMetric.GammaWeight),
        .. When(s.TrustRegion != TrustRegion.None, StepMetric.Untrusted),
        .. When(s.Covariance != CovarianceControl.None, StepMetric.CovarianceShare),
        .. When(s.Covariance == CovarianceControl.Kl || s.Loss == PolicyLossKind.Quadratic, StepMetric.DriftAbsolute),
        .. When(s.DriftPenalty != 0, StepMetric.DriftSquared),
        .. When(s.FutureHalfLife is not null, StepMetric.FutureWeight, StepMetric.FutureHeld),
        .. When(s.SecondMomentMax is not null, StepMetric.SecondMoment, StepMetric.RejectedMoment),
        .. When(s.Loss == PolicyLossKind.Classification, StepMetric.Classified),
        .. When(s.DistilsVocabulary, StepMetric.TeacherDivergence),
        .. When(s.DistilsVocabulary && s.TeacherBound is not null, StepMetric.TeacherDivergenceHeld),
        .. When(s.DistilsVocabulary && s.TeacherTop is not null, StepMetric.TeacherTail),
        .. When(s.OffPolicyThreshold is not null, StepMetric.RejectedOffPolicy),
        .. When(s.EntropyQuantile < 1, StepMetric.RejectedEntropy),
        .. When(s.SamplerCorrection != SamplerCorrection.None, StepMetric.RejectedSampler),
        .. When(s.SamplerTests.Count > 0, StepMetric.RejectedTests),
        .. When(s.SamplerCorrection != SamplerCorrection.None
            || s.SamplerTests.Count > 0, StepMetric.SamplerDifference, StepMetric.SamplerDifferenceMax),
        .. When(s.HasEntropyBonus, StepMetric.EntropyCoefficient, StepMetric.BonusEntropy, StepMetric.PolicyLoss),
    ];

    /// <summary>What a person is shown of each step: how the objective bounds and weighs, and what it takes from elsewhere.</summary>
    public static IReadOnlyList<Metric> Shown(ObjectiveSettings s) =>
    [
        .. When(Clips(s), StepMetric.ClipLow, StepMetric.ClipHigh),
        .. When(s.Loss == PolicyLossKind.WeightedLogProb && s.Advantage != AdvantageEstimator.None, StepMetric.Capped),
        .. When(s.Loss == PolicyLossKind.SoftGate, StepMetric.OutsidePositive, StepMetric.OutsideNegative),
        .. When(s.Loss == PolicyLossKind.GammaWeighted, StepMetric.GammaWeight),
        .. When(s.Loss == PolicyLossKind.Classification, StepMetric.Classified),
        .. When(s.Loss is PolicyLossKind.Ratio or PolicyLossKind.LogProb && !Clips(s), StepMetric.Drift),
        .. When(s.TrustRegion != TrustRegion.None, StepMetric.Untrusted),
        .. When(s.Covariance != CovarianceControl.None, StepMetric.CovarianceShare),
        .. When(s.Loss == PolicyLossKind.Quadratic, StepMetric.DriftAbsolute),
        .. When(s.DriftPenalty != 0, StepMetric.DriftSquared),
        .. When(s.FutureHalfLife is not null, StepMetric.FutureWeight),
        .. When(s.SecondMomentMax is not null, StepMetric.SecondMoment, StepMetric.RejectedMoment),
        .. When(s.OffPolicyThreshold is not null, StepMetric.RejectedOffPolicy),
        .. When(s.EntropyQuantile < 1, StepMetric.RejectedEntropy),
        .. When(s.Teacher != Teacher.None, StepMetric.TeacherGap),
        .. When(s.Teacher != Teacher.None && s.TeacherGapMin is not null, StepMetric.TeacherUsed),
        .. When(s.Teacher != Teacher.None && s.TeacherSignal == TeacherSignal.Magnitude, StepMetric.TeacherFactor),
        .. When(s.DistilsVocabulary, StepMetric.TeacherDivergence),
        .. When(s.Advantage == AdvantageEstimator.GreedyBaseline, StepMetric.RewardGreedy),
        .. When(s.HasEntropyBonus, StepMetric.EntropyCoefficient),
        .. When(s.NeedsReference, StepMetric.Kl),
    ];

    // Where no ratio is clipped its distance from a clip range is nobody's business.
    private static bool Clips(ObjectiveSettings s) => s.Loss == PolicyLossKind.Clip || s.Ratio == RatioLevel.Geometric;

    private static Metric[] When(bool isOn, params Metric[] metrics) => isOn ? metrics : [];
}
