using Tenon.Adapters;
using Tenon.Models;
using Tenon.Models.Generation;
using Tenon.Rewards;
using Tenon.Rollouts;
using Tenon.Tensors;
using Tenon.Tensors.Threads;
using Tenon.Tests.Support;
using Tenon.Training;

namespace Tenon.Tests.Training;

/// <summary>Products that sampling kept and training takes: the gradients have the bits of those that computed everything.</summary>
public class KeptProductsTests
{
    private const int Length = 11;
    private const long Plenty = 100_000_000;
    private static readonly int[][] S_prompts = [[3, 14, 15, 9, 26, 5], [7], [9, 2]];

    // A weight of their own stands in place of each frozen one: there is no product to keep.
    private static readonly string[] S_withoutProducts = ["full", "hira", "loha", "randlora"];

    public static TheoryData<string> Methods => [.. AdapterMethod.All.Keys];

    [Theory, MemberData(nameof(Methods))]
    public void Every_method_has_the_same_gradients(string method)
    {
        var model = RandomModel.Create();
        using var set = PerturbedAdapter.Create(model, method, tokens: "9,3,46");
        var expected = Gradients(model, set, Plenty, takes: false);
        expected.Taken.ShouldBe(0);
        var kept = Gradients(model, set, Plenty);
        kept.Sums.ShouldBe(expected.Sums);
        expected.Sums.ShouldContain(sum => sum.Any(value => value != 0));
        if (S_withoutProducts.Contains(method)) kept.Taken.ShouldBe(0);
        else kept.Taken.ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData("lora", Precision.Bf16)]
    [InlineData("lora", Precision.Int8)]
    [InlineData("lora", Precision.Int8A16)]
    [InlineData("dora", Precision.Int8)]
    [InlineData("ia3", Precision.Bf16)]
    [InlineData("vera", Precision.Int8A16)]
    [InlineData("ln-tuning", Precision.Int8)]
    public void So_has_every_precision(string method, Precision precision)
    {
        var model = RandomModel.Create(RandomModel.SmallConfig() with { HiddenSize = 64, HeadDim = 16, IntermediateSize = 96 },
            precision: precision);
        using var set = PerturbedAdapter.Create(model, method, tokens: "9,3,46");
        var expected = Gradients(model, set, Plenty, takes: false, precision: precision);
        var kept = Gradients(model, set, Plenty, precision: precision);
        kept.Sums.ShouldBe(expected.Sums);
        kept.Taken.ShouldBeGreaterThan(0);
        Gradients(model, set, kept.Bytes / 2, precision: precision).Sums.ShouldBe(expected.Sums);
    }

    [Theory]
    [InlineData(1, true, false, 1)]
    [InlineData(14, true, false, 2)]
    [InlineData(14, false, false, 1)]
    [InlineData(40, true, true, 2)]
    [InlineData(10_000, false, true, 1)]
    [InlineData(10_000, true, false, 2)]
    public void So_has_every_cut(int budget, bool share, bool recompute, int threads)
    {
        var model = RandomModel.Create();
        using var set = PerturbedAdapter.Create(model, "lora", tokens: "9,3,46");
        var pass = new PassOptions(budget, share, recompute);
        var expected = Gradients(model, set, Plenty, pass, takes: false, threads: threads);
        var kept = Gradients(model, set, Plenty, pass, threads: threads);
        kept.Sums.ShouldBe(expected.Sums);
        kept.Taken.ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(30)]
    [InlineData(100)]
    public void What_finds_no_room_is_computed(int rows)
    {
        var model = RandomModel.Create();
        using var set = PerturbedAdapter.Create(model, "dora", tokens: "9,3,46");
        var row = new KeptProducts(model.Linears.Select(linear => linear.Weight), 0).RowBytes;
        var expected = Gradients(model, set, Plenty, takes: false);
        var kept = Gradients(model, set, rows * row);
        kept.Sums.ShouldBe(expected.Sums);
        kept.Bytes.ShouldBeLessThanOrEqualTo(rows * row);
        kept.Taken.ShouldBe(rows * 14L, "seven products in each of two blocks");
    }

    [Fact]
    public void A_token_of_a_group_that_is_freed_makes_room_for_another()
    {
        var model = RandomModel.Create();
        using var store = new KeptProducts(model.Linears.Select(linear => linear.Weight), 0x10000);
        store.Begin();
        var (first, second) = (new KeptTokens(store), new KeptTokens(store));
        var rows = Enumerable.Range(0, store.Rows).Select(first.Keep).ToList();
        rows.ShouldBe(Enumerable.Range(0, store.Rows));
        second.Keep(0).ShouldBe(-1);
        first.Free();
        first.Row(3).ShouldBe(-1);
        second.Keep(1).ShouldBeGreaterThanOrEqualTo(0);
        second.Row(0).ShouldBe(-1);
        second.Row(1).ShouldBeGreaterThanOrEqualTo(0);
        store.Drop();
        second.Row(1).ShouldBe(-1);
        second.Keep(2).ShouldBe(-1);
    }

    [Fact]
    public void Rows_that_a_pass_left_unwritten_are_not_taken()
    {
        var model = RandomModel.Create();
        using var set = PerturbedAdapter.Create(model, "lora", tokens: "9,3,46");
        using var store = new KeptProducts(model.Linears.Select(linear => linear.Weight), Plenty);
        var groups = Sample(model, set, store, Precision.F32, true);
        // As if a pass had been given up behind this row.
        store.IsOpen = true;
        new KeptTokens(store).Keep(0).ShouldBeGreaterThanOrEqualTo(0);
        store.MayTake = true;
        new PolicyUpdater(model, 1, new PassOptions(), new Tape()).Score(groups, set);
        store.Taken.ShouldBe(0);
    }

    [Fact]
    public void Dropout_takes_nothing()
    {
        var model = RandomModel.Create();
        using var set = PerturbedAdapter.Create(model, "lora", tokens: "9,3,46");
        using var store = new KeptProducts(model.Linears.Select(linear => linear.Weight), Plenty);
        var groups = Sample(model, set, store, Precision.F32, true);
        store.MayTake = true;
        var micro = MicroBatch.Cut(groups, 1000, true)[0];
        var batch = micro.ToBatch(set);
        batch.Kept = micro.Kept(groups);
        batch.Kept.ShouldNotBeNull();
        model.Forward(new Tape { Dropping = micro.Places(groups, 1, 1) }, batch);
        store.Taken.ShouldBe(0);
        model.Forward(new Tape(), batch);
        store.Taken.ShouldBeGreaterThan(0);
    }

    /// <summary>A step that tries several tokens at a time keeps nothing; what the other steps kept is taken all the same.</summary>
    [Fact]
    public void Drafted_tokens_are_computed_and_the_others_taken()
    {
        var model = RandomModel.Create(
            RandomModel.SmallConfig(tied: false) with { HiddenSize = 64, HeadDim = 16, IntermediateSize = 64 },
            maxLength: 256, blocks: 0.3f);
        using var set = PerturbedAdapter.Create(model, "lora", tokens: "9,3,46");
        int[] prompt = [.. Enumerable.Range(0, 9).Select(i => (i * 11 + 5) % 13 + 2)];
        var (drafted, all) = (Sums(speculate: true), Sums(speculate: false));
        drafted.Sums.ShouldBe(all.Sums);
        drafted.Taken.ShouldBeGreaterThan(0);
        drafted.Taken.ShouldBeLessThan(all.Taken);

        (List<float[]> Sums, long Taken) Sums(bool speculate)
        {
            using var store = new KeptProducts(model.Linears.Select(linear => linear.Weight), Plenty);
            store.Begin();
            var generator = new Generator(model, new GeneratorOptions
            {
                Concurrency = 3, Kept = store, Speculate = speculate, Sampling = new SamplingSettings { Temperature = 0 },
            });
            var samples = generator.Generate([new GenerationRequest(prompt, 3, 120, new RandomPlace(3)) { Adapter = set }]);
            (generator.AcceptedTokens > 0).ShouldBe(speculate);
            store.IsOpen = false;
            store.MayTake = true;
            RolloutGroup[] groups =
                [new(new Problem("0", "", ""), 0, prompt, [.. samples.Select(sample => new Rollout(sample, "", []))])];
            foreach (var parameter in set.Trainable) parameter.ZeroGrad();
            new PolicyUpdater(model, 1, new PassOptions(), new Tape()).AccumulateWeighted(groups, set, (row, t) => Math.Sin(row * 5 + t));
            return ([.. set.Trainable.Select(p => p.GradientOrZero().ToArray())], store.Taken);
        }
    }

    private static (List<float[]> Sums, long Taken, long Bytes) Gradients(CausalModel model, AdapterSet set, long budget,
        PassOptions? pass = null, bool takes = true, Precision precision = Precision.F32, int threads = 1)
    {
        pass ??= new PassOptions();
        using var pool = new WorkerPool(threads);
        using var store = new KeptProducts(model.Linears.Select(linear => linear.Weight), budget);
        var groups = Sample(model, set, store, precision, pass.SharePrompts);
        store.MayTake = takes;
        foreach (var parameter in set.Trainable) parameter.ZeroGrad();
        var bytes = groups.Sum(g => g.Prompt.Length - 1 + (long)g.Rollouts.Count * Length) * store.RowBytes;
        new PolicyUpdater(model, 1, pass, new Tape(pool, precision)).AccumulateWeighted(groups, set, (row, t) => Math.Sin(row * 5 + t));
        store.Bytes.ShouldBeLessThanOrEqualTo(budget);
        return ([.. set.Trainable.Select(p => p.GradientOrZero().ToArray())], store.Taken, takes && budget < Plenty ? store.Bytes : bytes);
    }

    private static List<RolloutGroup> Sample(CausalModel model, AdapterSet set, KeptProducts store, Precision precision, bool share)
    {
        store.Begin();
        var generator = new Generator(model, new GeneratorOptions
        {
            Concurrency = 5, MaxBatchTokens = 7, Kept = store, Precision = precision, SharePrompts = share,
        });
        var samples = generator.Generate([.. S_prompts.Select((prompt, draw) =>
            new GenerationRequest(prompt, 4, Length, new RandomPlace(1, RandomPurpose.Sampling, 0, (uint)draw)) { Adapter = set })]);
        store.IsOpen = false;
        return [.. S_prompts.Select((prompt, draw) => new RolloutGroup(new Problem($"{draw}", "", ""), draw, prompt,
            [.. samples.Where(s => s.Request == draw).Select(s => new Rollout(s, "", []))]))];
    }
}
