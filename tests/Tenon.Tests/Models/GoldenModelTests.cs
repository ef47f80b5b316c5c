using System.Text.Json;
using Tenon.Adapters;
using Tenon.Adapters.Methods;
using Tenon.Checkpoints;
using Tenon.Models;
using Tenon.Models.Decoders;
using Tenon.Models.Layers;
using Tenon.Models.Weights;
using Tenon.Tensors;
using Tenon.Tensors.Ops;
using Tenon.Tests.Support;

namespace Tenon.Tests.Models;

/// <summary>Whole models against float64 references of the Hugging Face stack.</summary>
public class GoldenModelTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_model_gives_the_references_logits_log_probabilities_and_gradients()
    {
        var root = GoldenFolder.Require("models");
        var folders = Directory.GetDirectories(root).Where(f => File.Exists(Path.Combine(f, "case.safetensors"))).Order().ToList();
        foreach (var folder in folders) Check(folder);
        output.WriteLine($"{folders.Count} model folders");
        folders.ShouldNotBeEmpty();
    }

    private void Check(string folder)
    {
        using var golden = SafetensorsFile.Open(Path.Combine(folder, "case.safetensors"));
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "case.json")));
        using var source = ModelSource.Open(folder);
        var sequences = new List<int[]>();
        for (var i = 0; golden.Tensors.ContainsKey($"seq{i}.tokens"); i++)
            sequences.Add([.. golden.ReadLongs($"seq{i}.tokens").Select(v => (int)v)]);
        var model = DecoderBuilder.Build(source.Config, source.Weights, new LoadOptions(MaxLength: 128), "");
        var tape = new Tape();
        var batch = TokenBatch.Of(sequences);
        var worst = new Dictionary<string, double>();

        var hidden = model.Forward(tape, batch);
        var logits = model.Logits(tape, hidden, batch).ToArray();
        var hiddenValues = hidden.ToArray();
        var row = 0;
        for (var i = 0; i < sequences.Count; i++)
        {
            var n = sequences[i].Length;
            Worst(worst, "hidden", golden.ReadDoubles($"seq{i}.hidden"),
                hiddenValues.AsSpan(row * source.Config.HiddenSize, n * source.Config.HiddenSize));
            Worst(worst, "logits", golden.ReadDoubles($"seq{i}.logits"),
                logits.AsSpan(row * source.Config.VocabSize, n * source.Config.VocabSize));
            row += n;
        }

        foreach (var temperature in new[] { 1.0, 0.7 })
        {
            var tag = temperature == 1 ? "t1.0" : "t0.7";
            tape.Reset();
            var head = model.LogProbabilities(tape, model.Forward(tape, batch), Targets(sequences), batch, temperature);
            row = 0;
            for (var i = 0; i < sequences.Count; i++)
            {
                var n = sequences[i].Length;
                Worst(worst, "logp " + tag, golden.ReadDoubles($"seq{i}.logp.{tag}"), head.LogProbabilities.AsSpan(row, n - 1));
                Worst(worst, "entropy " + tag, golden.ReadDoubles($"seq{i}.entropy.{tag}"), head.Entropies.AsSpan(row, n));
                row += n;
            }
        }

        CheckPrefix(golden, model, worst);
        CheckGradients(golden, document.RootElement, model, sequences, worst);
        output.WriteLine($"{Path.GetFileName(folder)}: {string.Join(", ", worst.Select(w => $"{w.Key} {w.Value:E1}"))}");
        foreach (var (what, difference) in worst)
            difference.ShouldBeLessThan(what.StartsWith("grad", StringComparison.Ordinal) ? 1e-3 : 1e-4, $"{folder}: {what}");
    }

    /// <summary>A shared prompt in front of four completions gives the log-probabilities of whole sequences.</summary>
    private static void CheckPrefix(SafetensorsFile golden, CausalModel model, Dictionary<string, double> worst)
    {
        if (!golden.Tensors.ContainsKey("pair.prefix")) return;
        var prefix = golden.ReadLongs("pair.prefix").Select(v => (int)v).ToArray();
        var completions = new List<int[]>();
        for (var k = 0; golden.Tensors.ContainsKey($"pair.c{k}.tokens"); k++)
            completions.Add([.. golden.ReadLongs($"pair.c{k}.tokens").Select(v => (int)v)]);
        var layout = GroupLayout.Of([(prefix, completions)]);
        var tape = new Tape();
        var batch = TokenBatch.Of(layout.Ids, layout.Runs);
        var head = model.LogProbabilities(tape, tape.SelectRows(model.Forward(tape, batch), layout.Rows), layout.Targets, batch);
        var at = 0;
        for (var k = 0; k < completions.Count; k++)
        {
            Worst(worst, "shared prompt", golden.ReadDoubles($"pair.c{k}.logp.t1.0"),
                head.LogProbabilities.AsSpan(at, completions[k].Length));
            at += completions[k].Length;
        }
    }

    private static void CheckGradients(SafetensorsFile golden, JsonElement document, CausalModel model, List<int[]> sequences,
        Dictionary<string, double> worst)
    {
        var temperature = document.TryGetProperty("loss_temperature", out var t) ? t.GetDouble() : 1;
        using var full = new Full().Create(model, new AdapterSettings { Method = "full" });
        foreach (var recompute in new[] { false, true })
        {
            foreach (var p in full.Trainable) p.ZeroGrad();
            var tape = new Tape { Recording = true, Recompute = recompute };
            var batch = TokenBatch.Of([.. sequences.SelectMany(s => s)], Runs(sequences), full);
            var head = model.LogProbabilities(tape, model.Forward(tape, batch), Targets(sequences), batch, temperature);
            var dlogp = new float[batch.Count];
            var dentropy = new float[batch.Count];
            var loss = 0.0;
            var row = 0;
            for (var i = 0; i < sequences.Count; i++)
            {
                var weights = golden.ReadDoubles($"seq{i}.weights");
                for (var k = 0; k < weights.Length; k++)
                {
                    dlogp[row + k] = (float)-weights[k];
                    dentropy[row + k] = 0.01f;
                    loss += -weights[k] * head.LogProbabilities[row + k] + 0.01 * head.Entropies[row + k];
                }

                row += sequences[i].Length;
            }

            head.Backward(dlogp, dentropy);
            Math.Abs(loss - golden.ReadDoubles("loss")[0]).ShouldBeLessThan(1e-3);
            foreach (var p in full.Trainable)
            {
                var expected = golden.ReadDoubles("grad." + p.Name);
                var scale = Math.Max(1e-3, expected.Max(Math.Abs));
                var difference = 0.0;
                var actual = p.GradientOrZero();
                for (var i = 0; i < expected.Length; i++) difference = Math.Max(difference, Math.Abs(expected[i] - actual[i]));
                worst["grad (relative to the largest)"] =
                    Math.Max(worst.GetValueOrDefault("grad (relative to the largest)"), difference / scale);
            }
        }
    }

    private static TokenRun[] Runs(List<int[]> sequences)
    {
        var start = 0;
        return [.. sequences.Select(s => { var run = new TokenRun(start, s.Length, 0); start += s.Length; return run; })];
    }

    private static int[] Targets(List<int[]> sequences) => [.. sequences.SelectMany(s => s.Skip(1).Append(-1))];

    private static void Worst(Dictionary<string, double> worst, string what, double[] expected, ReadOnlySpan<float> actual)
    {
        expected.Length.ShouldBe(actual.Length, what);
        for (var i = 0; i < actual.Length; i++)
            worst[what] =
                Math.Max(worst.GetValueOrDefault(what), double.IsNaN(actual[i]) ? double.PositiveInfinity
                : Math.Abs(expected[i] - actual[i]));
    }
}
