using System.Globalization;
using System.Text.Json;
using Tenon.Runs;
using Tenon.Training.Objectives;

namespace Tenon.Tests.Training.Objectives;

/// <summary>
/// Estimators, policy losses, aggregation, divergences and sampler corrections against verl 0.9.1 (golden/objectives, see its README).
/// </summary>
public class VerlGoldenTests
{
    [Fact]
    public void Advantages_are_those_of_verl() =>
    GoldenLines.All(GoldenLines.Of("objectives", "verl-advantage.jsonl"), "verl advantages", CheckAdvantages);

    [Fact]
    public void Losses_and_gradients_are_those_of_verl() =>
    GoldenLines.All(GoldenLines.Of("objectives", "verl-loss.jsonl"), "verl losses", CheckLoss);

    [Fact]
    public void Divergences_aggregation_and_corrections_are_those_of_verl() =>
    GoldenLines.All(GoldenLines.Of("objectives", "verl-misc.jsonl"), "verl parts", one =>
    {
        switch (one.Text("what"))
        {
            case "kl_penalty": CheckKl(one); break;
            case "agg_loss": CheckAggregation(one); break;
            case "value_loss": CheckValueLoss(one); break;
            case "rollout_is": CheckWeights(one); break;
            case "rollout_rs": CheckTests(one); break;
            default: throw new ShouldAssertException($"unknown part {one.Text("what")}");
        }
    });

    private static void CheckAdvantages(JsonElement one)
    {
        var (s, x, expected) = (one.GetProperty("settings"), one.GetProperty("inputs"), one.GetProperty("outputs"));
        var tolerance = one.Text("computed_in") == "float32" ? 2e-6 : 1e-12;
        var (starts, mask) = (x.GetProperty("response_mask").RowStarts(), x.Mask("response_mask"));
        var rows = starts.Length - 1;
        var groups = x.Vector("index").Select(value => (int)value).ToArray();
        var tokenRewards = x.Flat("token_level_rewards");
        var scores = tokenRewards is null
            ? null
            : Enumerable.Range(0, rows).Select(row => tokenRewards[starts[row]..starts[row + 1]].Sum()).ToArray();
        var columns = scores is null ? x.GetProperty("rewards_by_key").EnumerateArray().Select(column => column.Vector()).ToArray()
            : [scores];
        var estimator = one.Text("estimator");
        var byToken = estimator is "reinforce_plus_plus" or "remax" or "gae" || estimator.Contains("optimal_token");
        var input = new AdvantageInput
        {
            Rewards = new RewardTable(byToken ? [new double[rows]] : columns, groups, scores is null ? x.Vector("weights") : null),
            RowStarts = starts,
            Mask = mask,
            TokenRewards = byToken ? tokenRewards : null,
            GreedyRewards = x.TryGetProperty("reward_baselines", out var baselines) ? baselines.Vector() : null,
            OldLogps = x.Flat("old_log_probs"),
            SumSquaredProbabilities = x.Flat("sum_pi_squared"),
        };
        double[] actual;
        if (estimator == "gae")
        {
            var advantages =
                TokenAdvantages.Generalised(tokenRewards!, x.Flat("values")!, starts, mask, s.Number("gamma"), s.Number("lam"));
            var returns = advantages.Zip(x.Flat("values")!, (advantage, value) => advantage + value).ToArray();
            GoldenLines.ShouldBe("returns", returns, expected.Flat("returns")!, tolerance);
            actual = TokenAdvantages.Whiten(advantages, mask);
        }
        else if (estimator.Contains("optimal_token"))
        {
            actual = TokenAdvantages.OptimalToken(
                tokenRewards!, starts, mask, input.Rewards.Members, input.OldLogps!, input.SumSquaredProbabilities!,
                x.Flat("rollout_is_weights"),
                s.GetProperty("zero_tail").GetBoolean(), skipHoles: estimator.StartsWith("tir", StringComparison.Ordinal));
        }
        else actual = Advantages.Of(EstimatorSettings(estimator, s), input).PerToken;
        var wanted = expected.Flat("advantages")!;
        for (var t = 0; t < mask.Length; t++)
            if (mask[t])
                GoldenLines.ShouldBe($"advantages[{t}]", actual[t], wanted[t], tolerance);
    }

    private static ObjectiveSettings EstimatorSettings(string estimator, JsonElement s)
    {
        var norm = !s.TryGetProperty("norm", out var flag) || flag.GetBoolean();
        var plain = new ObjectiveSettings
        {
            ScaleEpsilon = 1e-6, LoneRow = LoneRow.Reward, Scale = norm ? AdvantageScale.Group
            : AdvantageScale.None, Discount = s.Optional("gamma") ?? 1,
        };
        return estimator switch
        {
            "grpo" or "grpo_vectorized" => plain,
            "gdpo" => plain with { Advantage = AdvantageEstimator.Decoupled, Whiten = AdvantageWhitening.Tokens },
            "grpo_passk" => plain with { Advantage = AdvantageEstimator.BestOfGroup },
            "reinforce_plus_plus" => plain with { Advantage = AdvantageEstimator.Return, Whiten = AdvantageWhitening.Tokens },
            "reinforce_plus_plus_baseline" => plain with { Scale = AdvantageScale.None, Whiten = AdvantageWhitening.Tokens },
            "rloo" => plain with { Advantage = AdvantageEstimator.LeaveOneOut },
            "rloo_vectorized" => plain with { Advantage = AdvantageEstimator.LeaveOneOut, LoneRow = LoneRow.Zero },
            "opo" => plain with { Advantage = AdvantageEstimator.LengthWeighted },
            "gpg" => plain with { Advantage = AdvantageEstimator.NonZeroScaled },
            "remax" => plain with { Advantage = AdvantageEstimator.GreedyBaseline },
            _ => throw new ShouldAssertException($"unknown estimator {estimator}"),
        };
    }

    private static LossAggregation Aggregation(string mode) => mode switch
    {
        "token-mean" => LossAggregation.TokenMean,
        "token-sum" => LossAggregation.TokenSum,
        "seq-mean-token-sum" => LossAggregation.RowSum,
        "seq-mean-token-mean" => LossAggregation.RowMean,
        "seq-mean-token-sum-norm" => LossAggregation.RowSumConstant,
        _ => throw new ShouldAssertException($"unknown aggregation {mode}"),
    };

    // verl leaves rows without loss tokens out, adds 1e-8 to a row's length, and scales by the number of ranks where a global batch is
    // given.
    private static LossDenominators Denominators(ObjectiveSettings settings, PolicyWindow window, JsonElement s)
    {
        var width = window.RowStarts[1];
        var own = LossDenominators.Of(settings.Aggregating, window, s.Optional("loss_scale_factor") ?? width);
        var ranks = s.Optional("dp_size") ?? 1;
        return own with
        {
            Tokens = (s.Optional("batch_num_tokens") ?? own.Tokens) / ranks,
            Rows = (s.Optional("global_batch_size") ?? own.Rows) / ranks,
            RowLengthOffset = 1e-8,
        };
    }

    private static PolicyWindow Window(JsonElement x, string mask = "response_mask") => new()
    {
        RowStarts = x.GetProperty(mask).RowStarts(),
        Mask = x.Mask(mask),
        Logps = x.Flat("log_prob") ?? new double[x.Mask(mask).Length],
        OldLogps = x.Flat("old_log_prob"),
        Advantages = x.Flat("advantages") ?? new double[x.Mask(mask).Length],
    };

    private static void CheckLoss(JsonElement one)
    {
        var (s, x, expected) = (one.GetProperty("settings"), one.GetProperty("inputs"), one.GetProperty("outputs"));
        var name = s.Text("loss");
        var window = Window(x);
        var weights = x.Flat("rollout_is_weights");
        var correction = s.TryGetProperty("rollout_correction", out var value) ? value : default;
        var settings = LossSettings(name, s, correction);
        if (name == "bypass_mode") (window, weights) = Bypass(window, correction);

        int[]? order = x.TryGetProperty("permutation", out var permutation) ? permutation.Vector().Select(place => (int)place).ToArray()
            : null;
        var plan = LossPlan.Of(settings, window, 1, draw: count => order ?? Enumerable.Range(0, count).ToArray());
        if (plan.Weights is not null && weights is not null) weights = weights.Zip(plan.Weights, (a, b) => a * b).ToArray();
        plan = plan with { Denominators = Denominators(settings, window, s), Weights = weights ?? plan.Weights };
        var result = PolicyLoss.Of(settings, window, plan);
        GoldenLines.ShouldBe("loss", result.Loss, expected.Number("loss"), 1e-12);
        GoldenLines.ShouldBe("grad", result.GradLogps, expected.Flat("grad_log_prob")!, 1e-12);

        var metrics = expected.GetProperty("metrics");
        var report = result.Report;
        if (metrics.Optional("actor/ppo_kl") is { } drift)
            GoldenLines.ShouldBe("ppo_kl", name == "kl_cov" ? report[StepMetric.DriftAbsolute] : report[StepMetric.Drift], drift, 1e-6);
        if (metrics.Optional("actor/pg_clipfrac") is { } clipped)
        {
            var actual = name switch
            {
                "cispo" => report[StepMetric.Capped],
                "geo_mean" => report[StepMetric.OutsidePositive],
                "sapo" => 0,
                "dppo_tv" or "dppo_kl" => report[StepMetric.Untrusted],
                "clip_cov" => plan.Weights!.Where((weight, t) => weight == 0 && window.Mask[t])
                    .Count() / (double)report[StepMetric.TokensTrained],
                _ => report[StepMetric.ClipLow] + report[StepMetric.ClipHigh],
            };
            GoldenLines.ShouldBe("pg_clipfrac", actual, clipped, 1e-6);
        }
        if (metrics.Optional("actor/pg_clipfrac_lower") is { } lower && !name.StartsWith("dppo", StringComparison.Ordinal))
        {
            var actual = name switch
            {
                "geo_mean" => report[StepMetric.OutsideNegative],
                "vanilla" or "bypass_mode" => report[StepMetric.ClipDual],
                _ => 0,
            };
            GoldenLines.ShouldBe("pg_clipfrac_lower", actual, lower, 1e-6);
        }
    }

    private static ObjectiveSettings LossSettings(string name, JsonElement s, JsonElement correction)
    {
        var plain = new ObjectiveSettings
        {
            ClipLow = s.Number("clip_ratio_low"),
            ClipHigh = s.Number("clip_ratio_high"),
            Delta = s.Number("clip_ratio_c"),
            GateTemperaturePositive = s.Number("tau_pos"),
            GateTemperatureNegative = s.Number("tau_neg"),
            Aggregation = Aggregation(s.Text("loss_agg_mode")),
            CountEmptyRows = false,
            RejectedTokens = RejectedTokens.Counted,
        };
        return name switch
        {
            "vanilla" => plain,
            "gpg" => plain with { Loss = PolicyLossKind.LogProb },
            "sapo" => plain with { Loss = PolicyLossKind.SoftGate, Aggregation = LossAggregation.RowMean },
            "gspo" => plain with { Ratio = RatioLevel.SequenceToken, LogRatioBound = 10, Delta = null },
            "dro" => plain with { Loss = PolicyLossKind.Quadratic, QuadraticBeta = s.Number("dro_beta") },
            "cispo" =>
                plain with { Loss = PolicyLossKind.WeightedLogProb, WeightFloor = 1 - plain.ClipLow, WeightCap = 1 + plain.ClipHigh },
            "dppo_tv" =>
                plain with { Loss = PolicyLossKind.WeightedLogProb, WeightCap = plain.Delta, TrustRegion = TrustRegion.TotalVariation },
            "dppo_kl" => plain with { Loss = PolicyLossKind.WeightedLogProb, WeightCap = plain.Delta, TrustRegion = TrustRegion.BinaryKl },
            "geo_mean" => plain with
            {
                Loss = PolicyLossKind.Ratio,
                Ratio = RatioLevel.Geometric,
                Aggregation = LossAggregation.Row,
                CountEmptyRows = true,
            },
            "clip_cov" => plain with
            {
                LogRatioBound = null,
                Delta = null,
                Covariance = CovarianceControl.Clip,
                CovarianceShare = s.Number("clip_cov_ratio"),
                CovarianceMin = s.Number("clip_cov_lb"),
                CovarianceMax = s.Number("clip_cov_ub"),
            },
            "kl_cov" => plain with
            {
                LogRatioBound = null,
                Loss = PolicyLossKind.Ratio,
                Covariance = CovarianceControl.Kl,
                CovarianceShare = s.Number("kl_cov_ratio"),
                CovarianceKl = s.Number("ppo_kl_coef"),
            },
            "bypass_mode" => correction.Text("loss_type") == "reinforce" ? plain with { Loss = PolicyLossKind.LogProb } : plain,
            _ => throw new ShouldAssertException($"unknown loss {name}"),
        };
    }

    // In bypass mode the old policy is the sampler itself: weights and tests compare the trained policy with it.
    private static (PolicyWindow Window, double[]? Weights) Bypass(PolicyWindow window, JsonElement correction)
    {
        var logRatios = SamplerWeights.LogRatios(window, window.Logps, window.OldLogps!);
        double[]? weights = null;
        if (correction.Text("loss_type") == "reinforce")
        {
            var normalise = correction.TryGetProperty("rollout_is_batch_normalize", out var flag) && flag.GetBoolean();
            weights = Weights(correction.Text("rollout_is"), correction.GetProperty("rollout_is_threshold"), normalise, logRatios, window);
        }
        if (correction.TryGetProperty("rollout_rs", out var tests))
            window = window with { Mask = Tested(tests.GetString()!, correction.Text("rollout_rs_threshold"), logRatios, window) };
        return (window, weights);
    }

    private static double[] Weights(string level, JsonElement threshold, bool normalise, double[] logRatios, PolicyWindow window)
    {
        var bounds = threshold.ValueKind == JsonValueKind.String ? threshold.GetString()!.Split('_').Select(Parse).ToArray()
            : [threshold.GetDouble()];
        var perRow = level == "sequence";
        var mode = (perRow, bounds.Length) switch
        {
            (false, 1) => SamplerCorrection.TokenTruncate,
            (false, _) => SamplerCorrection.TokenMask,
            (true, 1) => SamplerCorrection.SequenceTruncate,
            _ => SamplerCorrection.SequenceMask,
        };
        var weights = SamplerWeights.Of(mode, logRatios, window.RowStarts, window.Mask, bounds.Length == 1 ? null : bounds[0], bounds[^1]);
        return normalise ? SamplerWeights.Normalised(weights, window.RowStarts, window.Mask, perRow) : weights;
    }

    private static bool[] Tested(string options, string thresholds, double[] logRatios, PolicyWindow window)
    {
        var mask = (bool[])window.Mask.Clone();
        var (names, bounds) = (options.Split(','), thresholds.Split(','));
        for (var i = 0; i < names.Length; i++)
        {
            var parts = bounds[bounds.Length == 1 ? 0 : i].Split('_').Select(Parse).ToArray();
            var scope = names[i] switch
            {
                _ when names[i].StartsWith("token", StringComparison.Ordinal) => SamplerTestScope.Token,
                _ when names[i].StartsWith("seq_sum", StringComparison.Ordinal) => SamplerTestScope.RowSum,
                _ when names[i].StartsWith("seq_mean", StringComparison.Ordinal) => SamplerTestScope.RowMean,
                _ => SamplerTestScope.RowMax,
            };
            var test = new SamplerTest
            {
                Scope = scope, Estimator = Enum.Parse<KlEstimator>(names[i][^2..], ignoreCase: true), Max = parts[^1],
                Min = parts.Length == 1 ? null : parts[0],
            };
            var passing = test.Passing(logRatios, window.RowStarts, window.Mask);
            for (var t = 0; t < mask.Length; t++) mask[t] &= passing[t];
        }
        return mask;
    }

    private static double Parse(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private static void CheckKl(JsonElement one)
    {
        var (x, expected, kind) = (one.GetProperty("inputs"), one.GetProperty("outputs"), one.GetProperty("settings").Text("kind"));
        var (logps, references) = (x.Vector("logprob"), x.Vector("ref_logprob"));
        var estimator = kind.TrimEnd('+') switch
        {
            "kl" or "k1" => KlEstimator.K1,
            "mse" or "k2" => KlEstimator.K2,
            "abs" => KlEstimator.Absolute,
            _ => KlEstimator.K3,
        };
        var pairs = logps.Select((logp, i) => KlEstimates.Of(estimator, logp, references[i], 10, kind.EndsWith('+'))).ToArray();
        GoldenLines.ShouldBe("value", pairs.Select(pair => pair.Value).ToArray(), expected.Vector("value"), 1e-12);
        GoldenLines.ShouldBe("slope", pairs.Select(pair => pair.Slope).ToArray(), expected.Vector("grad_of_sum"), 1e-12);
    }

    // A loss of -1 times a log-probability has the aggregation's weights as its gradient: advantages of -1 and log-probabilities of the
    // matrix.
    private static void CheckAggregation(JsonElement one)
    {
        var (s, x, expected) = (one.GetProperty("settings"), one.GetProperty("inputs"), one.GetProperty("outputs"));
        var settings =
            new ObjectiveSettings { Loss = PolicyLossKind.LogProb, Aggregation = Aggregation(s.Text("mode")), CountEmptyRows = false };
        var mask = x.Mask("mask");
        var scale = settings.Aggregation == LossAggregation.TokenSum ? s.Optional("dp_size") ?? 1 : 1;
        var window = Window(x, "mask") with { Logps = x.Flat("loss_mat")!, Advantages = Enumerable.Repeat(-scale, mask.Length).ToArray() };
        var plan = LossPlan.Of(settings, window, 1) with { Denominators = Denominators(settings, window, s) };
        var result = PolicyLoss.Of(settings, window, plan);
        GoldenLines.ShouldBe("loss", result.Loss, expected.Number("loss"), 1e-12);
        GoldenLines.ShouldBe("grad", result.GradLogps, expected.Flat("grad")!, 1e-12);
    }

    private static void CheckValueLoss(JsonElement one)
    {
        var (s, x, expected) = (one.GetProperty("settings"), one.GetProperty("inputs"), one.GetProperty("outputs"));
        var settings = new ObjectiveSettings { Aggregation = Aggregation(s.Text("loss_agg_mode")), CountEmptyRows = false };
        var window = Window(x, "mask");
        var (loss, gradient, clipped) = PolicyLoss.Value(
            settings.Aggregation, window, Denominators(settings, window, s), x.Flat("vpreds")!, x.Flat("returns")!, x.Flat("values")!,
            s.Number("cliprange_value"));
        GoldenLines.ShouldBe("loss", loss, expected.Number("loss"), 1e-12);
        GoldenLines.ShouldBe("grad", gradient, expected.Flat("grad")!, 1e-12);
        GoldenLines.ShouldBe("clipfrac", clipped, expected.Number("clipfrac"), 1e-6);
    }

    private static void CheckWeights(JsonElement one)
    {
        var (s, x, expected) = (one.GetProperty("settings"), one.GetProperty("inputs"), one.GetProperty("outputs"));
        var window = Window(x, "mask");
        var weights =
            Weights(s.Text("level"), s.GetProperty("threshold"), s.GetProperty("batch_normalize").GetBoolean(), x.Flat("log_ratio")!,
            window);
        var wanted = expected.Flat("weights")!;
        for (var t = 0; t < weights.Length; t++)
            if (window.Mask[t])
                GoldenLines.ShouldBe($"weights[{t}]", weights[t], wanted[t], 1e-12);
    }

    private static void CheckTests(JsonElement one)
    {
        var (s, x, expected) = (one.GetProperty("settings"), one.GetProperty("inputs"), one.GetProperty("outputs"));
        var window = Window(x, "mask");
        var kept = Tested(s.Text("options"), s.Text("threshold"), x.Flat("log_ratio")!, window);
        kept.ShouldBe(expected.Mask("mask"));
        var (tokens, rejected) = (window.Mask.Count(flag => flag), window.Mask.Where((flag, t) => flag && !kept[t]).Count());
        GoldenLines.ShouldBe("masked", rejected / (double)tokens, expected.Number("masked_fraction"), 1e-6);
        var touched = Enumerable.Range(0, window.Rows).Count(row =>
            Enumerable.Range(window.RowStarts[row], window.RowStarts[row + 1] - window.RowStarts[row])
            .Any(t => window.Mask[t] && !kept[t]));
        GoldenLines.ShouldBe("rows", touched / (double)window.Rows, expected.Number("seq_masked_fraction"), 1e-6);
    }
}
