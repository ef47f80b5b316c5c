using System.Text.Json.Nodes;
using Tenon.Adapters;
using Tenon.Adapters.Peft;
using Tenon.Tests.Support;

namespace Tenon.Tests.Adapters.Peft;

/// <summary>What a person is told of a folder that vLLM refuses, or loads as another function.</summary>
public class VllmRulesTests
{
    private static readonly string[] S_keys =
        ["base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight",
        "base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight"];

    [Theory]
    [InlineData("init_lora_weights", "\"pissa\"", "start of 'pissa'")]
    [InlineData("init_lora_weights", "\"olora\"", "start of 'olora'")]
    [InlineData("use_dora", "true", "use_dora")]
    [InlineData("bias", "\"lora_only\"", "biases")]
    [InlineData("modules_to_save", "[\"lm_head\"]", "modules_to_save")]
    [InlineData("rank_pattern", "{\"q_proj\": 4}", "rank_pattern")]
    [InlineData("r", "1024", "512")]
    [InlineData("use_rslora", "true", null)]
    [InlineData("init_lora_weights", "\"gaussian\"", null)]
    public void Fields_that_it_passes_over_or_refuses(string field, string value, string? expected)
    {
        var config = PeftConfig.Create("LORA", "base");
        config[field] = JsonNode.Parse(value);
        var obstacle = VllmRules.Obstacle(config, S_keys);
        if (expected is null) obstacle.ShouldBeNull();
        else obstacle.ShouldNotBeNull().ShouldContain(expected);
    }

    [Fact]
    public void Tensors_and_types_that_it_does_not_know()
    {
        VllmRules.Obstacle(PeftConfig.Create("LORA", "base"), [.. S_keys, "base_model.model.lm_head.weight"]).ShouldNotBeNull()
            .ShouldContain("lm_head.weight");
        VllmRules.Obstacle(PeftConfig.Create("MISS", "base"), []).ShouldNotBeNull().ShouldContain("MISS");
    }

    [Theory]
    [InlineData("pissa", null, true)]
    [InlineData("pissa", "peft", false)]
    [InlineData("olora", null, true)]
    [InlineData("milora", null, true)]
    [InlineData("lora", null, true)]
    [InlineData("full", null, false)]
    public void The_folder_of_a_method(string method, string? init, bool loads)
    {
        using var folder = new TempFolder();
        using var set = AdapterMethod.Of(method)
            .Create(RandomModel.Create(), new AdapterSettings { Method = method, Rank = 4, Init = init });
        PeftFolder.Save(set, folder.Path, "base");
        PeftFolder.MethodOf(folder.Path).ShouldBe(method);
        (PeftFolder.VllmObstacle(folder.Path) is null).ShouldBe(loads);
    }
}
