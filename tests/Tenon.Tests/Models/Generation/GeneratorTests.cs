using Tenon.Adapters;
using Tenon.Adapters.Methods;
using Tenon.Checkpoints;
using Tenon.Models;
using Tenon.Models.Decoders;
using Tenon.Models.Generation;
using Tenon.Models.Layers;
using Tenon.Models.Weights;
using Tenon.Tensors;
using Tenon.Tensors.Ops;
using Tenon.Tensors.Threads;
using Tenon.Tests.Support;

namespace Tenon.Tests.Models.Generation;

public class GeneratorTests(ITestOutputHelper output)
{
    private static readonly int[][] Prompts =
        [[5, 9, 12, 33, 2, 60, 11], [7],
        [3, 3, 3, 8, 21, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 1, 2,
            3, 4, 5, 6, 7, 8]];

    internal static AdapterSet NoisyLora(CausalModel model)
    {
        var lora = new Lora().Create(model, new AdapterSettings { Rank = 4 });
        var key = new RandomKey(3);
        uint at = 0;
        foreach (var p in lora.Trainable)
            p.Update(values => { foreach (ref var v in values) v = (float)(0.1 * key.Normal(RandomPurpose.AdapterInit, 1, 0, 0, at++)); });
        return lora;
    }

    [Fact]
    public void Sampled_log_probability_equals_the_trainers_bit_for_bit_for_any_batch_threads_and_sharing()
    {
        var model = RandomModel.Create();
        using var lora = NoisyLora(model);
        IReadOnlyList<GeneratedSample>? reference = null;
        foreach (var (concurrency, threads, share, batch) in
            new[] { (32, 1, true, 1024), (1, 1, true, 1024), (3, 2, true, 40), (32, 2, true, 1024), (32, 1, false, 1024),
            (3, 2, false, 64) })
        {
            using var pool = new WorkerPool(threads);
            var generator =
                new Generator(model,
                new GeneratorOptions
                {
                    Concurrency = concurrency, Pool = pool, SharePrompts = share, MaxBatchTokens = batch,
                    EndTokens = new HashSet<int> { 1 }, Sampling = new SamplingSettings { Temperature = 0.8 }
                });
            var requests = Prompts.Select((p, i) => new GenerationRequest(p, 4, 40, new RandomPlace(11, Draw: (uint)i)) { Adapter = lora })
                .ToList();
            var samples = generator.Generate(requests);
            samples.Count.ShouldBe(12);
            reference ??= samples;
            for (var i = 0; i < samples.Count; i++)
            {
                samples[i].Ids.ShouldBe(reference[i].Ids);
                samples[i].LogProbabilities.ShouldBe(reference[i].LogProbabilities);
            }

            foreach (var shareInTraining in new[] { true, false })
            {
                var layout =
                    GroupLayout.Of(
                    [.. samples.GroupBy(s => s.Request).Select(g => (Prompts[g.Key], (IReadOnlyList<int[]>)[.. g.Select(s => s.Ids)]))],
                    shareInTraining);
                var tape = new Tape(pool) { Recording = true };
                var tokens = TokenBatch.Of(layout.Ids, layout.Runs, lora);
                var head =
                    model.LogProbabilities(tape, tape.SelectRows(model.Forward(tape, tokens), layout.Rows), layout.Targets, tokens, 0.8);
                head.LogProbabilities.ShouldBe(samples.SelectMany(s => s.FullLogProbabilities).ToArray());
            }
        }
    }

    [Fact]
    public void Mixed_adapters_in_one_batch_give_each_sequence_its_own_bits()
    {
        var model = RandomModel.Create();
        using var lora = NoisyLora(model);
        var options = new GeneratorOptions { EndTokens = new HashSet<int>() };
        GenerationRequest Request(int i, IAdapter? adapter) =>
            new(Prompts[i], 3, 20, new RandomPlace(5, Draw: (uint)i)) { Adapter = adapter };
        var mixed = new Generator(model, options).Generate([Request(0, lora), Request(1, null), Request(2, lora)]);
        var alone = new Generator(model, options).Generate([Request(0, lora)])
            .Concat(new Generator(model, options).Generate([Request(1, null)]))
            .Concat(new Generator(model, options).Generate([Request(2, lora)])).ToList();
        for (var i = 0; i < mixed.Count; i++)
        {
            mixed[i].Ids.ShouldBe(alone[i].Ids);
            mixed[i].LogProbabilities.ShouldBe(alone[i].LogProbabilities);
        }
    }

    [Fact]
    public void Different_samples_of_a_group_differ()
    {
        var model = RandomModel.Create();
        var samples = new Generator(model, new GeneratorOptions()).Generate([new GenerationRequest(Prompts[0], 8, 12, new RandomPlace(1))]);
        samples.Select(s => string.Join(' ', s.Ids)).Distinct().Count().ShouldBe(8);
    }

    [Fact]
    public void Greedy_tokens_equal_the_references()
    {
        var root = GoldenFolder.Require("models");
        var count = 0;
        foreach (var folder in Directory.GetDirectories(root).Where(f => File.Exists(Path.Combine(f, "case.safetensors"))))
        {
            using var golden = SafetensorsFile.Open(Path.Combine(folder, "case.safetensors"));
            using var source = ModelSource.Open(folder);
            var model = DecoderBuilder.Build(source.Config, source.Weights, new LoadOptions(MaxLength: 192), "");
            var generator = new Generator(model, new GeneratorOptions { Sampling = new SamplingSettings { Temperature = 0 } });
            for (var i = 0; golden.Tensors.ContainsKey($"seq{i}.tokens"); i++, count++)
            {
                var prompt = golden.ReadLongs($"seq{i}.tokens").Select(v => (int)v).ToArray();
                var expected = golden.ReadLongs($"seq{i}.greedy").Select(v => (int)v).ToArray();
                generator.Generate([new GenerationRequest(prompt, 1, expected.Length, new RandomPlace(0))])[0].Ids.ShouldBe(expected,
                    $"{folder} sequence {i}");
            }
        }

        output.WriteLine($"{count} greedy continuations");
    }
}
