namespace Tenon.Training.Objectives;

/// <summary>The objectives of the literature by name, each a set of choices (docs/objectives.md gives formula and source).</summary>
public static class ObjectivePresets
{
    private static readonly ObjectiveSettings s_grpo = new();

    private static readonly ObjectiveSettings s_plusPlus = s_grpo with
    {
        Advantage = AdvantageEstimator.Return,
        Scale = AdvantageScale.None,
        Whiten = AdvantageWhitening.Tokens,
        Aggregation = LossAggregation.TokenMean,
    };

    private static readonly ObjectiveSettings s_cispo = s_grpo with
    {
        Scale = AdvantageScale.Batch,
        Loss = PolicyLossKind.WeightedLogProb,
        WeightCap = 5,
        Aggregation = LossAggregation.TokenMean,
    };

    private static readonly Dictionary<string, ObjectiveSettings> s_presets = new ObjectiveSettings[]
    {
        s_grpo,
        s_grpo with { Preset = "bnpo", Aggregation = LossAggregation.TokenMean },
        s_grpo with { Preset = "dapo", ClipHigh = 0.28, Aggregation = LossAggregation.TokenMean },
        s_grpo with { Preset = "dr-grpo", Scale = AdvantageScale.None, Aggregation = LossAggregation.RowSumConstant },
        s_grpo with { Preset = "lite-ppo", Scale = AdvantageScale.Batch, Aggregation = LossAggregation.TokenMean },
        s_grpo with { Preset = "gspo", Ratio = RatioLevel.Sequence, ClipLow = 3e-4, ClipHigh = 4e-4 },
        s_grpo with { Preset = "gspo-token", Ratio = RatioLevel.SequenceToken, ClipLow = 3e-4, ClipHigh = 4e-4 },
        s_cispo with { Preset = "cispo" },
        s_grpo with { Preset = "sapo", Loss = PolicyLossKind.SoftGate },
        s_grpo with { Preset = "vespo", Loss = PolicyLossKind.GammaWeighted, Aggregation = LossAggregation.TokenMean },
        s_grpo with { Preset = "luspo", Ratio = RatioLevel.Sequence, ClipLow = 3e-4, ClipHigh = 4e-4, Aggregation = LossAggregation.RowSum },
        s_grpo with
        {
            Preset = "gmpo", Ratio = RatioLevel.Geometric, Loss = PolicyLossKind.Ratio, ClipLow = 0.4, ClipHigh = 0.4, Aggregation = LossAggregation.Row,
        },
        s_grpo with
        {
            Preset = "rloo", Advantage = AdvantageEstimator.LeaveOneOut, Scale = AdvantageScale.None, Ratio = RatioLevel.SequenceSum, RewardKl = 0.05,
            Aggregation = LossAggregation.Row,
        },
        s_plusPlus with { Preset = "reinforce++" },
        s_plusPlus with { Preset = "reinforce++-baseline", Advantage = AdvantageEstimator.GroupMean, KlEstimator = KlEstimator.K2 },
        s_grpo with { Preset = "gdpo", Advantage = AdvantageEstimator.Decoupled, Whiten = AdvantageWhitening.Rows, Aggregation = LossAggregation.TokenMean },
        s_grpo with { Preset = "opo", Advantage = AdvantageEstimator.LengthWeighted, Scale = AdvantageScale.None, Aggregation = LossAggregation.TokenMean },
        s_grpo with
        {
            Preset = "gpg", Advantage = AdvantageEstimator.NonZeroScaled, Scale = AdvantageScale.None, Loss = PolicyLossKind.LogProb,
            Aggregation = LossAggregation.TokenMean,
        },
        s_grpo with { Preset = "remax", Advantage = AdvantageEstimator.GreedyBaseline, Scale = AdvantageScale.None, Aggregation = LossAggregation.TokenMean },
        s_grpo with { Preset = "pass@k", Advantage = AdvantageEstimator.BestOfGroup, Aggregation = LossAggregation.TokenMean },
        s_grpo with
        {
            Preset = "optimal-token", Advantage = AdvantageEstimator.OptimalToken, Scale = AdvantageScale.None, Aggregation = LossAggregation.TokenMean,
        },
        s_grpo with { Preset = "dro", Loss = PolicyLossKind.Quadratic, Aggregation = LossAggregation.TokenMean },
        s_cispo with
        {
            Preset = "dppo", Scale = AdvantageScale.Group, WeightCap = 20, TrustRegion = TrustRegion.TotalVariation, ClipLow = 0.2, ClipHigh = 0.2,
        },
        s_grpo with { Preset = "clip-cov", Covariance = CovarianceControl.Clip, Aggregation = LossAggregation.TokenMean },
        s_grpo with
        {
            Preset = "kl-cov", Loss = PolicyLossKind.Ratio, Covariance = CovarianceControl.Kl, Aggregation = LossAggregation.TokenMean,
        },
        s_grpo with
        {
            Preset = "reinforce", Scale = AdvantageScale.None, Loss = PolicyLossKind.LogProb, Aggregation = LossAggregation.TokenMean,
        },
    }.ToDictionary(preset => preset.Preset);

    /// <summary>The preset of a recipe that names none.</summary>
    public const string Default = "dapo";

    /// <summary>All names, in the order of docs/objectives.md.</summary>
    public static IReadOnlyCollection<string> Names => s_presets.Keys;

    /// <summary>The preset of that name; an unknown one is a usage error that lists them all.</summary>
    public static ObjectiveSettings Named(string name) => s_presets.TryGetValue(name, out var preset)
        ? preset
        : throw new TenonException("objective preset", string.Join(", ", Names), name, usage: true);
}
