using Tenon.Checkpoints;
using Tenon.Checkpoints.Gguf;
using Tenon.Models.Config;
using Tenon.Models.Weights;
using Tenon.Tests.Support;

namespace Tenon.Tests.Models.Weights;

public class ModelSourceTests
{
    [Theory]
    [InlineData("llama", false)]
    [InlineData("llama", true)]
    [InlineData("qwen2", false)]
    [InlineData("qwen3", true)]
    public void A_folder_gives_back_what_was_written(string family, bool tied)
    {
        using var folder = new TempFolder();
        var config = TinyModel.Config(family, tied);
        TinyModel.Write(folder["m"], config);
        using var model = ModelSource.Open(folder["m"]);
        model.Config.ShouldBe(config with { EosTokenIds = model.Config.EosTokenIds });
        model.Config.EosTokenIds.ShouldBe(config.EosTokenIds);
        var weights = TinyModel.Weights(config);
        model.Weights.Tensors.Keys.Order().ShouldBe(weights.Tensors.Keys.Order());
        foreach (var name in weights.Tensors.Keys) model.Weights.ReadAll(name).ShouldBe(weights.ReadAll(name), name);
        var rows = new float[2 * config.HiddenSize];
        model.Weights.Read("model.embed_tokens.weight", 3, rows);
        rows.ShouldBe(weights.ReadAll("model.embed_tokens.weight").AsSpan(3 * config.HiddenSize, rows.Length).ToArray());
    }

    [Fact]
    public void Shards_and_one_file_have_the_same_fingerprint_and_one_changed_weight_another()
    {
        using var folder = new TempFolder();
        var config = TinyModel.Config("qwen2");
        TinyModel.Write(folder["one"], config);
        TinyModel.Write(folder["shards"], config, shardBytes: 10_000);
        TinyModel.Write(folder["other"], config, seed: 8);
        Directory.EnumerateFiles(folder["shards"], "*.safetensors").Count().ShouldBeGreaterThan(2);
        string Print(string name)
        {
            using var model = ModelSource.Open(folder[name]);
            return model.Fingerprint;
        }
        Print("shards").ShouldBe(Print("one"));
        Print("one").Length.ShouldBe(64);
        Print("other").ShouldNotBe(Print("one"));
    }

    [Fact]
    public void A_llama_GGUF_gives_rows_back_in_Hugging_Face_order_from_any_part()
    {
        var config = TinyModel.Config("llama") with { QkvBias = true, AttentionOutputBias = true, BosTokenId = null, EosTokenIds = [2] };
        using var folder = new TempFolder();
        var weights = TinyModel.Weights(config);
        File.WriteAllBytes(folder["m.gguf"], Gguf(config, weights).Build());
        using var model = ModelSource.Open(folder["m.gguf"]);
        model.Config.ShouldBe(config with { EosTokenIds = model.Config.EosTokenIds, Generation = model.Config.Generation });
        foreach (var name in weights.Tensors.Keys) model.Weights.ReadAll(name).ShouldBe(weights.ReadAll(name), name);
        const string Q = "model.layers.1.self_attn.q_proj.weight";
        for (var row = 0; row < config.QueryDim; row++)
        {
            var one = new float[config.HiddenSize];
            model.Weights.Read(Q, row, one);
            one.ShouldBe(weights.ReadAll(Q).AsSpan(row * config.HiddenSize, config.HiddenSize).ToArray());
        }
    }

    [Fact]
    public void A_model_in_memory_is_checked_like_one_on_disk()
    {
        using var folder = new TempFolder();
        var config = TinyModel.Config("qwen2", tied: true);
        TinyModel.Write(folder["m"], config);
        var bytes = File.ReadAllBytes(Path.Combine(folder["m"], "model.safetensors"));
        using var model = ModelSource.Of("tiny", config, SafetensorsFile.FromMemory("tiny", bytes));
        using var disk = ModelSource.Open(folder["m"]);
        model.Fingerprint.ShouldBe(disk.Fingerprint);
        Should.Throw<TenonException>(() =>
            ModelSource.Of("tiny", config with { VocabSize = 41 },
            SafetensorsFile.FromMemory("tiny", bytes))).Message.ShouldContain("[41, 24]");
    }

    [Fact]
    public void A_weight_that_is_no_number_is_named_with_its_place()
    {
        using var folder = new TempFolder();
        var config = TinyModel.Config("llama");
        var weights = TinyModel.Weights(config);
        HuggingFaceExport.Write(folder["m"], config, weights, SafetensorsType.F32);
        var file = Path.Combine(folder["m"], "model.safetensors");
        long place;
        using (var opened = SafetensorsFile.Open(file))
            place = opened.Tensor("model.layers.1.mlp.down_proj.weight").Offset + 4 * (5 * config.IntermediateSize + 38);
        using (var stream = File.OpenWrite(file))
        {
            stream.Seek(place, SeekOrigin.Begin);
            stream.Write(BitConverter.GetBytes(float.NaN));
        }
        using var model = ModelSource.Open(folder["m"]);
        model.Weights.Read("model.layers.1.mlp.down_proj.weight", 0, new float[5 * config.IntermediateSize]);
        var message =
            Should.Throw<TenonException>(() =>
            model.Weights.Read("model.layers.1.mlp.down_proj.weight", 4, new float[3 * config.IntermediateSize])).Message;
        foreach (var part in (string[])["model.layers.1.mlp.down_proj.weight", "NaN at [5, 38]", "expected:", "Hint:"])
            message.ShouldContain(part);
    }

    [Fact]
    public void A_stored_tied_head_is_accepted_only_where_it_is_the_embedding()
    {
        using var folder = new TempFolder();
        var config = TinyModel.Config("qwen2");
        var weights = TinyModel.Weights(config);
        HuggingFaceExport.Write(folder["equal"], config,
            Replace(weights, config, "lm_head.weight", weights.ReadAll("model.embed_tokens.weight")), SafetensorsType.F32);
        HuggingFaceExport.Write(folder["other"], config, weights, SafetensorsType.F32);
        foreach (var name in (string[])["equal", "other"])
            File.WriteAllText(Path.Combine(folder[name], "config.json"),
                File.ReadAllText(Path.Combine(folder[name], "config.json"))
                .Replace("\"tie_word_embeddings\": false", "\"tie_word_embeddings\": true"));
        ModelSource.Open(folder["equal"]).Dispose();
        Should.Throw<TenonException>(() => ModelSource.Open(folder["other"])).Message.ShouldContain("a head of its own");
    }

    public static TheoryData<string, Action<string>, string> BrokenFolders => new()
    {
        { "no config", f => File.Delete(Path.Combine(f, "config.json")), "no model folder|no config.json" },
        { "no weights", f => File.Delete(Path.Combine(f, "model.safetensors")),
            "no weights|model.safetensors.index.json|config.json, generation_config.json" },
        { "cut weights", f => Cut(Path.Combine(f, "model.safetensors"), 10), "truncated" },
        { "empty weights", f => File.WriteAllBytes(Path.Combine(f, "model.safetensors"), []), "is empty|0 bytes" },
        { "more layers", f => Edit(f, "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3"),
            "lacks 12 tensors|model.layers.2.input_layernorm.weight" },
        { "fewer layers", f => Edit(f, "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1"),
            "holds 12 tensors that a qwen2 of this configuration does not have|model.layers.1." },
        { "other width", f => Edit(f, "\"intermediate_size\": 40", "\"intermediate_size\": 41"),
            "model.layers.0.mlp.gate_proj.weight|[41, 24]|[40, 24]" },
        { "other family", f => Edit(f, "qwen2", "mistral"), "unknown architecture|mistral|qwen3" },
        { "index without shard",
            f =>
            { File.Delete(Path.Combine(f, "model.safetensors")); File.WriteAllText(Path.Combine(f, "model.safetensors.index.json"),
                """{"weight_map":{"a":"x.safetensors"}}"""); }, "x.safetensors" },
        { "index that leaves the folder",
            f =>
            { File.Delete(Path.Combine(f, "model.safetensors")); File.WriteAllText(Path.Combine(f, "model.safetensors.index.json"),
                """{"weight_map":{"a":"../x.safetensors"}}"""); }, "a file name without folders" },
        { "index without map", f =>
            { File.Delete(Path.Combine(f, "model.safetensors")); File.WriteAllText(Path.Combine(f, "model.safetensors.index.json"),
                "{}"); }, "no weight_map" },
        { "index that promises more",
            f =>
            { File.Move(Path.Combine(f, "model.safetensors"),
                Path.Combine(f, "x.safetensors"));
                File.WriteAllText(Path.Combine(f, "model.safetensors.index.json"), """{"weight_map":{"a":"x.safetensors"}}""");
                }, "lacks tensor 'a'" },
        { "whole numbers", f =>
            SafetensorsWriter.Write(Path.Combine(f, "model.safetensors"),
            ExpectedTensors.Of(TinyModel.Config("qwen2"))
            .Select(t => SafetensorsEntry.FromLongs(t.Name, t.Shape, new long[t.Shape.Aggregate(1L, (a, b) => a * b)]))),
            "unsupported type|F32, F16 or BF16|I64" },
        { "nothing", f => { Directory.Delete(f, true); Directory.CreateDirectory(f); }, "an empty folder" },
    };

    [Theory]
    [MemberData(nameof(BrokenFolders))]
    public void A_broken_folder_is_named_with_what_is_wrong(string name, Action<string> damage, string fault)
    {
        using var folder = new TempFolder();
        TinyModel.Write(folder["m"], TinyModel.Config("qwen2"));
        damage(folder["m"]);
        var message = Should.Throw<TenonException>(() => ModelSource.Open(folder["m"]), name).Message;
        foreach (var part in fault.Split('|').Append("expected:").Append("got:").Append("Hint:").Append(folder.Path))
            message.ShouldContain(part);
    }

    public static TheoryData<string, Func<GgufBuilder, GgufBuilder>, string> BrokenGgufs => new()
    {
        { "architecture", b => b.Key("general.architecture", "mamba"), "unknown architecture|mamba|llama" },
        { "no architecture", b => b, "general.architecture" },
        { "no sizes", b => b.Key("general.architecture", "llama"), "llama.embedding_length" },
        { "experts", b => b.Key("general.architecture", "llama").Key("llama.expert_count", 8u), "llama.expert_count|8 experts" },
    };

    [Theory]
    [MemberData(nameof(BrokenGgufs))]
    public void A_GGUF_that_is_no_supported_model_is_named_with_what_is_wrong(string name, Func<GgufBuilder, GgufBuilder> make,
    string fault)
    {
        using var folder = new TempFolder();
        File.WriteAllBytes(folder["m.gguf"], make(new GgufBuilder()).Build());
        var message = Should.Throw<TenonException>(() => ModelSource.Open(folder["m.gguf"]), name).Message;
        foreach (var part in fault.Split('|').Append("m.gguf").Append("expected:")) message.ShouldContain(part);
    }

    [Fact]
    public void A_GGUF_with_a_tensor_of_an_unsupported_type_or_unknown_name_is_refused_when_opened()
    {
        var config = TinyModel.Config("llama", tied: true);
        using var folder = new TempFolder();
        File.WriteAllBytes(folder["type.gguf"],
            Gguf(config, TinyModel.Weights(config)).Tensor("output.weight", GgufType.IQ3_S, [1, 256], new byte[110]).Build());
        File.WriteAllBytes(folder["name.gguf"],
            Gguf(config, TinyModel.Weights(config)).Tensor("blk.0.ffn_gate_inp.weight", [1], [0]).Build());
        Should.Throw<TenonException>(() => ModelSource.Open(folder["type.gguf"])).Message.ShouldContain("IQ3_S");
        Should.Throw<TenonException>(() => ModelSource.Open(folder["name.gguf"])).Message.ShouldContain("blk.0.ffn_gate_inp.weight");
    }

    [Theory]
    [InlineData("blk.0.ffn_gate_inp.weight")]
    [InlineData("anything.at.all")]
    public void A_GGUF_with_an_empty_tensor_is_taken_with_a_notice(string name)
    {
        var config = TinyModel.Config("llama", tied: true);
        using var folder = new TempFolder();
        File.WriteAllBytes(folder["m.gguf"],
            Gguf(config, TinyModel.Weights(config)).Tensor(name, GgufType.F32, [0], []).Build());
        using var model = ModelSource.Open(folder["m.gguf"]);
        var notice = model.Notices.ShouldHaveSingleItem();
        foreach (var part in (string[])[name, "a tensor", "passed over", "m.gguf"]) notice.ShouldContain(part);
    }

    [Fact]
    public void A_path_that_holds_no_model_is_a_wrong_call()
    {
        using var folder = new TempFolder();
        Should.Throw<TenonException>(() => ModelSource.Open(folder["none"])).IsUsage.ShouldBeTrue();
        File.WriteAllText(folder["text"], "hello");
        Should.Throw<TenonException>(() => ModelSource.Open(folder["text"])).Message.ShouldContain("a Hugging Face folder or a .gguf file");
        File.WriteAllText(folder["x.gguf"], "hello");
        Should.Throw<TenonException>(() => ModelSource.Open(folder["x.gguf"])).Message.ShouldContain("no GGUF file");
        Should.Throw<TenonException>(() => ModelSource.Open(folder.Path)).Message.ShouldContain("x.gguf");
    }

    private static MemoryWeights Replace(MemoryWeights weights, ModelConfig config, string name, float[] values) =>
        new("tiny model", ExpectedTensors.Of(config).Select(t => (t.Name, t.Shape, t.Name == name ? values : weights.ReadAll(t.Name))));

    private static void Cut(string file, int bytes)
    {
        using var stream = new FileStream(file, FileMode.Open);
        stream.SetLength(stream.Length - bytes);
    }

    private static void Edit(string folder, string old, string @new)
    {
        var file = Path.Combine(folder, "config.json");
        var text = File.ReadAllText(file);
        text.ShouldContain(old);
        File.WriteAllText(file, text.Replace(old, @new));
    }

    /// <summary>
    /// A GGUF file of float32 tensors as llama.cpp's converter lays it out: rows of q and k permuted for the llama architecture.
    /// </summary>
    internal static GgufBuilder Gguf(ModelConfig c, MemoryWeights weights)
    {
        var a = c.ModelType;
        var b = new GgufBuilder().Key("general.architecture", a).Key($"{a}.embedding_length", (uint)c.HiddenSize)
            .Key($"{a}.feed_forward_length", (uint)c.IntermediateSize)
            .Key($"{a}.block_count", (uint)c.NumHiddenLayers).Key($"{a}.attention.head_count", (uint)c.NumAttentionHeads)
            .Key($"{a}.attention.head_count_kv", (uint)c.NumKeyValueHeads)
            .Key($"{a}.attention.key_length", (uint)c.HeadDim).Key($"{a}.context_length", (uint)c.MaxPositionEmbeddings)
            .Key($"{a}.attention.layer_norm_rms_epsilon", (float)c.RmsNormEps)
            .Key($"{a}.rope.freq_base", (float)c.RopeTheta).Key("tokenizer.ggml.eos_token_id", 2u);
        var names =
            weights.Tensors.Keys.ToDictionary(n => n,
            n => n.Replace("model.layers.", "blk.").Replace("model.embed_tokens", "token_embd").Replace("model.norm", "output_norm")
            .Replace("lm_head", "output")
            .Replace("input_layernorm", "attn_norm").Replace("post_attention_layernorm", "ffn_norm")
            .Replace("self_attn.o_proj", "attn_output").Replace("self_attn.", "attn_").Replace("mlp.", "ffn_").Replace("_proj", ""));
        foreach (var info in weights.Tensors.Values)
        {
            var values = weights.ReadAll(info.Name);
            if (a == "llama" && (info.Name.Contains("q_proj") || info.Name.Contains("k_proj")))
            {
                var width = values.Length / (int)info.Shape[0];
                var permuted = new float[values.Length];
                for (var row = 0; row < info.Shape[0]; row++)
                {
                    int head = row / c.HeadDim, half = row % c.HeadDim / (c.HeadDim / 2), pair = row % (c.HeadDim / 2);
                    values.AsSpan(row * width, width).CopyTo(permuted.AsSpan((head * c.HeadDim + pair * 2 + half) * width));
                }
                values = permuted;
            }
            b.Tensor(names[info.Name], info.Shape, values);
        }
        return b;
    }
}
