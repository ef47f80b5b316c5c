using Tenon.Models.Generation;
using Tenon.Rewards;
using Tenon.Rollouts;
using Tenon.Rollouts.Data;
using Tenon.Tests.Support;
using Tenon.Text.Prompting;

namespace Tenon.Tests.Rollouts.Data;

/// <summary>Memory, replay and kept groups in the batches that are drawn.</summary>
public class DrawnBatchTests
{
    private static readonly RolloutPlan S_plan = new() { Prompts = 8, Group = 4, MaxNewTokens = 3, MaxPromptTokens = 8, Seed = 5 };

    private static LocalRollouts Source(RolloutPlan plan, Func<Problem, int, bool> right, int problems = 40, IGroupStore? store = null) =>
        new(RandomModel.Create(), new ProblemPrompts(new PromptEncoder(new ByteTokenizer(), null), "plain"),
            ProblemSource.Of([.. Enumerable.Range(0, problems).Select(i => new Problem($"{i}", "aaaa", "1"))], 3),
            [new WeightedReward(new ByProblem(right))], null, new GeneratorOptions(), plan, store);

    private static bool HalfMixed(Problem problem, int token) => int.Parse(problem.Id) % 2 == 0 && token % 2 == 0;

    [Fact]
    public void Solved_prompts_come_back_only_when_nothing_else_is_left()
    {
        var plan = S_plan with { Memory = new MemorySettings { SkipSolved = 0.85, PreferHalfSolved = 0, HalfLife = 1e9 } };
        // Problems of even number are always right, the others never.
        var source = Source(plan, (problem, _) => int.Parse(problem.Id) % 2 == 0);
        var state = new RolloutState();
        var drawn = new List<string>();
        for (var step = 1; step <= 12; step++)
        {
            var batch = source.Draw(step, state);
            batch.Groups.Count.ShouldBe(8);
            drawn.AddRange(batch.Groups.Select(g => g.Problem.Id));
            state = batch.State;
        }

        drawn.Count(id => int.Parse(id) % 2 == 0).ShouldBe(20);
        state.Memory.Count.ShouldBe(40);
        var all = Source(plan, (_, _) => true).Draw(1, state with
        {
            Memory = state.Memory.ToDictionary(m => m.Key,
            m => new PromptRate(100, 100, 1))
        });
        all.Groups.Count.ShouldBe(8);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Replayed_groups_take_their_share_with_the_log_probabilities_they_were_sampled_with(bool dynamic)
    {
        var replay = new ReplaySettings { Share = 0.25, Size = 6, MaxAge = 3 };
        var source = Source(S_plan with { Replay = replay, DynamicSampling = dynamic }, HalfMixed);
        var plain = Source(S_plan with { DynamicSampling = dynamic }, HalfMixed);
        var (state, batches) = (new RolloutState(), new List<RolloutBatch>());
        for (var step = 1; step <= 8; step++)
        {
            // Through a checkpoint: every bit of a kept group comes back.
            var batch = source.Draw(step, state with { Replay = GroupJson.Read(GroupJson.Write(state.Replay)) });
            batch.Groups.Count.ShouldBe(8);
            var old = batch.Groups.Where(g => g.Step < step).ToList();
            old.Count.ShouldBe(batch.Replayed!.Value);
            batch.Replayed.Value.ShouldBe(step == 1 ? 0 : 2, $"step {step}");
            old.ShouldAllBe(g => step - g.Step <= 3 && batch.Statistics.IsMixed(g));
            foreach (var group in old)
                group.Rollouts.SelectMany(r => r.Sampled.FullLogProbabilities).ShouldBe(batches[group.Step - 1].Groups
                    .Single(g => g.Step == group.Step && g.Draw == group.Draw).Rollouts.SelectMany(r => r.Sampled.FullLogProbabilities));
            batch.State.Replay.Count.ShouldBeLessThanOrEqualTo(6);
            batches.Add(batch);
            state = batch.State;
        }

        var first = plain.Draw(1, new RolloutState());
        first.Replayed.ShouldBeNull();
        if (!dynamic) batches[3].Groups.Count(g => g.Step == 4).ShouldBe(6);
        else batches[3].Statistics.Drawn.Count.ShouldBeLessThan(40);
    }

    [Fact]
    public void A_step_that_goes_on_samples_only_what_is_missing_and_gives_the_same_batch()
    {
        var store = new Kept();
        var plan = S_plan with { DynamicSampling = true, RewardNoise = new RewardNoiseSettings { FalsePositive = 0.1 } };
        var whole = Source(plan, HalfMixed, store: store).Draw(1, new RolloutState());
        store.Added.ShouldBe(whole.Statistics.Drawn.Count);
        foreach (var kept in new[] { 0, 1, 5, store.Groups.Count })
        {
            var some = new Kept { Groups = store.Groups.Take(kept).ToDictionary() };
            // One of another problem does not count.
            if (kept == 5) some.Groups[some.Groups.Keys.First()] = some.Groups.Values.First() with { Id = "other" };
            var again = Source(plan, HalfMixed, store: some).Draw(1, new RolloutState());
            some.Added.ShouldBe(whole.Statistics.Drawn.Count - (kept == 5 ? 4 : kept));
            GroupJson.Write(again.Groups).ToJsonString().ShouldBe(GroupJson.Write(whole.Groups).ToJsonString());
            again.State.Cursor.ShouldBe(whole.State.Cursor);
        }
    }

    [Fact]
    public void A_group_goes_through_its_line_with_all_bits_and_a_cut_line_is_none()
    {
        var group = new SampledGroup(3, "é\"", [1, 2],
            [new GeneratedSample(3, 0, [5, 6], [-0.1f, float.NegativeInfinity], [1e-30f, float.NaN], FinishReason.Length)]);
        var line = GroupJson.Line(group);
        var back = GroupJson.ReadLine(line)!;
        GroupJson.Line(back).ShouldBe(line);
        back.Samples[0].LogProbabilities.ShouldBe(group.Samples[0].LogProbabilities);
        for (var length = 0; length < line.Length; length++) GroupJson.ReadLine(line[..length]).ShouldBeNull();
    }

    private sealed class Kept : IGroupStore
    {
        public Dictionary<int, SampledGroup> Groups { get; init; } = [];

        public int Added { get; private set; }

        public IReadOnlyDictionary<int, SampledGroup> Begin(int step) => Groups.ToDictionary();

        public void Add(SampledGroup group)
        {
            Added++;
            Groups[group.Draw] = GroupJson.ReadLine(GroupJson.Line(group))!;
        }
    }

    private sealed class ByProblem(Func<Problem, int, bool> right) : IReward
    {
        public string Name => "by-problem";

        public bool IsOutcome => true;

        public Verdict Judge(Problem problem, in Completion completion)
        {
            var isRight = right(problem, completion.TokenIds.Span[0]);
            return new Verdict(isRight ? 1 : 0, isRight, "rule");
        }
    }
}
