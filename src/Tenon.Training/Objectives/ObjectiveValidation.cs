using Tenon.Tensors.Ops;
using Tenon.Training.Settings;

namespace Tenon.Training.Objectives;

/// <summary>What the choices of an objective must agree on; ranges of single values stand at the values.</summary>
public static class ObjectiveValidation
{
    /// <summary>All faults between the choices; empty where there is none.</summary>
    public static IEnumerable<SettingsFault> Faults(ObjectiveSettings s)
    {
        if (s.RewardMin > s.RewardMax) yield return new("reward-min", $"{s.RewardMin} is above reward-max", $"at most {s.RewardMax}");
        if (s.Delta <= 1 + s.ClipHigh)
            yield return new("delta", $"{s.Delta} lies inside the clip range", $"above 1 + clip-high ({1 + s.ClipHigh})");
        if (s.Loss == PolicyLossKind.WeightedLogProb && s.WeightCap is null)
            yield return new("weight-cap", "is not given, which would leave the weights of loss weighted-log-prob without a bound",
                "a number above 0; 5 is usual");
        if (s.WeightFloor > s.WeightCap) yield return new("weight-floor", $"{s.WeightFloor} is above weight-cap", $"at most {s.WeightCap}");
        if (s.CovarianceMin > s.CovarianceMax)
            yield return new("covariance-min", $"{s.CovarianceMin} is above covariance-max", $"at most {s.CovarianceMax}");
        if (s.KlBiasCorrection && s.KlGradientOfK2) yield return new("kl-bias-correction", "excludes kl-gradient-of-k2", "one of the two");
        if (s.EntropyBonusMin > s.EntropyBonusMax)
            yield return new("entropy-bonus-min", $"{s.EntropyBonusMin} is above entropy-bonus-max", $"at most {s.EntropyBonusMax}");
        foreach (var fault in Sampler(s).Concat(Combinations(s)).Concat(Teaching(s))) yield return fault;
    }

    /// <summary>
    /// Combinations that run but rarely do what was meant, each one sentence that names its keys: said once at the start of a run and in a
    /// dry run.
    /// </summary>
    public static IEnumerable<string> Warnings(RunSettings run)
    {
        foreach (var text in Warnings(run.Objective, RatiosMove(run))) yield return text;
        var (rollout, plain) = (run.Rollout, new RolloutSettings());
        if (rollout.DynamicSampling) yield break;
        string[] idle =
        [
            .. rollout.Surplus != plain.Surplus ? ["surplus"] : Array.Empty<string>(),
            .. rollout.MaxRounds != plain.MaxRounds ? ["max-rounds"] : Array.Empty<string>(),
        ];
        if (idle.Length > 0)
            yield return $"rollout.{string.Join(" and ", idle)}: without rollout.dynamic-sampling: true every batch takes the groups it "
                + "draws";
    }

    // The first update over a batch is made by the policy that sampled it, unless something lies between the two.
    private static bool RatiosMove(RunSettings run) =>
        run.Update.Epochs * run.Update.Minibatches > 1 || run.Rollout.Overlap || run.Rollout.Replay is not null
        || run.Rollout is { DynamicSampling: true, Surplus: "carry" } || run.Adapter.Dropout > 0;

    /// <summary>The same of the objective alone.</summary>
    /// <param name="s">The settings.</param>
    /// <param name="ratiosMove">False where every importance ratio is 1: one update a batch, by the policy that sampled it.</param>
    internal static IEnumerable<string> Warnings(ObjectiveSettings s, bool ratiosMove)
    {
        if (!ratiosMove && ClippingKeys(s) is { Length: > 0 } keys)
            yield return $"with one update a batch every importance ratio is 1, so {keys} cannot act: "
                + "update.minibatches or update.epochs above 1 makes more updates";
        foreach (var (key, now, its) in Overridden(s))
            yield return $"objective.{key}: {now} takes away what preset {s.Preset} is about ({key}: {its}); name another preset, or "
                + $"leave {key} out";
        if (s.Ratio == RatioLevel.Token && s.Loss == PolicyLossKind.Clip && Math.Max(s.ClipLow, s.ClipHigh) < 0.01)
            yield return $"objective.clip-low {s.ClipLow} and clip-high {s.ClipHigh} are the width of a ratio of the sequence; with "
                + $"ratio: token nearly every token "
                + "is clipped after the first update: 0.2 is usual";
        if (s.Ratio == RatioLevel.Sequence && s.Aggregation is LossAggregation.TokenMean or LossAggregation.TokenSum)
            yield return "objective.ratio: sequence with a token-level objective.aggregation weighs completions by their length: "
                + "row-mean gives each the same weight";
        if (s.Loss == PolicyLossKind.GammaWeighted && s.Ratio != RatioLevel.Token)
            yield return "objective.loss: gamma-weighted computes its own weight of the completion: objective.ratio acts on "
                + "kl-bias-correction only";
        if (s.Aggregation == LossAggregation.RowSum && s.Ratio == RatioLevel.Token)
            yield return "objective.aggregation: row-sum is meant for a ratio of the sequence (luspo): long completions weigh more";
        if (s.SamplerCorrection != SamplerCorrection.None || s.SamplerTests.Count > 0)
            yield return "objective.sampler-correction and sampler-tests: sampler and trainer are the same computation here, so every "
                + "sampler ratio is 1 and they do nothing";
        if (!s.NeedsReference && s.KlReference != KlReference.Base)
            yield return "objective.kl-reference: no divergence is taken from it while kl and reward-kl are 0";
        if (!s.DistilsVocabulary && (s.TeacherTop is not null || s.TeacherDivergence != DivergenceKind.ReverseKl))
            yield return "objective.teacher-divergence and teacher-top act under a teacher with teacher-signal: full-vocabulary only";
        if (s.EntropyAdaptive && s.EntropyBonusStep == 0)
            yield return "objective.entropy-adaptive with entropy-bonus-step 0 never changes the bonus";
    }

    // The keys that act through a ratio that has moved.
    private static string ClippingKeys(ObjectiveSettings s) => s switch
    {
        { TrustRegion: not TrustRegion.None } => "objective.trust-region (clip-low, clip-high)",
        { Loss: PolicyLossKind.Clip } when s.Delta is not null => "objective.clip-low, clip-high and delta",
        { Loss: PolicyLossKind.Clip } or { Ratio: RatioLevel.Geometric } => "objective.clip-low and clip-high",
        { Loss: PolicyLossKind.SoftGate } => "objective.loss: soft-gate",
        { Loss: PolicyLossKind.WeightedLogProb } => "objective.weight-cap",
        { Loss: PolicyLossKind.GammaWeighted } => "objective.loss: gamma-weighted",
        { SecondMomentMax: not null } => "objective.second-moment-max",
        { Loss: PolicyLossKind.Classification } => "the logits of objective.loss: classification, which are the ratios' logarithms,",
        _ => "",
    };

    // What makes a preset: the choices in which it departs from grpo. Overriding another key of it is tuning, overriding one of these is
    // another objective.
    private static IEnumerable<(string Key, string Now, string Its)> Overridden(ObjectiveSettings s)
    {
        if (!ObjectivePresets.Names.Contains(s.Preset)) yield break;
        var (its, plain) = (ObjectivePresets.Named(s.Preset), ObjectivePresets.Named("grpo"));
        (string Key, Func<ObjectiveSettings, Enum> Of)[] choices =
        [
            ("advantage", x => x.Advantage), ("ratio", x => x.Ratio), ("loss", x => x.Loss), ("trust-region", x => x.TrustRegion),
            ("covariance", x => x.Covariance), ("aggregation", x => x.Aggregation), ("teacher-signal", x => x.TeacherSignal),
        ];
        foreach (var (key, of) in choices)
            if (!of(its).Equals(of(plain)) && !of(its).Equals(of(s)))
                yield return (key, SettingNames.Word(of(s)), SettingNames.Word(of(its)));
    }

    private static IEnumerable<SettingsFault> Sampler(ObjectiveSettings s)
    {
        if (s.SamplerCorrection == SamplerCorrection.None) yield break;
        if (s.SamplerMin is null && s.SamplerMax is null)
            yield return new("sampler-correction", "has no bound", "sampler-min or sampler-max");
        if (s.SamplerMin >= s.SamplerMax)
            yield return new("sampler-min", $"{s.SamplerMin} is not below sampler-max", $"below {s.SamplerMax}");
        if (s.Loss == PolicyLossKind.GammaWeighted
            && s.SamplerCorrection is SamplerCorrection.SequenceMask or SamplerCorrection.SequenceTruncate)
            yield return new("sampler-correction", "weighs whole completions, as loss gamma-weighted already does",
                "token-truncate or token-mask");
    }

    private static IEnumerable<SettingsFault> Teaching(ObjectiveSettings s)
    {
        if (s.Teacher == Teacher.None)
        {
            if (s.Advantage == AdvantageEstimator.None)
                yield return new("advantage", "none leaves nothing to learn from without a teacher", "a teacher, or another advantage");
            yield break;
        }
        if (s.Advantage == AdvantageEstimator.None && s.TeacherSignal == TeacherSignal.Magnitude)
            yield return new("teacher-signal", "magnitude takes its signs from the reward's advantage, which is none", "log-ratio");
        if (s is { TeacherDivergence: DivergenceKind.JensenShannon, TeacherBeta: 1 })
            yield return new("teacher-beta", "1 makes the mixture the teacher itself, and the divergence 0", "below 1, or reverse-kl");
        if (s.Teacher != Teacher.Model && s.TeacherModel is not null)
            yield return new("teacher-model", $"stands beside teacher: {SettingNames.Word(s.Teacher)}", "teacher: model, or null");
        if (s.TeacherPrompt is { } prompt && (s.Teacher == Teacher.Model || !prompt.Contains("{prompt}", StringComparison.Ordinal)
            || !prompt.Contains("{solution}", StringComparison.Ordinal)))
            yield return new("teacher-prompt", s.Teacher == Teacher.Model ? "stands beside teacher: model, which reads the policy's prompt"
                : $"'{prompt}' has not both of its places", "a text with {prompt} and {solution}, or null");
    }

    private static IEnumerable<SettingsFault> Combinations(ObjectiveSettings s)
    {
        if (s.Ratio == RatioLevel.Geometric && s.Loss != PolicyLossKind.Ratio)
            yield return new("loss", "clips a ratio that is already clipped: ratio is geometric", "loss: ratio");
        if (s.Whiten == AdvantageWhitening.Rows
            && s.Advantage is AdvantageEstimator.Return or AdvantageEstimator.GreedyBaseline or AdvantageEstimator.OptimalToken)
            yield return new("whiten", "rows does not fit an advantage that differs from token to token", "tokens or none");
        if (s.Loss == PolicyLossKind.Classification && s.Aggregation != LossAggregation.Row)
            yield return new("aggregation", "classification is one loss a group", "row");
        if (s.FutureHalfLife is not null && s.Aggregation == LossAggregation.Row)
            yield return new("future-half-life", "weighs tokens, and a completion is one term", "null, or another aggregation");
        if (s.Aggregation != LossAggregation.Row) yield break;
        if (!s.RatioIsPerRow)
            yield return new("aggregation", "row wants a ratio of the completion", "ratio: sequence, sequence-sum or geometric");
        if (s.Loss is not (PolicyLossKind.Clip or PolicyLossKind.Ratio or PolicyLossKind.SoftGate or PolicyLossKind.Classification))
            yield return new("aggregation", "row wants a loss of the ratio alone", "loss: clip, ratio, soft-gate or classification");
        if (s.EntropyQuantile < 1 && s.Ratio != RatioLevel.Geometric)
            yield return new("entropy-quantile", "has no token to leave out where a completion is one term", "1, or ratio: geometric");
    }
}
