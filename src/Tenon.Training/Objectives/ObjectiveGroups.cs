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
