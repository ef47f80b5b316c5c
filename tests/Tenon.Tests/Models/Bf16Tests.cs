using Tenon.Models.Decoders;
using Tenon.Models.Generation;
using Tenon.Models.Layers;
using Tenon.Models.Weights;
using Tenon.Tensors;
using Tenon.Tensors.Ops;
using Tenon.Tensors.Threads;
using Tenon.Tests.Support;

namespace Tenon.Tests.Models;

/// <summary>
/// <c>precision: bf16</c>: weights, keys and values are rounded to bfloat16 (a relative error of 2^-9 at most), all else is float32. The golden models are sharp (scores of attention of several tens), so that such an error moves a log-probability by hundredths. Log-probabilities are near the float64 reference's, and within a process
/// a sampled one is the trained one bit for bit. Whole runs in bf16 are in <c>SameBitsTests</c>.
/// </summary>
public class Bf16Tests(ITestOutputHelper output)
{
    [Fact]
    public void LogProbabilitiesAreNearTheReferences()
    {
        var root = GoldenFolder.Require("models");
        var count = 0;
        foreach (var folder in Directory.GetDirectories(root).Where(f => File.Exists(Path.Combine(f, "case.safetensors"))).Order())
        {
            using var golden = SafetensorsFile.Open(Path.Combine(folder, "case.safetensors"));
            using var source = ModelSource.Open(folder);
            var model = DecoderBuilder.Build(source.Config, source.Weights, new LoadOptions(Precision.Bf16, 128), "");
            model.Linears.ShouldAllBe(l => l.Weight.Storage == WeightStorage.BF16);
            var (worst, sum, tokens) = (0.0, 0.0, 0);
            for (var i = 0; golden.Tensors.ContainsKey($"seq{i}.tokens"); i++)
            {
                int[] ids = [.. golden.ReadLongs($"seq{i}.tokens").Select(v => (int)v)];
                var expected = golden.ReadDoubles($"seq{i}.logp.t1.0");
                var tape = new Tape(null, Precision.Bf16);
                var batch = TokenBatch.Of([ids]);
                var actual = model.LogProbabilities(tape, model.Forward(tape, batch), [.. ids[1..], -1], batch).LogProbabilities;
                for (var t = 0; t < expected.Length; t++)
                {
                    var difference = Math.Abs(expected[t] - actual[t]);
                    (worst, sum, tokens) = (Math.Max(worst, difference), sum + difference, tokens + 1);
                }
            }

            output.WriteLine($"{Path.GetFileName(folder)}: worst {worst:E1}, mean {sum / tokens:E1} over {tokens} tokens");
            worst.ShouldBeLessThan(0.5, folder);
            (sum / tokens).ShouldBeLessThan(0.05, folder);
            worst.ShouldBeGreaterThan(1e-5, "bf16 rounds");
            count++;
        }

        output.WriteLine($"{count} model folders");
        count.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void SampledLogProbabilitiesAreTheTrainedOnesBitForBit()
    {
        var model = RandomModel.Create(precision: Precision.Bf16);
        int[][] prompts = [[5, 9, 11, 3, 60, 21], [7, 7, 8], [.. Enumerable.Range(2, 40)]];
        IReadOnlyList<GeneratedSample>? reference = null;
        foreach (var (threads, concurrency, share) in new[] { (1, 1, true), (2, 3, false), (2, 32, true) })
        {
            using var pool = new WorkerPool(threads);
            var generator = new Generator(model, new GeneratorOptions { Concurrency = concurrency, Pool = pool, SharePrompts = share, Precision = Precision.Bf16, EndTokens = new HashSet<int> { 1 } });
            var samples = generator.Generate([.. prompts.Select((p, i) => new GenerationRequest(p, 4, 24, new RandomPlace(11, Draw: (uint)i)))]);
            reference ??= samples;
            var layout = GroupLayout.Of([.. samples.GroupBy(s => s.Request).Select(g => (prompts[g.Key], (IReadOnlyList<int[]>)[.. g.Select(s => s.Ids)]))], share);
            var tape = new Tape(pool, Precision.Bf16) { Recording = true };
            var batch = TokenBatch.Of(layout.Ids, layout.Runs);
            var trained = model.LogProbabilities(tape, tape.SelectRows(model.Forward(tape, batch), layout.Rows), layout.Targets, batch).LogProbabilities;
            trained.ShouldBe(samples.SelectMany(s => s.FullLogProbabilities).ToArray());
            trained.ShouldBe(reference.SelectMany(s => s.FullLogProbabilities).ToArray());
        }
    }
}
