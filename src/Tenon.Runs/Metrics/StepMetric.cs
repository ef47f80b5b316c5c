namespace Tenon.Runs;

/// <summary>
/// The catalogue of metrics, in the order of <c>metrics.jsonl</c>. A new metric is one declaration here and one place that sets it.
/// Rewards, accuracy, lengths and truncation cover all completions that were drawn, before any filter.
/// </summary>
public static partial class StepMetric
{
    private static readonly List<Metric> S_all = [];
    private static readonly List<MetricFamily> S_families = [];

    /// <summary>Seconds of the whole step.</summary>
    public static readonly Metric Time = Clock("time_s", "time of a step", "Seconds of the whole step.", Unit.Seconds);

    /// <summary>Seconds of sampling.</summary>
    public static readonly Metric SampleTime = Clock("sample_s", "time of sampling", "Seconds of sampling.", Unit.Seconds);

    /// <summary>Seconds of scoring.</summary>
    public static readonly Metric ScoreTime = Clock("score_s", "time of scoring",
        "Seconds of scoring under the reference and of the advantages.", Unit.Seconds);

    /// <summary>Seconds of training.</summary>
    public static readonly Metric TrainTime = Clock("train_s", "time of training", "Seconds of forward, backward and optimizer.",
        Unit.Seconds);

    /// <summary>Tokens sampled.</summary>
    public static readonly Metric TokensSampled = Always("tokens_sampled", "tokens sampled",
        "Tokens that were sampled, greedy baselines included.", Unit.Tokens, Over.Drawn);

    /// <summary>Tokens of greedy answers.</summary>
    public static readonly Metric TokensGreedy = Where("tokens_greedy", "tokens of greedy answers",
        "Tokens of the greedy answers among those sampled: the price of remax's baseline.", Unit.Tokens, Over.Step);

    /// <summary>Tokens trained.</summary>
    public static readonly Metric TokensTrained = Always("tokens_trained", "tokens trained",
        "Completion tokens that entered the loss, each pass counted; those of idle completions did not.", Unit.Tokens, Over.SumOfUpdates);

    /// <summary>Speed of sampling.</summary>
    public static readonly Metric SampleSpeed = Clock("sample_tokens_per_s", "sampling", "Sampled tokens a second of sampling.",
        Unit.TokensPerSecond);

    /// <summary>Speed of training.</summary>
    public static readonly Metric TrainSpeed = Clock("train_tokens_per_s", "training", "Trained tokens a second of training.",
        Unit.TokensPerSecond);

    /// <summary>Peak memory.</summary>
    public static readonly Metric Memory = Clock("memory_gb", "memory", "The process's peak resident size, in 1e9 bytes.", Unit.Gigabytes);

    /// <summary>Mean reward.</summary>
    public static readonly Metric RewardMean = Always("reward_mean", "reward", "Mean of the weighted sum of rewards.", Unit.None,
        Over.MeanOfCompletions);

    /// <summary>Mean reward of the greedy answers.</summary>
    public static readonly Metric RewardGreedy = Where("reward_greedy", "reward of greedy answers",
        "Mean reward of the greedy answers that are the baseline (remax).", Unit.None, Over.Step);

    /// <summary>Spread of the reward.</summary>
    public static readonly Metric RewardStd = Always("reward_std", "reward, standard deviation",
        "Standard deviation of the weighted sum of rewards.", Unit.None, Over.Drawn);

    /// <summary>One reward by itself.</summary>
    public static readonly MetricFamily Reward = Family("reward/", "reward", "Mean of one reward by itself, without its weight.", Unit.None,
        Over.MeanOfCompletions);

    /// <summary>Accuracy.</summary>
    public static readonly Metric Accuracy = Always("accuracy", "accuracy", "Share of completions with a full outcome reward.", Unit.Share,
        Over.MeanOfCompletions);

    /// <summary>Accuracy before verdicts were turned round.</summary>
    public static readonly Metric AccuracyTrue = Where("accuracy_true", "true accuracy",
        "Share of right completions by the verdicts before reward-noise.", Unit.Share, Over.MeanOfCompletions);

    /// <summary>Wrong completions that were called right on purpose.</summary>
    public static readonly Metric FalsePositives = Where("false_positives", "false positives",
        "Wrong completions that reward-noise called right.", Unit.None, Over.Drawn);

    /// <summary>Right completions that were called wrong on purpose.</summary>
    public static readonly Metric FalseNegatives = Where("false_negatives", "false negatives",
        "Right completions that reward-noise called wrong.", Unit.None, Over.Drawn);

    /// <summary>Groups of one source.</summary>
    public static readonly MetricFamily SourceDrawn = Family("drawn/", "groups drawn",
        "Groups drawn from one source of several, or at one level of several.", Unit.Groups, Over.Drawn);

    /// <summary>Accuracy of one source.</summary>
    public static readonly MetricFamily SourceAccuracy = Family("accuracy/", "accuracy",
        "Accuracy on one source of several, or at one level of several.", Unit.Share, Over.MeanOfCompletions);

    /// <summary>Level of a curriculum.</summary>
    public static readonly MetricFamily Level = Family("level/", "level", "The level that a source's curriculum stands at.", Unit.None,
        Over.Step);

    /// <summary>Mixed groups.</summary>
    public static readonly Metric GroupsMixed = Always("groups_mixed", "mixed groups", "Groups with right and wrong answers.", Unit.Groups,
        Over.Drawn);

    /// <summary>Groups that are right throughout.</summary>
    public static readonly Metric GroupsAllRight = Always("groups_all_right", "groups all right", "Groups that are right throughout.",
        Unit.Groups, Over.Drawn);

    /// <summary>Groups that are wrong throughout.</summary>
    public static readonly Metric GroupsAllWrong = Always("groups_all_wrong", "groups all wrong", "Groups that are wrong throughout.",
        Unit.Groups, Over.Drawn);

    /// <summary>Groups drawn.</summary>
    public static readonly Metric GroupsDrawn = Always("groups_drawn", "groups drawn", "Groups that were drawn for this step.", Unit.Groups,
        Over.Drawn);

    /// <summary>Groups trained on.</summary>
    public static readonly Metric GroupsKept = Always("groups_kept", "groups kept", "Groups that the step trained on.", Unit.Groups,
        Over.Step);

    /// <summary>Groups that the batch lacks.</summary>
    public static readonly Metric GroupsMissing = Where("groups_missing", "groups missing",
        "Groups that the batch lacks although all rounds of dynamic sampling were drawn.", Unit.Groups, Over.Step);

    /// <summary>Groups from an earlier step.</summary>
    public static readonly Metric GroupsCarried = Where("groups_carried", "groups carried over",
        "Groups that an earlier step drew and this one trains on (rollout.surplus: carry).", Unit.Groups, Over.Step);

    /// <summary>Groups that were left over.</summary>
    public static readonly Metric GroupsDropped = Where("groups_dropped", "groups dropped",
        "Groups with right and wrong answers that the batch had no room for (rollout.surplus: drop).", Unit.Groups, Over.Step);

    /// <summary>Groups that are trained on again.</summary>
    public static readonly Metric GroupsReplayed = Where("groups_replayed", "groups replayed",
        "Groups of earlier steps that this one trains on again (rollout.replay).", Unit.Groups, Over.Step);

    /// <summary>Age of replayed groups.</summary>
    public static readonly Metric ReplayAge = Where("replay_age", "age of replayed groups",
        "Mean number of steps since the replayed groups were sampled.", Unit.None, Over.Step);

    /// <summary>Share of groups that dynamic sampling takes.</summary>
    public static readonly Metric Acceptance = Where("acceptance", "share of groups accepted",
        "Share of the drawn groups with right and wrong answers: what dynamic sampling accepts.", Unit.Share, Over.Drawn);

    /// <summary>Price of dynamic sampling.</summary>
    public static readonly Metric TokensUnused = Where("tokens_unused", "tokens sampled in vain",
        "Tokens that were sampled and are never trained on: the price of dynamic sampling.", Unit.Tokens, Over.Drawn);

    /// <summary>Mean length.</summary>
    public static readonly Metric LengthMean = Always("length_mean", "completion length", "Mean length of a completion in tokens.",
        Unit.Tokens, Over.MeanOfCompletions);

    /// <summary>Largest length.</summary>
    public static readonly Metric LengthMax = Always("length_max", "longest completion", "The longest completion in tokens.", Unit.Tokens,
        Over.Drawn);

    /// <summary>Truncated share.</summary>
    public static readonly Metric Truncated = Always("truncated", "share truncated", "Share of completions that reached the length limit.",
        Unit.Share, Over.MeanOfCompletions);

    /// <summary>What was skipped, by reason.</summary>
    public static readonly MetricFamily Skipped = Family("skipped/", "skipped",
        "What was skipped for one reason: prompts too long, verdicts that could not be given.", Unit.None, Over.Drawn);

    /// <summary>Share of completion tokens outside the loss.</summary>
    public static readonly Metric Masked = Always("masked", "share masked",
        "Share of the kept completions' tokens that are kept out of the loss: of truncated completions under mask-truncated, " +
        "and of completions that no reward could judge or, where the teacher alone is learned from, no teacher has scored.", Unit.Share,
        Over.Step);

    /// <summary>Entropy.</summary>
    public static readonly Metric Entropy = Always("entropy", "entropy", "Mean entropy of a trained token's distribution.", Unit.Nats,
        Over.MeanOfUpdates);

    /// <summary>Divergence from the reference.</summary>
    public static readonly Metric Kl = Always("kl", "KL to the reference",
        "Mean divergence from the reference by the chosen estimator; null where nothing asks for it.", Unit.Nats, Over.MeanOfUpdates);

    /// <summary>The divergence as it enters the loss.</summary>
    public static readonly Metric KlPenalty = Where("kl_penalty", "KL in the loss",
        "The divergence as it enters the loss: times the importance ratio (kl-bias-correction).", Unit.Nats, Over.MeanOfUpdates);

    /// <summary>Largest ratio.</summary>
    public static readonly Metric RatioMax = Always("ratio_max", "largest importance ratio", "The largest importance ratio.", Unit.None,
        Over.LargestOfUpdates);

    /// <summary>Smallest ratio.</summary>
    public static readonly Metric RatioMin = Always("ratio_min", "smallest importance ratio", "The smallest importance ratio.", Unit.None,
        Over.SmallestOfUpdates);

    /// <summary>Clipped from below.</summary>
    public static readonly Metric ClipLow = Always("clip_low", "clipped from below",
        "Share with a negative advantage and a ratio below the clip range; null where nothing is clipped.", Unit.Share, Over.MeanOfUpdates);

    /// <summary>Clipped from above.</summary>
    public static readonly Metric ClipHigh = Always("clip_high", "clipped from above",
        "Share with a positive advantage and a ratio above the clip range; null where nothing is clipped.", Unit.Share, Over.MeanOfUpdates);

    /// <summary>Least clipped row.</summary>
    public static readonly Metric ClipLowMin = Where("clip_low_min", "clipped from below, least row",
        "Smallest clip_low of any completion.", Unit.Share, Over.SmallestOfUpdates);

    /// <summary>Most clipped row.</summary>
    public static readonly Metric ClipHighMax = Where("clip_high_max", "clipped from above, most of a row",
        "Largest clip_high of any completion.", Unit.Share, Over.LargestOfUpdates);

    /// <summary>Dual clip.</summary>
    public static readonly Metric ClipDual = Where("clip_dual", "held by delta", "Share with a negative advantage and a ratio above delta.",
        Unit.Share, Over.MeanOfUpdates);

    /// <summary>Positive advantages outside the range.</summary>
    public static readonly Metric OutsidePositive = Where("outside_positive", "outside the range, A > 0",
        "Share with a positive advantage and a ratio outside the clip range on either side.", Unit.Share, Over.MeanOfUpdates);

    /// <summary>Negative advantages outside the range.</summary>
    public static readonly Metric OutsideNegative = Where("outside_negative", "outside the range, A < 0",
        "Share with a negative advantage and a ratio outside the clip range on either side.", Unit.Share, Over.MeanOfUpdates);

    /// <summary>Capped weights.</summary>
    public static readonly Metric Capped = Where("weight_capped", "weights held", "Share whose weight weight-cap or weight-floor holds.",
        Unit.Share, Over.MeanOfUpdates);

    /// <summary>Capped weights of positive advantages.</summary>
    public static readonly Metric CappedPositive = Where("weight_capped_positive", "weights held, A > 0",
        "Share with a positive advantage whose weight weight-cap holds.", Unit.Share, Over.MeanOfUpdates);

    /// <summary>Stopped by the trust region.</summary>
    public static readonly Metric Untrusted = Where("untrusted", "stopped by the trust region",
        "Share of loss tokens that the trust region stops.", Unit.Share, Over.MeanOfUpdates);

    /// <summary>Gamma weight.</summary>
    public static readonly Metric GammaWeight = Where("gamma_weight", "gamma weight",
        "Mean gamma weight of a completion; 1 where nothing has moved.", Unit.None, Over.MeanOfUpdates);

    /// <summary>Covariance control.</summary>
    public static readonly Metric CovarianceShare = Where("covariance_share", "touched by the covariance control",
        "Share of loss tokens that the covariance control takes out or penalises.", Unit.Share, Over.MeanOfUpdates);

    /// <summary>Drift from the old policy.</summary>
    public static readonly Metric Drift = Always("drift", "drift",
        "Mean of l_old - l: an estimate of the divergence from the policy that sampled.", Unit.Nats, Over.MeanOfUpdates);

    /// <summary>Absolute drift.</summary>
    public static readonly Metric DriftAbsolute = Where("drift_absolute", "absolute drift", "Mean of |l - l_old|.", Unit.Nats,
        Over.MeanOfUpdates);

    /// <summary>Squared drift.</summary>
    public static readonly Metric DriftSquared = Where("drift_squared", "squared drift",
        "Mean of (l - l_old)^2, which drift-penalty weighs.", Unit.None, Over.MeanOfUpdates);

    /// <summary>Weight of advantages by what follows.</summary>
    public static readonly Metric FutureWeight = Where("future_weight", "future weight",
        "Mean weight of the advantages by the log-ratios to come; 1 where nothing has moved.", Unit.None, Over.MeanOfUpdates);

    /// <summary>Such weights at a bound.</summary>
    public static readonly Metric FutureHeld = Where("future_weight_held", "future weights held",
        "Share of those weights that future-low or future-high holds.", Unit.Share, Over.MeanOfUpdates);

    /// <summary>Second moment of the log-ratio.</summary>
    public static readonly Metric SecondMoment = Where("second_moment", "second moment",
        "Mean of (l - l_old)^2 over the loss tokens before second-moment-max leaves any out.", Unit.None, Over.MeanOfUpdates);

    /// <summary>Rejected by the bound on the second moment.</summary>
    public static readonly Metric RejectedMoment = Where("rejected_second_moment", "rejected, second moment",
        "Share of loss tokens that second-moment-max leaves out.", Unit.Share, Over.MeanOfUpdates);

    /// <summary>Completions on their side of the classifier.</summary>
    public static readonly Metric Classified = Where("classified", "classified",
        "Share of the mixed groups' completions whose mean log-ratio has the sign of their outcome: above 0 where right, below 0 where "
        + "wrong.", Unit.Share, Over.LastUpdate);

    /// <summary>Weight of the teacher.</summary>
    public static readonly Metric TeacherWeight = Where("teacher_weight", "teacher's weight",
        "Weight of the teacher's signal in this step.", Unit.None, Over.Step);

    /// <summary>Completions without a teacher.</summary>
    public static readonly Metric TeacherMissing = Where("teacher_missing", "share without a teacher",
        "Share of completions that no teacher scored: no solution, no other right answer in the group, or a prompt that is too long.",
        Unit.Share, Over.Step);

    /// <summary>Gap between teacher and policy.</summary>
    public static readonly Metric TeacherGap = Where("teacher_gap", "teacher minus policy",
        "Mean of l_teacher - l_old over the tokens that a teacher scored: minus the divergence of the policy from its teacher.", Unit.Nats,
        Over.Step);

    /// <summary>Gap between teacher and policy at right completions.</summary>
    public static readonly Metric TeacherGapRight = Where("teacher_gap_right", "teacher minus policy, right",
        "The same over the tokens of right completions: above 0 where the teacher knows them from wrong ones.", Unit.Nats, Over.Step);

    /// <summary>Whether the teacher is used.</summary>
    public static readonly Metric TeacherUsed = Where("teacher_used", "teacher used",
        "1 where the batch learns from its teacher, 0 where teacher-gap-min leaves it out.", Unit.None, Over.Step);

    /// <summary>Tokens that the teacher likes better.</summary>
    public static readonly Metric TeacherAgreement = Where("teacher_agreement", "share the teacher likes better",
        "Share of those tokens that the teacher finds likelier than the policy did.", Unit.Share, Over.Step);

    /// <summary>Entropy of the teacher.</summary>
    public static readonly Metric TeacherEntropy = Where("teacher_entropy", "teacher's entropy",
        "Mean entropy of the teacher's distribution at those tokens.", Unit.Nats, Over.Step);

    /// <summary>Factor of the advantages.</summary>
    public static readonly Metric TeacherFactor = Where("teacher_factor", "teacher's factor",
        "Mean factor of the advantages' magnitudes by the teacher, before its weight.", Unit.None, Over.Step);

    /// <summary>Factors at their bound.</summary>
    public static readonly Metric TeacherHeld = Where("teacher_factor_held", "teacher's factors held",
        "Share of those factors that teacher-bound holds.", Unit.Share, Over.Step);

    /// <summary>Divergence from the teacher.</summary>
    public static readonly Metric TeacherDivergence = Where("teacher_divergence", "divergence from the teacher",
        "Mean divergence of the policy's distribution over the vocabulary from the teacher's.", Unit.Nats, Over.MeanOfUpdates);

    /// <summary>Tokens at which a bound holds the divergence.</summary>
    public static readonly Metric TeacherDivergenceHeld = Where("teacher_divergence_held", "divergences held",
        "Share of those tokens at which teacher-bound holds a vocabulary entry.", Unit.Share, Over.MeanOfUpdates);

    /// <summary>Probability outside the tokens that stand by themselves.</summary>
    public static readonly Metric TeacherTail = Where("teacher_tail", "outside teacher-top",
        "Mean probability that the policy gives to the tokens outside teacher-top.", Unit.Share, Over.MeanOfUpdates);

    /// <summary>Rejected by the off-policy mask.</summary>
    public static readonly Metric RejectedOffPolicy = Where("rejected_off_policy", "rejected, off-policy mask",
        "Share of loss tokens that off-policy-threshold rejects.", Unit.Share, Over.MeanOfUpdates);

    /// <summary>Rejected by the entropy mask.</summary>
    public static readonly Metric RejectedEntropy = Where("rejected_entropy", "rejected, entropy mask",
        "Share of loss tokens that entropy-quantile leaves out.", Unit.Share, Over.MeanOfUpdates);

    /// <summary>Rejected by the sampler's bounds.</summary>
    public static readonly Metric RejectedSampler = Where("rejected_sampler", "rejected, sampler bounds",
        "Share of loss tokens that sampler-min and sampler-max reject.", Unit.Share, Over.MeanOfUpdates);

    /// <summary>Rejected by the sampler's tests.</summary>
    public static readonly Metric RejectedTests = Where("rejected_tests", "rejected, sampler tests",
        "Share of loss tokens that sampler-tests reject.", Unit.Share, Over.MeanOfUpdates);

    /// <summary>Mean difference of sampler and trainer.</summary>
    public static readonly Metric SamplerDifference = Where("sampler_difference_mean", "sampler difference",
        "Mean of |l_old - l_sampler|; 0 where the sampler is the trainer.", Unit.Nats, Over.MeanOfUpdates);

    /// <summary>Largest difference of sampler and trainer.</summary>
    public static readonly Metric SamplerDifferenceMax = Where("sampler_difference_max", "largest sampler difference",
        "Largest |l_old - l_sampler|; 0 where the sampler is the trainer.", Unit.Nats, Over.LargestOfUpdates);

    /// <summary>Weight of the entropy bonus.</summary>
    public static readonly Metric EntropyCoefficient = Where("entropy_coefficient", "entropy coefficient",
        "Weight of the entropy bonus that acted.", Unit.None, Over.LastUpdate);

    /// <summary>Entropy that the bonus acts on.</summary>
    public static readonly Metric BonusEntropy = Where("entropy_bonus", "entropy under the bonus",
        "Mean entropy of the tokens that the entropy bonus acts on.", Unit.Nats, Over.MeanOfUpdates);

    /// <summary>The loss.</summary>
    public static readonly Metric Loss = Always("loss", "loss", "The loss.", Unit.None, Over.MeanOfUpdates);

    /// <summary>The loss without the bonus.</summary>
    public static readonly Metric PolicyLoss = Where("loss_policy", "loss without the entropy bonus", "The loss without the entropy bonus.",
        Unit.None, Over.MeanOfUpdates);

    /// <summary>Gradient norm.</summary>
    public static readonly Metric GradNorm = Always("grad_norm", "gradient norm", "Norm of the gradient before clipping.", Unit.None,
        Over.MeanOfUpdates);

    /// <summary>Learning rate.</summary>
    public static readonly Metric LearningRate = Always("learning_rate", "learning rate", "Learning rate that was used.", Unit.None,
        Over.LastUpdate);

    /// <summary>Norm of the update.</summary>
    public static readonly Metric UpdateNorm = Always("update_norm", "norm of the update", "Norm of the parameters' change.", Unit.None,
        Over.MeanOfUpdates);

    /// <summary>Norm of what is trained.</summary>
    public static readonly Metric WeightNorm = Where("weight_norm", "norm of the trained weights",
        "Norm of the trained parameters after the step.", Unit.None, Over.LastUpdate);

    /// <summary>Groups without any advantage.</summary>
    public static readonly Metric GroupsIdle = Where("groups_idle", "groups without a pass",
        "Groups no completion of which can have a gradient: they cost no forward and no backward pass (update.skip-idle); each pass "
        + "counted.", Unit.Groups, Over.SumOfUpdates);

    /// <summary>Completions without any gradient.</summary>
    public static readonly Metric CompletionsIdle = Where("completions_idle", "completions without a pass",
        "Completions, those of idle groups included, that no gradient can come from: masked, rejected, or of advantage 0 while nothing "
        + "else pulls at them. They cost no forward and no backward pass (update.skip-idle); each pass counted.", Unit.None,
        Over.SumOfUpdates);

    /// <summary>Updates that were left out.</summary>
    public static readonly Metric UpdatesSkipped = Where("updates_skipped", "updates skipped",
        "Optimizer steps that were left out because they passed a bound of divergence.", Unit.None, Over.SumOfUpdates);

    /// <summary>Sampler against trainer.</summary>
    public static readonly Metric LogpDifference = Always("logp_difference_max", "largest |sampled - trained| log-probability",
        "Largest difference between the log-probability a token was sampled with and the one that the trainer computed; 0 by construction.",
        Unit.Nats, Over.FirstUpdate);

    /// <summary>What an adapter's method adds under its own name.</summary>
    public static readonly MetricFamily Method = Family("", "", "What the adapter's method reports, under its own name (adalora/budget).",
        Unit.None, Over.LastUpdate);

    /// <summary>Accuracy on a benchmark.</summary>
    public static readonly MetricFamily Evaluation = Family("eval/", "held out", "avg@K on a benchmark, in the steps that evaluate.",
        Unit.Share, Over.Step);

    /// <summary>Perplexity of a text.</summary>
    public static readonly MetricFamily Perplexity = Family(
        "perplexity/", "perplexity", "Perplexity by token of a text, in the steps that evaluate.", Unit.None, Over.Step);
}
