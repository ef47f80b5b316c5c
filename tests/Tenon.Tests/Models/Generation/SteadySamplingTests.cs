using Tenon.Adapters;
using Tenon.Models.Generation;
using Tenon.Tensors;
using Tenon.Tensors.Threads;
using Tenon.Tests.Support;

namespace Tenon.Tests.Models.Generation;

/// <summary>A token costs no memory while the same sequences go on.</summary>
public class SteadySamplingTests
{
    private const int Warm = 66;
    private const int Steps = 60;

    [Theory]
    [InlineData(Precision.F32, 1)]
    [InlineData(Precision.F32, 8)]
    [InlineData(Precision.Bf16, 8)]
    [InlineData(Precision.Int8, 8)]
    public void A_step_of_sampling_allocates_nothing(Precision precision, int samples)
    {
        var config = RandomModel.SmallConfig("llama") with { HiddenSize = 64, HeadDim = 16, IntermediateSize = 64 };
        var model = RandomModel.Create(config, precision: precision);
        using var adapter = AdapterMethod.All["lora"].Create(model, new AdapterSettings { Rank = 4 });
        using var pool = new WorkerPool(1);
        var options = new GeneratorOptions { Concurrency = samples, Precision = precision, Pool = pool };
        var engine = new GenerationEngine(model, options);
        var place = new RandomPlace(1, RandomPurpose.Sampling, 0, 0);
        // Room for completions doubles at 64 and 128 tokens: the steps between them are counted.
        engine.Submit(new GenerationRequest([3, 5, 8], samples, Warm + Steps + 2, place) { Adapter = adapter });
        for (var i = 0; i < Warm; i++) engine.Step().ShouldBeTrue();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Steps; i++) engine.Step();
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
        engine.Alive.ShouldBe(samples);
    }

    [Fact]
    public void Nor_does_a_step_that_keeps_its_products_once_their_memory_is_there()
    {
        var model = RandomModel.Create();
        using var pool = new WorkerPool(1);
        using var store = new KeptProducts(model.Linears.Select(linear => linear.Weight), 100_000_000);
        var engine = new GenerationEngine(model, new GeneratorOptions { Concurrency = 64, Pool = pool, Kept = store });
        var place = new RandomPlace(1, RandomPurpose.Sampling, 0, 0);
        store.Begin();
        engine.Submit(new GenerationRequest([3, 5, 8], 64, 9, place));
        while (engine.Step()) { }
        store.Begin();
        engine.Submit(new GenerationRequest([3, 5, 8], 4, Warm + Steps + 2, place));
        for (var i = 0; i < Warm; i++) engine.Step().ShouldBeTrue();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Steps; i++) engine.Step();
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }
}
