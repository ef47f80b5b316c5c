using Tenon.Runs;
using Tenon.Training.Objectives;

namespace Tenon.Tests.Training.Objectives;

/// <summary>
/// Two answers of three and two tokens, worked out by hand in double precision from the formulas of TRL 1.16: the values every choice must
/// give.
/// </summary>
public class PublishedValueTests
{
    private static readonly ObjectiveSettings Dapo = ObjectivePresets.Named("dapo");

    private static readonly PolicyWindow Window = new()
    {
        RowStarts = [0, 3, 6],
        Mask = [true, true, true, true, true, false],
        Logps = [-0.8, -0.55, -1.5, -1.1, -0.9, 0],
        OldLogps = [-1.0, -0.5, -2.0, -0.7, -1.2, 0],
        RefLogps = [-0.9, -0.6, -1.8, -0.8, -1.0, 0],
        Advantages = [1, 1, 1, -0.5, -0.5, -0.5],
    };

    private static readonly PolicyWindow Sampled = Window with { SamplerLogps = [-1.1, -0.5, -2.1, -0.6, -1.25, 0] };

    private static LossResult Loss(ObjectiveSettings settings, PolicyWindow? window = null)
    {
        window ??= Window;
        return PolicyLoss.Of(settings, window, LossPlan.Of(settings, window, 4));
    }

    private static void Near(IReadOnlyList<double> actual, params double[] expected) =>
        GoldenLines.ShouldBe("values", actual, expected, 1e-6);

    public static TheoryData<string, double> Values => new()
    {
        { "grpo", -0.306706 }, { "dapo", -0.475541 }, { "dr-grpo", -0.297213 }, { "bnpo", -0.475541 }, { "sapo", -0.654471 },
            { "luspo", -1.387280 },
    };

    [Theory]
    [MemberData(nameof(Values))]
    public void A_preset_gives_its_published_value(string preset, double expected)
    {
        var settings = ObjectivePresets.Named(preset) with { ClipLow = 0.2, ClipHigh = 0.28 };
        Near([Loss(settings).Loss], expected);
    }

    [Fact]
    public void Delta_bounds_the_ratio_of_negative_advantages() => Near([Loss(Dapo with { Delta = 1.3 }).Loss], -0.480526);

    [Fact]
    public void The_sequence_ratio_is_length_normalised()
    {
        var result = Loss(ObjectivePresets.Named("gspo") with { ClipLow = 0.2, ClipHigh = 0.28 });
        Near([result.Loss], -0.383158);
        Near(result.GradLogps, -0.206988, -0.206988, -0.206988, 0.118904, 0.118904, 0);
    }

    [Theory]
    [InlineData(5, 0.599454)]
    [InlineData(1.28, 0.495124)]
    [InlineData(0.2, 0.074000)]
    public void The_cap_of_cispo_is_absolute(double cap, double expected)
    {
        var result = Loss(ObjectivePresets.Named("cispo") with { WeightCap = cap });
        Near([result.Loss], expected);
        if (cap == 5) Near(result.GradLogps, -0.244281, -0.190246, -0.329744, 0.067032, 0.134986, 0);
    }

    [Fact]
    public void Clipped_tokens_have_no_gradient() => Near(Loss(Dapo).GradLogps, -0.244281, -0.190246, 0, 0, 0.134986, 0);

    [Fact]
    public void The_soft_gate_never_closes_wholly() => Near(
        Loss(ObjectivePresets.Named("sapo")).GradLogps, -0.201093, -0.158444, -0.247790, 0.081329, 0.163165, 0);

    [Fact]
    public void The_gamma_weight_is_one_a_row()
    {
        var result = Loss(ObjectivePresets.Named("vespo"));
        Near([result.Loss], -0.045068);
        Near(result.GradLogps, -0.047073, -0.047073, -0.047073, 0.089613, 0.089613, 0);
    }

    [Fact]
    public void The_divergence_is_added_plain_or_times_the_ratio()
    {
        var (plain, times) = (Loss(Dapo with { Kl = 0.04 }), Loss(Dapo with { Kl = 0.04, KlBiasCorrection = true }));
        Near([plain.Report[StepMetric.Kl], plain.Loss, times.Loss], 0.020316, -0.474728, -0.474626);
        double[] Only(bool corrected)
        {
            var (with, without) = (Loss(Dapo with { Kl = 1, KlBiasCorrection = corrected }), Loss(Dapo));
            return with.GradLogps.Zip(without.GradLogps, (a, b) => a - b).ToArray();
        }

        Near(Only(false), 0.019033, 0.009754, 0.051836, -0.069972, 0.019033, 0);
        Near(Only(true), 0.024428, 0.009512, 0.098923, -0.040219, 0.026997, 0);
    }

    [Fact]
    public void The_samplers_ratio_is_one_a_token_or_a_product()
    {
        Near([Loss(Dapo with { SamplerCorrection = SamplerCorrection.TokenTruncate }, Sampled).Loss], -0.528848);
        Near([Loss(Dapo with { SamplerCorrection = SamplerCorrection.SequenceTruncate }, Sampled).Loss], -0.638910);
    }

    [Theory]
    [InlineData(0.074, false)]
    [InlineData(0.076, true)]
    public void The_off_policy_mask_drops_only_negative_rows_that_drifted(double threshold, bool kept)
    {
        var result = Loss(Dapo with { OffPolicyThreshold = threshold, RejectedTokens = RejectedTokens.Counted }, Sampled);
        Near([result.GradLogps[0]], -0.244281);
        Near([result.GradLogps[4]], kept ? 0.134986 : 0);
    }

    [Fact]
    public void Rejected_tokens_leave_the_denominator_unless_told_otherwise()
    {
        var settings = Dapo with { OffPolicyThreshold = 0.074 };
        var (removed, counted) = (Loss(settings, Sampled), Loss(settings with { RejectedTokens = RejectedTokens.Counted }, Sampled));
        Near([removed.GradLogps[0]], counted.GradLogps[0] * 5 / 3);
    }

    [Fact]
    public void Advantages_of_two_groups_are_the_published_ones()
    {
        var input = new AdvantageInput
        {
            Rewards = new RewardTable([[1, 0, 0, 1, 1, 1, 1, 1]], [0, 0, 0, 0, 1, 1, 1, 1]),
            RowStarts = [0, 1, 2, 3, 4, 5, 6, 7, 8],
            Mask = [true, true, true, true, true, true, true, true],
        };
        var grpo = ObjectivePresets.Named("grpo");
        Near(Advantages.Of(grpo, input).PerRow, 0.865875, -0.865875, -0.865875, 0.865875, 0, 0, 0, 0);
        Near(Advantages.Of(grpo with { Scale = AdvantageScale.Batch }, input).PerRow, 1.079890, -1.079890, -1.079890, 1.079890, 0, 0, 0, 0);
        Near(Advantages.Of(grpo with { Scale = AdvantageScale.None }, input).PerRow, 0.5, -0.5, -0.5, 0.5, 0, 0, 0, 0);
        var rloo = ObjectivePresets.Named("rloo") with { RewardKl = 0 };
        Near(Advantages.Of(rloo, input).PerRow, 0.666667, -0.666667, -0.666667, 0.666667, 0, 0, 0, 0);
        Advantages.Of(grpo, input).NoSignal.ShouldBe([false, false, false, false, true, true, true, true]);
    }

    [Fact]
    public void Equal_rewards_give_exactly_zero_whatever_their_mean_rounds_to()
    {
        var input = new AdvantageInput
        {
            Rewards = new RewardTable([[0.1, 0.1, 0.1, double.NaN]], [0, 0, 0, 0]), RowStarts = [0, 1, 2, 3, 4],
            Mask = [true, true, true, true],
        };
        foreach (var name in ObjectivePresets.Names.Where(name => name is not ("reinforce++" or "remax" or "optimal-token" or "rloo")))
            Advantages.Of(ObjectivePresets.Named(name), input).PerRow.ShouldBe([0, 0, 0, 0], name);
    }

    [Fact]
    public void Truncated_rows_can_leave_the_statistics()
    {
        var input = new AdvantageInput
        {
            Rewards = new RewardTable([[1, 0, 0, 0]], [0, 0, 0, 0]), RowStarts = [0, 1, 2, 3, 4], Mask = [true, true, false, false],
            Truncated = [false, false, true, true],
        };
        var settings = ObjectivePresets.Named("dr-grpo");
        Near(Advantages.Of(settings, input).PerRow, 0.75, -0.25, -0.25, -0.25);
        Near(Advantages.Of(settings with { TruncatedOutOfStatistics = true }, input).PerRow, 0.5, -0.5, 0, 0);
    }
}
