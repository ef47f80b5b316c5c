using System.Text.Json.Nodes;
using Tenon.Checkpoints;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cli;

public sealed class RandomModelCommandTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_random_model_has_the_shape_of_its_configuration_and_generates()
    {
        Configuration("config.json", 300, 0.05);
        Make("a", "config.json", "--seed", "7").Exit.ShouldBe(0);
        Make("b", "config.json", "--seed", "7").Exit.ShouldBe(0);
        Make("c", "config.json", "--seed", "8").Exit.ShouldBe(0);
        Make("half", "config.json", "--dtype", "bf16").Exit.ShouldBe(0);
        byte[] Bytes(string name) => File.ReadAllBytes(Path.Combine(_folder[name], "model.safetensors"));
        Bytes("a").ShouldBe(Bytes("b"));
        Bytes("a").ShouldNotBe(Bytes("c"));
        Bytes("half").Length.ShouldBeLessThan(Bytes("a").Length);
        using (var file = SafetensorsFile.Open(Path.Combine(_folder["a"], "model.safetensors")))
        {
            var values = file.ReadFloats("model.layers.1.mlp.down_proj.weight");
            Math.Sqrt(values.Average(v => (double)v * v)).ShouldBe(0.05, 0.003);
            file.ReadFloats("model.norm.weight").ShouldAllBe(v => v == 1);
        }

        var call = Call.Tenon("generate", _folder["a"], "hello", "--max-new-tokens", "3", "--ignore-eos");
        call.Exit.ShouldBe(0, call.Error);
        Call.Tenon("model", "inspect", _folder["half"]).Out.ShouldContain("BF16");
    }

    [Fact]
    public void A_model_whose_files_are_links_is_read_as_hubs_keep_it()
    {
        Configuration("config.json", 300, 0.05);
        Make("blobs", "config.json").Exit.ShouldBe(0);
        Directory.CreateDirectory(_folder["snapshot"]);
        foreach (var file in Directory.GetFiles(_folder["blobs"]))
            File.CreateSymbolicLink(Path.Combine(_folder["snapshot"], Path.GetFileName(file)), Path.Combine("..", "blobs",
                Path.GetFileName(file)));
        var (own, linked) = (Call.Tenon("model", "inspect", _folder["blobs"]), Call.Tenon("model", "inspect", _folder["snapshot"]));
        linked.Exit.ShouldBe(0, linked.Error);
        string Fingerprint(Call call) => call.Lines.Single(l => l.StartsWith("fingerprint", StringComparison.Ordinal));
        Fingerprint(linked).ShouldBe(Fingerprint(own));
    }

    [Fact]
    public void A_vocabulary_without_room_has_no_tokenizer_and_says_so()
    {
        Configuration("small.json", 100, 0.02);
        var call = Make("small", "small.json");
        call.Exit.ShouldBe(0, call.Error);
        call.Error.ShouldContain("no room for the byte-level tokenizer");
        File.Exists(Path.Combine(_folder["small"], "tokenizer.json")).ShouldBeFalse();
        Call.With("{\"ids\":[1,2,3]}\n", "score", _folder["small"], "--input", "-").Exit.ShouldBe(0);
    }

    [Fact]
    public void A_folder_with_files_and_a_broken_configuration_are_refused()
    {
        Configuration("config.json", 300, 0.02);
        Make("a", "config.json").Exit.ShouldBe(0);
        Make("a", "config.json").ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(2), c => c.Error.ShouldContain("empty"));
        File.WriteAllText(_folder["broken.json"], "{\"model_type\": ");
        Make("b", "broken.json").ShouldSatisfyAllConditions(c => c.Exit.ShouldBeOneOf(1, 2), c => c.Error.ShouldContain("broken.json"));
        Call.Tenon("model", "random", _folder["d"])
            .ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(2), c => c.Error.ShouldContain("--like"));
    }

    private Call Make(string name, string config, params string[] more) =>
        Call.Tenon(["model", "random", "--like", _folder[config], _folder[name], .. more]);

    private void Configuration(string name, int vocabulary, double range) => File.WriteAllText(_folder[name], new JsonObject
    {
        ["model_type"] = "qwen2", ["hidden_size"] = 32, ["intermediate_size"] = 48, ["num_hidden_layers"] = 2, ["num_attention_heads"] = 4,
        ["num_key_value_heads"] = 2,
        ["vocab_size"] = vocabulary, ["max_position_embeddings"] = 128, ["rms_norm_eps"] = 1e-6, ["rope_theta"] = 10000.0,
        ["tie_word_embeddings"] = true, ["initializer_range"] = range,
        ["eos_token_id"] = 99, ["hidden_act"] = "silu", ["architectures"] = new JsonArray("Qwen2ForCausalLM"),
    }.ToJsonString());
}
