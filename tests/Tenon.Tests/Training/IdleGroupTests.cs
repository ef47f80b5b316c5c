using Tenon.Adapters;
using Tenon.Models.Generation;
using Tenon.Rewards;
using Tenon.Rollouts;
using Tenon.Runs;
using Tenon.Tensors;
using Tenon.Tests.Support;
using Tenon.Training;
using Tenon.Training.Objectives;

namespace Tenon.Tests.Training;

/// <summary>
/// Groups whose advantages are all zero cost no pass where nothing else needs them, and the gradient is the same to the bit.
/// </summary>
public class IdleGroupTests
{
    private static readonly int[] S_mixed = [1, 2, 5];

    private static List<RolloutGroup> Groups() =>
    [
        .. Enumerable.Range(0, 7).Select(draw => new RolloutGroup(new Problem($"{draw}", "?", "1"), draw, [3, 9, 4 + draw],
        [
            .. Enumerable.Range(0, 4).Select(i => new Rollout(
                new GeneratedSample(draw, i, [8 + i, 30 - draw, 2 * i + draw], [-4, -4, -4], [-4, -4, -4], FinishReason.Stop), "",
                [new Verdict(S_mixed.Contains(draw) ? i % 2 : 1, true, "")])),
        ])),
    ];

    private static (float[] Gradient, MetricValues Report, int Idle) Run(ObjectiveSettings objective, int budget,
        double? foreseenBy = null)
    {
        var model = RandomModel.Create();
        using var adapter = AdapterMethod.All["lora"].Create(model, new AdapterSettings { Rank = 4 });
        foreach (var parameter in adapter.Trainable)
            parameter.Update(values =>
            {
                for (var i = 0; i < values.Length; i++) values[i] = 0.01f * (i % 7 - 3);
            });
        var groups = Groups();
        var updater = new PolicyUpdater(model, 1, new PassOptions(budget), new Tape());
        var batch = PolicyBatch.Of(groups, new RolloutStatistics([new WeightedReward(RewardFinder.Create("math"))]), objective);
        if (objective.NeedsReference) batch = batch with { RefLogps = updater.Score(groups, null).Logps };
        var window = batch.Window(0, groups.Count, batch.Advantages(objective, [1]));
        if (foreseenBy is { } shift) window = window with
        {
            Logps = [.. updater.Score(groups, adapter).Logps.Select(l => l + shift)],
            IsForeseen = true,
        };
        var plan = LossPlan.Of(objective, window, 8, entropyBonus: 0);
        var report = updater.Accumulate(groups, adapter, objective, window, plan);
        return ([.. adapter.Trainable.SelectMany(p => p.GradientOrZero().ToArray())], report,
            StepRows.Of(objective, window, plan).IdleGroups(window));
    }

    [Theory]
    [InlineData("grpo")]
    [InlineData("dapo")]
    [InlineData("gspo")]
    [InlineData("cispo")]
    [InlineData("sapo")]
    [InlineData("vespo")]
    [InlineData("reinforce")]
    public void The_gradient_is_that_of_all_groups_to_the_bit_in_any_cut(string preset)
    {
        var objective = ObjectivePresets.Named(preset);
        objective.TrainsWithoutAdvantage.ShouldBeFalse();
        // An adaptive bonus that stands at 0 asks for every group, and adds nothing.
        var (all, whole, none) = Run(objective with { EntropyAdaptive = true }, 10_000);
        none.ShouldBe(0);
        foreach (var budget in new[] { 10_000, 40, 1 })
        {
            var (gradient, report, idle) = Run(objective, budget);
            idle.ShouldBe(4);
            gradient.ShouldBe(all);
            report[StepMetric.Loss].ShouldBe(whole[StepMetric.Loss], 1e-15);
            report[StepMetric.TokensTrained].ShouldBe(3 * 4 * 3);
        }
    }

    [Theory]
    [InlineData(10_000)]
    [InlineData(10)]
    public void Log_probabilities_that_are_foreseen_save_a_pass_of_the_head_and_no_bit(int budget)
    {
        var objective = ObjectivePresets.Named("dapo");
        var (gradient, report, _) = Run(objective, budget);
        foreach (var foreseen in new double[] { 0, 1e-9 })
        {
            // What turns out to be otherwise goes the long way.
            var (same, sameReport, _) = Run(objective, budget, foreseen);
            same.ShouldBe(gradient);
            sameReport[StepMetric.Loss].ShouldBe(report[StepMetric.Loss]);
            sameReport[StepMetric.Entropy].ShouldBe(report[StepMetric.Entropy]);
        }
    }

    [Theory]
    [InlineData("dro")]
    [InlineData("prime-rl")]
    [InlineData("real")]
    [InlineData("kl-cov")]
    public void Objectives_that_need_every_group_pass_them_all(string preset) =>
        Run(ObjectivePresets.Named(preset), 10_000).Idle.ShouldBe(0);

    [Fact]
    public void A_divergence_from_the_reference_needs_every_group() =>
        Run(ObjectivePresets.Named("grpo") with { Kl = 0.1 }, 10_000).Idle.ShouldBe(0);
}
