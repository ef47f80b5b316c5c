// The independent choices of an objective: each enum is one recipe key, each member one of its words.
namespace Tenon.Training.Objectives;

/// <summary>How rewards become advantages (recipe key <c>advantage</c>).</summary>
public enum AdvantageEstimator
{
    /// <summary>Reward minus the mean of its group, divided as <see cref="AdvantageScale"/> says (GRPO, Dr.GRPO, Lite-PPO).</summary>
    GroupMean,

    /// <summary>Reward minus the mean of the other rewards of its group (RLOO).</summary>
    LeaveOneOut,

    /// <summary>Every reward is normalised in its group by itself, then they are summed by weight (GDPO).</summary>
    Decoupled,

    /// <summary>Reward minus the mean of its group weighted by length in tokens (OPO).</summary>
    LengthWeighted,

    /// <summary>Reward minus the group mean, times rows / rows with a reward that is not zero (GPG).</summary>
    NonZeroScaled,

    /// <summary>Only the best row of a group learns: its reward minus the second best (pass@k, max variant).</summary>
    BestOfGroup,

    /// <summary>Discounted sum of the token rewards to come, without a baseline (REINFORCE++).</summary>
    Return,

    /// <summary>Sum of the token rewards to come minus the reward of the greedy answer to the same prompt (ReMax).</summary>
    GreedyBaseline,

    /// <summary>Sum of the token rewards to come minus the variance-optimal baseline of each position (OTB).</summary>
    OptimalToken,

    /// <summary>Reward minus the mean of its group, divided by that mean; 0 where the mean is not above 0 (MaxRL).</summary>
    MeanScaled,

    /// <summary>What a completion adds to its group's chance of one right answer among <c>pass-k</c> (pass@k training).</summary>
    PassAtK,

    /// <summary>0: nothing is learned from rewards (a teacher's signal alone).</summary>
    None,
}

/// <summary>What a group-relative advantage is divided by (recipe key <c>scale</c>).</summary>
public enum AdvantageScale
{
    /// <summary>The standard deviation of the group plus epsilon (GRPO).</summary>
    Group,

    /// <summary>The standard deviation of all rewards of the batch plus epsilon (Lite-PPO).</summary>
    Batch,

    /// <summary>Nothing (Dr.GRPO).</summary>
    None,
}

/// <summary>A last normalisation over the whole batch (recipe key <c>whiten</c>).</summary>
public enum AdvantageWhitening
{
    /// <summary>None.</summary>
    None,

    /// <summary>Mean 0 and standard deviation 1 over rows, (x - mean) / (std + epsilon).</summary>
    Rows,

    /// <summary>Mean 0 and variance 1 over loss tokens, (x - mean) / sqrt(var + 1e-8) (REINFORCE++).</summary>
    Tokens,
}

/// <summary>What a row gets that is alone in its group (recipe key <c>lone-row</c>).</summary>
public enum LoneRow
{
    /// <summary>Advantage 0, as in TRL.</summary>
    Zero,

    /// <summary>Its reward as it is, as in verl.</summary>
    Reward,
}

/// <summary>What the importance ratio belongs to (recipe key <c>ratio</c>).</summary>
public enum RatioLevel
{
    /// <summary>Every token has its own, exp(l - l_old) (PPO, GRPO).</summary>
    Token,

    /// <summary>One a row, exp of the mean log-ratio; the gradient runs through the mean (GSPO).</summary>
    Sequence,

    /// <summary>The value of <see cref="Sequence"/>, the gradient of the token itself (GSPO-token).</summary>
    SequenceToken,

    /// <summary>One a row, exp of the summed log-ratio: the ratio of whole answers (RLOO).</summary>
    SequenceSum,

    /// <summary>One a row, exp of the mean of log-ratios clipped one by one towards the advantage (GMPO).</summary>
    Geometric,
}

/// <summary>The term of one token (recipe key <c>loss</c>); c is the ratio, A the advantage, l the log-probability.</summary>
public enum PolicyLossKind
{
    /// <summary>-min(min(c, delta) A, clip(c, 1 - low, 1 + high) A) (PPO, GRPO, DAPO, GSPO, RLOO).</summary>
    Clip,

    /// <summary>-c A, no clipping (GMPO, where the ratio itself is clipped; KL-Cov).</summary>
    Ratio,

    /// <summary>-sg(min(max(c, floor), cap)) A l (CISPO, truncated importance sampling).</summary>
    WeightedLogProb,

    /// <summary>-A (4/tau) sigmoid(tau (c - 1)), tau by the sign of A (SAPO).</summary>
    SoftGate,

    /// <summary>-sg(exp(lambda + k log w - lambda w)) A l, w the ratio of the whole answer (VESPO).</summary>
    GammaWeighted,

    /// <summary>-A l (REINFORCE, GPG).</summary>
    LogProb,

    /// <summary>-(A l - beta/2 (l - l_old)^2) (DRO).</summary>
    Quadratic,

    /// <summary>
    /// A group with right and wrong answers as a classifier of them: log(1 + sum of exp(-s / tau) over the right ones) + log(1 + sum of
    /// exp(s / tau) over the wrong ones), s the mean of l - l_old over the row (REAL).
    /// </summary>
    Classification,
}

/// <summary>How the token terms become one number (recipe key <c>aggregation</c>); sums run over loss tokens.</summary>
public enum LossAggregation
{
    /// <summary>Sum / number of loss tokens of the optimizer step (DAPO, BNPO, CISPO).</summary>
    TokenMean,

    /// <summary>Sum, not divided.</summary>
    TokenSum,

    /// <summary>Mean over rows of the mean over the row's tokens (GRPO, SAPO, GSPO).</summary>
    RowMean,

    /// <summary>Mean over rows of the sum over the row's tokens (LUSPO).</summary>
    RowSum,

    /// <summary>Mean over rows of the sum over the row's tokens, divided by a constant length (Dr.GRPO).</summary>
    RowSumConstant,

    /// <summary>Mean over rows of one term a row; wants a ratio that belongs to the row (RLOO, GMPO).</summary>
    Row,

    /// <summary>Mean over groups of the mean over the group's tokens: every prompt weighs the same (ScaleRL).</summary>
    PromptMean,
}

/// <summary>The estimator of the divergence from the reference (recipe key <c>kl-estimator</c>).</summary>
public enum KlEstimator
{
    /// <summary>l - l_ref.</summary>
    K1,

    /// <summary>(l - l_ref)^2 / 2.</summary>
    K2,

    /// <summary>exp(l_ref - l) - (l_ref - l) - 1.</summary>
    K3,

    /// <summary>|l - l_ref|.</summary>
    Absolute,
}

/// <summary>Whose log-probabilities the divergence is taken from (recipe key <c>kl-reference</c>).</summary>
public enum KlReference
{
    /// <summary>The model without an adapter.</summary>
    Base,

    /// <summary>The adapter as the run began with it, a frozen copy: what to go on from an adapter needs.</summary>
    Start,

    /// <summary>A copy of the adapter that follows the policy: every so many steps it moves a part of the way.</summary>
    Moving,
}

/// <summary>What a teacher is given to score the run's own completions by (recipe key <c>teacher</c>).</summary>
public enum Teacher
{
    /// <summary>There is none.</summary>
    None,

    /// <summary>The same model with the problem's solution in its prompt, or its answer where there is no solution (OPSD, RLSD).</summary>
    Solution,

    /// <summary>The same model with another right answer of the group in its prompt (SDPO).</summary>
    OwnAnswer,

    /// <summary>Another model with the same tokenizer and the same prompt (on-policy distillation).</summary>
    Model,
}

/// <summary>What a teacher's log-probabilities do to the advantages (recipe key <c>teacher-signal</c>).</summary>
public enum TeacherSignal
{
    /// <summary>Adds weight (l_teacher - l_old) to each token's advantage: the sampled form of the reverse divergence.</summary>
    LogRatio,

    /// <summary>
    /// Multiplies each token's advantage by 1 - weight + weight f, f = exp(sign(A) (l_teacher - l_old)) held within 1 plus or minus the
    /// bound: signs from the reward, magnitudes from the teacher (RLSD).
    /// </summary>
    Magnitude,

    /// <summary>
    /// Leaves the advantages alone and adds weight times the divergence of the policy's distribution over the vocabulary from the
    /// teacher's at each token (<c>teacher-divergence</c>).
    /// </summary>
    FullVocabulary,
}

/// <summary>
/// What a batch whose teacher is left out learns from where it learns from nothing else (recipe key <c>teacher-fallback</c>).
/// </summary>
public enum TeacherFallback
{
    /// <summary>Nothing: its completions are out of the loss and its denominators.</summary>
    None,

    /// <summary>Its rewards: each less its group's mean, divided as <c>scale</c> says.</summary>
    GroupMean,
}

/// <summary>The weights that a teacher which is the same model has (recipe key <c>teacher-policy</c>).</summary>
public enum TeacherPolicy
{
    /// <summary>Those of the policy now.</summary>
    Policy,

    /// <summary>The model without an adapter.</summary>
    Base,

    /// <summary>The adapter as the run began with it.</summary>
    Start,

    /// <summary>A copy of the adapter that follows the policy.</summary>
    Moving,
}

/// <summary>
/// What is done about a sampler that differs from the trainer (recipe key <c>sampler-correction</c>); rho = exp(l_old - l_sampler).
/// </summary>
public enum SamplerCorrection
{
    /// <summary>Nothing: here the sampler is the trainer, bit for bit.</summary>
    None,

    /// <summary>Each token's rho, clamped to the bounds (TIS).</summary>
    TokenTruncate,

    /// <summary>Each token's rho, 0 outside the bounds (IcePop).</summary>
    TokenMask,

    /// <summary>The product of a row's rho, clamped.</summary>
    SequenceTruncate,

    /// <summary>The product of a row's rho, 0 outside the bounds (MIS).</summary>
    SequenceMask,
}

/// <summary>Which tokens a trust region on probabilities lets through (recipe key <c>trust-region</c>), DPPO, arXiv 2602.04879.</summary>
public enum TrustRegion
{
    /// <summary>All.</summary>
    None,

    /// <summary>Those whose probability moved by no more than the clip bounds in the direction of the advantage.</summary>
    TotalVariation,

    /// <summary>The same, measured by the binary Kullback-Leibler divergence of "this token or another".</summary>
    BinaryKl,
}

/// <summary>Whether tokens that a mask rejects still count in the denominators (recipe key <c>rejected-tokens</c>).</summary>
public enum RejectedTokens
{
    /// <summary>They do not count: the step keeps its size.</summary>
    Removed,

    /// <summary>They count, as in TRL.</summary>
    Counted,
}

/// <summary>
/// Treatment of the tokens whose log-probability and advantage move together most (recipe key <c>covariance</c>), arXiv 2505.22617.
/// </summary>
public enum CovarianceControl
{
    /// <summary>None.</summary>
    None,

    /// <summary>A few of them, drawn at random, lose their gradient (Clip-Cov).</summary>
    Clip,

    /// <summary>The largest few pay |l - l_old| (KL-Cov).</summary>
    Kl,
}
