using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Tenon.Adapters;
using Tenon.Models;
using Tenon.Models.Decoders;
using Tenon.Models.Generation;
using Tenon.Models.Layers;
using Tenon.Rewards;
using Tenon.Rollouts;
using Tenon.Tensors;
using Tenon.Tensors.Threads;
using Tenon.Tests.Support;
using Tenon.Training;
using OptimizerSettings = Tenon.Training.Settings.OptimizerSettings;

namespace Tenon.Tests.Adapters;

/// <summary>What every method must do alike, one line a property, over all methods that there are.</summary>
[Trait("Speed", "slow")]
public class MethodTableTests
{
    private static readonly int[] Prompt = [3, 14, 15, 9, 26, 5];
    private static readonly int[][] Completions = [[35, 8, 9, 7, 9], [32, 3, 8], [46, 2, 6, 4, 3, 38, 32], [7, 9, 50, 28]];

    public static TheoryData<string> Methods => [.. AdapterMethod.All.Keys];

    private static AdapterSettings Settings(string method, double dropout = 0) => new()
    {
        Method = method,
        Rank = 4,
        Dropout = dropout,
        Options = AdapterSettings.Texts(method == "trainable-tokens" ? new Dictionary<string, string> { ["tokens"] = "9,3,46" } : []),
    };

    private static AdapterSet Create(CausalModel model, string method, double dropout = 0) =>
        AdapterMethod.All[method].Create(model, Settings(method, dropout));

    [Theory, MemberData(nameof(Methods))]
    public void Starts_at_the_base_bit_for_bit(string method)
    {
        var model = RandomModel.Create();
        var plain = Logits(model, null);
        using var set = Create(model, method);
        Logits(model, set).ShouldBe(plain);
    }

    [Theory, MemberData(nameof(Methods))]
    public void Counts_what_it_trains_from_shapes_alone(string method)
    {
        var model = RandomModel.Create();
        using var set = Create(model, method);
        AdapterMethod.All[method].Count(model.Config, Settings(method)).ShouldBe(set.TrainableCount);
        set.TrainableCount.ShouldBeGreaterThan(0);
    }

    [Theory, MemberData(nameof(Methods))]
    public void Merged_weights_give_the_same_function(string method)
    {
        var model = RandomModel.Create();
        var plain = Logits(model, null);
        using var set = Perturbed(model, method);
        var adapted = Logits(model, set);
        Difference(adapted, plain).ShouldBeGreaterThan(1e-4, "the perturbed adapter does something");
        using var weights = MergedWeights.Of(set);
        var merged =
            DecoderBuilder.Build(model.Config with { TieWordEmbeddings = MergedWeights.IsTied(set) }, weights,
            new LoadOptions(MaxLength: 256), "merged");
        Difference(Logits(merged, null), adapted).ShouldBeLessThan(1e-4 * Math.Max(1, plain.Max(Math.Abs)));
        Logits(model, null).ShouldBe(plain);
    }

    [Theory, MemberData(nameof(Methods))]
    public void Goes_through_its_folder_with_all_bits(string method)
    {
        using var folder = new TempFolder();
        var model = RandomModel.Create();
        using var set = Perturbed(model, method);
        var logits = Logits(model, set);
        var (first, second) =
            (Directory.CreateDirectory(Path.Combine(folder.Path, "a")).FullName,
            Directory.CreateDirectory(Path.Combine(folder.Path, "b")).FullName);
        PeftFolder.Save(set, first, "base");
        set.Dispose();
        using var again = PeftFolder.Load(model, first);
        again.Method.Name.ShouldBe(method);
        again.Trainable.Select(p => p.ToArray()).ShouldBe(set.Trainable.Select(p => p.ToArray()));
        Logits(model, again).ShouldBe(logits);
        PeftFolder.Save(again, second, "base");
        foreach (var file in Directory.GetFiles(first))
            File.ReadAllBytes(Path.Combine(second, Path.GetFileName(file))).ShouldBe(File.ReadAllBytes(file), Path.GetFileName(file));
    }

    [Theory, MemberData(nameof(Methods))]
    public void A_copy_has_the_bits_of_its_moment_beside_the_original(string method)
    {
        var model = RandomModel.Create();
        using var set = Perturbed(model, method);
        set.Version = 3;
        var logits = Logits(model, set);
        using var copy = set.Copy();
        Logits(model, copy).ShouldBe(logits);
        copy.Sha256().ShouldBe(set.Sha256());
        copy.Version.ShouldBe(3);
        foreach (var parameter in set.Trainable)
            parameter.Update(values =>
            {
                for (var i = 0; i < values.Length; i++) values[i] += 0.01f * (i % 3);
            });
        var later = Logits(model, set);
        later.ShouldNotBe(logits);
        Logits(model, copy).ShouldBe(logits);
        copy.TakeValues(set);
        Logits(model, copy).ShouldBe(later);
    }

    [Theory, MemberData(nameof(Methods))]
    public void A_snapshot_computes_the_same_on_another_model(string method)
    {
        var model = RandomModel.Create();
        using var set = Perturbed(model, method);
        set.Version = 3;
        var other = RandomModel.Create();
        using var read = AdapterSnapshot.Read(other, AdapterSnapshot.Write(set));
        read.Sha256().ShouldBe(set.Sha256());
        read.Version.ShouldBe(3);
        Logits(other, read).ShouldBe(Logits(model, set));
    }

    [Theory, MemberData(nameof(Methods))]
    public void Plain_lora_is_the_same_function_where_there_is_one(string method)
    {
        var model = RandomModel.Create();
        using var set = Perturbed(model, method);
        var adapted = Logits(model, set);
        if (set.Linears.Count == 0 || set.Linears.Any(l => l.ToLora() is null)) return;
        using var folder = new TempFolder();
        LoraConversion.Save(set, folder.Path, "base");
        set.Dispose();
        using var lora = PeftFolder.Load(model, folder.Path);
        lora.Method.Name.ShouldBe("lora");
        Difference(Logits(model, lora), adapted).ShouldBeLessThan(1e-4 * Math.Max(1, adapted.Max(Math.Abs)));
    }

    /// <summary>
    /// Logits and gradients of all methods in one hash that holds on every processor and vector width; a change to a method's sums changes
    /// it, and is then told in docs/log.md.
    /// </summary>
    [Fact]
    public void All_methods_have_the_same_bits_on_every_processor()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var method in AdapterMethod.All.Keys.Order(StringComparer.Ordinal))
        {
            var model = RandomModel.Create();
            using var set = Perturbed(model, method);
            foreach (var values in (float[][])[Logits(model, set), .. Gradients(model, set, 10_000, share: true, threads: 2)])
                hash.AppendData(MemoryMarshal.AsBytes(values.AsSpan()));
        }

        Convert.ToHexStringLower(hash.GetHashAndReset())[..16].ShouldBe("3f421122eb6f0f65");
    }

    [Theory, MemberData(nameof(Methods))]
    public void Gradients_have_the_same_bits_in_any_cut_on_any_threads(string method) => RequireSameGradients(method, dropout: 0);

    [Theory, MemberData(nameof(Methods))]
    public void Gradients_have_the_same_bits_in_any_cut_on_any_threads_with_dropout_too(string method) =>
    RequireSameGradients(method, dropout: 0.25);

    private static void RequireSameGradients(string method, double dropout)
    {
        var model = RandomModel.Create();
        using var set = Perturbed(model, method, dropout);
        var whole = Gradients(model, set, 10_000, share: true, threads: 1);
        Gradients(model, set, 12, share: true, threads: 1).ShouldBe(whole);
        Gradients(model, set, 10_000, share: true, threads: 2, recompute: true).ShouldBe(whole);
        whole.SelectMany(g => g).ShouldAllBe(v => float.IsFinite(v));
        whole.SelectMany(g => g).ShouldContain(v => v != 0);
    }

    [Theory, MemberData(nameof(Methods))]
    public void Sampler_and_trainer_agree_to_the_last_bit_in_mixed_batches_too(string method)
    {
        var model = RandomModel.Create();
        using var set = Perturbed(model, method);
        var options =
            new GeneratorOptions { Sampling = new SamplingSettings { Temperature = 1 }, EndTokens = new HashSet<int>(), Concurrency = 3 };
        GenerationRequest[] requests = [Request(set), Request(null), Request(set)];
        var samples = new Generator(model, options).Generate(requests);
        for (var r = 0; r < requests.Length; r++)
        {
            var own = samples.Where(s => s.Request == r).OrderBy(s => s.Sample).ToList();
            var (logps, _) = new PolicyUpdater(model, 1, new PassOptions(), new Tape())
                .Score([Group([.. own.Select(s => s.Ids)])], requests[r].Adapter);
            logps.ShouldBe(own.SelectMany(s => s.FullLogProbabilities).Select(v => (double)v));
        }

        static GenerationRequest Request(AdapterSet? set) =>
            new(Prompt, 2, 10, new RandomPlace(5, RandomPurpose.Sampling, 0)) { Adapter = set };
    }

    [Theory, MemberData(nameof(Methods))]
    public void Steps_go_on_from_a_folder_to_the_same_bits(string method)
    {
        using var folder = new TempFolder();
        var model = RandomModel.Create();
        using var set = Create(model, method);
        var optimizer = Optimizer(set);
        for (var step = 0; step < 3; step++) Step(model, set, optimizer);
        PeftFolder.Save(set, folder.Path, "base");
        var (state, updates) = (optimizer.State.ToDictionary(s => s.Name, s => s.Values.ToArray()), optimizer.Updates);
        for (var step = 0; step < 3; step++) Step(model, set, optimizer);
        var expected = set.Trainable.Select(p => p.ToArray()).ToList();
        set.Dispose();

        using var again = Create(model, method);
        PeftFolder.LoadTensors(again, folder.Path);
        var resumed = Optimizer(again);
        resumed.Restore(updates, name => state[name]);
        for (var step = 0; step < 3; step++) Step(model, again, resumed);
        again.Trainable.Select(p => p.ToArray()).ShouldBe(expected);
    }

    [Theory, MemberData(nameof(Methods))]
    public void Refuses_an_option_that_it_does_not_have(string method)
    {
        var settings = Settings(method);
        var error =
            Should.Throw<TenonException>(() => AdapterMethod.All[method]
            .Create(RandomModel.Create(),
            settings
            with
            { Options = new(settings.Options!) { ["no-such-option"] = System.Text.Json.JsonSerializer.SerializeToElement(1) } }));
        error.Message.ShouldContain("no-such-option");
        if (!AdapterMethod.All[method].Uses.HasFlag(SharedKeys.Rank)) return;
        Should.Throw<TenonException>(() => AdapterMethod.All[method].Create(RandomModel.Create(), settings with { Rank = 0 }));
    }

    private static AdapterOptimizer Optimizer(AdapterSet set) =>
        new(set, new OptimizerSettings { LearningRate = 1e-2, MaxGradNorm = 1 }, 6);

    private static void Step(CausalModel model, AdapterSet set, AdapterOptimizer optimizer)
    {
        Accumulate(model, set, 10_000, true, 1, false);
        optimizer.Step();
    }

    private static List<float[]> Gradients(CausalModel model, AdapterSet set, int budget, bool share, int threads, bool recompute = false)
    {
        foreach (var parameter in set.Trainable) parameter.ZeroGrad();
        Accumulate(model, set, budget, share, threads, recompute);
        return [.. set.Trainable.Select(p => p.GradientOrZero().ToArray())];
    }

    private static void Accumulate(CausalModel model, AdapterSet set, int budget, bool share, int threads, bool recompute)
    {
        using var pool = new WorkerPool(threads);
        var options = new PassOptions(budget, share, recompute, set.Dropout > 0 ? 11ul : null);
        new PolicyUpdater(model, 1, options, new Tape(pool))
            .AccumulateWeighted([Group(Completions)], set, (row, t) => Math.Sin(row * 5 + t));
    }

    private static RolloutGroup Group(IReadOnlyList<int[]> completions) => new(new Problem("p", "", ""), 3, Prompt,
        [.. completions.Select((c, i) => new Rollout(new GeneratedSample(0, i, c, [], [], FinishReason.Length), "", []))]);

    private static AdapterSet Perturbed(CausalModel model, string method, double dropout = 0) =>
        PerturbedAdapter.Perturb(Create(model, method, dropout));

    private static float[] Logits(CausalModel model, AdapterSet? set)
    {
        var tape = new Tape();
        var batch = TokenBatch.Of([Prompt], set);
        return model.Logits(tape, model.Forward(tape, batch), batch).ToArray();
    }

    private static double Difference(float[] a, float[] b) => a.Zip(b).Max(p => Math.Abs(p.First - p.Second));
}
