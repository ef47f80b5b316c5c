using static Tenon.Runs.StepMetric;

namespace Tenon.Runs.Doctor;

/// <summary>The diagnoses, in the order they are reported. Each has its threshold in one place: the call of its function.</summary>
public static class Diagnoses
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<Diagnosis> All { get; } =
    [
        new("no-mixed-groups", Severity.Fault, GroupsMixed.Name,
            "Three steps in a row had no group with right and wrong answers: nothing is learned from them.",
            "data.task.level or other data nearer to what the model half knows; rollout.group larger; rollout.dynamic-sampling: true where it "
            + "is off",
            _ => GroupRules.NoneMixed(3)),
        new("advantage-collapse", Severity.Warning, GroupsMixed.Name,
            "Less than a tenth of the groups of the last ten steps have an advantage other than 0.",
            "rollout.dynamic-sampling: true where it is off; harder or easier problems (data.task.level); rollout.group larger",
            facts => GroupRules.FewMixed(10, 0.1, facts.Epochs)),
        new("repeated-problems", Severity.Warning, "id",
            "The last steps draw the same few problems again and again.",
            "more data (data.train), no data.limit, or a generated data.task", facts => GroupRules.Repeated(facts, 4)),
        new("inert-clip", Severity.Warning, ClipHigh.Name,
            "Several updates a batch, and in ten steps no ratio ever left the clip range: the clip does nothing.",
            "optimizer.learning-rate larger, update.epochs or update.minibatches larger, or objective.clip-low and clip-high smaller",
            facts => RatioRules.Inert(facts.UpdatesPerBatch, 10)),
        new("saturated-clip", Severity.Warning, ClipHigh.Name,
            "More than 30 % of the loss tokens of five steps are clipped: most of the batch is thrown away.",
            "optimizer.learning-rate smaller, fewer update.epochs, or objective.clip-low and clip-high larger",
            _ => RatioRules.Saturated(5, 0.3)),
        new("sampler-differs", Severity.Fault, LogpDifference.Name,
            "The sampler's log-probabilities are not the trainer's, which they are by construction.",
            "report it with the recipe; where rollouts come from elsewhere, objective.sampler-correction",
            _ => RatioRules.SamplerDiffers(1e-6)),
        new("truncation", Severity.Warning, Truncated.Name,
            "More than 30 % of the completions of five steps reach the length limit, and are judged without their end.",
            "rollout.max-new-tokens larger; reward soft-overlong; objective.mask-truncated: true",
            _ => LengthRules.Truncation(5, 0.3)),
        new("length-drift", Severity.Warning, LengthMean.Name,
            "Completions became more than twice as long as they were, or less than half.",
            "reward soft-overlong or cosine-length; objective.aggregation row-sum-constant", _ => LengthRules.Drift(2)),
        new("entropy-collapse", Severity.Fault, Entropy.Name,
            "The policy hardly varies any more: entropy fell below a twentieth of its start, and below 0.01 nats.",
            "objective.clip-high larger (0.28), objective.entropy-bonus, optimizer.learning-rate smaller",
            _ => PolicyRules.EntropyCollapse(3, 0.05, 0.01)),
        new("entropy-explosion", Severity.Fault, Entropy.Name,
            "The policy falls apart: entropy is five times its start and above 1 nat.",
            "optimizer.learning-rate smaller, optimizer.max-grad-norm: 1, on-divergence: back-to-checkpoint",
            _ => PolicyRules.EntropyExplosion(5, 1)),
        new("accuracy-collapse", Severity.Fault, Accuracy.Name,
            "Accuracy fell below a fifth of its best mean of five steps, for three steps or as many as chance does not explain (1 in 500).",
            "optimizer.learning-rate smaller; go on from an earlier checkpoint; on-divergence: back-to-checkpoint",
            _ => PolicyRules.AccuracyCollapse(3, 0.2)),
        new("kl-jump", Severity.Warning, Kl.Name,
            "The divergence from the reference is ten times the median of the ten steps before, and above 0.1.",
            "optimizer.learning-rate smaller, objective.kl larger, optimizer.max-grad-norm smaller",
            _ => PolicyRules.Jump(step => step[Kl], 10, 0.1)),
        new("gradient-jump", Severity.Warning, GradNorm.Name,
            "A gradient norm is a hundred times the median of the ten steps before, and above 10.",
            "optimizer.max-grad-norm: 1; look at the step's completions with tenon samples RUN --step N",
            _ => PolicyRules.Jump(step => step[GradNorm], 100, 10)),
        new("teacher-below-policy", Severity.Warning, TeacherGap.Name,
            "The teacher with a solution in its prompt finds the policy's tokens less likely by more than 1 nat each: it reads worse, and "
            + "who learns from it unlearns.",
            "objective.teacher-gap-min: -0.1 and objective.teacher-fallback: group-mean, with which such batches learn from their rewards; "
            + "where they stand there already the teacher costs a pass for nothing: objective.preset: rlsd or grpo, "
            + "objective.teacher-prompt in a form that the model knows, or a model that can read",
            facts => PolicyRules.TeacherBelow(3, -1, facts.TeacherIsShownAnswers)),
        new("teacher-left-out", Severity.Warning, TeacherUsed.Name,
            "objective.teacher-gap-min leaves the teacher out of batch after batch: the run learns from its rewards alone, if at all.",
            "objective.teacher-gap-min: null uses every teacher, as published; objective.teacher-prompt in a form that the model knows; or "
            + "objective.preset: grpo, which saves the teacher's pass",
            _ => PolicyRules.TeacherLeftOut(3)),
        new("optimizer-stands-still", Severity.Fault, UpdateNorm.Name,
            "There is a gradient and a learning rate, and the weights do not move: the optimizer's moments have overflowed.",
            "optimizer.max-grad-norm: 1; resume from a checkpoint before it", _ => RateRules.StandsStill(2)),
        new("rate-too-high", Severity.Warning, UpdateNorm.Name,
            "Each of five updates changes the adapter by more than a third of its own size.",
            "optimizer.learning-rate smaller by ten", _ => RateRules.TooHigh(5, 1.0 / 3)),
        new("rate-too-low", Severity.Warning, UpdateNorm.Name,
            "Twenty updates in a row change the adapter by less than a millionth of its size.",
            "optimizer.learning-rate larger by ten; less of optimizer.warmup-steps", _ => RateRules.TooLow(20, 1e-6)),
        new("wrong-answers-rewarded", Severity.Fault, "correct",
            "The reward calls completions right that the verifier calls wrong.",
            "another reward (reward: [math]); tenon samples RUN --right shows them", facts => RewardRules.WrongRewarded(facts, 0.05)),
        new("reward-without-accuracy", Severity.Warning, RewardMean.Name,
            "The reward rises while accuracy does not: a part of the reward is earned without right answers.",
            "the weights of reward; the parts stand under reward/NAME", _ => RewardRules.WithoutAccuracy(0.1)),
        new("format-lost", Severity.Warning, "extracted",
            "Completions in which no answer is found became many more than at the start.",
            "a format reward; optimizer.learning-rate smaller; objective.kl above 0", facts => RewardRules.FormatLost(facts, 0.3)),
        new("verdicts-skipped", Severity.Warning, Skipped.Prefix + "*",
            "More than a fifth of the completions of five steps could not be judged.",
            "tenon verify --audit on the data; another reward", _ => RewardRules.ManySkipped(5, 0.2)),
        new("held-out-falling", Severity.Fault, Evaluation.Prefix + "*",
            "Held-out accuracy fell by more than 5 points from its best while the training reward rose.",
            "early-stop.patience; the best checkpoint is kept; more data; objective.kl above 0",
            facts => RewardRules.HeldOutFalling(facts, 0.05)),
    ];

    /// <summary>What ails a run; empty where nothing is found.</summary>
    public static IReadOnlyList<Finding> Of(RunFacts facts) => [.. All.Select(d => (Diagnosis: d, Sight: d.Find(facts)))
        .Where(pair => pair.Sight is not null).Select(pair => pair.Diagnosis.Found(pair.Sight!.Value))];
}
