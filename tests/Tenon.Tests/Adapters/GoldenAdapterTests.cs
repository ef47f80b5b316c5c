using System.Text.Json;
using Tenon.Adapters;
using Tenon.Adapters.Peft;
using Tenon.Checkpoints;
using Tenon.Tests.Support;
using Tenon.Training;
using OptimizerSettings = Tenon.Training.Settings.OptimizerSettings;

namespace Tenon.Tests.Adapters;

/// <summary>
/// Adapter folders that PEFT wrote: read here they give PEFT's logits, gradients, optimizer steps, merged weights and, written again,
/// PEFT's bytes.
/// </summary>
public class GoldenAdapterTests(ITestOutputHelper output)
{
    /// <summary>What only says how an adapter started, or what PEFT does not act on: nothing that follows from the adapter.</summary>
    private static readonly string[] S_startFields = ["init_weights", "init_ia3_weights", "ensure_weight_tying", "boft_n_butterfly_factor"];

    [Fact]
    public void Every_folder_of_a_supported_method_gives_pefts_numbers()
    {
        var root = GoldenFolder.Require("adapters");
        var (ran, left, wrong) = (new List<string>(), new List<string>(), new List<string>());
        foreach (var folder in Directory.GetDirectories(root).Order())
        {
            var adapter = Path.Combine(folder, "adapter");
            if (!File.Exists(Path.Combine(folder, "case.json")) || !File.Exists(Path.Combine(adapter, PeftFolder.ConfigFile))
                || !File.Exists(Path.Combine(folder, "expected.safetensors"))) continue;
            if (Path.GetFileName(folder).StartsWith("definition-", StringComparison.Ordinal)) continue;
            using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "case.json")));
            if (!document.RootElement.TryGetProperty("base", out var baseName)) continue;
            if (document.RootElement.TryGetProperty("expected_from", out var origin) && origin.GetString() != "reloaded")
            {
                left.Add($"{Path.GetFileName(folder)}: PEFT itself reads another adapter from these files than it wrote");
                continue;
            }

            using var golden = AdapterGolden.Open(baseName.GetString()!);
            using var joined = WithFactors(folder);
            adapter = joined?.Path ?? adapter;
            AdapterSet set;
            try
            {
                set = PeftFolder.Load(golden.Model, adapter);
            }
            catch (TenonException e)
            {
                left.Add($"{Path.GetFileName(folder)}: {e.Message.Split('\n')[0]}");
                continue;
            }

            try
            {
                using (set) Check(folder, adapter, document.RootElement, golden, set);
                ran.Add(Path.GetFileName(folder));
            }
            catch (Exception e) when (e is ShouldAssertException or TenonException or KeyNotFoundException)
            {
                wrong.Add($"{Path.GetFileName(folder)}: {e.Message}");
            }
        }

        output.WriteLine($"{ran.Count} cases: {string.Join(' ', ran)}");
        foreach (var reason in left) output.WriteLine($"not read: {reason}");
        foreach (var reason in wrong) output.WriteLine($"WRONG: {reason}");
        ran.ShouldNotBeEmpty();
        wrong.ShouldBeEmpty();
    }

    private static void Check(string folder, string adapter, JsonElement document, AdapterGolden golden, AdapterSet set)
    {
        using var expected = SafetensorsFile.Open(Path.Combine(folder, "expected.safetensors"));
        var name = Path.GetFileName(folder);
        // PEFT takes PiSSA's and OLoRA's start from a float32 decomposition, which a narrow gap between singular values puts off by up to
        // 2e-4 (StartedLoraTests).
        var slack = set.Method.Name switch { "pissa" => 10, "olora" => 2, _ => 1 };

        // A case may say what float32 costs the reference itself.
        var own = Math.Max(1, 4 * Number(document, "float32_logits_max_difference") / 2e-5);
        Close(golden.Logits(set), expected.ReadDoubles("logits"), 2e-5 * slack * own, $"{name} logits");

        var optimizer = new AdapterOptimizer(set.Trainable, new OptimizerSettings { LearningRate = 1e-2, MaxGradNorm = null }, 5);
        var hasGradients = expected.Tensors.Keys.Any(k => k.StartsWith("grad.", StringComparison.Ordinal));
        for (var step = 0; step < 5 && hasGradients; step++)
        {
            var logp = golden.LogProbabilities(set);
            if (step == 0)
            {
                Close(logp, expected.ReadDoubles("logp"), 2e-5 * slack * own, $"{name} logp");
                foreach (var (key, tensor) in set.Tensors)
                {
                    if (!expected.Tensors.ContainsKey("grad." + key)) continue;
                    var gradient = expected.ReadDoubles("grad." + key);
                    var noise = document.TryGetProperty("float32_gradient_max_difference", out var noises) ? Number(noises, key) : 0;
                    Close(tensor.GradientOrZero().ToArray(), gradient,
                        Math.Max(4 * noise, 1e-4 * slack * Math.Max(1e-6, gradient.Select(Math.Abs).DefaultIfEmpty().Max())),
                        $"{name} gradient of {key}");
                }
            }

            optimizer.Step();
        }

        if (hasGradients)
        {
            // The reference computes one more loss after the last step; constrained OFT brings its parameter back in that pass.
            golden.Backward(set);
            var tolerance = Math.Max(1e-4, 4 * Number(document, "adamw_float32_float64_max_difference"));
            var tensors = set.Tensors.Where(t => t.Tensor.Trainable).DistinctBy(t => t.Name).ToDictionary(t => t.Name, t => t.Tensor);
            foreach (var key in expected.Tensors.Keys.Where(k => k.StartsWith("adamw5.", StringComparison.Ordinal)))
                Close(tensors[key["adamw5.".Length..]].ToArray(), expected.ReadDoubles(key), tolerance, $"{name} AdamW {key}");
            PeftFolder.LoadTensors(set, adapter);
        }

        // PEFT refuses what the model's format has no place for, and so does this.
        if (document.TryGetProperty("merge_error", out _)) Should.Throw<TenonException>(() => MergedWeights.Of(set).Dispose(), name);
        else CheckMerge(name, expected, document, set, slack);
        if (set.Method.Name == "psoft") CheckOwnFolder(name, golden, set);
        else CheckFiles(name, folder, document, set);
    }

    private static void CheckMerge(string name, SafetensorsFile expected, JsonElement document, AdapterSet set, int slack)
    {
        using var merged = MergedWeights.Of(set);
        foreach (var key in expected.Tensors.Keys.Where(k => k.StartsWith("merged.", StringComparison.Ordinal)))
        {
            var tensor = key["merged.".Length..].Replace("base_model.model.", "");
            // PEFT merges what adapts one end of a tied model into both, which changes the function; here each end becomes what the
            // unmerged model has.
            if (set.Model.IsTied && tensor is "lm_head.weight" or "model.embed_tokens.weight"
                && Number(document, "merge_max_logit_difference") > 1e-3) continue;
            if (!merged.Tensors.TryGetValue(tensor, out var info)) continue;
            var values = new float[info.Count];
            merged.Read(tensor, 0, values);
            Close(values, expected.ReadDoubles(key), 2e-6 * slack * slack, $"{name} {key}");
        }
    }

    private static double Number(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : 0;

    /// <summary>
    /// A PSOFT folder with the frozen factors that the case keeps beside it put into its file; null for every other method.
    /// </summary>
    private static TempFolder? WithFactors(string folder)
    {
        var config = Path.Combine(folder, "adapter", PeftFolder.ConfigFile);
        if (PeftConfig.Read(Path.GetDirectoryName(config)!).PeftType != "PSOFT") return null;
        var joined = new TempFolder();
        File.Copy(config, joined[PeftFolder.ConfigFile]);
        using var tensors = SafetensorsFile.Open(Path.Combine(folder, "adapter", PeftFolder.TensorFile));
        using var start = SafetensorsFile.Open(Path.Combine(folder, "init.safetensors"));
        var factors =
            start.Tensors.Keys.Where(k => k.EndsWith(".psoft_A", StringComparison.Ordinal)
            || k.EndsWith(".psoft_B", StringComparison.Ordinal)).Where(k => !tensors.Tensors.ContainsKey(PeftKeys.Prefix + k))
            .Select(k => SafetensorsEntry.FromFloats(PeftKeys.Prefix + k, start.Tensors[k].Shape, start.ReadFloats(k)));
        SafetensorsWriter.Write(joined[PeftFolder.TensorFile],
            [.. tensors.Tensors.Keys.Select(k => SafetensorsEntry.FromFloats(k, tensors.Tensors[k].Shape, tensors.ReadFloats(k))),
            .. factors]);
        return joined;
    }

    /// <summary>What is written is not PEFT's form: it opens again as the same function, with the method's own tensors.</summary>
    private static void CheckOwnFolder(string name, AdapterGolden golden, AdapterSet set)
    {
        using var own = new TempFolder();
        PeftFolder.Save(set, own.Path, "base");
        var (logits, trained) = (golden.Logits(set), set.Trainable.Select(p => p.ToArray()).ToList());
        using var again = PeftFolder.Load(golden.Model, own.Path);
        again.Method.ShouldBe(set.Method, name);
        again.Trainable.Select(p => p.ToArray()).ShouldBe(trained, name);
        golden.Logits(again).ShouldBe(logits, name);
    }

    private static void CheckFiles(string name, string folder, JsonElement document, AdapterSet set)
    {
        var target = Directory.CreateTempSubdirectory("tenon-peft");
        try
        {
            PeftFolder.Save(set, target.FullName, document.GetProperty("base").GetString()!);
            using var ours = SafetensorsFile.Open(Path.Combine(target.FullName, PeftFolder.TensorFile));
            using var theirs = SafetensorsFile.Open(Path.Combine(folder, "adapter", PeftFolder.TensorFile));
            ours.Tensors.Keys.Order()
                .ShouldBe(theirs.Tensors.Keys.Where(k => ours.Tensors.ContainsKey(k) || !PeftFolder.IsRepeated(k)).Order(), name);
            foreach (var key in ours.Tensors.Keys)
            {
                ours.Tensors[key].Type.ShouldBe(theirs.Tensors[key].Type, $"{name} {key}");
                ours.Tensors[key].Shape.ShouldBe(theirs.Tensors[key].Shape, $"{name} {key}");
                // Weights of top-k files go through their logarithms; a projected OFT block is projected again when it is read.
                if (ours.Tensors[key].Type is SafetensorsType.I32 or SafetensorsType.I16 or SafetensorsType.U8)
                    ours.ReadLongs(key).ShouldBe(theirs.ReadLongs(key), $"{name} {key}");
                else if (set.Start.Peft is { PeftType: "VBLORA" } vectors && vectors.Flag("save_only_topk_weights")
                    || set.Start.Peft is { PeftType: "OFT" } turns && turns.Flag("coft"))
                    Close(ours.ReadFloats(key), theirs.ReadDoubles(key), 1e-6, $"{name} {key}");
                else ours.ReadDoubles(key).ShouldBe(theirs.ReadDoubles(key), $"{name} {key}");
            }

            CheckConfig(name, Path.Combine(target.FullName, PeftFolder.ConfigFile), Path.Combine(folder, "adapter", PeftFolder.ConfigFile),
                []);
            // The same settings without the file they came from: only the spelling of the targets may differ.
            File.WriteAllText(Path.Combine(target.FullName, PeftFolder.ConfigFile),
                PeftFolder.FreshConfig(set, document.GetProperty("base").GetString()!)!.ToJson());
            CheckConfig(name + " (fresh)", Path.Combine(target.FullName, PeftFolder.ConfigFile),
                Path.Combine(folder, "adapter", PeftFolder.ConfigFile),
                ["inference_mode", "task_type", "target_modules", "exclude_modules", "layers_to_transform", "layers_pattern",
                "trainable_token_indices", .. S_startFields, .. set.Method.Name == "hira" ? ["rank_pattern"] : Array.Empty<string>()]);
        }
        finally
        {
            target.Delete(recursive: true);
        }
    }

    private static void CheckConfig(string name, string ours, string theirs, string[] apart)
    {
        using var left = JsonDocument.Parse(File.ReadAllText(ours));
        using var right = JsonDocument.Parse(File.ReadAllText(theirs));
        var differing = right.RootElement.EnumerateObject().Where(f => !apart.Contains(f.Name))
            .Where(f => !left.RootElement.TryGetProperty(f.Name, out var own) || !JsonElement.DeepEquals(own, f.Value))
            .Select(f =>
            $"{f.Name}: {(left.RootElement.TryGetProperty(f.Name, out var own) ? own.GetRawText() : "none")} for {f.Value.GetRawText()}")
            .ToList();
        if (differing.Count > 0) throw new ShouldAssertException($"{name} configuration: {string.Join("; ", differing)}");
        left.RootElement.EnumerateObject().Select(f => f.Name).Order()
            .ShouldBe(right.RootElement.EnumerateObject().Select(f => f.Name).Order(), name);
    }

    private static void Close(float[] actual, double[] expected, double tolerance, string what)
    {
        actual.Length.ShouldBe(expected.Length, what);
        var worst = 0.0;
        for (var i = 0; i < actual.Length; i++)
            worst = Math.Max(worst, double.IsNaN(actual[i]) ? double.PositiveInfinity : Math.Abs(actual[i] - expected[i]));
        if (!(worst <= tolerance)) throw new ShouldAssertException($"{what}: off by {worst}, tolerance {tolerance}");
    }
}
