using System.Runtime.InteropServices;
using Tenon.Adapters;
using Tenon.Models;
using Tenon.Models.Generation;
using Tenon.Rewards;
using Tenon.Rollouts;
using Tenon.Runs;
using Tenon.Tensors;
using Tenon.Tensors.Threads;
using Tenon.Tests.Support;
using Tenon.Training;
using Tenon.Training.Objectives;

namespace Tenon.Tests.Training;

/// <summary>
/// Completions that no gradient can come from cost no pass (update.skip-idle): gradient and report have the bits of the pass over all.
/// </summary>
public class IdleCompletionTests
{
    private static readonly PassOptions S_long = new(SkipIdle: false);

    // The first and the fourth of each group reached the limit; in the first group and in the last one other is the group's mean.
    private static readonly double[][] S_rewards = [[0.6, 0, 0.5, 1, 0.4], [0, 0, 0.2, 0.2, 0.4], [1, 1, 1, 1, 1], [0, 1, 0, 0, 0.25]];

    public static TheoryData<string> Methods => [.. AdapterMethod.All.Keys];

    private static List<RolloutGroup> Groups() =>
    [
        .. S_rewards.Select((rewards, draw) => new RolloutGroup(new Problem($"{draw}", "?", "1"), draw, [3, 9, 4 + draw, 17, 2],
        [
            .. rewards.Select((reward, i) => new Rollout(
                new GeneratedSample(draw, i, [.. Enumerable.Range(0, 3 + (draw + i) % 4).Select(t => (8 + 3 * i + 5 * draw + 7 * t) % 40)],
                    [-4, -4, -4, -4, -4, -4], [-4, -4, -4, -4, -4, -4], i is 0 or 3 ? FinishReason.Length : FinishReason.Stop), "",
                [new Verdict(reward, true, "")])),
        ])),
    ];

    private sealed record Outcome(List<uint[]> Sums, MetricValues Report, long Tokens, int Idle);

    private static Outcome Run(CausalModel model, AdapterSet set, ObjectiveSettings objective, PassOptions pass,
        Precision precision = Precision.F32, int threads = 1, Func<PolicyWindow, PolicyWindow>? change = null)
    {
        using var pool = new WorkerPool(threads);
        foreach (var parameter in set.Trainable) parameter.ZeroGrad();
        var groups = Groups();
        var updater = new PolicyUpdater(model, 1, pass, new Tape(pool, precision));
        var batch = PolicyBatch.Of(groups, new RolloutStatistics([new WeightedReward(RewardFinder.Create("math"))]), objective);
        if (objective.NeedsReference) batch = batch with { RefLogps = updater.Score(groups, null).Logps };
        var window = batch.Window(0, groups.Count, batch.Advantages(objective, [1]));
        if (objective.NeedsFirstPass)
        {
            var (logps, entropies) = updater.Score(groups, set);
            window = window with { Logps = logps, Entropies = entropies, IsForeseen = true };
        }

        if (change is not null) window = change(window);
        var plan = LossPlan.Of(objective, window, 8, draw: n => [.. Enumerable.Range(0, n)]);
        var report = updater.Accumulate(groups, set, objective, window, plan, update: 3);
        return new Outcome([.. set.Trainable.Select(p => MemoryMarshal.Cast<float, uint>(p.GradientOrZero()).ToArray())], report,
            updater.TokensPassed, StepRows.Of(objective, window, plan).Idle);
    }

    private static void ShouldBeTheSame(Outcome skipped, Outcome whole)
    {
        skipped.Sums.ShouldBe(whole.Sums);
        whole.Sums.ShouldContain(sum => sum.Any(value => value != 0));
        foreach (var (metric, value) in whole.Report) skipped.Report[metric].ShouldBe(value, metric.Name);
        skipped.Tokens.ShouldBeLessThan(whole.Tokens);
    }

    private static ObjectiveSettings Masking(string preset) => ObjectivePresets.Named(preset) with { MaskTruncated = true };

    [Theory, MemberData(nameof(Methods))]
    public void Every_method_has_the_same_gradients(string method)
    {
        var model = RandomModel.Create();
        using var set = PerturbedAdapter.Create(model, method);
        ShouldBeTheSame(Run(model, set, Masking("dapo"), new PassOptions()), Run(model, set, Masking("dapo"), S_long));
    }

    [Theory]
    [InlineData("lora", Precision.Bf16)]
    [InlineData("lora", Precision.Int8)]
    [InlineData("lora", Precision.Int8A16)]
    [InlineData("dora", Precision.Int8)]
    [InlineData("full", Precision.Bf16)]
    [InlineData("vera", Precision.Int8)]
    public void So_has_every_precision(string method, Precision precision)
    {
        var model = RandomModel.Create(RandomModel.SmallConfig() with { HiddenSize = 64, HeadDim = 16, IntermediateSize = 96 },
            precision: precision);
        using var set = PerturbedAdapter.Create(model, method);
        ShouldBeTheSame(Run(model, set, Masking("grpo"), new PassOptions(), precision),
            Run(model, set, Masking("grpo"), S_long, precision));
    }

    [Theory]
    [InlineData(1, true, false, 1, 0)]
    [InlineData(14, true, false, 2, 0)]
    [InlineData(14, false, false, 1, 0.3)]
    [InlineData(40, true, true, 2, 0)]
    [InlineData(10_000, false, true, 1, 0)]
    [InlineData(30, true, false, 2, 0.3)]
    [InlineData(10_000, true, false, 1, 0.3)]
    public void So_has_every_cut_and_dropout(int budget, bool share, bool recompute, int threads, double dropout)
    {
        var model = RandomModel.Create();
        using var set = PerturbedAdapter.Create(model, "lora", dropout);
        var pass = new PassOptions(budget, share, recompute, dropout > 0 ? 11ul : null);
        // The long way in one cut: neither the cut nor what is left out of it changes a bit.
        ShouldBeTheSame(Run(model, set, Masking("grpo"), pass, threads: threads),
            Run(model, set, Masking("grpo"), pass with { MicroBatchTokens = 10_000, SkipIdle = false }));
    }

    [Theory]
    [InlineData("grpo", 13)]
    [InlineData("dapo", 13)]
    [InlineData("gspo", 13)]
    [InlineData("cispo", 13)]
    [InlineData("sapo", 13)]
    [InlineData("vespo", 13)]
    [InlineData("gmpo", 13)]
    [InlineData("dr-grpo", 13)]
    [InlineData("pass@k", 18)]
    [InlineData("reinforce", 13)]
    [InlineData("dro", 8)]
    [InlineData("prime-rl", 8)]
    [InlineData("kl-cov", 8)]
    [InlineData("clip-cov", 13)]
    [InlineData("m2po", 18)]
    public void So_has_every_objective(string preset, int idle)
    {
        var model = RandomModel.Create();
        using var set = PerturbedAdapter.Create(model, "lora");
        var skipped = Run(model, set, Masking(preset), new PassOptions());
        ShouldBeTheSame(skipped, Run(model, set, Masking(preset), S_long));
        skipped.Idle.ShouldBe(idle);
    }

    [Fact]
    public void A_divergence_from_the_reference_needs_all_loss_tokens_and_no_others()
    {
        var model = RandomModel.Create();
        using var set = PerturbedAdapter.Create(model, "lora");
        var objective = ObjectivePresets.Named("grpo") with { Kl = 0.1 };
        Run(model, set, objective, new PassOptions()).Idle.ShouldBe(0);
        var skipped = Run(model, set, objective with { MaskTruncated = true }, new PassOptions());
        skipped.Idle.ShouldBe(8, "two of each group are truncated");
        ShouldBeTheSame(skipped, Run(model, set, objective with { MaskTruncated = true }, S_long));
    }

    [Fact]
    public void What_a_first_pass_rejects_needs_no_second_one_and_stays_in_the_report()
    {
        var model = RandomModel.Create();
        using var set = PerturbedAdapter.Create(model, "lora");
        // The old policy found the tokens of every other row much likelier: those of negative advantage are off-policy.
        PolicyWindow Apart(PolicyWindow window) => window with
        {
            OldLogps = [.. Enumerable.Range(0, window.Rows).SelectMany(row =>
                window.Logps[window.RowStarts[row]..window.RowStarts[row + 1]].Select(l => l + (row % 2 == 0 ? 3 : 0)))],
        };
        var objective = ObjectivePresets.Named("grpo") with { OffPolicyThreshold = 0.5 };
        var skipped = Run(model, set, objective, new PassOptions(), change: Apart);
        ShouldBeTheSame(skipped, Run(model, set, objective, S_long, change: Apart));
        skipped.Report[StepMetric.RejectedOffPolicy].ShouldBeGreaterThan(0);
        skipped.Report[StepMetric.TokensTrained].ShouldBe(Groups().Sum(g => g.Rollouts.Sum(r => r.Sampled.Ids.Length)));
        skipped.Idle.ShouldBeGreaterThan(Run(model, set, ObjectivePresets.Named("grpo"), new PassOptions()).Idle);
        // Not foreseen, the gradient's pass is the only one to say what the report tells.
        Run(model, set, objective, new PassOptions(), change: window => Apart(window) with { IsForeseen = false }).Idle.ShouldBe(0);
    }

    [Fact]
    public void The_pass_costs_the_tokens_of_what_is_left()
    {
        var model = RandomModel.Create();
        using var set = PerturbedAdapter.Create(model, "lora");
        var groups = Groups();
        var all = groups.Sum(g => g.Prompt.Length - 1 + g.Rollouts.Sum(r => r.Sampled.Ids.Length));
        Run(model, set, Masking("pass@k"), S_long).Tokens.ShouldBe(all);
        // Two groups have a best that is not cut off: one completion with its prompt each.
        var skipped = Run(model, set, Masking("pass@k"), new PassOptions());
        skipped.Report[StepMetric.TokensTrained].ShouldBe(skipped.Tokens - 2 * 4);
        skipped.Tokens.ShouldBeLessThan(all / 3);
    }
}
