using System.Text.Json.Nodes;
using Tenon.Adapters;
using Tenon.Adapters.Methods;
using Tenon.Adapters.Peft;
using Tenon.Checkpoints;
using Tenon.Training;
using Tenon.Training.Settings;

namespace Tenon.Tests.Adapters;

/// <summary>The faults of the reference's table of errors, made from its sound folders.</summary>
internal static class WrongAdapters
{
    private const string Base = "base-qwen2";
    private static readonly string[] Queries = ["q_proj", "v_proj"];

    /// <summary>
    /// Configurations: PEFT type and fields that differ from its defaults; the targets are q_proj and v_proj where they are not named.
    /// </summary>
    private static readonly Dictionary<string, (string Type, string Fields)> Configurations = new()
    {
        ["lora-r-0"] = ("LORA", """{"r":0}"""),
        ["lora-r-negative"] = ("LORA", """{"r":-1}"""),
        ["lora-r-float"] = ("LORA", """{"r":4.5}"""),
        ["lora-alpha-0"] = ("LORA", """{"lora_alpha":0}"""),
        ["lora-dropout-above-1"] = ("LORA", """{"lora_dropout":1.5}"""),
        ["lora-no-target-matches"] = ("LORA", """{"target_modules":["no_such_proj"]}"""),
        ["lora-some-targets-match"] = ("LORA", """{"target_modules":["q_proj","no_such_proj"]}"""),
        ["lora-part-of-a-name"] = ("LORA", """{"target_modules":["proj"]}"""),
        ["lora-empty-targets"] = ("LORA", """{"target_modules":[]}"""),
        ["lora-bad-regex"] = ("LORA", """{"target_modules":"(q_proj"}"""),
        ["lora-target-is-a-norm"] = ("LORA", """{"target_modules":["input_layernorm"]}"""),
        ["lora-target-is-a-block"] = ("LORA", """{"target_modules":["self_attn"]}"""),
        ["lora-all-excluded"] = ("LORA", """{"exclude_modules":["q_proj","v_proj"]}"""),
        ["lora-exclude-hits-nothing"] = ("LORA", """{"exclude_modules":["no_such_proj"]}"""),
        ["lora-unknown-init"] = ("LORA", """{"init_lora_weights":"nope"}"""),
        ["lora-bad-niter"] = ("LORA", """{"init_lora_weights":"pissa_niter_x"}"""),
        ["lora-orthogonal-odd"] = ("LORA", """{"init_lora_weights":"orthogonal","r":3}"""),
        ["lora-pissa-rank-too-large"] = ("LORA", """{"init_lora_weights":"pissa","r":40}"""),
        ["lora-mica-rank-too-large"] = ("LORA", """{"init_lora_weights":"mica","r":40}"""),
        ["lora-olora-rank-too-large"] = ("LORA", """{"init_lora_weights":"olora","r":40}"""),
        ["lora-loftq-without-config"] = ("LORA", """{"init_lora_weights":"loftq"}"""),
        ["lora-pattern-without-layers"] = ("LORA", """{"layers_pattern":"layers"}"""),
        ["lora-layers-with-regex"] = ("LORA", """{"target_modules":".*q_proj","layers_to_transform":[0]}"""),
        ["lora-layer-out-of-range"] = ("LORA", """{"layers_to_transform":[7]}"""),
        ["lora-unknown-bias"] = ("LORA", """{"bias":"some"}"""),
        ["lora-dora-with-bias"] = ("LORA", """{"use_dora":true,"lora_bias":true}"""),
        ["lora-bias-with-gaussian"] = ("LORA", """{"lora_bias":true,"init_lora_weights":"gaussian"}"""),
        ["lora-bias-without-base-bias"] = ("LORA", """{"lora_bias":true,"target_modules":["o_proj"]}"""),
        ["lora-modules-to-save-unmatched"] = ("LORA", """{"modules_to_save":["no_such_module"]}"""),
        ["lora-unknown-task-type"] = ("LORA", """{"task_type":"NOPE"}"""),
        ["lora-rank-pattern-0"] = ("LORA", """{"rank_pattern":{"q_proj":0}}"""),
        ["lora-rank-pattern-unmatched"] = ("LORA", """{"rank_pattern":{"no_such_proj":2}}"""),
        ["lora-token-out-of-range"] = ("LORA", """{"trainable_token_indices":[5000]}"""),
        ["lora-token-negative"] = ("LORA", """{"trainable_token_indices":[-1]}"""),
        ["lora-token-twice"] = ("LORA", """{"trainable_token_indices":[5,5]}"""),
        ["adalora-no-total-step"] = ("ADALORA", "{}"),
        ["adalora-schedule-too-long"] = ("ADALORA", """{"total_step":40,"tinit":30,"tfinal":10}"""),
        ["adalora-init-r-negative"] = ("ADALORA", """{"total_step":40,"init_r":-1}"""),
        ["miss-bat-does-not-divide"] = ("MISS", """{"r":5,"init_weights":"bat"}"""),
        ["miss-mini-does-not-divide"] = ("MISS", """{"r":4,"mini_r":5,"init_weights":"mini"}"""),
        ["miss-r-above-in"] = ("MISS", """{"r":40}"""),
        ["miss-unknown-init"] = ("MISS", """{"r":4,"init_weights":"nope"}"""),
        ["ia3-feedforward-not-a-target"] = ("IA3", """{"feedforward_modules":["down_proj"]}"""),
        ["hra-odd"] = ("HRA", """{"r":3}"""),
        ["oft-both"] = ("OFT", """{"r":4,"oft_block_size":8}"""),
        ["oft-neither"] = ("OFT", """{"r":0,"oft_block_size":0}"""),
        ["oft-does-not-divide"] = ("OFT", """{"r":0,"oft_block_size":7}"""),
        ["boft-both"] = ("BOFT", """{"boft_block_size":4,"boft_block_num":8}"""),
        ["boft-does-not-divide"] = ("BOFT", """{"boft_block_size":7}"""),
        ["vblora-does-not-divide"] = ("VBLORA", """{"vector_length":7}"""),
        ["vblora-topk-above-vectors"] = ("VBLORA", """{"num_vectors":4,"topk":5,"vector_length":8}"""),
        ["fourierft-0"] = ("FOURIERFT", """{"n_frequency":0}"""),
        ["fourierft-too-many"] = ("FOURIERFT", """{"n_frequency":5000}"""),
        ["waveft-unknown-wavelet"] = ("WAVEFT", """{"n_frequency":20,"wavelet_family":"nope"}"""),
        ["road-does-not-divide"] = ("ROAD", """{"group_size":7}"""),
        ["road-odd-group"] = ("ROAD", """{"group_size":1}"""),
        ["c3a-does-not-divide"] = ("C3A", """{"block_size":7}"""),
        ["shira-too-many"] = ("SHIRA", """{"r":32}"""),
        ["gralora-does-not-divide"] = ("GRALORA", """{"r":8,"gralora_k":3}"""),
        ["tinylora-r-0"] = ("TINYLORA", """{"r":0}"""),
        ["tinylora-tying-2"] = ("TINYLORA", """{"weight_tying":2.0}"""),
        ["vera-r-0"] = ("VERA", """{"r":0}"""),
        ["trainable-tokens-empty"] = ("TRAINABLE_TOKENS", """{"token_indices":[]}"""),
    };

    /// <summary>Folders: a sound one, what is done to its configuration, and what to its tensors.</summary>
    private static readonly Dictionary<string,
        (string Source, Action<JsonObject>? Configure, Action<Dictionary<string, SafetensorsEntry>>? Change)> Folders = new()
        {
            ["json-unknown-peft-type"] = ("lora-qv", c => c["peft_type"] = "NOPE", null),
            ["json-lower-case-peft-type"] = ("lora-qv", c => c["peft_type"] = "lora", null),
            ["json-no-peft-type"] = ("lora-qv", c => c.Remove("peft_type"), null),
            ["json-unknown-key"] = ("lora-qv", c => c["no_such_option"] = 3, null),
            ["json-few-keys"] = ("lora-qv",
        c =>
        {
            foreach (var key in c.Select(p => p.Key).Except(["peft_type", "r", "lora_alpha", "target_modules"]).ToList())
                c.Remove(key);
        }, null),
            ["json-other-base"] = ("lora-qv", c => c["base_model_name_or_path"] = "someone/else", null),
            ["json-newer-version"] = ("lora-qv", c => c["peft_version"] = "99.0", null),
            ["json-rank-differs"] = ("lora-qv", c => c["r"] = 8, null),
            ["json-rank-text"] = ("lora-qv", c => c["r"] = "4", null),
            ["json-inference-mode-false"] = ("lora-qv", c => c["inference_mode"] = false, null),
            ["tensors-one-missing"] = ("lora-qv", null, t => t.Remove(First(t))),
            ["tensors-none"] = ("lora-qv", null, t => { t.Clear(); Put(t, "x", [1], [0]); }
            ),
            ["tensors-one-extra"] =
        ("lora-qv", null, t => Put(t, "base_model.model.model.layers.9.self_attn.q_proj.lora_A.weight", [4, 32], new float[128])),
            ["tensors-wrong-shape"] = ("lora-qv", null, t => Put(t, First(t), [3, 4], new float[12])),
            ["tensors-wrong-shape-ignored"] = ("lora-qv", null, t => Put(t, First(t), [3, 4], new float[12])),
            ["tensors-transposed"] = ("lora-qv", null, t => Put(t, First(t), [4, 32], new float[128])),
            ["tensors-nan"] = ("lora-qv", null, t => Put(t, First(t), [32, 4], [.. Enumerable.Repeat(float.NaN, 128)])),
            ["tensors-without-prefix"] = ("lora-qv", null, t => Rename(t, k => k["base_model.model.".Length..])),
            ["tensors-with-adapter-name"] =
        ("lora-qv", null, t => Rename(t, k => k.Replace(".weight", ".default.weight", StringComparison.Ordinal))),
            ["other-model"] = ("lora-all-linear-llama", null, null),
            ["dora-without-magnitude"] = ("dora-all-linear", null, t => Drop(t, "magnitude")),
            ["vera-without-projection"] = ("vera-saved", null, t => { Drop(t, "vera_A"); Drop(t, "vera_B"); }
            ),
            ["adalora-without-rank-pattern"] = ("adalora-after", c => c["rank_pattern"] = null, null),
            ["merge-nan"] = ("lora-qv", null, t => Put(t, First(t), [32, 4], [.. Enumerable.Repeat(float.NaN, 128)])),
            ["merge-nan-safe"] = ("lora-qv", null, t => Put(t, First(t), [32, 4], [.. Enumerable.Repeat(float.NaN, 128)])),
        };

    /// <summary>Does what the case of this name is about and gives the adapter's notices; null where the name is new.</summary>
    public static IReadOnlyList<string>? Run(AdapterGolden golden, string name, string folder)
    {
        if (Configurations.TryGetValue(name, out var configuration))
        {
            using var set = Build(golden, configuration.Type, configuration.Fields);
            return set.Start.Notices;
        }

        if (Folders.TryGetValue(name, out var change)) return Open(golden, folder, change.Source, change.Configure, change.Change);
        return RunOther(golden, name, folder) ? [] : null;
    }

    private static bool RunOther(AdapterGolden golden, string name, string folder)
    {
        switch (name)
        {
            case "json-is-a-list":
                Copy(golden, "lora-qv", folder);
                var config = Path.Combine(folder, PeftFolder.ConfigFile);
                File.WriteAllText(config, "[" + File.ReadAllText(config) + "]");
                break;
            case "tensors-bf16" or "tensors-f64" or "tensors-int":
                Open(golden, folder, "lora-qv", null, t =>
                {
                    foreach (var key in name == "tensors-int" ? [First(t)] : t.Keys.ToList()) t[key] = Typed(key, t[key].Shape, name);
                });
                return true;
            case "folder-missing":
                PeftFolder.Load(golden.Model, Path.Combine(folder, "no-such-folder")).Dispose();
                return true;
            case "folder-config" or "folder-weights":
                Copy(golden, "lora-qv", folder);
                File.Delete(Path.Combine(folder, name == "folder-config" ? PeftFolder.ConfigFile : PeftFolder.TensorFile));
                break;
            case "folder-json":
                Copy(golden, "lora-qv", folder);
                File.WriteAllText(Path.Combine(folder, PeftFolder.ConfigFile), "{ not json");
                break;
            case "folder-truncated":
                Copy(golden, "lora-qv", folder);
                var tensors = Path.Combine(folder, PeftFolder.TensorFile);
                var bytes = File.ReadAllBytes(tensors);
                File.WriteAllBytes(tensors, bytes[..(bytes.Length / 2)]);
                break;
            case "lora-bias-without-base-bias-merge":
                using (var set = Build(golden, "LORA", """{"lora_bias":true,"target_modules":["o_proj"]}"""))
                    MergedWeights.Of(set).Dispose();
                return true;
            case "lora-no-targets-unknown-model":
                TargetModules.Resolve(PeftConfig.Create("LORA"), ModelModules.Of(golden.Model.Config), "somethingelse");
                return true;
            case "lora-unknown-option":
                AdapterMethod.Of("lora")
                    .Create(golden.Model,
                    new AdapterSettings { Options = AdapterSettings.Texts(new Dictionary<string, string> { ["no-such-option"] = "1" }) })
                    .Dispose();
                return true;
            case "merge-twice" or "save-merged" or "unmerge-first":
                MergingLeavesTheAdapterAsItIs(golden, folder);
                return true;
            case "two-adapters-bias-all-none" or "two-adapters-bias-none-all" or "two-adapters-bias-all-all":
                TwoAdaptersStandSideBySide(golden, name.Split('-')[^2], name.Split('-')[^1]);
                return true;
            case "convert-initial-says-pissa":
                ConvertsExactly(golden, folder, """{"init_lora_weights":"pissa"}""");
                return true;
            case "convert-rslora":
                ConvertsExactly(golden, folder, """{"init_lora_weights":"pissa","use_rslora":true}""");
                return true;
            case "convert-rslora-pattern":
                ConvertsExactly(golden, folder, """{"init_lora_weights":"pissa","use_rslora":true,"rank_pattern":{"q_proj":2}}""");
                return true;
            case "adalora-target-equals-init" or "adalora-target-above-init":
                using (var set =
                    Build(golden, "ADALORA",
                    $$"""{"total_step":40,"init_r":4,"target_r":{{(name == "adalora-target-equals-init" ? 4 : 6)}}}"""))
                    set.Method.BeforeRun(set, 40);
                return true;
            case "adalora-no-gradient":
                // Steps are the optimizer's, which has a gradient or zeros for every tensor.
                using (var set = Build(golden, "ADALORA", """{"total_step":40,"init_r":4,"target_r":2}"""))
                    new AdapterOptimizer(set, new OptimizerSettings { LearningRate = 1e-3 }, 40).Step();
                return true;
            case "adalora-step-0":
                new AdaLoraSchedule(40, 0, 0, 1).At(0, 8, 4).ShouldBe((8L, false));
                return true;
            case "convert-miss-other-rank":
                using (var set = PeftFolder.Load(golden.Model, Path.Combine(golden.Root, "miss-default", "adapter")))
                    LoraConversion.Save(set, folder, "base", 2).Rank.ShouldBe(2);
                return true;
            default: return false;
        }

        PeftFolder.Load(golden.Model, folder).Dispose();
        return true;
    }

    /// <summary>
    /// Here a merge makes new weights, so that it can be done twice, needs no undoing, and cannot be saved by mistake in place of the
    /// adapter.
    /// </summary>
    private static void MergingLeavesTheAdapterAsItIs(AdapterGolden golden, string folder)
    {
        var source = Path.Combine(golden.Root, "lora-qv", "adapter");
        using var set = PeftFolder.Load(golden.Model, source);
        var logits = golden.Logits(set);
        MergedWeights.Of(set).Dispose();
        MergedWeights.Of(set).Dispose();
        golden.Logits(set).ShouldBe(logits);
        PeftFolder.Save(set, folder, Base);
        File.ReadAllBytes(Path.Combine(folder, PeftFolder.TensorFile))
            .ShouldBe(File.ReadAllBytes(Path.Combine(source, PeftFolder.TensorFile)));
    }

    /// <summary>Each adapter has biases of its own, whatever stands beside it.</summary>
    private static void TwoAdaptersStandSideBySide(AdapterGolden golden, string firstBias, string secondBias)
    {
        float[] alone;
        using (var first = Moved(golden, firstBias)) alone = golden.Logits(first);
        using var one = Moved(golden, firstBias);
        using var other = Moved(golden, secondBias);
        golden.Logits(one).ShouldBe(alone);
        if (secondBias != firstBias) golden.Logits(other).ShouldNotBe(alone);
    }

    private static AdapterSet Moved(AdapterGolden golden, string bias)
    {
        var set = Build(golden, "LORA", $$"""{"bias":"{{bias}}"}""");
        foreach (var tensor in set.Trainable) tensor.Update(values => { foreach (ref var value in values) value += 0.01f; });
        return set;
    }

    /// <summary>The start that PEFT needs a second folder for is part of the adapter here.</summary>
    private static void ConvertsExactly(AdapterGolden golden, string folder, string fields)
    {
        using var set = Build(golden, "LORA", fields);
        foreach (var tensor in set.Trainable) tensor.Update(values => { foreach (ref var value in values) value *= 1.1f; });
        LoraConversion.Save(set, folder, Base).IsExact.ShouldBeTrue();
        using var plain = PeftFolder.Load(golden.Model, folder);
        AdapterGolden.Distance(golden.Logits(plain), [.. golden.Logits(set).Select(l => (double)l)]).ShouldBeLessThan(2e-5);
    }

    private static AdapterSet Build(AdapterGolden golden, string type, string fields)
    {
        var json = (JsonObject)JsonNode.Parse(fields)!;
        json["peft_type"] = type;
        json.TryAdd("task_type", "CAUSAL_LM");
        if (type != "TRAINABLE_TOKENS") json.TryAdd("target_modules", new JsonArray([.. Queries.Select(q => (JsonNode)q)]));
        var settings = PeftSettings.Of(PeftConfig.Parse(json.ToJsonString(), "adapter_config.json").Validate(), golden.Model, "adapter");
        return AdapterMethod.Of(settings.Method).Create(golden.Model, settings);
    }

    private static IReadOnlyList<string> Open(AdapterGolden golden, string folder, string source, Action<JsonObject>? configure,
        Action<Dictionary<string, SafetensorsEntry>>? change)
    {
        Copy(golden, source, folder);
        if (configure is not null)
        {
            var file = Path.Combine(folder, PeftFolder.ConfigFile);
            var config = (JsonObject)JsonNode.Parse(File.ReadAllText(file))!;
            configure(config);
            File.WriteAllText(file, config.ToJsonString());
        }

        if (change is not null)
        {
            var file = Path.Combine(folder, PeftFolder.TensorFile);
            Dictionary<string, SafetensorsEntry> tensors;
            using (var read = SafetensorsFile.Open(file))
                tensors =
                    read.Tensors.ToDictionary(t => t.Key, t => SafetensorsEntry.FromFloats(t.Key, t.Value.Shape, read.ReadFloats(t.Key)));
            change(tensors);
            SafetensorsWriter.Write(file, tensors.Values, new Dictionary<string, string> { ["format"] = "pt" });
        }

        using var set = PeftFolder.Load(golden.Model, folder);
        return set.Start.Notices;
    }

    private static void Copy(AdapterGolden golden, string source, string folder)
    {
        foreach (var file in Directory.GetFiles(Path.Combine(golden.Root, source, "adapter")))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
    }

    private static string First(Dictionary<string, SafetensorsEntry> tensors) =>
        tensors.Keys.Where(k => k.Contains("lora_B", StringComparison.Ordinal)).Order(StringComparer.Ordinal).First();

    private static void Put(Dictionary<string, SafetensorsEntry> tensors, string name, long[] shape, float[] values) =>
        tensors[name] = SafetensorsEntry.FromFloats(name, shape, values);

    private static void Drop(Dictionary<string, SafetensorsEntry> tensors, string part)
    {
        foreach (var key in tensors.Keys.Where(k => k.Contains(part, StringComparison.Ordinal)).ToList()) tensors.Remove(key);
    }

    private static void Rename(Dictionary<string, SafetensorsEntry> tensors, Func<string, string> rename)
    {
        foreach (var (key, entry) in tensors.ToList())
        {
            tensors.Remove(key);
            tensors[rename(key)] = entry with { Name = rename(key) };
        }
    }

    /// <summary>Zeros of another element type.</summary>
    private static SafetensorsEntry Typed(string name, IReadOnlyList<long> shape, string what)
    {
        var type = what switch { "tensors-bf16" => SafetensorsType.BF16, "tensors-f64" => SafetensorsType.F64, _ => SafetensorsType.I32 };
        return new SafetensorsEntry(name, type, shape,
            stream => stream.Write(new byte[shape.Aggregate(1L, (a, b) => a * b) * type.Bytes()]));
    }
}
