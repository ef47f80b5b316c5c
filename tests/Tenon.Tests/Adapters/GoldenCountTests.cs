using System.Text.Json;
using Tenon.Adapters;
using Tenon.Models.Config;
using Tenon.Tests.Support;

namespace Tenon.Tests.Adapters;

/// <summary>Trainable parameters on the shapes of real models, as PEFT counts them.</summary>
public class GoldenCountTests
{
    [Theory]
    [InlineData("LORA", "lora", "")]
    [InlineData("LORA", "lora+", "")]
    [InlineData("LORA", "pissa", "")]
    [InlineData("LORA", "olora", "")]
    [InlineData("LORA", "rlpo", "")]
    [InlineData("LORA", "eva", "")]
    [InlineData("LORA lora_bias", "lora", "lora-bias=true")]
    [InlineData("LORA mica", "mica", "")]
    [InlineData("LoRA-FA", "lora-fa", "")]
    [InlineData("DoRA", "dora", "")]
    [InlineData("DoRA", "lora+", "dora=true")]
    [InlineData("ADALORA", "adalora", "")]
    public void CountsAreThoseOfPeft(string name, string method, string option)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(GoldenFolder.Require("adapters"), "counts.json")));
        var compared = 0;
        foreach (var model in document.RootElement.GetProperty("models").EnumerateObject())
            foreach (var targets in model.Value.GetProperty("methods").GetProperty(name).EnumerateObject())
                foreach (var rank in targets.Value.EnumerateObject())
                {
                    if (!rank.Value.TryGetProperty("trainable", out var trainable)) continue;
                    var settings = new AdapterSettings
                    {
                        Method = method,
                        Rank = int.Parse(rank.Name),
                        Targets = targets.Name == "q,v" ? "q_proj,v_proj" : targets.Name,
                        Options = option.Split('=') is [var key, var value] ? new Dictionary<string, string> { [key] = value } : [],
                    };
                    AdapterMethod.Of(method).Count(Config(model.Value.GetProperty("shape")), settings).ShouldBe(trainable.GetInt64(), $"{model.Name} {targets.Name} rank {rank.Name}");
                    compared++;
                }

        compared.ShouldBeGreaterThanOrEqualTo(10);
    }

    private static ModelConfig Config(JsonElement shape)
    {
        var fields = shape.EnumerateObject().Where(f => f.Name != "family").ToDictionary(f => f.Name, f => f.Value.GetRawText());
        fields["model_type"] = $"\"{shape.GetProperty("family").GetString()}\"";
        fields["rms_norm_eps"] = "1e-6";
        fields["rope_theta"] = "10000";
        fields["max_position_embeddings"] = "2048";
        fields["hidden_act"] = "\"silu\"";
        var text = "{" + string.Join(",", fields.Select(f => $"\"{f.Key}\":{f.Value}")) + "}";
        return HuggingFaceConfig.Parse("config.json", System.Text.Encoding.UTF8.GetBytes(text));
    }
}
