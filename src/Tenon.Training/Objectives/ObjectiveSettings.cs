using System.Text.Json.Serialization;
using Tenon.Tensors.Ops;

namespace Tenon.Training.Objectives;

/// <summary>
/// The objective of a run as independent choices; <see cref="ObjectivePresets"/> fills them in under the names of the literature and
/// every single one can be overridden. The formulas, defaults and sources stand in <c>docs/objectives.md</c>.
/// </summary>
public sealed partial record ObjectiveSettings : ISettings
{
    /// <summary>The objective by its name; what is not given below is as that objective has it.</summary>
    [Words("grpo", "bnpo", "dapo", "dr-grpo", "lite-ppo", "gspo", "gspo-token", "cispo", "sapo", "vespo", "luspo", "gmpo", "rloo",
        "reinforce++",
        "reinforce++-baseline", "gdpo", "opo", "gpg", "remax", "pass@k", "pass@k-training", "maxrl", "optimal-token", "dro", "dppo",
        "prime-rl", "m2po", "fipo", "real", "scalerl", "clip-cov", "kl-cov", "reinforce", "opsd", "sdpo", "rlsd", "opd", "opsd-full",
        "sdpo-full", "gkd")]
    public string Preset { get; init; } = "grpo";

    // ---- advantages

    /// <summary>How rewards become advantages.</summary>
    public AdvantageEstimator Advantage { get; init; } = AdvantageEstimator.GroupMean;

    /// <summary>What a group-relative advantage is divided by.</summary>
    public AdvantageScale Scale { get; init; } = AdvantageScale.Group;

    /// <summary>Added to a standard deviation before the division.</summary>
    [Bounds(0, 1, Above = true)]
    public double ScaleEpsilon { get; init; } = 1e-4;

    /// <summary>A last normalisation over the batch.</summary>
    public AdvantageWhitening Whiten { get; init; } = AdvantageWhitening.None;

    /// <summary>What the only scorable row of a group gets.</summary>
    public LoneRow LoneRow { get; init; } = LoneRow.Zero;

    /// <summary>k of <see cref="AdvantageEstimator.PassAtK"/>: how many answers may be tried; less than the group.</summary>
    [Bounds(1, 65536)]
    public int PassK { get; init; } = 4;

    /// <summary>Discount per token of token-level returns, in (0, 1].</summary>
    [Bounds(0, 1, Above = true)]
    public double Discount { get; init; } = 1;

    /// <summary>
    /// Weight of the penalty l_old - l_ref that is taken from the reward itself (RLOO: a row's sum, REINFORCE++: token by token).
    /// </summary>
    [Bounds(0, 1000)]
    public double RewardKl { get; init; }

    /// <summary>Rewards are raised to this before anything else; null for no bound.</summary>
    public double? RewardMin { get; init; }

    /// <summary>Rewards are lowered to this before anything else; null for no bound.</summary>
    public double? RewardMax { get; init; }

    /// <summary>True takes truncated rows out of the reward statistics too (their advantage is then 0).</summary>
    public bool TruncatedOutOfStatistics { get; init; }

    // ---- ratio and policy term

    /// <summary>What the importance ratio belongs to.</summary>
    public RatioLevel Ratio { get; init; } = RatioLevel.Token;

    /// <summary>A log-ratio beyond plus or minus this is held there and has no gradient; null for no bound.</summary>
    [Bounds(0, 700, Above = true)]
    public double? LogRatioBound { get; init; } = 20;

    /// <summary>The term of one token.</summary>
    public PolicyLossKind Loss { get; init; } = PolicyLossKind.Clip;

    /// <summary>Lower clip distance: the ratio is held above 1 - this (for the geometric ratio: the log-ratio above -this).</summary>
    [Bounds(0, 1e6)]
    public double ClipLow { get; init; } = 0.2;

    /// <summary>Upper clip distance: the ratio is held below 1 + this (for the geometric ratio: the log-ratio below this).</summary>
    [Bounds(0, 1e6)]
    public double ClipHigh { get; init; } = 0.2;

    /// <summary>The ratio itself is held below this (dual clip; bounds negative advantages too); null for no bound.</summary>
    [Bounds(0, 1e9, Above = true)]
    public double? Delta { get; init; }

    /// <summary>Absolute cap of the weight in <see cref="PolicyLossKind.WeightedLogProb"/>; there it must be given.</summary>
    [Bounds(0, 1e9, Above = true)]
    public double? WeightCap { get; init; }

    /// <summary>Absolute floor of that weight.</summary>
    [Bounds(0, 1e9)]
    public double WeightFloor { get; init; }

    /// <summary>Temperature of the soft gate for positive advantages.</summary>
    [Bounds(0, 1e6, Above = true)]
    public double GateTemperaturePositive { get; init; } = 1;

    /// <summary>Temperature of the soft gate for all others.</summary>
    [Bounds(0, 1e6, Above = true)]
    public double GateTemperatureNegative { get; init; } = 1.05;

    /// <summary>k of the gamma weight for advantages of 0 and above.</summary>
    [Bounds(0, 1000)]
    public double GammaShapePositive { get; init; } = 2;

    /// <summary>lambda of the gamma weight for advantages of 0 and above.</summary>
    [Bounds(0, 1000)]
    public double GammaRatePositive { get; init; } = 3;

    /// <summary>k of the gamma weight for negative advantages.</summary>
    [Bounds(0, 1000)]
    public double GammaShapeNegative { get; init; } = 3;

    /// <summary>lambda of the gamma weight for negative advantages.</summary>
    [Bounds(0, 1000)]
    public double GammaRateNegative { get; init; } = 2;

    /// <summary>tau of <see cref="PolicyLossKind.Classification"/>: a completion's gradient is at most 1 / tau.</summary>
    [Bounds(0, 1e6, Above = true)]
    public double ClassificationTemperature { get; init; } = 0.5;

    /// <summary>
    /// Half-life, in tokens, of the sum of log-ratios to come that weighs each token's advantage (FIPO); null leaves the weights out.
    /// </summary>
    [Bounds(0, 1e9, Above = true)]
    public double? FutureHalfLife { get; init; }

    /// <summary>That weight is held above 1 - this.</summary>
    [Bounds(0, 1)]
    public double FutureLow { get; init; }

    /// <summary>That weight is held below 1 + this.</summary>
    [Bounds(0, 1e6)]
    public double FutureHigh { get; init; } = 0.2;

    /// <summary>Tokens of negative advantage whose ratio exceeds this have a weight within 0.8 to 1; null for no such bound.</summary>
    [Bounds(0, 1e9, Above = true)]
    public double? FutureSafety { get; init; } = 10;

    /// <summary>
    /// Largest mean of (l - l_old)^2 over the loss tokens of an update: those that moved most lose their gradient until it holds (M2PO);
    /// null for no bound.
    /// </summary>
    [Bounds(0, 1e6, Above = true)]
    public double? SecondMomentMax { get; init; }

    /// <summary>Weight of (l - l_old)^2 on every loss token, whether a mask rejects it or not (prime-rl); 0 switches it off.</summary>
    [Bounds(0, 1000)]
    public double DriftPenalty { get; init; }

    /// <summary>beta of the quadratic penalty of <see cref="PolicyLossKind.Quadratic"/>.</summary>
    [Bounds(0, 1e6, Above = true)]
    public double QuadraticBeta { get; init; } = 0.1;

    /// <summary>A trust region on probabilities with <see cref="ClipLow"/> and <see cref="ClipHigh"/> as its bounds.</summary>
    public TrustRegion TrustRegion { get; init; } = TrustRegion.None;

    /// <summary>Treatment of the tokens with the largest covariance of log-probability and advantage.</summary>
    public CovarianceControl Covariance { get; init; } = CovarianceControl.None;

    /// <summary>Share of the loss tokens that the covariance control touches.</summary>
    [Bounds(0, 1, Above = true)]
    public double CovarianceShare { get; init; } = 0.0002;

    /// <summary>Clip-Cov draws from tokens with a covariance above this.</summary>
    public double CovarianceMin { get; init; } = 1;

    /// <summary>Clip-Cov draws from tokens with a covariance below this.</summary>
    public double CovarianceMax { get; init; } = 5;

    /// <summary>Weight of |l - l_old| on the tokens that KL-Cov picks.</summary>
    [Bounds(0, 1000)]
    public double CovarianceKl { get; init; } = 1;

    // ---- aggregation

    /// <summary>How the token terms become one number.</summary>
    public LossAggregation Aggregation { get; init; } = LossAggregation.RowMean;

    /// <summary>The constant length of <see cref="LossAggregation.RowSumConstant"/>; null for the rollout's token limit.</summary>
    [Bounds(0, 1e9, Above = true)]
    public double? ConstantLength { get; init; }

    /// <summary>True counts rows without loss tokens in the mean over rows (as TRL does, verl does not).</summary>
    public bool CountEmptyRows { get; init; } = true;

    /// <summary>True gives truncated completions no loss tokens (overlong filtering).</summary>
    public bool MaskTruncated { get; init; }

    /// <summary>Whether tokens that the masks below reject count in the denominators.</summary>
    public RejectedTokens RejectedTokens { get; init; } = RejectedTokens.Removed;

    // ---- divergence from the reference

    /// <summary>Weight of the divergence from the reference in the loss; 0 switches it off.</summary>
    [Bounds(0, 1000)]
    public double Kl { get; init; }

    /// <summary>Whose log-probabilities are the reference, in the loss and in the reward.</summary>
    public KlReference KlReference { get; init; } = KlReference.Base;

    /// <summary>Steps from one move of a moving reference to the next.</summary>
    [Bounds(1, 1_000_000)]
    public int KlReferencePeriod { get; init; } = 32;

    /// <summary>The share of itself that a moving reference keeps in a move; the rest is the policy's.</summary>
    [Bounds(0, 1)]
    public double KlReferenceDecay { get; init; } = 0.4;

    /// <summary>Its estimator.</summary>
    public KlEstimator KlEstimator { get; init; } = KlEstimator.K3;

    /// <summary>True multiplies the estimate by the importance ratio, and differentiates both (unbiased off-policy).</summary>
    public bool KlBiasCorrection { get; init; }

    /// <summary>True keeps the value of the estimator but takes the gradient of k2, which is the one of the true divergence.</summary>
    public bool KlGradientOfK2 { get; init; }

    /// <summary>Holds k3 at or below this, with its exponent within plus or minus 20; no gradient beyond. Null for no bound.</summary>
    [Bounds(0, 1e9, Above = true)]
    public double? KlBound { get; init; }

    // ---- teacher

    /// <summary>A teacher that scores the run's own completions in one more pass.</summary>
    public Teacher Teacher { get; init; } = Teacher.None;

    /// <summary>What it does: to the advantages, or to the loss.</summary>
    public TeacherSignal TeacherSignal { get; init; } = TeacherSignal.LogRatio;

    /// <summary>The divergence under <c>teacher-signal: full-vocabulary</c>.</summary>
    public DivergenceKind TeacherDivergence { get; init; } = DivergenceKind.ReverseKl;

    /// <summary>The teacher's share of the mixture under <c>teacher-divergence: jensen-shannon</c>; below 1.</summary>
    [Bounds(0, 1, Above = true)]
    public double TeacherBeta { get; init; } = 0.5;

    /// <summary>
    /// Under <c>teacher-signal: full-vocabulary</c> only so many tokens, the policy's likeliest, stand by themselves, and all others are
    /// one outcome; null for all.
    /// </summary>
    [Bounds(1, 10_000_000)]
    public int? TeacherTop { get; init; }

    /// <summary>Weight of the teacher's signal.</summary>
    [Bounds(0, 1000)]
    public double TeacherWeight { get; init; } = 1;

    /// <summary>Steps over which that weight falls to 0 in a line; null for a constant weight.</summary>
    [Bounds(1, 10_000_000)]
    public int? TeacherDecaySteps { get; init; }

    /// <summary>
    /// Bound of the signal: of |l_teacher - l_old| for <c>log-ratio</c>, of the factor's distance from 1 for <c>magnitude</c>, of each
    /// vocabulary entry's part of the divergence for <c>full-vocabulary</c>; null for none.
    /// </summary>
    [Bounds(0, 1e6, Above = true)]
    public double? TeacherBound { get; init; }

    /// <summary>
    /// A batch's teacher is left out where the mean of l_teacher - l_old over the tokens of the batch's right completions is not at least
    /// this; null always uses it, as the papers do.
    /// </summary>
    [Bounds(-1e6, 1e6)]
    public double? TeacherGapMin { get; init; }

    /// <summary>What a batch whose teacher is left out learns from under <c>advantage: none</c>.</summary>
    public TeacherFallback TeacherFallback { get; init; } = TeacherFallback.None;

    /// <summary>The weights that the teacher has where it is the same model.</summary>
    public TeacherPolicy TeacherPolicy { get; init; } = TeacherPolicy.Policy;

    /// <summary>Steps from one move of a moving teacher to the next.</summary>
    [Bounds(1, 1_000_000)]
    public int TeacherPeriod { get; init; } = 1;

    /// <summary>The share of itself that a moving teacher keeps in a move.</summary>
    [Bounds(0, 1)]
    public double TeacherDecay { get; init; } = 0.95;

    /// <summary>
    /// The teacher's prompt: a template with <c>{prompt}</c> (what the policy reads) and <c>{solution}</c>; null is a plain sentence of its
    /// own.
    /// </summary>
    public string? TeacherPrompt { get; init; }

    /// <summary>A longer prompt of the teacher leaves its completion without one.</summary>
    [Bounds(1, 10_000_000)]
    public int TeacherMaxTokens { get; init; } = 2048;

    /// <summary>The model that teaches under <c>teacher: model</c>: a folder, a <c>.gguf</c> file, or <c>tiny</c>.</summary>
    public string? TeacherModel { get; init; }

    // ---- masks and corrections

    /// <summary>What is done about a sampler that differs from the trainer.</summary>
    public SamplerCorrection SamplerCorrection { get; init; } = SamplerCorrection.None;

    /// <summary>Lower bound of the sampler's ratio; null for none.</summary>
    [Bounds(0, 1e9)]
    public double? SamplerMin { get; init; }

    /// <summary>Upper bound of the sampler's ratio; null for none.</summary>
    [Bounds(0, 1e9, Above = true)]
    public double? SamplerMax { get; init; } = 3;

    /// <summary>True divides the sampler's ratios by their mean over the optimizer step.</summary>
    public bool SamplerNormalised { get; init; }

    /// <summary>Tests that a token's or row's divergence of trainer and sampler must pass to stay a loss token; empty for none.</summary>
    public IReadOnlyList<SamplerTest> SamplerTests { get; init; } = [];

    /// <summary>
    /// Rows of negative advantage whose mean log-ratio of sampler to policy exceeds this are dropped (DeepSeek-V3.2); null for off.
    /// </summary>
    public double? OffPolicyThreshold { get; init; }

    /// <summary>Share of the loss tokens, those of highest entropy, that carry policy gradient; 1 is all (arXiv 2506.01939).</summary>
    [Bounds(0, 1)]
    public double EntropyQuantile { get; init; } = 1;

    /// <summary>Weight of the mean entropy that is added to the objective; 0 switches the bonus off.</summary>
    [Bounds(-1000, 1000)]
    public double EntropyBonus { get; init; }

    /// <summary>True moves that weight after every step towards <see cref="EntropyTarget"/>.</summary>
    public bool EntropyAdaptive { get; init; }

    /// <summary>Mean entropy in nats below which the adaptive bonus acts and grows.</summary>
    public double EntropyTarget { get; init; } = 0.2;

    /// <summary>Smallest adaptive weight.</summary>
    [Bounds(-1000, 1000)]
    public double EntropyBonusMin { get; init; }

    /// <summary>Largest adaptive weight.</summary>
    [Bounds(-1000, 1000)]
    public double EntropyBonusMax { get; init; } = 1;

    /// <summary>Step of the adaptive weight.</summary>
    [Bounds(0, 1000)]
    public double EntropyBonusStep { get; init; } = 0.005;

    /// <summary>True where the loss has the divergence from a teacher's distribution over the vocabulary.</summary>
    [JsonIgnore]
    public bool DistilsVocabulary => Teacher != Teacher.None && TeacherSignal == TeacherSignal.FullVocabulary;

    /// <summary>True where a batch whose teacher is left out learns from its rewards in its place.</summary>
    internal bool FallsBack => Advantage == AdvantageEstimator.None && TeacherFallback == TeacherFallback.GroupMean;

    /// <summary>True where the loss reads the reference model's log-probabilities.</summary>
    [JsonIgnore]
    public bool NeedsReference => Kl != 0 || RewardKl != 0;

    /// <summary>True where the loss has a gradient for entropies.</summary>
    [JsonIgnore]
    public bool HasEntropyBonus => EntropyBonus != 0 || EntropyAdaptive;

    /// <summary>True where one ratio belongs to a whole row.</summary>
    [JsonIgnore]
    public bool RatioIsPerRow => Ratio is RatioLevel.Sequence or RatioLevel.SequenceSum or RatioLevel.Geometric;

    /// <summary>
    /// True where <see cref="LossPlan.Of"/> reads the policy's log-probabilities or entropies, so that the whole optimizer step must be
    /// scored
    /// before its first gradient.
    /// </summary>
    [JsonIgnore]
    public bool NeedsFirstPass => OffPolicyThreshold is not null || Covariance != CovarianceControl.None || EntropyQuantile < 1
        || SecondMomentMax is not null || Loss == PolicyLossKind.Classification;

    /// <summary>
    /// True where tokens without advantage have a gradient all the same, or the step reads them: their groups then stand in its report.
    /// </summary>
    [JsonIgnore]
    public bool TrainsWithoutAdvantage => HasGradientWithoutAdvantage || NeedsFirstPass;

    /// <summary>True where loss tokens without advantage, or rejected ones, can have a gradient.</summary>
    internal bool HasGradientWithoutAdvantage => Kl != 0 || DriftPenalty != 0 || HasEntropyBonus || Covariance == CovarianceControl.Kl
        || Loss is not (PolicyLossKind.Clip or PolicyLossKind.Ratio or PolicyLossKind.WeightedLogProb or PolicyLossKind.SoftGate
            or PolicyLossKind.GammaWeighted or PolicyLossKind.LogProb);

    /// <summary>True where a completion is compared with others of its group.</summary>
    internal bool WantsGroups => Loss == PolicyLossKind.Classification
        || Advantage is not (AdvantageEstimator.Return or AdvantageEstimator.GreedyBaseline or AdvantageEstimator.None);

    /// <inheritdoc/>
    public IEnumerable<SettingsFault> Rules() => ObjectiveValidation.Faults(this);
}
