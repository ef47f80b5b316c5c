using Tenon.Models;
using Tenon.Models.Generation;
using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Threads;
using Tenon.Tests.Support;

namespace Tenon.Tests.Models.Generation;

public class GenerationEngineTests
{
    private static readonly int[] Long = [.. Enumerable.Range(0, 70).Select(i => (i * 7 + 3) % 60 + 2)];
    private static readonly HashSet<int> End = [1];

    private static GeneratorOptions Options(Precision precision, int concurrency = 8) =>
        new() { Precision = precision, Concurrency = concurrency, MaxBatchTokens = 48, EndTokens = End };

    private static GenerationRequest Request(uint draw, int samples, int tokens, IAdapter? adapter = null) =>
        new(Long[..(int)(5 + draw * 9)], samples, tokens, new RandomPlace(4, Draw: draw)) { Adapter = adapter };

    private static List<GeneratedSample> Alone(CausalModel model, Precision precision, GenerationRequest request) =>
        [.. new Generator(model, Options(precision)).Generate([request])];

    private static void ShouldBeTheSame(IEnumerable<GeneratedSample> samples, List<GeneratedSample> expected)
    {
        var ordered = samples.OrderBy(s => s.Sample).ToList();
        ordered.Count.ShouldBe(expected.Count);
        foreach (var (sample, other) in ordered.Zip(expected))
        {
            sample.Ids.ShouldBe(other.Ids);
            sample.LogProbabilities.ShouldBe(other.LogProbabilities);
            sample.FullLogProbabilities.ShouldBe(other.FullLogProbabilities);
            sample.Finish.ShouldBe(other.Finish);
        }
    }

    [Theory]
    [InlineData(Precision.F32)]
    [InlineData(Precision.Bf16)]
    public void A_request_has_the_same_bits_alone_in_company_and_joining_late(Precision precision)
    {
        var model = RandomModel.Create(precision: precision);
        using var lora = GeneratorTests.NoisyLora(model);
        var engine = new GenerationEngine(model, Options(precision));
        var company = new List<GeneratedSample>();
        engine.Submit(Request(0, 3, 40, lora), company.Add);
        engine.Submit(Request(6, 4, 30), company.Add);
        var late = new List<GeneratedSample>();
        GenerationTicket? ticket = null;
        for (var step = 0; engine.Step(); step++)
            if (step == 9) ticket =
                engine.Submit(Request(3, 3, 25, lora) with { Sampling = new SamplingSettings { Temperature = 0.7, TopP = 0.9 } }, late.Add);
        ticket!.IsDone.ShouldBeTrue();
        engine.IsIdle.ShouldBeTrue();
        ShouldBeTheSame(late, Alone(model, precision, ticket.Request));
        ShouldBeTheSame(company.Where(s => s.Request == 0), Alone(model, precision, Request(0, 3, 40, lora)));
        ShouldBeTheSame(company.Where(s => s.Request == 1), Alone(model, precision, Request(6, 4, 30)));
    }

    [Fact]
    public void A_cancelled_request_leaves_the_others_as_they_are_and_gives_its_memory_back()
    {
        var model = RandomModel.Create();
        var engine = new GenerationEngine(model, Options(Precision.F32, concurrency: 4));
        var kept = new List<GeneratedSample>();
        var dropped = new List<GeneratedSample>();
        engine.Submit(Request(1, 2, 40), kept.Add);
        var running = engine.Submit(Request(5, 6, 60) with { EndTokens = new HashSet<int>() }, dropped.Add);
        var waiting = engine.Submit(Request(2, 6, 60), dropped.Add);
        for (var step = 0; engine.Step(); step++)
        {
            if (step == 12) engine.Cancel(running);
            if (step == 3) engine.Cancel(waiting);
        }

        dropped.ShouldBeEmpty();
        (running.IsDone, waiting.IsDone).ShouldBe((true, true));
        ShouldBeTheSame(kept, Alone(model, Precision.F32, Request(1, 2, 40)));
        engine.FreePages.ShouldBe(engine.Pages);
    }

    [Fact]
    public void A_small_budget_makes_work_wait_and_changes_no_bit()
    {
        var model = RandomModel.Create();
        var page = GeneratorMemory.PageBytes(model.Config, Precision.F32);
        var wide = new Generator(model, Options(Precision.F32)).Generate([Request(1, 5, 40), Request(6, 5, 60), Request(2, 5, 20)]);
        foreach (var pages in new[] { 6, 7, 9, 14 })
        {
            var engine = new GenerationEngine(model, Options(Precision.F32) with { CacheBytes = pages * page });
            var samples = new List<GeneratedSample>();
            foreach (var request in new[] { Request(1, 5, 40), Request(6, 5, 60), Request(2, 5, 20) }) engine.Submit(request, samples.Add);
            while (engine.Step()) engine.CacheBytes.ShouldBeLessThanOrEqualTo(pages * page);
            ShouldBeTheSame(samples.Where(s => s.Request == 1), [.. wide.Where(s => s.Request == 1)]);
            samples.Count.ShouldBe(15);
            engine.FreePages.ShouldBe(engine.Pages);
        }

        Should.Throw<TenonException>(() => new GenerationEngine(model, Options(Precision.F32) with { CacheBytes = 2 * page })
            .Submit(Request(6, 1, 60))).Message.ShouldContain("budget");
    }

    [Fact]
    public void A_budget_gives_way_to_a_completion_that_fits_by_itself()
    {
        var model = RandomModel.Create();
        var page = GeneratorMemory.PageBytes(model.Config, Precision.F32);
        var wide = new Generator(model, Options(Precision.F32)).Generate([Request(6, 2, 60)]);
        var engine = new GenerationEngine(model, Options(Precision.F32) with { CacheBytes = 2 * page, LongestBytes = 6 * page });
        var samples = new List<GeneratedSample>();
        engine.Submit(Request(6, 2, 60), samples.Add);
        while (engine.Step()) engine.CacheBytes.ShouldBeLessThanOrEqualTo(6 * page);
        ShouldBeTheSame(samples, [.. wide]);
        Should.Throw<TenonException>(() => engine.Submit(Request(6, 1, 190))).Message.ShouldContain("budget");
    }

    [Fact]
    public void The_cache_is_kept_between_calls()
    {
        var model = RandomModel.Create();
        var engine = new GenerationEngine(model, Options(Precision.F32));
        engine.Submit(Request(6, 8, 60));
        while (engine.Step()) { }
        var held = engine.CacheBytes;
        engine.Submit(Request(4, 8, 50));
        while (engine.Step()) { }
        engine.CacheBytes.ShouldBe(held);
    }

    [Fact]
    public void A_stop_rule_ends_a_completion_as_an_end_token_does()
    {
        var model = RandomModel.Create();
        var whole = Alone(model, Precision.F32, Request(2, 1, 30) with { EndTokens = new HashSet<int>() })[0];
        var stopped =
            Alone(model, Precision.F32, Request(2, 1, 30) with { EndTokens = new HashSet<int>(), Stop = (_, ids) => ids.Length == 11 })[0];
        stopped.Ids.ShouldBe(whole.Ids[..11]);
        stopped.Finish.ShouldBe(FinishReason.Stop);
    }

    [Fact]
    public void A_token_costs_no_memory_while_the_same_samples_go_on()
    {
        var model = RandomModel.Create();
        (BytesOfSteps(model, 64) - BytesOfSteps(model, 2)).ShouldBeLessThan(64 * 4 * 8);
    }

    // Bytes of sixteen steps within which no sample's arrays grow: what is left is the forward pass's own objects, the same for any number
    // of samples.
    private static long BytesOfSteps(CausalModel model, int samples)
    {
        using var pool = new WorkerPool(1);
        var engine = new GenerationEngine(model, new GeneratorOptions { Concurrency = samples, Pool = pool });
        engine.Submit(Request(1, samples, 64));
        for (var i = 0; i < 30; i++) engine.Step();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 16; i++) engine.Step();
        var bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        engine.Alive.ShouldBe(samples);
        return bytes;
    }
}
