using Tenon.Adapters;
using Tenon.Models;
using Tenon.Models.Generation;
using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Threads;
using Tenon.Tests.Support;

namespace Tenon.Tests.Models.Generation;

/// <summary>Several tokens at a time give what one at a time gives, bit for bit.</summary>
public class SpeculationTests(ITestOutputHelper output)
{
    private static readonly SamplingSettings S_greedy = new() { Temperature = 0 };
    private static readonly SamplingSettings S_cold = new() { Temperature = 0.15 };
    private static readonly HashSet<int> S_none = [];

    // What every sample says as it is made: its tokens in order with both log-probabilities, and how it ended.
    private sealed record Made(Dictionary<(int Request, int Sample), List<SampledToken>> Tokens, List<GeneratedSample> Samples,
        long Drafted, long Accepted);

    // Texts of this model soon go round in circles, now and then another one.
    private static CausalModel Model(Precision precision = Precision.F32, int maxLength = 256, string family = "llama") =>
        RandomModel.Create(
            RandomModel.SmallConfig(family, tied: false) with { HiddenSize = 64, HeadDim = 16, IntermediateSize = 64 },
            maxLength: maxLength, precision: precision, blocks: 0.3f);

    private static int[] Prompt(int length) => [.. Enumerable.Range(0, length).Select(i => (i * 11 + 5) % 13 + 2)];

    private static GenerationRequest Request(int length, int samples, int tokens, SamplingSettings sampling, IAdapter? adapter = null) =>
        new(Prompt(length), samples, tokens, new RandomPlace(3, Draw: (uint)length))
        {
            Sampling = sampling, Adapter = adapter, EndTokens = S_none,
        };

    private static Made Make(CausalModel model, GeneratorOptions options, IReadOnlyList<GenerationRequest> requests,
        Action<GenerationEngine, int>? between = null)
    {
        var engine = new GenerationEngine(model, options);
        var (tokens, samples) = (new Dictionary<(int, int), List<SampledToken>>(), new List<GeneratedSample>());
        foreach (var (request, i) in requests.Select((r, i) => (r, i)))
            engine.Submit(request, samples.Add, (sample, token) =>
            {
                if (!tokens.TryGetValue((i, sample), out var list)) tokens[(i, sample)] = list = [];
                list.Add(token);
            });
        for (var step = 0; engine.Step(); step++) between?.Invoke(engine, step);
        engine.FreePages.ShouldBe(engine.Pages);
        return new Made(tokens, [.. samples.OrderBy(s => s.Request).ThenBy(s => s.Sample)], engine.DraftedTokens, engine.AcceptedTokens);
    }

    private static void ShouldBeTheSame(Made made, Made expected)
    {
        made.Samples.Count.ShouldBe(expected.Samples.Count);
        foreach (var (sample, other) in made.Samples.Zip(expected.Samples))
        {
            (sample.Request, sample.Sample, sample.Finish).ShouldBe((other.Request, other.Sample, other.Finish));
            sample.Ids.ShouldBe(other.Ids);
            sample.LogProbabilities.Select(BitConverter.SingleToInt32Bits).ShouldBe(
                other.LogProbabilities.Select(BitConverter.SingleToInt32Bits));
            sample.FullLogProbabilities.Select(BitConverter.SingleToInt32Bits).ShouldBe(
                other.FullLogProbabilities.Select(BitConverter.SingleToInt32Bits));
        }

        made.Tokens.Count.ShouldBe(expected.Tokens.Count);
        foreach (var (key, tokens) in made.Tokens) tokens.ShouldBe(expected.Tokens[key]);
    }

    // With drafts and without; gives the first.
    private Made Compare(CausalModel model, GeneratorOptions options, IReadOnlyList<GenerationRequest> requests, bool accepts = true)
    {
        var made = Make(model, options, requests);
        var plain = Make(model, options with { Speculate = false }, requests);
        ShouldBeTheSame(made, plain);
        plain.Drafted.ShouldBe(0);
        output.WriteLine($"{made.Samples.Sum(s => s.Ids.Length)} tokens, {made.Drafted} drafted, {made.Accepted} accepted");
        if (accepts) made.Accepted.ShouldBeGreaterThan(0);
        return made;
    }

    [Theory]
    [InlineData(Precision.F32, 1)]
    [InlineData(Precision.F32, 2)]
    [InlineData(Precision.Bf16, 2)]
    [InlineData(Precision.Int8, 2)]
    [InlineData(Precision.Int8A16, 1)]
    public void Every_way_of_choosing_gives_the_same_bits(Precision precision, int threads)
    {
        var model = Model(precision);
        using var pool = new WorkerPool(threads);
        using var lora = GeneratorTests.NoisyLora(model);
        var options = new GeneratorOptions { Precision = precision, Pool = pool };
        SamplingSettings[] ways =
        [
            S_greedy, S_cold, S_cold with { TopP = 0.9 }, S_cold with { TopK = 5, MinP = 0.01 },
            S_greedy with { RepetitionPenalty = 1.05 }, S_cold with { RepetitionPenalty = 1.02, TopP = 0.95 },
        ];
        foreach (var sampling in ways)
            Compare(model, options, [Request(9, 3, 120, sampling, lora)]);
        Compare(model, options, [.. ways.Select((sampling, i) => Request(5 + i, 1, 90, sampling, i % 2 == 0 ? lora : null))]);
    }

    [Theory]
    [InlineData("lora", "dora")]
    [InlineData("ia3", "lora")]
    [InlineData("lora", null)]
    public void Runs_of_several_adapters_in_one_step_give_the_same_bits(string one, string? other)
    {
        var model = Model();
        using var first = AdapterMethod.All[one].Create(model, new AdapterSettings { Method = one, Rank = 4 });
        using var second = other is null ? null : AdapterMethod.All[other].Create(model, new AdapterSettings { Method = other, Rank = 2 });
        foreach (var (adapter, i) in new[] { first, second }.OfType<AdapterSet>().Select((a, i) => (a, i))) Move(adapter, i);
        Compare(model, new GeneratorOptions(),
        [
            Request(9, 2, 80, S_greedy, first), Request(40, 2, 80, S_cold, second), Request(7, 1, 80, S_cold),
            Request(8, 1, 60, S_cold, first),
        ]);
    }

    private static void Move(AdapterSet adapter, int seed)
    {
        var key = new RandomKey((ulong)seed + 3);
        uint at = 0;
        foreach (var p in adapter.Trainable)
        {
            p.Update(values =>
            {
                foreach (ref var v in values) v += (float)(0.05 * key.Normal(RandomPurpose.AdapterInit, 1, 0, 0, at++));
            });
        }
    }

    [Fact]
    public void Completions_may_end_anywhere_in_a_draft()
    {
        var model = Model();
        var whole = Make(model, new GeneratorOptions { Speculate = false }, [Request(9, 1, 60, S_greedy)]).Samples[0];
        for (var length = 1; length <= 60; length++)
        {
            // The limit, a rule, an end token: each ends it at this token at the latest.
            var end = length;
            var calls = new List<int>();
            bool Stop(int sample, ReadOnlySpan<int> ids)
            {
                calls.Add(ids.Length);
                return ids.Length == end;
            }

            var limited = Make(model, new GeneratorOptions(), [Request(9, 1, length, S_greedy)]).Samples[0];
            limited.Ids.ShouldBe(whole.Ids[..length]);
            limited.Finish.ShouldBe(FinishReason.Length);
            var stopped = Make(model, new GeneratorOptions(), [Request(9, 1, 60, S_greedy) with { Stop = Stop }]).Samples[0];
            stopped.Ids.ShouldBe(whole.Ids[..length]);
            stopped.Finish.ShouldBe(FinishReason.Stop);
            calls.ShouldBe(Enumerable.Range(1, length));
            Compare(model, new GeneratorOptions(),
                [Request(9, 2, 60, S_cold) with { EndTokens = new HashSet<int> { whole.Ids[length - 1] } }], accepts: false);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(64)]
    public void Groups_of_any_size_with_and_without_shared_prompts(int concurrency)
    {
        var model = Model(family: "qwen2");
        foreach (var share in new[] { true, false })
        {
            Compare(model, new GeneratorOptions { Concurrency = concurrency, SharePrompts = share, MaxBatchTokens = 40 },
            [
                Request(33, 5, 70, S_cold), Request(31, 9, 30, S_cold) with { FirstSample = 4 }, Request(1, 3, 65, S_greedy),
                Request(65, 2, 100, S_cold) with { EndTokens = new HashSet<int> { 5, 9 } },
            ]);
        }
    }

    [Fact]
    public void A_small_budget_of_pages_is_kept_to()
    {
        var model = Model();
        var page = GeneratorMemory.PageBytes(model.Config, Precision.F32);
        foreach (var length in Enumerable.Range(28, 8))
        {
            var requests = new[] { Request(length, 3, 36, S_greedy), Request(length + 1, 2, 33, S_cold) };
            var small = new GeneratorOptions { CacheBytes = 4 * page };
            var made = Make(model, small, requests, (engine, _) => engine.CacheBytes.ShouldBeLessThanOrEqualTo(4 * page));
            ShouldBeTheSame(made, Make(model, new GeneratorOptions { Speculate = false }, requests));
            made.Accepted.ShouldBeGreaterThan(0);
        }
    }

    [Fact]
    public void Whoever_joins_late_or_is_cancelled_changes_nothing_for_the_others()
    {
        var model = Model();
        var alone = Make(model, new GeneratorOptions { Speculate = false }, [Request(9, 3, 90, S_cold)]);
        var late = new List<GeneratedSample>();
        GenerationTicket? dropped = null;
        var tokens = 0;
        var made = Make(model, new GeneratorOptions(), [Request(9, 3, 90, S_cold)], (engine, step) =>
        {
            if (step == 6) engine.Submit(Request(12, 2, 50, S_greedy), late.Add);
            if (step == 8)
                dropped = engine.Submit(Request(20, 2, 100, S_greedy), _ => throw new InvalidOperationException("it was dropped"),
                    (_, _) =>
                    {
                        if (++tokens == 41) engine.Cancel(dropped!);
                        dropped!.IsCancelled.ShouldBe(tokens >= 41);
                    });
        });
        ShouldBeTheSame(made, alone);
        late.Sort((a, b) => a.Sample.CompareTo(b.Sample));
        var expected = Make(model, new GeneratorOptions { Speculate = false }, [Request(12, 2, 50, S_greedy)]).Samples;
        late.Select(s => string.Join(' ', s.Ids)).ShouldBe(expected.Select(s => string.Join(' ', s.Ids)));
        // A cancelled request's samples end with the token that they are at.
        tokens.ShouldBeInRange(41, 42);
    }

    [Fact]
    public void Tokens_that_repeat_are_taken_many_at_a_time()
    {
        var model = Model();
        var steps = 0;
        var made = Make(model, new GeneratorOptions(), [Request(9, 1, 200, S_greedy)], (_, _) => steps++);
        output.WriteLine($"{steps} steps, {made.Drafted} drafted, {made.Accepted} accepted");
        made.Accepted.ShouldBeGreaterThan(100);
        made.Accepted.ShouldBeLessThanOrEqualTo(made.Drafted);
        steps.ShouldBeLessThan(100);
    }

    [Fact]
    public void A_step_with_drafts_allocates_nothing_once_its_shape_is_known()
    {
        var model = Model(maxLength: 520);
        using var pool = new WorkerPool(1);
        var engine = new GenerationEngine(model, new GeneratorOptions { Pool = pool });
        var count = 0;
        engine.Submit(Request(9, 1, 510, S_greedy), null, (_, _) => count++);
        // A completion's arrays double at 256 and 512 tokens.
        while (count < 300) engine.Step();
        var (accepted, before) = (engine.AcceptedTokens, GC.GetAllocatedBytesForCurrentThread());
        while (count < 480) engine.Step();
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
        (engine.AcceptedTokens - accepted).ShouldBeGreaterThan(100);
    }
}
