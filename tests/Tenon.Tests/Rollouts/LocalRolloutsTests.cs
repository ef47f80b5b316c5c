using System.Text.Json;
using Tenon.Models;
using Tenon.Models.Generation;
using Tenon.Rewards;
using Tenon.Rewards.External;
using Tenon.Rollouts;
using Tenon.Tests.Support;
using Tenon.Text.Prompting;

namespace Tenon.Tests.Rollouts;

/// <summary>Drawing, passing over long prompts, dynamic sampling and what is left over, without a trainer.</summary>
public class LocalRolloutsTests
{
    private static readonly RolloutPlan S_plan = new() { Prompts = 4, Group = 4, MaxNewTokens = 3, MaxPromptTokens = 8, Seed = 5 };

    private static RolloutBatch Draw(IReadOnlyList<Problem> problems, RolloutPlan plan, Func<Problem, bool> mixed, RolloutState? state =
        null, int step = 1) =>
        Source(RandomModel.Create(), problems, plan, mixed).Draw(step, state ?? new RolloutState());

    private static LocalRollouts Source(CausalModel model, IReadOnlyList<Problem> problems, RolloutPlan plan, Func<Problem, bool> mixed) =>
        new(model, new ProblemPrompts(new PromptEncoder(new ByteTokenizer(), null), "plain"), ProblemSource.Of(problems, 3),
        [new WeightedReward(new Alternating(mixed))], null, new GeneratorOptions(), plan);

    private static List<Problem> Problems(int count, Func<int, int> length) =>
        [.. Enumerable.Range(0, count).Select(i => new Problem($"{i}", new string('a', length(i)), "1"))];

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    public void Prompts_that_are_too_long_are_passed_over_however_many_they_are(int every)
    {
        var plan = S_plan with { Prompts = 1100, Group = 1, MaxNewTokens = 1 };
        var batch = Draw(Problems(100, i => i % every == 0 ? 4 : 60), plan, _ => true);
        batch.Groups.Count.ShouldBe(1100);
        batch.Groups.ShouldAllBe(g => g.Prompt.Length == 4);
    }

    [Fact]
    public void One_prompt_that_fits_is_enough_and_none_is_the_fault()
    {
        Draw(Problems(40, i => i == 17 ? 4 : 60), S_plan, _ => true).Groups.Select(g => g.Problem.Id).ShouldBe(["17", "17", "17", "17"]);
        var fault = Should.Throw<TenonException>(() => Draw(Problems(40, _ => 60), S_plan, _ => true));
        fault.Message.ShouldContain("all 40 problems");
    }

    [Theory]
    [InlineData(50)]
    [InlineData(200, Traits = ["Speed", "slow"])]
    public void Dynamic_sampling_fills_batches_of_a_task_with_a_tenth_of_mixed_groups_and_says_its_price(int steps)
    {
        var plan = S_plan with { Prompts = 8, DynamicSampling = true };
        var problems = Problems(1000, _ => 4);
        var source = Source(RandomModel.Create(), problems, plan, p => int.Parse(p.Id) % 10 == 0);
        var state = new RolloutState();
        for (var step = 1; step <= steps; step++)
        {
            var batch = source.Draw(step, state);
            batch.Groups.Count.ShouldBe(8, $"step {step} after {batch.Statistics.Drawn.Count} groups");
            batch.Groups.ShouldAllBe(g => int.Parse(g.Problem.Id) % 10 == 0);
            batch.TokensUnused.ShouldBe(batch.Statistics.Drawn.Except(batch.Groups)
                .Sum(g => g.Rollouts.Sum(r => (long)r.Sampled.Ids.Length)));
            state = batch.State;
        }
    }

    [Fact]
    public void Where_no_group_is_mixed_the_rounds_end_the_step()
    {
        var batch = Draw(Problems(100, _ => 4), S_plan with { DynamicSampling = true, MaxRounds = 3 }, _ => false);
        batch.Groups.ShouldBeEmpty();
        batch.Wanted.ShouldBe(4);
        batch.Statistics.Drawn.Count.ShouldBeInRange(5, 4 + 2 * 16);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Surplus_is_dropped_or_comes_first_in_the_next_batch(bool carry)
    {
        var plan = S_plan with { DynamicSampling = true, CarrySurplus = carry };
        // Few mixed groups so far, and now all are: the next round draws too many.
        var batch = Draw(Problems(100, _ => 4), plan, _ => true, new RolloutState { Judged = 9, Mixed = 1 });
        var surplus = batch.Statistics.Drawn.Where(batch.Statistics.IsMixed).Skip(4).ToList();
        surplus.Count.ShouldBeGreaterThan(3);
        batch.Dropped.ShouldBe(carry ? 0 : surplus.Count);
        batch.State.Carried.Count.ShouldBe(carry ? surplus.Count : 0);

        // The state goes through a checkpoint, log-probabilities to the bit.
        var carried = JsonSerializer.SerializeToNode(batch.State.Carried).Deserialize<RolloutGroup[]>()!;
        carried.SelectMany(g => g.Rollouts.SelectMany(r => r.Sampled.FullLogProbabilities))
            .ShouldBe(batch.State.Carried.SelectMany(g => g.Rollouts.SelectMany(r => r.Sampled.FullLogProbabilities)));
        var next = Draw(Problems(100, _ => 4), plan, _ => true, batch.State with { Carried = carried }, step: 2);
        next.Carried.ShouldBe(carry ? 4 : 0);
        if (carry) next.Groups.Take(4).Select(g => (g.Step, g.Problem.Id)).ShouldBe(surplus.Take(4).Select(g => (1, g.Problem.Id)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(64)]
    public void Groups_that_join_a_running_round_change_no_bit_of_the_batch(int concurrency)
    {
        var plan = S_plan with { DynamicSampling = true, MaxNewTokens = 12, CarrySurplus = true };
        var (mixed, state) = ((Func<Problem, bool>)(p => int.Parse(p.Id) % 4 == 1), new RolloutState { Judged = 1, Mixed = 1 });
        var reward = new Watched(mixed);
        var prompts = new ProblemPrompts(new PromptEncoder(new ByteTokenizer(), null), "plain");
        var problems = ProblemSource.Of(Problems(100, i => 4 + i % 3), 3);
        RolloutBatch Drawn(IReward judge) => new LocalRollouts(RandomModel.Create(), prompts, problems, [new WeightedReward(judge)], null,
            new GeneratorOptions { Concurrency = concurrency, EndTokens = new HashSet<int> { 5, 9, 12, 17, 30, 31, 44, 60 } }, plan)
            .Draw(1, state);

        var joining = Drawn(new Alternating(mixed));
        // A reward that judges many at once gets each round whole.
        var inRounds = Drawn(reward);
        reward.Calls.ShouldBeGreaterThan(1, string.Join(" ", inRounds.Statistics.Drawn.Select(g => g.Problem.Id)));
        JsonSerializer.Serialize(joining.Statistics.Drawn).ShouldBe(JsonSerializer.Serialize(inRounds.Statistics.Drawn));
        JsonSerializer.Serialize(joining.Groups).ShouldBe(JsonSerializer.Serialize(inRounds.Groups));
        JsonSerializer.Serialize(joining.State).ShouldBe(JsonSerializer.Serialize(inRounds.State));
    }

    [Fact]
    public void A_request_keeps_its_meaning_through_json()
    {
        var request = new RolloutRequest
        {
            Model = "f", AdapterVersion = 3, Numerics = 1, Tier = "avx2", Precision = "f32", Seed = ulong.MaxValue, Step = 7, Draw = 2,
            Prompt = [5, 9, 12], Samples = 3, MaxNewTokens = 9,
            FirstSample = 1, Sampling = new SamplingSettings { Temperature = 0.1 + 0.2, TopP = 0.9 }, EndTokens = [1, 2],
        };
        var back = JsonSerializer.Deserialize<RolloutRequest>(JsonSerializer.Serialize(request))!;
        JsonSerializer.Serialize(back).ShouldBe(JsonSerializer.Serialize(request));
        var model = RandomModel.Create();
        var (sent, received) =
            (new Generator(model, new GeneratorOptions()).Generate([request.ToGeneration(null)]),
            new Generator(model, new GeneratorOptions()).Generate([back.ToGeneration(null)]));
        received.Select(s => string.Join(' ', s.Ids)).ShouldBe(sent.Select(s => string.Join(' ', s.Ids)));
        received.Select(s => s.Sample).ShouldBe([1, 2, 3]);
    }

    /// <summary>Right and wrong by turns where the problem is a mixed one; wrong throughout elsewhere.</summary>
    private sealed class Alternating(Func<Problem, bool> mixed) : IReward
    {
        public string Name => "alternating";

        public bool IsOutcome => true;

        public Verdict Judge(Problem problem, in Completion completion)
        {
            // By the first token's parity, or by turns where all are alike: a pure function of the completion.
            var right = mixed(problem) && completion.TokenIds.Span.Length > 0 && completion.TokenIds.Span[0] % 2 == 0;
            return new Verdict(right ? 1 : 0, right, "parity");
        }
    }

    /// <summary>The same for many at once; counts the calls.</summary>
    private sealed class Watched(Func<Problem, bool> mixed) : IBatchReward
    {
        private readonly Alternating _inner = new(mixed);

        public int Calls { get; private set; }

        public string Name => _inner.Name;

        public bool IsOutcome => true;

        public Verdict Judge(Problem problem, in Completion completion) => _inner.Judge(problem, completion);

        public Verdict[] JudgeAll(IReadOnlyList<(Problem Problem, Completion Completion)> items)
        {
            Calls++;
            return [.. items.Select(i => Judge(i.Problem, i.Completion))];
        }
    }
}
