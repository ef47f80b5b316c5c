using Tenon.Training.Objectives;

namespace Tenon.Tests.Training.Objectives;

/// <summary>Losses and masks that read more than one token, against their formulas written out.</summary>
public class WholeStepLossTests
{
    // Two groups: rows of 2 and 1 tokens, then of 3 and 2, the last token masked.
    private static readonly PolicyWindow Window = new()
    {
        RowStarts = [0, 2, 3, 6, 8],
        GroupStarts = [0, 2, 4],
        Right = [true, false, false, false],
        Mask = [true, true, true, true, true, true, true, false],
        Logps = [-0.5, -0.9, -1.2, -0.3, -0.8, -2.0, -0.4, double.NaN],
        OldLogps = [-0.7, -1.0, -1.0, -0.4, -0.6, -1.5, -0.9, double.NaN],
        Advantages = [1, 1, -1, -0.5, -0.5, -0.5, 0.5, 0.5],
    };

    private static double[] Drifts => [0.2, 0.1, -0.2, 0.1, -0.2, -0.5, 0.5];

    [Fact]
    public void Real_is_the_classification_loss_of_each_mixed_group_and_its_slopes_are_bounded()
    {
        var settings = ObjectivePresets.Named("real");
        var plan = LossPlan.Of(settings, Window, 8);
        var result = PolicyLoss.Of(settings, Window, plan);
        const double tau = 0.5;
        double[] s = [0.15, -0.2, -0.2, 0.5];
        var first = Math.Log(1 + Math.Exp(-s[0] / tau)) + Math.Log(1 + Math.Exp(s[1] / tau));
        // The second group has no right answer: no loss, but a part of the mean over groups (Red-RL/REAL, compute_policy_loss_real).
        result.Loss.ShouldBe(first / 2, 1e-12);
        // The gradient weight as the paper writes it: 1/tau 1/(1 + exp(s / tau)) for one right answer alone.
        var right = -1 / tau / (1 + Math.Exp(s[0] / tau)) / 2;
        result.GradLogps[0].ShouldBe(right / 2, 1e-12);
        result.GradLogps[3..].ShouldAllBe(slope => slope == 0);
        result.Report[Tenon.Runs.StepMetric.Classified].ShouldBe(1);
    }

    [Fact]
    public void Real_weighs_the_wrong_answers_of_a_mixed_group_against_each_other_and_gives_a_group_of_right_ones_nothing()
    {
        const double tau = 0.5;
        double[] s = [0.15, -0.2, -0.2, 0.5];
        var settings = ObjectivePresets.Named("real");
        var window = Window with { GroupStarts = [0, 1, 4], Right = [true, false, true, false] };
        var result = PolicyLoss.Of(settings, window, LossPlan.Of(settings, window, 8));
        var loss = Math.Log(1 + Math.Exp(-s[2] / tau)) + Math.Log(1 + Math.Exp(s[1] / tau) + Math.Exp(s[3] / tau));
        result.Loss.ShouldBe(loss / 2, 1e-12);
        // 1/tau 1/(1 + C exp(-s / tau)), C one and the others' exponentials.
        var wrong = 1 / tau / (1 + (1 + Math.Exp(s[1] / tau)) * Math.Exp(-s[3] / tau)) / 2;
        result.GradLogps[6].ShouldBe(wrong, 1e-12);
        result.GradLogps[7].ShouldBe(0);
        result.GradLogps[..2].ShouldAllBe(slope => slope == 0);
        result.Report[Tenon.Runs.StepMetric.Classified].ShouldBe(1 / 3.0, 1e-12);
    }

    [Theory]
    [InlineData(32, 0, 0.2, 10)]
    [InlineData(2, 0.2, 0.2, 1.5)]
    [InlineData(1, 1, 5, 1.2)]
    public void Fipo_weighs_by_the_discounted_log_ratios_to_come(double halfLife, double low, double high, double safety)
    {
        var settings = ObjectivePresets.Named("fipo") with
        { FutureHalfLife = halfLife, FutureLow = low, FutureHigh = high, FutureSafety = safety, Delta = 3 };
        double[] d = [0.3, -0.2, 0.1, 5, -0.4, 0.6];
        bool[] mask = [true, true, false, true, true, true];
        double[] advantages = [1, 1, 1, -1, -1, -1];
        var weights = new double[6];
        FutureWeights.Fill(settings.Future!.Value, settings.Clip, settings.LogRatioBound,
            [.. d.Zip(mask, (x, on) => on ? x : 0)], advantages, mask, weights);
        var gamma = Math.Pow(2, -1 / halfLife);
        for (var t = 0; t < 6; t++)
        {
            var future = Enumerable.Range(t, 6 - t).Where(k => mask[k] && Math.Exp(d[k]) <= 3).Sum(k => Math.Pow(gamma, k - t) * d[k]);
            var expected = Math.Clamp(Math.Exp(future), 1 - low, 1 + high);
            if (advantages[t] < 0 && Math.Exp(d[t]) > safety) expected = Math.Clamp(expected, 0.8, 1);
            weights[t].ShouldBe(mask[t] ? expected : 1, 1e-12);
        }
    }

    [Fact]
    public void M2po_leaves_out_what_moved_most_until_the_mean_of_squares_is_below_its_bound()
    {
        var settings = ObjectivePresets.Named("m2po");
        var plan = LossPlan.Of(settings, Window, 8);
        plan.SecondMoment.ShouldBe(Drifts.Average(d => d * d), 1e-12);
        // 0.04, 0.01, 0.04, 0.01, 0.04, 0.25, 0.25: without the last two the mean is 0.028.
        plan.Weights!.Take(7).ShouldBe([1, 1, 1, 1, 1, 0, 0]);
        plan.Rejected.Moment.ShouldBe(2);
        // The sum is divided by all tokens, and there is no clip.
        var result = PolicyLoss.Of(settings, Window, plan);
        result.Loss.ShouldBe(-Enumerable.Range(0, 5).Sum(t => Math.Exp(Drifts[t]) * Window.Advantages[t]) / 7, 1e-12);
        LossPlan.Of(settings with { SecondMomentMax = 0.2 }, Window, 8).Rejected.Moment.ShouldBe(0);
    }

    [Fact]
    public void Prime_rl_stops_tokens_by_probability_and_pays_for_squared_drift_on_all()
    {
        var settings = ObjectivePresets.Named("prime-rl") with { ClipHigh = 0.15, ClipLow = 0.06, DriftPenalty = 0.01 };
        var result = PolicyLoss.Of(settings, Window, LossPlan.Of(settings, Window, 8));
        var expected = 0.0;
        for (var t = 0; t < 7; t++)
        {
            var (now, before) = (Math.Exp(Window.Logps[t]), Math.Exp(Window.OldLogps![t]));
            var stopped = Window.Advantages[t] > 0 ? now - before > 0.15 : now - before < -0.06;
            if (!stopped) expected -= Window.Advantages[t] * now / before;
            expected += 0.01 * Drifts[t] * Drifts[t];
        }
        result.Loss.ShouldBe(expected / 7, 1e-12);
        result.Report[Tenon.Runs.StepMetric.Untrusted].ShouldBe(4 / 7.0, 1e-12);
        result.Report[Tenon.Runs.StepMetric.DriftSquared].ShouldBe(Drifts.Average(d => d * d), 1e-12);
    }

    [Fact]
    public void Every_prompt_weighs_the_same_under_prompt_mean()
    {
        var settings = ObjectivePresets.Named("scalerl");
        var result = PolicyLoss.Of(settings, Window, LossPlan.Of(settings, Window, 8));
        for (var t = 0; t < 7; t++)
            result.GradLogps[t].ShouldBe(-Math.Exp(Drifts[t]) * Window.Advantages[t] / (2 * (t < 3 ? 3 : 4)), 1e-12);
    }

    [Fact]
    public void Cispo_is_scaled_by_its_group_and_scalerl_by_the_batch() =>
        (ObjectivePresets.Named("cispo").Scale, ObjectivePresets.Named("scalerl").Scale)
            .ShouldBe((AdvantageScale.Group, AdvantageScale.Batch));
}
