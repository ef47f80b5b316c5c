using Tenon.Models.Generation;
using Tenon.Rewards;
using Tenon.Rollouts;
using Tenon.Runs;
using Tenon.Tensors;
using Tenon.Training;
using Tenon.Training.Guards;
using Tenon.Training.Objectives;
using Tenon.Training.Settings;

namespace Tenon.Tests.Training;

public class DivergenceGuardTests
{
    private static readonly DivergenceGuard S_guard = new(new DivergenceSettings { Kl = 1 }, 512);

    private static readonly PolicyWindow S_window = new()
    {
        RowStarts = [0, 2], Mask = [true, true], Logps = [-1, -2], OldLogps = [-1, -2], Advantages = [1, 1], Entropies = [1, 1],
    };

    [Theory]
    [InlineData("loss", double.NaN, 1, "the loss is NaN")]
    [InlineData("loss", 0.5, double.PositiveInfinity, "the gradient's norm is Infinity")]
    [InlineData("loss", 0.5, 2e6, "divergence.grad-norm")]
    [InlineData("entropy", 5.9, 1, "divergence.entropy")]
    [InlineData("kl", 1.1, 1, "divergence.kl")]
    public void What_passes_a_bound_is_named_with_the_bound(string metric, double value, double norm, string said)
    {
        var loss = new MetricValues { { StepMetric.Loss, 0.5 }, { StepMetric.Entropy, 0.3 }, { StepMetric.Kl, 0.1 } };
        S_guard.OfUpdate(7, loss, 1, 1, S_window, []).ShouldBeNull();
        loss[StepMetric.Named(metric)] = value;
        var found = S_guard.OfUpdate(7, loss, norm, Math.Min(norm, 1), S_window, []).ShouldNotBeNull();
        found.ToString().ShouldContain("step 7 has diverged");
        found.ToString().ShouldContain(said);
    }

    [Fact]
    public void A_gradient_whose_square_overflows_is_refused_before_the_optimizer_stands_still()
    {
        var free = new DivergenceGuard(new DivergenceSettings { GradNorm = null }, 512);
        var loss = new MetricValues { { StepMetric.Loss, 0.5 } };
        free.OfUpdate(1, loss, 1e35, 1, S_window, []).ShouldBeNull("clipping makes it small enough");
        free.OfUpdate(1, loss, 1e35, 1e35, S_window, []).ShouldNotBeNull().ToString().ShouldContain("stands still");

        var parameter = Parameter.Create("w", 4);
        var optimizer = new AdapterOptimizer([parameter], new OptimizerSettings { LearningRate = 1e-3, MaxGradNorm = null }, 10);
        parameter.GradientOrZero().Fill(1e35f);
        var norm = optimizer.Prepare();
        optimizer.ClippedNorm(norm).ShouldBe(norm);
        var (change, rate) = optimizer.Apply(norm);
        DivergenceGuard.OfChange(3, norm, change, rate).ShouldNotBeNull().ToString().ShouldContain("the optimizer stands still");
    }

    [Fact]
    public void Accuracy_collapses_after_so_many_steps_and_not_where_it_never_was()
    {
        static StepMetrics Step(int step, double accuracy) => new(step) { [StepMetric.Accuracy] = accuracy };
        var guard = new DivergenceGuard(new DivergenceSettings { AccuracySteps = 3 }, 512);
        for (var i = 1; i <= 6; i++) guard.Remember(Step(i, 0.5));
        for (var i = 7; i <= 8; i++)
        {
            guard.OfBatch(Step(i, 0.01), [], _ => 0).ShouldBeNull();
            guard.Remember(Step(i, 0.01));
        }

        guard.OfBatch(Step(9, 0.01), [], _ => 0).ShouldNotBeNull().ToString().ShouldContain("the last of 3 such steps in a row");
        guard.OfBatch(Step(9, 0.2), [], _ => 0).ShouldBeNull();

        var weak = new DivergenceGuard(new DivergenceSettings(), 512);
        for (var i = 1; i <= 9; i++) weak.Remember(Step(i, 0.02));
        weak.OfBatch(Step(10, 0), [], _ => 0).ShouldBeNull();
    }

    [Fact]
    public void A_policy_far_wider_than_at_its_start_has_diverged_where_nothing_is_right()
    {
        // 200 tokens, below 0.7 of the logarithm of the vocabulary: a learning rate of 1000 on the embedded model, seed 1.
        static RolloutGroup Group(float logp) => new(new Problem("p", "?", "1"), 0, [1],
        [
            .. Enumerable.Range(0, 4).Select(i => new Rollout(new GeneratedSample(0, i, [.. Enumerable.Repeat(2, 50)],
                [.. Enumerable.Repeat(logp, 50)], [.. Enumerable.Repeat(logp, 50)], FinishReason.Length), "", [])),
        ]);
        static StepMetrics Step(int step, double accuracy, double entropy) =>
            new(step) { [StepMetric.Accuracy] = accuracy, [StepMetric.Entropy] = entropy };
        var guard = new DivergenceGuard(new DivergenceSettings(), 512);
        guard.OfBatch(Step(1, 0, double.NaN), [Group(-3.3f)], _ => 0).ShouldBeNull("nothing is known of the start");
        guard.Remember(Step(1, 0.3, 0.1));
        guard.OfBatch(Step(2, 0, double.NaN), [Group(-3.3f)], _ => 0).ShouldNotBeNull().ToString()
            .ShouldContain("the policy's entropy is 3.3, the bound is at most 1 nat in a step without a right completion");
        guard.OfBatch(Step(2, 0.1, double.NaN), [Group(-3.3f)], _ => 0).ShouldBeNull("some are right");
        guard.OfBatch(Step(2, 0, double.NaN), [Group(-0.9f)], _ => 0).ShouldBeNull("not wide");

        var open = new DivergenceGuard(new DivergenceSettings { Entropy = null }, 512);
        open.Remember(Step(1, 0.3, 0.1));
        open.OfBatch(Step(2, 0, double.NaN), [Group(-3.3f)], _ => 0).ShouldBeNull("no bound");
        var wide = new DivergenceGuard(new DivergenceSettings(), 512);
        wide.Remember(Step(1, 0.3, 0.5));
        wide.OfBatch(Step(2, 0, double.NaN), [Group(-3.3f)], _ => 0).ShouldBeNull("not ten times the start");
    }

    // Right ones of 64 in each step of a sound run on a hard task (rloo, studies/presets.yaml, second task, seed 11): 8 groups of 8.
    [Fact]
    public void Few_right_answers_in_a_small_batch_of_a_hard_task_are_no_collapse()
    {
        double[] right = [0, 2, 6, 0, 7, 2, 0, 0, 9, 5, 10, 0, 0, 4, 10, 6, 9, 12, 5, 0, 0, 13, 11, 9, 7, 12, 7, 1, 1, 0];
        Stop(right, groups: 8).ShouldBeNull();

        // The same shares of four times as many problems are no chance.
        Stop(right, groups: 32).ShouldBe(30);

        // And a small batch stops, too, where it goes on so.
        Stop([.. right, 0, 0, 0], groups: 8).ShouldBe(32);
        Stop([26, 25, 0, 0, 0], groups: 8).ShouldBe(5);
    }

    private static int? Stop(double[] right, int groups)
    {
        var batch = Enumerable.Range(0, groups).Select(g => new RolloutGroup(new Problem($"{g}", "?", "1"), g, [1],
        [
            .. Enumerable.Range(0, 64 / groups).Select(i => new Rollout(new GeneratedSample(g, i, [2], [-1], [-1], FinishReason.Stop), "",
                [])),
        ])).ToList();
        var guard = new DivergenceGuard(new DivergenceSettings(), 512);
        for (var i = 0; i < right.Length; i++)
        {
            var step = new StepMetrics(i + 1) { [StepMetric.Accuracy] = right[i] / 64 };
            if (guard.OfBatch(step, batch, _ => 0) is not null) return i + 1;
            guard.Remember(step);
        }

        return null;
    }
}
