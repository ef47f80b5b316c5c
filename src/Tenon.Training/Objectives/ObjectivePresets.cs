using Tenon.Tensors.Ops;

namespace Tenon.Training.Objectives;

/// <summary>The objectives of the literature by name, each a set of choices (docs/objectives.md gives formula and source).</summary>
public static class ObjectivePresets
{
    private static readonly ObjectiveSettings S_grpo = new();

    private static readonly ObjectiveSettings S_plusPlus = S_grpo with
    {
        Advantage = AdvantageEstimator.Return,
        Scale = AdvantageScale.None,
        Whiten = AdvantageWhitening.Tokens,
        Aggregation = LossAggregation.TokenMean,
    };

    private static readonly ObjectiveSettings S_cispo = S_grpo with
    {
        Loss = PolicyLossKind.WeightedLogProb,
        WeightCap = 5,
        Aggregation = LossAggregation.TokenMean,
    };

    // Nothing from rewards: every token's advantage is the teacher's log-probability minus the policy's, its weight the capped ratio.
    private static readonly ObjectiveSettings S_distillation = S_grpo with
    {
        Advantage = AdvantageEstimator.None,
        Scale = AdvantageScale.None,
        Loss = PolicyLossKind.WeightedLogProb,
        WeightCap = 2,
        Aggregation = LossAggregation.TokenMean,
    };

    // A teacher that reads a solution in its prompt: where it is lost in it, the batch learns from its rewards.
    private static readonly ObjectiveSettings S_selfDistillation = S_distillation with
    {
        TeacherGapMin = -0.1,
        TeacherFallback = TeacherFallback.GroupMean,
    };

    private static readonly Dictionary<string, ObjectiveSettings> S_presets = new ObjectiveSettings[]
    {
        S_grpo,
        S_grpo with { Preset = "bnpo", Aggregation = LossAggregation.TokenMean },
        S_grpo with { Preset = "dapo", ClipHigh = 0.28, Aggregation = LossAggregation.TokenMean },
        S_grpo with { Preset = "dr-grpo", Scale = AdvantageScale.None, Aggregation = LossAggregation.RowSumConstant },
        S_grpo with { Preset = "lite-ppo", Scale = AdvantageScale.Batch, Aggregation = LossAggregation.TokenMean },
        S_grpo with { Preset = "gspo", Ratio = RatioLevel.Sequence, ClipLow = 3e-4, ClipHigh = 4e-4 },
        S_grpo with { Preset = "gspo-token", Ratio = RatioLevel.SequenceToken, ClipLow = 3e-4, ClipHigh = 4e-4 },
        S_cispo with { Preset = "cispo" },
        S_grpo with { Preset = "sapo", Loss = PolicyLossKind.SoftGate },
        S_grpo with { Preset = "vespo", Loss = PolicyLossKind.GammaWeighted, Aggregation = LossAggregation.TokenMean },
        S_grpo
        with { Preset = "luspo", Ratio = RatioLevel.Sequence, ClipLow = 3e-4, ClipHigh = 4e-4, Aggregation = LossAggregation.RowSum },
        S_grpo with
        {
            Preset = "gmpo", Ratio = RatioLevel.Geometric, Loss = PolicyLossKind.Ratio, ClipLow = 0.4, ClipHigh = 0.4,
            Aggregation = LossAggregation.Row,
        },
        S_grpo with
        {
            Preset = "rloo", Advantage = AdvantageEstimator.LeaveOneOut, Scale = AdvantageScale.None, Ratio = RatioLevel.SequenceSum,
            RewardKl = 0.05,
            Aggregation = LossAggregation.Row,
        },
        S_plusPlus with { Preset = "reinforce++" },
        S_plusPlus with { Preset = "reinforce++-baseline", Advantage = AdvantageEstimator.GroupMean, KlEstimator = KlEstimator.K2 },
        S_grpo
        with { Preset = "gdpo", Advantage = AdvantageEstimator.Decoupled, Whiten = AdvantageWhitening.Rows,
        Aggregation = LossAggregation.TokenMean },
        S_grpo
        with { Preset = "opo", Advantage = AdvantageEstimator.LengthWeighted, Scale = AdvantageScale.None,
        Aggregation = LossAggregation.TokenMean },
        S_grpo with
        {
            Preset = "gpg", Advantage = AdvantageEstimator.NonZeroScaled, Scale = AdvantageScale.None, Loss = PolicyLossKind.LogProb,
            Aggregation = LossAggregation.TokenMean,
        },
        S_grpo
        with { Preset = "remax", Advantage = AdvantageEstimator.GreedyBaseline, Scale = AdvantageScale.None,
        Aggregation = LossAggregation.TokenMean },
        S_grpo with { Preset = "pass@k", Advantage = AdvantageEstimator.BestOfGroup, Aggregation = LossAggregation.TokenMean },
        S_grpo with { Preset = "pass@k-training", Advantage = AdvantageEstimator.PassAtK, Aggregation = LossAggregation.TokenMean },
        S_grpo with { Preset = "maxrl", Advantage = AdvantageEstimator.MeanScaled, Aggregation = LossAggregation.TokenMean },
        S_grpo with
        {
            Preset = "optimal-token", Advantage = AdvantageEstimator.OptimalToken, Scale = AdvantageScale.None,
            Aggregation = LossAggregation.TokenMean,
        },
        S_grpo with { Preset = "dro", Loss = PolicyLossKind.Quadratic, Aggregation = LossAggregation.TokenMean },
        S_cispo with
        {
            Preset = "dppo", WeightCap = 20, TrustRegion = TrustRegion.TotalVariation, ClipLow = 0.2,
            ClipHigh = 0.2,
        },
        S_grpo with
        {
            Preset = "prime-rl", Scale = AdvantageScale.None, Loss = PolicyLossKind.Ratio, TrustRegion = TrustRegion.TotalVariation,
            DriftPenalty = 1e-3, Aggregation = LossAggregation.TokenMean,
        },
        S_grpo with
        {
            Preset = "m2po", Loss = PolicyLossKind.Ratio, SecondMomentMax = 0.04, Aggregation = LossAggregation.TokenMean,
            RejectedTokens = RejectedTokens.Counted,
        },
        S_grpo with { Preset = "fipo", ClipHigh = 0.28, Delta = 10, FutureHalfLife = 32, Aggregation = LossAggregation.TokenMean },
        S_grpo with
        {
            Preset = "real", Scale = AdvantageScale.None, Ratio = RatioLevel.Sequence, Loss = PolicyLossKind.Classification,
            Aggregation = LossAggregation.Row,
        },
        S_cispo with { Preset = "scalerl", Scale = AdvantageScale.Batch, Aggregation = LossAggregation.PromptMean },
        S_grpo with { Preset = "clip-cov", Covariance = CovarianceControl.Clip, Aggregation = LossAggregation.TokenMean },
        S_grpo with
        {
            Preset = "kl-cov", Loss = PolicyLossKind.Ratio, Covariance = CovarianceControl.Kl, Aggregation = LossAggregation.TokenMean,
        },
        S_grpo with
        {
            Preset = "reinforce", Scale = AdvantageScale.None, Loss = PolicyLossKind.LogProb, Aggregation = LossAggregation.TokenMean,
        },
        S_selfDistillation with { Preset = "opsd", Teacher = Teacher.Solution, TeacherPolicy = TeacherPolicy.Start },
        S_selfDistillation with { Preset = "sdpo", Teacher = Teacher.OwnAnswer, TeacherPolicy = TeacherPolicy.Moving },
        S_grpo with
        {
            Preset = "rlsd", Aggregation = LossAggregation.TokenMean, Teacher = Teacher.Solution, TeacherSignal = TeacherSignal.Magnitude,
            TeacherWeight = 0.5, TeacherDecaySteps = 50, TeacherBound = 0.2,
        },
        S_distillation with { Preset = "opd", Teacher = Teacher.Model },
        S_selfDistillation with
        {
            Preset = "opsd-full", Teacher = Teacher.Solution, TeacherPolicy = TeacherPolicy.Start,
            TeacherSignal = TeacherSignal.FullVocabulary, TeacherDivergence = DivergenceKind.ForwardKl, TeacherBound = 0.05,
        },
        S_selfDistillation with
        {
            Preset = "sdpo-full", Teacher = Teacher.OwnAnswer, TeacherPolicy = TeacherPolicy.Moving,
            TeacherSignal = TeacherSignal.FullVocabulary, TeacherDivergence = DivergenceKind.JensenShannon, TeacherTop = 100,
        },
        S_distillation with
        {
            Preset = "gkd", Teacher = Teacher.Model, TeacherSignal = TeacherSignal.FullVocabulary,
            TeacherDivergence = DivergenceKind.JensenShannon,
        },
    }.ToDictionary(preset => preset.Preset);

    /// <summary>The preset of a recipe that names none.</summary>
    public const string Default = "dapo";

    /// <summary>All names, in the order of docs/objectives.md.</summary>
    public static IReadOnlyCollection<string> Names => S_presets.Keys;

    /// <summary>The preset of that name; an unknown one is a usage error that lists them all.</summary>
    public static ObjectiveSettings Named(string name) => S_presets.TryGetValue(name, out var preset)
        ? preset
        : throw new TenonException("objective preset", string.Join(", ", Names), name, usage: true);
}
