using Tenon.Tensors.Ops;

namespace Tenon.Training.Objectives;

/// <summary>What belongs together of the flat keys, as the functions of the loss take it.</summary>
public sealed partial record ObjectiveSettings
{
    internal ClipBounds Clip => new(ClipLow, ClipHigh, Delta);

    internal WeightBounds Weighting => new(WeightCap, WeightFloor);

    internal GateTemperatures Gate => new(GateTemperaturePositive, GateTemperatureNegative);

    internal GammaWeights Gamma => new(GammaShapePositive, GammaRatePositive, GammaShapeNegative, GammaRateNegative);

    internal FutureBounds? Future =>
        FutureHalfLife is { } tokens ? new FutureBounds(tokens, FutureLow, FutureHigh, FutureSafety) : null;

    internal RatioChoice RatioOf => new(Ratio, LogRatioBound);

    internal CovarianceBounds Covariances => new(CovarianceShare, CovarianceMin, CovarianceMax);

    internal EntropyControl Entropy => new(EntropyAdaptive, EntropyTarget, EntropyBonusMin, EntropyBonusMax, EntropyBonusStep);

    internal AggregationChoice Aggregating => new(Aggregation, ConstantLength, CountEmptyRows);

    internal KlChoice Divergence => new(Kl, KlEstimator, KlBound, KlGradientOfK2, KlBiasCorrection);

    // Clip-Cov's tokens leave the sum, but are no rejected ones.
    internal TokenTermChoice TokenTerms => new(Aggregation, TrustRegion, Clip, CovarianceKl,
        RejectedTokens == RejectedTokens.Counted || Covariance == CovarianceControl.Clip);

    internal TotalsChoice Totals => new(Ratio, Clip, Loss == PolicyLossKind.WeightedLogProb ? Weighting : null,
        Loss == PolicyLossKind.GammaWeighted ? Gamma : null, Future, Divergence);

    internal PlanChoice Planning => new(
        new SamplerChoice(SamplerCorrection, SamplerMin, SamplerMax, SamplerNormalised, SamplerTests),
        new MaskChoice(OffPolicyThreshold, SecondMomentMax, EntropyQuantile, RejectedTokens),
        Covariance, Covariances, Clip, Aggregating, Loss == PolicyLossKind.GammaWeighted,
        Loss == PolicyLossKind.Classification ? ClassificationTemperature : null, EntropyBonus);

    internal TeacherChoice Teaching => new(TeacherSignal, TeacherWeight, TeacherDecaySteps, TeacherBound);

    internal DivergenceChoice Diverging =>
        new(TeacherDivergence, TeacherBeta, TeacherTop ?? 0, TeacherBound ?? double.PositiveInfinity);
}
