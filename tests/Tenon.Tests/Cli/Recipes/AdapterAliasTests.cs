using Tenon.Adapters;
using Tenon.Recipes;
using Tenon.Training.Settings;

namespace Tenon.Tests.Cli.Recipes;

/// <summary>Whatever spelling a recipe has, <c>run.json</c> holds the canonical word.</summary>
public class AdapterAliasTests
{
    public static TheoryData<string, string> Spellings()
    {
        var data = new TheoryData<string, string>();
        foreach (var name in AdapterMethod.All.Keys)
            foreach (var spelling in new[] { name, name.ToUpperInvariant(), name.Replace('-', '_') })
                data.Add($"{{ method: '{spelling}'{(name == "trainable-tokens" ? ", tokens: [3]" : "")} }}", name);
        foreach (var (alias, method) in AdapterAliases.Methods)
            foreach (var spelling in new[] { alias, alias.ToUpperInvariant(), alias.Replace('-', '_') })
                data.Add($"{{ method: '{spelling}' }}", method);
        foreach (var start in AdapterAliases.Starts)
            foreach (var key in new[] { "init", "init_lora_weights", "init-weights" })
                data.Add($"{{ method: lora, {key}: '{start.ToUpperInvariant()}' }}", start);
        foreach (var flag in new[] { "use-dora", "use_dora" }) data.Add($"{{ {flag}: true }}", "dora");
        foreach (var flag in new[] { "use-rslora", "use_rslora", "rs-lora", "rs_lora" })
            data.Add($"{{ {flag}: true, method: LoRA }}", "rslora");
        data.Add("{ peft_type: LAYERNORM }", "ln-tuning");
        return data;
    }

    [Theory, MemberData(nameof(Spellings))]
    public void Every_accepted_spelling_of_a_method_is_canonical_in_what_is_written(string adapter, string method)
    {
        var written = Written(adapter);
        written["method"]!.GetValue<string>().ShouldBe(method);
        written["init"].ShouldBeNull();
        foreach (var flag in new[] { "use-dora", "use-rslora" }) written.ContainsKey(flag).ShouldBeFalse();
    }

    [Theory]
    [InlineData("{ init: pissa_niter_4 }", "method", "pissa")]
    [InlineData("{ init: pissa_niter_4 }", "niter", "4")]
    [InlineData("{ init: PiSSA_niter_16, r: 4 }", "niter", "16")]
    [InlineData("{ init_lora_weights: false }", "init", "random")]
    [InlineData("{ init: Gaussian }", "init", "gaussian")]
    [InlineData("{ bias: lora_only }", "bias", "only")]
    [InlineData("{ method: oft, bias: oft_only }", "bias", "only")]
    [InlineData("{ method: road, variant: road_2 }", "variant", "2")]
    [InlineData("{ method: MiSS, variant: BAT }", "variant", "bat")]
    [InlineData("{ lora_alpha: 8, target_modules: [q_proj] }", "alpha", "8")]
    public void Every_spelling_of_a_start_or_a_variant_is_canonical_in_what_is_written(string adapter, string key, string value) =>
        Written(adapter)[key]!.ToString().ShouldBe(value);

    [Fact]
    public void True_is_the_methods_own_start() => Written("{ init_lora_weights: true }")["init"].ShouldBeNull();

    [Fact]
    public void The_run_json_of_an_earlier_version_is_read_with_its_spellings()
    {
        var json = RecipeFile.Resolved(RecipeFile.Parse<RunSettings>("data: { task: arithmetic }\nadapter: lora", "r.yaml").Resolved(1e-3));
        json["adapter"]!["method"] = "lora_plus";
        json["adapter"]!["bias"] = "lora-only";
        var settings = RecipeFile.Read<RunSettings>(json, "run.json");
        settings.Adapter.Method.ShouldBe("lora+");
        settings.Adapter.Bias.ShouldBe("only");
    }

    private static System.Text.Json.Nodes.JsonObject Written(string adapter) =>
        RecipeFile.Resolved(RecipeFile.Parse<RunSettings>($"data: {{ task: arithmetic }}\nadapter: {adapter}", "r.yaml")
        .Resolved(1e-3))["adapter"]!.AsObject();
}
