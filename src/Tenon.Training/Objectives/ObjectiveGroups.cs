namespace Tenon.Training.Objectives;

/// <summary>
/// Distances of clipping. The keys of an objective are flat in a recipe; what belongs together is handed on as one of these groups, so that
/// a function of the loss says by its arguments what it reads.
/// </summary>
/// <param name="Low">Below 1.</param>
/// <param name="High">Above 1.</param>
/// <param name="Delta">Bound of the ratio itself; null for none.</param>
public readonly record struct ClipBounds(double Low, double High, double? Delta);

/// <summary>Bounds of a detached weight.</summary>
/// <param name="Cap">Its cap; null for none.</param>
/// <param name="Floor">Its floor.</param>
public readonly record struct WeightBounds(double? Cap, double Floor);

/// <summary>Temperatures of a soft gate.</summary>
/// <param name="Positive">For positive advantages.</param>
/// <param name="Negative">For all others.</param>
public readonly record struct GateTemperatures(double Positive, double Negative);

/// <summary>Shapes k and rates lambda of the gamma weight, for advantages of 0 and above and for negative ones.</summary>
/// <param name="ShapePositive">k at 0 and above.</param>
/// <param name="RatePositive">lambda at 0 and above.</param>
/// <param name="ShapeNegative">k below 0.</param>
/// <param name="RateNegative">lambda below 0.</param>
public readonly record struct GammaWeights(double ShapePositive, double RatePositive, double ShapeNegative, double RateNegative);

/// <summary>Weights by what follows a token.</summary>
/// <param name="HalfLife">Tokens.</param>
/// <param name="Low">The weight is held above 1 less this.</param>
/// <param name="High">The weight is held below 1 plus this.</param>
/// <param name="Safety">Ratio above which a token of negative advantage is held within 0.8 to 1; null for none.</param>
public readonly record struct FutureBounds(double HalfLife, double Low, double High, double? Safety);

/// <summary>How the ratio of a row's tokens is made.</summary>
/// <param name="Level">What it belongs to.</param>
/// <param name="Bound">Of the log-ratio; null for none.</param>
public readonly record struct RatioChoice(RatioLevel Level, double? Bound);

/// <summary>Which tokens the control of covariance touches.</summary>
/// <param name="Share">Share of the loss tokens.</param>
/// <param name="Min">Covariance above which they are drawn.</param>
/// <param name="Max">Covariance below which they are drawn.</param>
public readonly record struct CovarianceBounds(double Share, double Min, double Max);

/// <summary>The weight of the entropy bonus over a run.</summary>
/// <param name="Adaptive">True where it moves after every step.</param>
/// <param name="Target">Mean entropy in nats below which it acts and grows.</param>
/// <param name="Min">Its smallest value.</param>
/// <param name="Max">Its largest value.</param>
/// <param name="Step">By how much it moves.</param>
public readonly record struct EntropyControl(bool Adaptive, double Target, double Min, double Max, double Step);

/// <summary>How token terms become one number.</summary>
/// <param name="Kind">The way.</param>
/// <param name="ConstantLength">Divisor of <see cref="LossAggregation.RowSumConstant"/>; null for the rollout's limit.</param>
/// <param name="CountEmptyRows">True counts rows without loss tokens.</param>
public readonly record struct AggregationChoice(LossAggregation Kind, double? ConstantLength, bool CountEmptyRows);

/// <summary>What a teacher's log-probabilities do.</summary>
/// <param name="Kind">To what they are turned.</param>
/// <param name="Weight">At the first step.</param>
/// <param name="DecaySteps">Steps over which it falls to 0; null for a constant one.</param>
/// <param name="Bound">Of the signal; null for none.</param>
public readonly record struct TeacherChoice(TeacherSignal Kind, double Weight, int? DecaySteps, double? Bound);

/// <summary>The divergence from the reference.</summary>
/// <param name="Weight">In the loss; 0 where it is not there.</param>
/// <param name="Estimator">Its estimator.</param>
/// <param name="Bound">Of k3; null for none.</param>
/// <param name="GradientOfK2">True takes the gradient of k2.</param>
/// <param name="BiasCorrection">True multiplies it by the importance ratio.</param>
internal readonly record struct KlChoice(double Weight, KlEstimator Estimator, double? Bound, bool GradientOfK2, bool BiasCorrection);

/// <summary>What bears on the term of a token beside its kind.</summary>
/// <param name="Aggregation">How terms become one number.</param>
/// <param name="Region">The trust region.</param>
/// <param name="Clip">Its bounds.</param>
/// <param name="CovarianceKl">Weight of |l - l_old| on tokens that are penalised.</param>
/// <param name="CountsRejected">True where tokens that a mask rejects divide a row's mean all the same.</param>
internal readonly record struct TokenTermChoice(
    LossAggregation Aggregation, TrustRegion Region, ClipBounds Clip, double CovarianceKl, bool CountsRejected);

/// <summary>What the diagnostics of a step are counted by.</summary>
/// <param name="Ratio">What the ratio belongs to.</param>
/// <param name="Clip">Distances of clipping.</param>
/// <param name="Weighting">Bounds of a detached weight; null where the loss has none.</param>
/// <param name="Gamma">The gamma weight; null where the loss has none.</param>
/// <param name="Future">Weights by what follows a token; null for none.</param>
/// <param name="Kl">The divergence from the reference.</param>
internal readonly record struct TotalsChoice(
    RatioLevel Ratio, ClipBounds Clip, WeightBounds? Weighting, GammaWeights? Gamma, FutureBounds? Future, KlChoice Kl);

/// <summary>What is done about a sampler that differs from the trainer.</summary>
/// <param name="Correction">The way.</param>
/// <param name="Min">Lower bound of its ratio; null for none.</param>
/// <param name="Max">Upper bound of its ratio; null for none.</param>
/// <param name="Normalised">True divides the ratios by their mean.</param>
/// <param name="Tests">What a token or row must pass to stay.</param>
internal readonly record struct SamplerChoice(
    SamplerCorrection Correction, double? Min, double? Max, bool Normalised, IReadOnlyList<SamplerTest> Tests);

/// <summary>Masks that read the whole step.</summary>
/// <param name="OffPolicyThreshold">Of a row's mean log-ratio; null for none.</param>
/// <param name="SecondMomentMax">Of the mean of (l - l_old)^2; null for none.</param>
/// <param name="EntropyQuantile">Share of the tokens, those of highest entropy, that stay.</param>
/// <param name="RejectedTokens">Whether what they reject counts in the denominators.</param>
internal readonly record struct MaskChoice(
    double? OffPolicyThreshold, double? SecondMomentMax, double EntropyQuantile, RejectedTokens RejectedTokens);

/// <summary>What the plan of a step is made by.</summary>
/// <param name="Sampler">A sampler that differs.</param>
/// <param name="Masks">Masks.</param>
/// <param name="Covariance">The control of covariance.</param>
/// <param name="Covariances">Its bounds.</param>
/// <param name="Clip">Distances of clipping.</param>
/// <param name="Aggregating">How terms become one number.</param>
/// <param name="IsGammaWeighted">True where the sampler's ratios enter a row's gamma weight.</param>
/// <param name="ClassificationTemperature">Of the groups as classifiers; null for any other loss.</param>
/// <param name="EntropyBonus">Weight of the bonus.</param>
internal readonly record struct PlanChoice(SamplerChoice Sampler, MaskChoice Masks, CovarianceControl Covariance,
    CovarianceBounds Covariances, ClipBounds Clip, AggregationChoice Aggregating, bool IsGammaWeighted, double? ClassificationTemperature,
    double EntropyBonus);
