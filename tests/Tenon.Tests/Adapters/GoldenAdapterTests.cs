using System.Text.Json;
using Tenon.Adapters;
using Tenon.Models;
using Tenon.Models.Decoders;
using Tenon.Models.Layers;
using Tenon.Models.Weights;
using Tenon.Tensors;
using Tenon.Tensors.Ops;
using Tenon.Tests.Support;
using Tenon.Training;
using OptimizerSettings = Tenon.Training.Settings.OptimizerSettings;

namespace Tenon.Tests.Adapters;

/// <summary>Adapter folders that PEFT wrote: read here they give PEFT's logits, gradients, optimizer steps, merged weights and, written again, PEFT's bytes.</summary>
public class GoldenAdapterTests(ITestOutputHelper output)
{
    [Fact]
    public void EveryFolderOfASupportedMethodGivesPeftsNumbers()
    {
        var root = GoldenFolder.Require("adapters");
        var (ran, left) = (new List<string>(), new List<string>());
        foreach (var folder in Directory.GetDirectories(root).Order())
        {
            var adapter = Path.Combine(folder, "adapter");
            if (!File.Exists(Path.Combine(folder, "case.json")) || !File.Exists(Path.Combine(adapter, PeftFolder.ConfigFile)) || !File.Exists(Path.Combine(folder, "expected.safetensors"))) continue;
            if (Path.GetFileName(folder).StartsWith("definition-", StringComparison.Ordinal)) continue;
            using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "case.json")));
            if (!document.RootElement.TryGetProperty("base", out var baseName)) continue;
            using var source = ModelSource.Open(Path.Combine(root, baseName.GetString()!));
            var model = DecoderBuilder.Build(source.Config, source.Weights, new LoadOptions(MaxLength: 64), "");
            AdapterSet set;
            try
            {
                set = PeftFolder.Load(model, adapter);
            }
            catch (TenonException e)
            {
                left.Add($"{Path.GetFileName(folder)}: {e.Message.Replace("\n", " ")}");
                continue;
            }

            using (set) Check(folder, root, document.RootElement, model, set);
            ran.Add(Path.GetFileName(folder));
        }

        output.WriteLine($"{ran.Count} cases: {string.Join(' ', ran)}");
        foreach (var reason in left) output.WriteLine($"not read: {reason}");
        ran.ShouldNotBeEmpty();
    }

    private static void Check(string folder, string root, JsonElement document, CausalModel model, AdapterSet set)
    {
        using var expected = SafetensorsFile.Open(Path.Combine(folder, "expected.safetensors"));
        using var batchFile = SafetensorsFile.Open(Path.Combine(root, document.GetProperty("base").GetString()!, "batch.safetensors"));
        var ids = batchFile.ReadLongs("ids").Select(v => (int)v).ToArray();
        var lengths = batchFile.ReadLongs("lengths").Select(v => (int)v).ToArray();
        var w = batchFile.ReadFloats("w");
        TokenRun[] runs = [new(0, lengths[0], 0), new(lengths[0], lengths[1], 0)];
        var name = Path.GetFileName(folder);

        var tape = new Tape();
        var batch = TokenBatch.Of(ids, runs, set);
        Close(model.Logits(tape, model.Forward(tape, batch), batch).ToArray(), expected.ReadDoubles("logits"), 2e-5, $"{name} logits");

        var optimizer = new AdapterOptimizer(set.Trainable, new OptimizerSettings { LearningRate = 1e-2, MaxGradNorm = null }, 5);
        var hasGradients = expected.Tensors.Keys.Any(k => k.StartsWith("grad.", StringComparison.Ordinal));
        for (var step = 0; step < 5 && hasGradients; step++)
        {
            var logp = Backward(model, set, ids, runs, lengths, w);
            if (step == 0)
            {
                Close(logp, expected.ReadDoubles("logp"), 2e-5, $"{name} logp");
                foreach (var (key, tensor) in set.Tensors)
                {
                    if (!expected.Tensors.ContainsKey("grad." + key)) continue;
                    var gradient = expected.ReadDoubles("grad." + key);
                    Close(tensor.GradientOrZero().ToArray(), gradient, 1e-4 * Math.Max(1e-6, gradient.Max(Math.Abs)), $"{name} gradient of {key}");
                }
            }

            optimizer.Step();
        }

        if (hasGradients)
        {
            var tolerance = Math.Max(1e-4, 4 * (document.TryGetProperty("adamw_float32_float64_max_difference", out var d) && d.ValueKind == JsonValueKind.Number ? d.GetDouble() : 0));
            foreach (var (key, tensor) in set.Tensors) Close(tensor.ToArray(), expected.ReadDoubles("adamw5." + key), tolerance, $"{name} AdamW {key}");
            PeftFolder.LoadTensors(set, Path.Combine(folder, "adapter"));
        }

        CheckMerge(name, expected, set);
        CheckFiles(name, folder, document, set);
    }

    private static float[] Backward(CausalModel model, AdapterSet set, int[] ids, TokenRun[] runs, int[] lengths, float[] w)
    {
        var tape = new Tape { Recording = true };
        var batch = TokenBatch.Of(ids, runs, set);
        int[] rows = [.. Enumerable.Range(0, lengths[0] - 1), .. Enumerable.Range(lengths[0], lengths[1] - 1)];
        var head = model.LogProbabilities(tape, tape.SelectRows(model.Forward(tape, batch), rows), [.. rows.Select(r => ids[r + 1])], batch);
        head.Backward([.. w.Select(v => -v)]);
        return head.LogProbabilities;
    }

    private static void CheckMerge(string name, SafetensorsFile expected, AdapterSet set)
    {
        using var merged = MergedWeights.Of(set);
        foreach (var key in expected.Tensors.Keys.Where(k => k.StartsWith("merged.", StringComparison.Ordinal)))
        {
            var tensor = key["merged.".Length..].Replace("base_model.model.", "");
            if (!merged.Tensors.TryGetValue(tensor, out var info)) continue;
            var values = new float[info.Count];
            merged.Read(tensor, 0, values);
            Close(values, expected.ReadDoubles(key), 2e-6, $"{name} {key}");
        }
    }

    private static void CheckFiles(string name, string folder, JsonElement document, AdapterSet set)
    {
        var target = Directory.CreateTempSubdirectory("tenon-peft");
        try
        {
            PeftFolder.Save(set, target.FullName, document.GetProperty("base").GetString()!);
            using var ours = SafetensorsFile.Open(Path.Combine(target.FullName, PeftFolder.TensorFile));
            using var theirs = SafetensorsFile.Open(Path.Combine(folder, "adapter", PeftFolder.TensorFile));
            ours.Tensors.Keys.Order().ShouldBe(theirs.Tensors.Keys.Order(), name);
            foreach (var key in ours.Tensors.Keys) ours.ReadFloats(key).ShouldBe(theirs.ReadFloats(key), $"{name} {key}");
        }
        finally
        {
            target.Delete(recursive: true);
        }
    }

    private static void Close(float[] actual, double[] expected, double tolerance, string what)
    {
        actual.Length.ShouldBe(expected.Length, what);
        var worst = 0.0;
        for (var i = 0; i < actual.Length; i++) worst = Math.Max(worst, double.IsNaN(actual[i]) ? double.PositiveInfinity : Math.Abs(actual[i] - expected[i]));
        worst.ShouldBeLessThanOrEqualTo(tolerance, what);
    }
}
