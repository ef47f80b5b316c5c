using Tenon.Adapters;
using Tenon.Checkpoints;
using Tenon.Models.Decoders;
using Tenon.Models.Generation;
using Tenon.Models.Layers;
using Tenon.Models.Weights;
using Tenon.Tensors;
using Tenon.Tensors.Ops;
using Tenon.Tensors.Threads;
using Tenon.Tests.Support;
using Tenon.Text.Tokenizers;

namespace Tenon.Tests.Models;

/// <summary>
/// <c>precision: bf16</c>: weights, keys and values are rounded to bfloat16 (a relative error of 2^-9 at most), all else is float32. The
/// golden models are sharp (scores
/// of attention of several tens), so that such an error moves a log-probability by hundredths. <c>int8</c> rounds weights and activations
/// to one byte,
/// <c>int8-a16</c> activations to two of them. Log-probabilities are near the float64 reference's, and a sampled one is the trained one bit
/// for bit. Whole runs are in
/// <c>SameBitsTests</c>.
/// </summary>
public class NarrowPrecisionTests(ITestOutputHelper output)
{
    [Fact]
    public void Log_probabilities_are_near_the_references()
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

    [Theory]
    [InlineData(Precision.Bf16)]
    [InlineData(Precision.Int8)]
    [InlineData(Precision.Int8A16)]
    public void Sampled_log_probabilities_are_the_trained_ones_bit_for_bit(Precision precision)
    {
        var model = RandomModel.Create(precision: precision);
        int[][] prompts = [[5, 9, 11, 3, 60, 21], [7, 7, 8], [.. Enumerable.Range(2, 40)]];
        IReadOnlyList<GeneratedSample>? reference = null;
        foreach (var (threads, concurrency, share) in new[] { (1, 1, true), (2, 3, false), (2, 32, true) })
        {
            using var pool = new WorkerPool(threads);
            var generator =
                new Generator(model,
                new GeneratorOptions
                {
                    Concurrency = concurrency, Pool = pool, SharePrompts = share, Precision = precision,
                    EndTokens = new HashSet<int> { 1 }
                });
            var samples =
                generator.Generate([.. prompts.Select((p, i) => new GenerationRequest(p, 4, 24, new RandomPlace(11, Draw: (uint)i)))]);
            reference ??= samples;
            var layout =
                GroupLayout.Of(
                [.. samples.GroupBy(s => s.Request).Select(g => (prompts[g.Key], (IReadOnlyList<int[]>)[.. g.Select(s => s.Ids)]))], share);
            var tape = new Tape(pool, precision) { Recording = true };
            var batch = TokenBatch.Of(layout.Ids, layout.Runs);
            var trained =
                model.LogProbabilities(tape, tape.SelectRows(model.Forward(tape, batch), layout.Rows), layout.Targets,
                batch).LogProbabilities;
            trained.ShouldBe(samples.SelectMany(s => s.FullLogProbabilities).ToArray());
            trained.ShouldBe(reference.SelectMany(s => s.FullLogProbabilities).ToArray());
        }
    }
    /// <summary>
    /// The gradient of an adapter, integers in both directions, against the one in float32 of the same rounded model: what is left is the
    /// rounding of activations and of the second
    /// copy of the weights. The gates are those of an exact float32 function with int8 gradients (0.998) and of int8 in both (0.99).
    /// </summary>
    [Theory]
    [InlineData(Precision.Int8, 0.99)]
    [InlineData(Precision.Int8A16, 0.998)]
    public void Gradients_point_where_those_of_float32_point(Precision precision, double gate)
    {
        using var source = ModelSource.Open("tiny");
        var model = DecoderBuilder.Build(source.Config, source.Weights, new LoadOptions(precision, 256), "");
        using var adapter = AdapterMethod.Of("lora").Create(model, new AdapterSettings { Method = "lora", Rank = 8 });
        var ids = TokenizerSource.Open("tiny").Tokenizer.Encode("27+58=85\n31+46=77\n12+89=101\n64+17=81\n");
        double[] Of(Precision p)
        {
            foreach (var parameter in adapter.Trainable) parameter.ZeroGrad();
            var batch = TokenBatch.Of(ids, [new TokenRun(0, ids.Length, 0)], adapter);
            var tape = new Tape(null, p) { Recording = true };
            var head = model.LogProbabilities(tape, model.Forward(tape, batch), [.. ids[1..], -1], batch);
            head.Backward([.. ids.Select((_, i) => i == ids.Length - 1 ? 0f : i % 3 == 0 ? -1f : 1f)]);
            return [.. adapter.Trainable.SelectMany(parameter => parameter.GradientOrZero().ToArray()).Select(v => (double)v)];
        }

        var (exact, integers) = (Of(Precision.F32), Of(precision));
        double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();
        var cosine = Dot(exact, integers) / Math.Sqrt(Dot(exact, exact) * Dot(integers, integers));
        output.WriteLine($"{precision}: cosine {cosine:F5} over {exact.Length} numbers");
        cosine.ShouldBeGreaterThan(gate);
    }

    // Problems and worked solutions of the kind that runs are about; a line each, the problem up to the colon.
    private const string Solutions = """
        A train leaves the station at nine and travels sixty miles an hour. How far has it gone by noon?: From nine to noon is 3 hours. In 3 hours the train travels 3 * 60 = 180 miles. The answer is 180.
        Anna has 12 apples. She gives 3 to each of her two brothers and eats 2. How many are left?: Anna gives away 2 * 3 = 6 apples. After that she has 12 - 6 = 6 apples. She eats 2 of them, so she has 6 - 2 = 4 apples left. The answer is 4.
        A book costs $8 and a pen costs $3. What do 4 books and 5 pens cost together?: The books cost 4 * 8 = $32. The pens cost 5 * 3 = $15. Together they cost 32 + 15 = $47. The answer is 47.
        A tank holds 240 litres and is one third full. Water runs in at 20 litres a minute. After how many minutes is it full?: One third of 240 is 240 / 3 = 80 litres. So 240 - 80 = 160 litres are missing. At 20 litres a minute this takes 160 / 20 = 8 minutes. The answer is 8.
        The sum of two numbers is 30 and their difference is 6. What is the larger number?: Let the numbers be x and y with x + y = 30 and x - y = 6. Adding the two equations gives 2x = 36, so x = 18. Then y = 30 - 18 = 12. The larger number is 18.
        """;

    /// <summary>
    /// Solutions through a real model, its integers as its file stores them: <c>int8-a16</c> is float32's function to about four digits,
    /// <c>int8</c> another one, about twice as far from
    /// it as bf16 autocast.
    /// </summary>
    [Theory]
    [InlineData(Precision.Int8, 0.06)]
    [InlineData(Precision.Int8A16, 0.001)]
    [Trait("Speed", "slow")]
    public void Log_probabilities_of_a_real_model_are_near_those_of_float32(Precision precision, double tolerance)
    {
        var path = Path.Combine(GoldenFolder.RequireModels(), "SmolLM2-135M-Instruct.Q4_1.gguf");
        Assert.SkipUnless(File.Exists(path), $"there is no '{path}'");
        using var source = ModelSource.Open(path);
        var tokenizer = TokenizerSource.Open(path).Tokenizer;
        var texts = Solutions.Split('\n')
            .Select(line => (Start: tokenizer.Encode(line[..line.IndexOf(':')]).Length, Ids: tokenizer.Encode(line))).ToList();
        double[] Of(Precision p)
        {
            var model = DecoderBuilder.Build(source.Config, source.Weights, new LoadOptions(p, 256), "");
            var tape = new Tape(null, p);
            var all = new List<double>();
            foreach (var (start, ids) in texts)
            {
                var batch = TokenBatch.Of([ids]);
                var logp = model.LogProbabilities(tape, model.Forward(tape, batch), [.. ids[1..], -1], batch).LogProbabilities;
                all.AddRange(logp[start..^1].Select(v => (double)v));
                tape.Reset();
            }

            return [.. all];
        }

        var (expected, actual) = (Of(Precision.F32), Of(precision));
        var difference = expected.Zip(actual, (a, b) => Math.Abs(a - b)).Average();
        output.WriteLine($"{precision}: mean difference {difference:E2} over {expected.Length} tokens");
        difference.ShouldBeLessThan(tolerance);
    }
}
