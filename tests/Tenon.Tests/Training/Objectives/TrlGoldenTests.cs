using System.Text.Json;
using Tenon.Runs;
using Tenon.Training.Objectives;

namespace Tenon.Tests.Training.Objectives;

/// <summary>Losses and advantages against TRL 1.16 (golden/objectives, see its README).</summary>
public class TrlGoldenTests
{
    [Fact]
    public void Losses_gradients_and_metrics_are_those_of_trl() =>
    GoldenLines.All(GoldenLines.Of("objectives", "trl-loss.jsonl"), "TRL losses", CheckLoss);

    [Fact]
    public void Advantages_are_those_of_trl() =>
    GoldenLines.All(GoldenLines.Of("objectives", "trl-advantage.jsonl"), "TRL advantages", CheckAdvantages);

    [Fact]
    public void Leave_one_out_advantages_and_loss_are_those_of_trl() =>
    GoldenLines.All(GoldenLines.Of("objectives", "trl-rloo.jsonl"), "TRL RLOO", CheckRloo);

    private static ObjectiveSettings Settings(JsonElement s)
    {
        var type = s.Text("loss_type");
        var high = s.Optional("epsilon_high") ?? s.Number("epsilon");
        return new ObjectiveSettings
        {
            LogRatioBound = null,
            RejectedTokens = RejectedTokens.Counted,
            ClipLow = s.Number("epsilon"),
            ClipHigh = high,
            Delta = s.Optional("delta"),
            WeightCap = high,
            Ratio = type == "gmpo" ? RatioLevel.Geometric : s.Text("importance_sampling_level") == "sequence" ? RatioLevel.Sequence
            : RatioLevel.Token,
            Loss = type switch
            {
                "cispo" => PolicyLossKind.WeightedLogProb,
                "sapo" => PolicyLossKind.SoftGate,
                "vespo" => PolicyLossKind.GammaWeighted,
                "gmpo" => PolicyLossKind.Ratio,
                _ => PolicyLossKind.Clip,
            },
            Aggregation = type switch
            {
                "grpo" or "sapo" => LossAggregation.RowMean,
                "luspo" => LossAggregation.RowSum,
                "dr_grpo" => LossAggregation.RowSumConstant,
                "gmpo" => LossAggregation.Row,
                _ => LossAggregation.TokenMean,
            },
            Kl = s.Number("beta"),
            KlBiasCorrection = s.GetProperty("use_bias_correction_kl").GetBoolean() && type != "gmpo",
            OffPolicyThreshold = s.Optional("off_policy_mask_threshold"),
            EntropyQuantile = s.Number("top_entropy_quantile"),
            EntropyBonus = s.Number("entropy_coef"),
            EntropyAdaptive = s.GetProperty("use_adaptive_entropy").GetBoolean(),
            EntropyTarget = s.Number("entropy_target"),
            EntropyBonusMin = s.Number("entropy_coef_min"),
            EntropyBonusMax = s.Number("entropy_coef_max"),
            EntropyBonusStep = s.Number("entropy_coef_delta"),
            SamplerCorrection = !s.GetProperty("sampler_correction").GetBoolean() ? SamplerCorrection.None : s.Text("sampler_mode") switch
            {
                "token_truncate" => SamplerCorrection.TokenTruncate,
                "token_mask" => SamplerCorrection.TokenMask,
                "sequence_truncate" => SamplerCorrection.SequenceTruncate,
                _ => SamplerCorrection.SequenceMask,
            },
            SamplerMin = s.Optional("sampler_clip_min"),
            SamplerMax = s.Optional("sampler_clip_max"),
            GateTemperaturePositive = s.Number("sapo_temperature_pos"),
            GateTemperatureNegative = s.Number("sapo_temperature_neg"),
            GammaShapePositive = s.Number("vespo_k_pos"),
            GammaRatePositive = s.Number("vespo_lambda_pos"),
            GammaShapeNegative = s.Number("vespo_k_neg"),
            GammaRateNegative = s.Number("vespo_lambda_neg"),
            ConstantLength = s.Number("max_completion_length"),
        };
    }

    private static void CheckLoss(JsonElement one)
    {
        var (s, x, expected) = (one.GetProperty("settings"), one.GetProperty("inputs"), one.GetProperty("outputs"));
        var settings = Settings(s);
        var starts = x.GetProperty("logps").RowStarts();
        var window = new PolicyWindow
        {
            RowStarts = starts,
            Mask = x.Mask("mask"),
            Logps = x.Flat("logps")!,
            OldLogps = x.Flat("old_logps"),
            RefLogps = x.Flat("ref_logps"),
            SamplerLogps = x.Flat("sampling_logps"),
            Entropies = x.Flat("entropies"),
            Advantages = Advantages.Broadcast(x.Vector("advantages"), starts),
        };
        var controller = new EntropyController(settings.EntropyBonus, s.Optional("last_world_entropy") ?? double.PositiveInfinity);
        var plan = LossPlan.Of(settings, window, s.Number("max_completion_length"), controller.Effective(settings.Entropy));
        plan = plan with { Denominators = Denominators(s, x, plan.Denominators), KlDenominators = Denominators(s, x, plan.Denominators) };
        var result = PolicyLoss.Of(settings, window, plan);

        GoldenLines.ShouldBe("loss", result.Loss, expected.Number("loss"), 1e-12);
        GoldenLines.ShouldBe("grad_logps", result.GradLogps, expected.Flat("grad_logps")!, 1e-12);
        GoldenLines.ShouldBe("grad_entropies", result.GradEntropies, expected.Flat("grad_entropies")!, 1e-12);
        if (expected.TryGetProperty("importance_sampling_ratio", out var ratios)) CheckRatios(settings, window, ratios);
        if (expected.Optional("world_entropy") is { } world)
        {
            GoldenLines.ShouldBe("world_entropy", result.Report[StepMetric.BonusEntropy], world, 1e-12);
            GoldenLines.ShouldBe("entropy_coef_after", controller.After(settings.Entropy, world).Coefficient,
                expected.Number("entropy_coef_after"), 1e-12);
        }
        CheckMetrics(one, settings, window, result, controller);
    }

    // One micro-batch of g; the token count spans S of them and all processes.
    private static LossDenominators Denominators(JsonElement s, JsonElement x, LossDenominators own)
    {
        var type = s.Text("loss_type");
        var steps = s.Text("mode") == "train" ? s.Number("gradient_accumulation_steps") : 1;
        var rows = x.GetProperty("mask").GetArrayLength();
        var byCount = type is "cispo" or "dapo" or "vespo";
        var windows = s.Text("mode") == "train" ? s.Number("gradient_accumulation_steps") / s.Number("steps_per_generation") : 1;
        var tokens = byCount ? Math.Max(1, x.Number("num_items_in_batch")) / s.Number("num_processes") * windows
            : Math.Max(1, own.Tokens) * steps;
        return own with { Tokens = tokens, Rows = rows * steps, EntropyTokens = Math.Max(1, own.EntropyTokens) * steps };
    }

    private static void CheckRatios(ObjectiveSettings settings, PolicyWindow window, JsonElement expected)
    {
        var logRatios = SamplerWeights.LogRatios(window, window.OldLogps!, window.SamplerLogps!);
        var weights =
            SamplerWeights.Of(settings.SamplerCorrection, logRatios, window.RowStarts, window.Mask, settings.SamplerMin,
            settings.SamplerMax);
        for (var row = 0; row < window.Rows; row++)
            for (var t = window.RowStarts[row]; t < window.RowStarts[row + 1]; t++)
                if (window.Mask[t])
                    GoldenLines.ShouldBe("ratio", weights[t],
                        expected[row][expected[row].GetArrayLength() == 1 ? 0 : t - window.RowStarts[row]].Number(), 1e-12);
    }

    private static void CheckMetrics(JsonElement one, ObjectiveSettings settings, PolicyWindow window, LossResult result,
        EntropyController controller)
    {
        var report = result.Report;
        var steps = one.GetProperty("settings").Text("mode") == "train" ? one.GetProperty("settings").Number("gradient_accumulation_steps")
            : 1;
        var byCount = one.GetProperty("settings").Text("loss_type") is "cispo" or "dapo" or "vespo";
        double[] weights = [];
        if (settings.SamplerCorrection != SamplerCorrection.None)
        {
            var logRatios = SamplerWeights.LogRatios(window, window.OldLogps!, window.SamplerLogps!);
            var all =
                SamplerWeights.Of(settings.SamplerCorrection, logRatios, window.RowStarts, window.Mask, settings.SamplerMin,
                settings.SamplerMax);
            var perRow = settings.SamplerCorrection is SamplerCorrection.SequenceMask or SamplerCorrection.SequenceTruncate;
            weights = perRow ? Enumerable.Range(0, window.Rows).Select(row => RowRatio(row, all)).ToArray()
                : all.Where((_, t) => window.Mask[t]).ToArray();
        }
        double RowRatio(int row, double[] all)
        {
            var first = window.Mask.AsSpan(window.RowStarts[row]..window.RowStarts[row + 1]).IndexOf(true);
            return first < 0 ? 1 : all[window.RowStarts[row] + first];
        }

        foreach (var metric in one.GetProperty("outputs").GetProperty("metrics").EnumerateObject())
        {
            double? actual = metric.Name switch
            {
                "clip_ratio/low_mean" => report[StepMetric.ClipLow],
                "clip_ratio/high_mean" => report[StepMetric.ClipHigh],
                "clip_ratio/region_mean" => report[StepMetric.ClipLow] + report[StepMetric.ClipHigh],
                "clip_ratio/low_min" => report[StepMetric.ClipLowMin],
                "clip_ratio/high_max" => report[StepMetric.ClipHighMax],
                "cispo_clip_ratio" => report[StepMetric.CappedPositive],
                "vespo/phi_seq_mean" => report[StepMetric.GammaWeight],
                "kl" => report[StepMetric.KlPenalty],
                "entropy" => report[StepMetric.Entropy],
                "policy_loss" => report[StepMetric.PolicyLoss] * (byCount ? 1 : steps),
                "entropy_coef" => settings.EntropyAdaptive ? controller.After(settings.Entropy, report[StepMetric.BonusEntropy]).Coefficient
                    : controller.Coefficient,
                "sampling/sampling_logp_difference/mean" => report[StepMetric.SamplerDifference],
                "sampling/sampling_logp_difference/max" => report[StepMetric.SamplerDifferenceMax],
                "sampling/importance_sampling_ratio/min" => weights.Min(),
                "sampling/importance_sampling_ratio/max" => weights.Max(),
                "sampling/importance_sampling_ratio/mean" => weights.Average(),
                _ => null,
            };
            // With a NaN in the sampler's log-probabilities the reference's own difference is NaN.
            if (metric.Name.Contains("difference") && double.IsNaN(metric.Value.Number())) continue;
            actual.ShouldNotBeNull($"unknown metric {metric.Name}");
            // Where no token is left the reference divides by max(1, 0); here such a mean says nothing.
            if (report[StepMetric.TokensTrained] == 0 && double.IsNaN(actual.Value) && metric.Value.Number() == 0) continue;
            GoldenLines.ShouldBe(metric.Name, actual.Value, metric.Value.Number(), 1e-6);
        }
    }

    private static void CheckAdvantages(JsonElement one)
    {
        var s = one.GetProperty("settings");
        var columns = one.GetProperty("rewards").EnumerateArray().Select(column => column.Vector()).ToArray();
        var (rows, group) = (columns[0].Length, (int)s.Number("num_generations"));
        var table = new RewardTable(columns, Enumerable.Range(0, rows).Select(row => row / group).ToArray(), s.Vector("reward_weights"));
        var separate = s.Text("multi_objective_aggregation") == "normalize_then_sum";
        var settings = new ObjectiveSettings
        {
            Advantage = separate ? AdvantageEstimator.Decoupled : AdvantageEstimator.GroupMean,
            Whiten = separate ? AdvantageWhitening.Rows : AdvantageWhitening.None,
            Scale = separate ? AdvantageScale.Group : Enum.Parse<AdvantageScale>(s.Text("scale_rewards"), ignoreCase: true),
        };
        var result = Advantages.Of(settings, OneTokenRows(table));
        GoldenLines.ShouldBe("advantages", result.PerRow, one.Vector("advantages"), 1e-12);
        GoldenLines.ShouldBe("per token", result.PerToken, one.Vector("advantages"), 1e-12);

        var metrics = one.GetProperty("metrics");
        var total = Spread.Of(result.Rewards);
        GoldenLines.ShouldBe("reward", total.Mean, metrics.Number("reward"), 1e-6);
        GoldenLines.ShouldBe("reward_std", total.Std, metrics.Number("reward_std"), 1e-6);
        for (var k = 0; k < columns.Length; k++)
        {
            GoldenLines.ShouldBe("column mean", Spread.Of(columns[k]).Mean, metrics.Number($"rewards/r{k}/mean"), 1e-6);
            GoldenLines.ShouldBe("column std", Spread.Of(columns[k]).Std, metrics.Number($"rewards/r{k}/std"), 1e-6);
        }
        if (separate) return;
        var flat = settings.Scale == AdvantageScale.Batch
            ? total.Std <= 1e-8 ? 1 : 0
            : table.Members.Count(members => Spread.Of(result.Rewards, members).AllEqual) / (double)table.Members.Length;
        GoldenLines.ShouldBe("frac_reward_zero_std", flat, metrics.Number("frac_reward_zero_std"), 1e-6);
    }

    private static AdvantageInput OneTokenRows(RewardTable table) => new()
    {
        Rewards = table,
        RowStarts = Enumerable.Range(0, table.Groups.Length + 1).ToArray(),
        Mask = Enumerable.Repeat(true, table.Groups.Length).ToArray(),
    };

    private static void CheckRloo(JsonElement one)
    {
        var (s, x, expected) = (one.GetProperty("settings"), one.GetProperty("inputs"), one.GetProperty("outputs"));
        var columns = x.GetProperty("rewards").EnumerateArray().Select(column => column.Vector()).ToArray();
        var group = (int)s.Number("num_generations");
        var clip = s.GetProperty("reward_clip_range");
        var settings = ObjectivePresets.Named("rloo") with
        {
            LogRatioBound = null,
            RewardKl = s.Number("beta"),
            RewardMin = clip.ValueKind == JsonValueKind.Array ? clip[0].Number() : null,
            RewardMax = clip.ValueKind == JsonValueKind.Array ? clip[1].Number() : null,
            Whiten = s.GetProperty("normalize_advantages").GetBoolean() ? AdvantageWhitening.Rows : AdvantageWhitening.None,
            ClipLow = s.Number("epsilon"),
            ClipHigh = s.Optional("epsilon_high") ?? s.Number("epsilon"),
        };
        var starts = x.GetProperty("logps").RowStarts();
        var input = new AdvantageInput
        {
            Rewards = new RewardTable(columns, Enumerable.Range(0, starts.Length - 1).Select(row => row / group).ToArray()),
            RowStarts = starts,
            Mask = x.Mask("mask"),
            OldLogps = x.Flat("old_logps"),
            RefLogps = x.Flat("ref_logps"),
        };
        var advantages = Advantages.Of(settings, input);
        GoldenLines.ShouldBe("advantages", advantages.PerRow, expected.Vector("advantages"), 1e-12);
        var window = new PolicyWindow
        {
            RowStarts = starts, Mask = input.Mask, Logps = x.Flat("logps")!, OldLogps = input.OldLogps, Entropies = x.Flat("entropies"),
            Advantages = advantages.PerToken,
        };
        var result = PolicyLoss.Of(settings, window, LossPlan.Of(settings, window, 1));
        GoldenLines.ShouldBe("loss", result.Loss, expected.Number("loss"), 1e-12);
        GoldenLines.ShouldBe("grad_logps", result.GradLogps, expected.Flat("grad_logps")!, 1e-12);
        var metrics = expected.GetProperty("metrics");
        GoldenLines.ShouldBe("low", result.Report[StepMetric.ClipLow], metrics.Number("clip_ratio/low_mean"), 1e-6);
        GoldenLines.ShouldBe("low", result.Report[StepMetric.ClipLowMin], metrics.Number("clip_ratio/low_min"), 1e-6);
        GoldenLines.ShouldBe("high", result.Report[StepMetric.ClipHigh], metrics.Number("clip_ratio/high_mean"), 1e-6);
        GoldenLines.ShouldBe("high", result.Report[StepMetric.ClipHighMax], metrics.Number("clip_ratio/high_max"), 1e-6);
        GoldenLines.ShouldBe("entropy", result.Report[StepMetric.Entropy], metrics.Number("entropy"), 1e-6);
    }
}
