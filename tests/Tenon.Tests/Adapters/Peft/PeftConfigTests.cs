using System.Text.Json.Nodes;
using Tenon.Adapters.Peft;
using Tenon.Tests.Support;

namespace Tenon.Tests.Adapters.Peft;

public class PeftConfigTests
{
    [Fact]
    public void A_fresh_configuration_is_written_as_Python_writes_it()
    {
        var config = PeftConfig.Create("LN_TUNING", "models/modèle");
        config["target_modules"] = new JsonArray("norm");
        config.ToJson().ShouldBe("""
            {
              "auto_mapping": null,
              "base_model_name_or_path": "models/mod\u00e8le",
              "exclude_modules": null,
              "inference_mode": true,
              "modules_to_save": null,
              "peft_type": "LN_TUNING",
              "peft_version": "0.21.2",
              "revision": null,
              "target_modules": [
                "norm"
              ],
              "task_type": "CAUSAL_LM"
            }
            """.ReplaceLineEndings("\n"));
    }

    [Fact]
    public void Lora_has_all_fields_of_PEFT_with_its_defaults()
    {
        var config = PeftConfig.Create("LORA");
        (config.Int("r"), config.Number("lora_alpha"), config.Number("lora_dropout"), config.Text("bias"),
            config.Flag("use_rslora")).ShouldBe((8, 8.0, 0.0, "none", false));
        config.ToJson().ShouldContain("\"lora_dropout\": 0.0,");
        config.ToJson().Split('\n').Length.ShouldBe(43);
        config["lora_dropout"] = 0.05;
        config["lora_alpha"] = 11.313708498984761;
        config["rank_pattern"] = new JsonObject { ["q_proj"] = 2, ["^k"] = 3 };
        config.ToJson().ShouldContain("\"lora_alpha\": 11.313708498984761,\n  \"lora_bias\": false,\n  \"lora_dropout\": 0.05,");
        config.ToJson().ShouldContain("\"rank_pattern\": {\n    \"^k\": 3,\n    \"q_proj\": 2\n  }");
    }

    [Fact]
    public void What_a_file_leaves_out_is_filled_in_and_what_the_type_lacks_is_dropped_and_named()
    {
        var config = PeftConfig.Parse("""{"peft_type":"LORA","r":4,"no_such_option":1,"r":3}""", "x.json");
        config.Int("r").ShouldBe(3);
        config.Number("lora_alpha").ShouldBe(8);
        config.IgnoredKeys.ShouldBe(["no_such_option"]);
        config.ToJson().ShouldNotContain("no_such_option");
    }

    [Theory]
    [InlineData("""{"peft_type":"NOPE"}""", "'NOPE'")]
    [InlineData("""{"peft_type":"lora"}""", "capitals: LORA")]
    [InlineData("""{"r":4}""", "peft_type")]
    [InlineData("[1]", "JSON object")]
    [InlineData("{ ,", "JSON")]
    public void A_file_that_is_no_configuration_is_an_error(string json, string message) =>
        Should.Throw<TenonException>(() => PeftConfig.Parse(json, "x.json")).Message.ShouldContain(message);

    [Fact]
    public void A_missing_folder_is_an_error() =>
    Should.Throw<TenonException>(() => PeftConfig.Read("no-such-folder")).Message.ShouldContain("adapter_config.json");

    [Theory]
    [InlineData("LORA", """{"r":0}""", "positive integer")]
    [InlineData("LORA", """{"r":"4"}""", "'r' must be a number")]
    [InlineData("LORA", """{"r":4.5}""", "'r' must be an integer")]
    [InlineData("LORA", """{"lora_dropout":1.5}""", "between 0 and 1")]
    [InlineData("LORA", """{"rank_pattern":{"q":0}}""", "positive integer")]
    [InlineData("LORA", """{"init_lora_weights":"nope"}""", "unknown initialization")]
    [InlineData("LORA", """{"init_lora_weights":"pissa_niter_x"}""", "whole number")]
    [InlineData("LORA", """{"init_lora_weights":"orthogonal","r":3}""", "even")]
    [InlineData("LORA", """{"lora_bias":true,"init_lora_weights":"gaussian"}""", "lora_bias")]
    [InlineData("LORA", """{"target_modules":"q.*","layers_to_transform":[0]}""", "layers_to_transform")]
    [InlineData("LORA", """{"target_modules":["q"],"layers_pattern":"layers"}""", "must also be specified")]
    [InlineData("LORA", """{"task_type":"NOPE"}""", "task type")]
    [InlineData("LORA", """{"bias":"some"}""", "bias")]
    [InlineData("OFT", """{"r":4,"oft_block_size":8}""", "not both")]
    [InlineData("BOFT", """{"boft_block_size":4,"boft_block_num":8}""", "not both")]
    [InlineData("IA3", """{"target_modules":["k_proj"],"feedforward_modules":["down_proj"]}""", "subset")]
    [InlineData("GRALORA", """{"r":8,"gralora_k":3}""", "divisible")]
    [InlineData("ROAD", """{"group_size":7}""", "divisible by 2")]
    [InlineData("TINYLORA", """{"weight_tying":2.0}""", "weight_tying")]
    [InlineData("FOURIERFT", """{"n_frequency":0}""", "n_frequency")]
    public void Faults_that_PEFT_refuses_are_refused(string type, string fields, string message)
    {
        var config = PeftConfig.Create(type);
        foreach (var (key, value) in (JsonObject)JsonNode.Parse(fields)!) config[key] = value?.DeepClone();
        var error = Should.Throw<TenonException>(() => config.Validate());
        error.Message.ShouldContain(message);
        error.IsUsage.ShouldBeTrue();
    }

    [Fact]
    public void Every_type_is_valid_with_its_defaults()
    {
        foreach (var type in PeftConfig.Types.Except(["OFT"])) PeftConfig.Create(type).Validate();
    }

    [Fact]
    public void A_written_file_reads_back_to_the_same_bytes()
    {
        using var folder = new TemporaryFolder();
        var config = PeftConfig.Create("ADALORA", "tiny");
        config["beta1"] = 1e-5;
        config.Write(folder.Path);
        PeftConfig.Read(folder.Path).ToJson().ShouldBe(config.ToJson());
        Directory.GetFiles(folder.Path).Length.ShouldBe(1);
    }

    [Fact]
    public void Keys_are_named_as_PEFT_names_them()
    {
        PeftKeys.Of("model.layers.0.self_attn.q_proj", "lora_A.weight")
            .ShouldBe("base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight");
        PeftKeys.Normalize("base_model.model.lm_head.lora_A.default.weight").ShouldBe("base_model.model.lm_head.lora_A.weight");
        PeftKeys.Normalize("base_model.model.lm_head.miss_block.default").ShouldBe("base_model.model.lm_head.miss_block");
        var split = PeftKeys.Split("base_model.model.model.layers.1.mlp.up_proj.lora_B.weight", TinyModel.Modules())!.Value;
        (split.Module.Path, split.Tensor).ShouldBe(("model.layers.1.mlp.up_proj", "lora_B.weight"));
        PeftKeys.Split("lora_A.weight", TinyModel.Modules()).ShouldBeNull();
    }
}
