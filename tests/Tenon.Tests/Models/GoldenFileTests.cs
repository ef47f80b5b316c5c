using System.Text.Json;
using Tenon.Checkpoints;
using Tenon.Models.Decoders;
using Tenon.Models.Generation;
using Tenon.Models.Layers;
using Tenon.Models.Weights;
using Tenon.Tensors;
using Tenon.Tests.Support;

namespace Tenon.Tests.Models;

/// <summary>Models from GGUF files, a real model, and sampling distributions against the reference stack.</summary>
public class GoldenFileTests(ITestOutputHelper output)
{
    [Fact]
    public void Gguf_models_give_the_references_logits()
    {
        var folder = Path.Combine(GoldenFolder.Require("models"), "gguf");
        var count = 0;
        foreach (var path in Directory.GetFiles(folder, "*.gguf").Order())
        {
            var golden = Path.ChangeExtension(path, ".case.safetensors");
            if (!File.Exists(golden)) continue;
            using var expected = SafetensorsFile.Open(golden);
            using var source = ModelSource.Open(path);
            var tokens = expected.ReadLongs("tokens").Select(t => (int)t).ToArray();
            var model = DecoderBuilder.Build(source.Config, source.Weights, new LoadOptions(MaxLength: tokens.Length), "");
            var tape = new Tape();
            var batch = TokenBatch.Of([tokens]);
            var logits = model.Logits(tape, model.Forward(tape, batch), batch).ToArray();
            var reference = expected.ReadDoubles("logits");
            logits.Length.ShouldBe(reference.Length);
            for (var i = 0; i < logits.Length; i++) Math.Abs(logits[i] - reference[i]).ShouldBeLessThan(2e-4, path);
            count++;
        }

        output.WriteLine($"{count} GGUF models");
        count.ShouldBePositive();
    }

    [Fact]
    public void Smol_lm_2_gives_the_references_log_probabilities_and_greedy_tokens()
    {
        var folder = GoldenFolder.Require("smollm2");
        var file = Path.Combine(GoldenFolder.RequireModels(), "SmolLM2-135M-Instruct.Q4_1.gguf");
        Assert.SkipUnless(File.Exists(file), $"there is no {file}");
        using var source = ModelSource.Open(file);
        using var states = SafetensorsFile.Open(Path.Combine(folder, "cases.safetensors"));
        var model = DecoderBuilder.Build(source.Config, source.Weights, new LoadOptions(MaxLength: 1024), "");
        var generator = new Generator(model, new GeneratorOptions { Sampling = new SamplingSettings { Temperature = 0 } });
        var (line, worstLogp, worstLogit) = (0, 0.0, 0.0);
        foreach (var text in File.ReadLines(Path.Combine(folder, "cases.jsonl")))
        {
            using var document = JsonDocument.Parse(text);
            var c = document.RootElement;
            var ids = Ids(c.GetProperty("ids"));
            var tail = Ids(c.GetProperty("tail"));
            foreach (var (temperature, field) in new[] { (1.0, "tail_logp"), (0.7, "tail_logp_t07") })
            {
                var layout = GroupLayout.Of([(ids, (IReadOnlyList<int[]>)[tail])]);
                var tape = new Tape();
                var batch = TokenBatch.Of(layout.Ids, layout.Runs);
                var hidden = Tenon.Tensors.Ops.RowsOps.SelectRows(tape, model.Forward(tape, batch), layout.Rows);
                var head = model.LogProbabilities(tape, hidden, layout.Targets, batch, temperature);
                worstLogp = Math.Max(worstLogp, Worst(head.LogProbabilities, c.GetProperty(field)));
                if (temperature == 1) worstLogp = Math.Max(worstLogp, Worst(head.Entropies, c.GetProperty("tail_entropy")));
                if (temperature != 1) continue;
                // The first completion row is the prompt's last token: its logits are the reference's.
                var logits = model.Logits(tape, tape.Rows(hidden, 0, 1), batch).ToArray();
                var reference = states.ReadFloats($"{line}.logits");
                var scale = reference.Max(Math.Abs);
                for (var i = 0; i < logits.Length; i++) worstLogit = Math.Max(worstLogit, Math.Abs(logits[i] - reference[i]) / scale);
            }

            var greedy = Ids(c.GetProperty("greedy"));
            var margins = c.GetProperty("margins").EnumerateArray().Select(m => m.GetDouble()).ToList();
            var sure = margins.FindIndex(m => m < 1e-3) is var at and >= 0 ? at : greedy.Length;
            generator.Generate([new GenerationRequest(ids, 1, greedy.Length, new RandomPlace(0))])[0].Ids.Take(sure)
                .ShouldBe(greedy.Take(sure));
            line++;
        }

        output.WriteLine($"{line} problems, log-probabilities within {worstLogp:E1}, logits within {worstLogit:E1} of the largest");
        worstLogp.ShouldBeLessThan(2e-3);
        worstLogit.ShouldBeLessThan(2e-4);
    }

    [Fact]
    public void Sampling_distributions_equal_the_references()
    {
        var folder = GoldenFolder.Require("sampling");
        using var vectors = SafetensorsFile.Open(Path.Combine(folder, "sampling.safetensors"));
        var (count, worst) = (0, 0.0);
        foreach (var text in File.ReadLines(Path.Combine(folder, "sampling.jsonl")))
        {
            using var document = JsonDocument.Parse(text);
            var c = document.RootElement;
            var settings = new SamplingSettings
            {
                Temperature = c.GetProperty("temperature").GetDouble(), TopK = c.GetProperty("top_k").GetInt32(),
                TopP = c.GetProperty("top_p").GetDouble(),
                MinP = c.GetProperty("min_p") is { ValueKind: JsonValueKind.Number } m ? m.GetDouble()
                : 0, RepetitionPenalty = c.GetProperty("repetition_penalty").GetDouble(),
            };
            var logits = vectors.ReadDoubles("logits." + c.GetProperty("logits").GetString()).Select(v => (float)v).ToArray();
            var expected = vectors.ReadDoubles("probs." + Text(c.GetProperty("id")));
            var actual = Sampler.Distribution(logits, Ids(c.GetProperty("previous")), settings);
            for (var i = 0; i < expected.Length; i++)
            {
                (actual[i] == 0).ShouldBe(expected[i] == 0, $"{text} token {i}");
                worst = Math.Max(worst, Math.Abs(actual[i] - expected[i]));
            }

            count++;
        }

        output.WriteLine($"{count} distributions within {worst:E1}");
        worst.ShouldBeLessThan(1e-5);
    }

    private static string Text(JsonElement e) => e.ValueKind == JsonValueKind.String ? e.GetString()! : e.GetRawText();

    private static int[] Ids(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];

    private static double Worst(float[] actual, JsonElement expected)
    {
        var reference = expected.EnumerateArray().Select(e => e.GetDouble()).ToList();
        actual.Length.ShouldBe(reference.Count);
        return actual.Select((v, i) => Math.Abs(v - reference[i])).Max();
    }
}
