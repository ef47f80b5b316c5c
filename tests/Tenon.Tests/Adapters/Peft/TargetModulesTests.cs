using System.Text.Json.Nodes;
using Tenon.Adapters.Peft;

namespace Tenon.Tests.Adapters.Peft;

public class TargetModulesTests
{
    private static TargetChoice Resolve(string fields, int layers = 2, string type = "LORA", string? modelType = "qwen2")
    {
        var config = PeftConfig.Create(type);
        foreach (var (key, value) in (JsonObject)JsonNode.Parse(fields)!) config[key] = value?.DeepClone();
        return TargetModules.Resolve(config, TinyModel.Modules(layers), modelType);
    }

    private static string Short(TargetChoice choice) =>
        string.Join(' ',
        choice.Modules.Select(m => m.Path.Replace("model.", "").Replace("layers.", "").Replace("self_attn.", "").Replace("_proj", "")));

    [Theory]
    [InlineData("""{"target_modules":["q_proj","v_proj"]}""", "0.q 0.v 1.q 1.v")]
    [InlineData("""{"target_modules":"ALL-linear","exclude_modules":["k_proj","o_proj","mlp.up_proj","gate_proj","v_proj"]}""",
    "0.q 0.mlp.down 1.q 1.mlp.down")]
    [InlineData("""{"target_modules":".*\\.1\\..*(q_proj|up_proj)"}""", "1.q 1.mlp.up")]
    [InlineData("""{"target_modules":["q_proj","lm_head","embed_tokens"],"exclude_modules":".*layers\\.0.*"}""",
    "embed_tokens 1.q lm_head")]
    [InlineData("""{"target_modules":["q_proj","model.layers.0.self_attn.v_proj"],"layers_to_transform":1}""", "0.v 1.q")]
    [InlineData("""{"target_modules":["q_proj"],"layers_to_transform":[0],"layers_pattern":["blocks","layers"]}""", "0.q")]
    [InlineData("""{"target_modules":["q_proj","down_proj"],"modules_to_save":["mlp"]}""", "0.q 1.q")]
    [InlineData("{}", "0.q 0.v 1.q 1.v")]
    [InlineData("""{"target_modules":["q_proj","nothing"]}""", "0.q 1.q")]
    public void Modules_are_chosen_by_PEFTs_rule(string fields, string expected) => Short(Resolve(fields)).ShouldBe(expected);

    [Theory]
    [InlineData("LN_TUNING", "qwen2", "0.post_attention_layernorm 1.post_attention_layernorm")]
    [InlineData("LN_TUNING", "llama", "0.input_layernorm 0.post_attention_layernorm 1.input_layernorm 1.post_attention_layernorm norm")]
    [InlineData("IA3", "llama", "0.k 0.v 0.mlp.down 1.k 1.v 1.mlp.down")]
    [InlineData("TRAINABLE_TOKENS", "llama", "embed_tokens")]
    public void Defaults_depend_on_the_method_and_the_model(string type, string model, string expected) =>
    Short(Resolve("{}", type: type, modelType: model)).ShouldBe(expected);

    [Fact]
    public void Twenty_targets_and_more_are_saved_as_suffixes()
    {
        Resolve("""{"target_modules":"all-linear"}""", layers: 3).Saved!.ToJsonString()
            .ShouldBe("""["down_proj","gate_proj","k_proj","o_proj","q_proj","up_proj","v_proj"]""");
        ((JsonArray)Resolve("""{"target_modules":"all-linear"}""", layers: 2).Saved!).Count.ShouldBe(14);
        ((JsonArray)Resolve("""{"target_modules":"all-linear"}""", layers: 3, type: "IA3").Saved!).Count.ShouldBe(21);
    }

    [Fact]
    public void Condensing_never_hits_a_module_that_was_not_asked_for() =>
        TargetModules.Condense(["a.0.x.q", "a.1.x.q", "a.0.x.v"], ["a.1.x.v", "a.0.y.q"]).ShouldBe(["0.x.v", "x.q"]);

    [Theory]
    [InlineData("""{"target_modules":["no_such_proj"]}""", "no match")]
    [InlineData("""{"target_modules":["proj"]}""", "no match")]
    [InlineData("""{"target_modules":[]}""", "empty list")]
    [InlineData("""{"target_modules":"(q_proj"}""", "regular expression")]
    [InlineData("""{"target_modules":["norm"]}""", "norm")]
    [InlineData("""{"target_modules":["self_attn"]}""", "a block")]
    [InlineData("""{"target_modules":["q_proj"],"exclude_modules":["q_proj"]}""", "take away")]
    [InlineData("""{"target_modules":["q_proj"],"exclude_modules":".*"}""", "all modules were excluded")]
    [InlineData("""{"target_modules":["q_proj"],"layers_to_transform":[7]}""", "layers_to_transform")]
    public void Targets_that_hit_nothing_or_the_wrong_thing_are_errors(string fields, string message) =>
    Should.Throw<TenonException>(() => Resolve(fields)).Message.ShouldContain(message);

    [Fact]
    public void An_unknown_model_has_no_default() =>
    Should.Throw<TenonException>(() => Resolve("{}", modelType: "gpt9")).Message.ShouldContain("target_modules");

    [Fact]
    public void Settings_without_effect_are_noted()
    {
        Resolve("""{"target_modules":["q_proj"],"exclude_modules":["zzz"],"rank_pattern":{"zzz":2}}""").Notes.Count.ShouldBe(2);
        Resolve("""{"target_modules":["q_proj"],"rank_pattern":{"q_proj":2}}""").Notes.ShouldBeEmpty();
    }

    [Fact]
    public void Modules_to_save_need_no_dot_before_their_name()
    {
        var config = PeftConfig.Create("LORA");
        config["modules_to_save"] = new JsonArray("norm");
        TargetModules.ToSave(config, TinyModel.Modules()).Count.ShouldBe(5);
    }

    [Fact]
    public void The_first_matching_pattern_gives_the_rank()
    {
        var patterns =
            new PeftPatterns(new Dictionary<string,
            double>
            { [@"^model\.layers\.0.*"] = 3, ["q_proj"] = 2, [@"layers\.1\.mlp\.down_proj"] = 6 });
        patterns.Find("model.layers.0.self_attn.q_proj").ShouldBe(3);
        patterns.Find("model.layers.1.self_attn.q_proj").ShouldBe(2);
        patterns.Find("model.layers.1.mlp.down_proj").ShouldBe(6);
        patterns.Find("model.layers.1.self_attn.xq_proj").ShouldBeNull();
    }
}
