using System.Text.Json;
using Tenon.Adapters;
using Tenon.Adapters.Peft;
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
    [InlineData("MISS", "miss", "")]
    [InlineData("MISS bat", "miss", "variant=bat")]
    [InlineData("MISS mini", "miss", "variant=mini;mini-r={rank}")]
    [InlineData("VERA", "vera", "")]
    [InlineData("HRA", "hra", "")]
    [InlineData("DELORA", "delora", "")]
    [InlineData("GRALORA k=2", "gralora", "k=2")]
    [InlineData("GRALORA k=2 hybrid_r=r", "gralora", "k=2;hybrid-rank={rank}")]
    [InlineData("HIRA", "hira", "")]
    [InlineData("LOHA", "loha", "")]
    [InlineData("LOKR", "lokr", "")]
    [InlineData("SHIRA", "shira", "")]
    [InlineData("SHIRA", "sparse", "")]
    [InlineData("RANDLORA", "randlora", "")]
    [InlineData("PSOFT", "psoft", "")]
    [InlineData("LoRA-XS", "lora-xs", "")]
    [InlineData("TINYLORA u=64 untied", "tinylora", "")]
    [InlineData("TINYLORA u=13 tied", "tinylora", "u=13;weight-tying=1")]
    [InlineData("VBLORA vector_length=64 num_vectors=256", "vblora", "vector-length=64;vectors=256")]
    public void Counts_are_those_of_peft(string name, string method, string option)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(GoldenFolder.Require("adapters"), "counts.json")));
        var compared = 0;
        foreach (var model in document.RootElement.GetProperty("models").EnumerateObject())
            foreach (var targets in model.Value.GetProperty("methods").GetProperty(name).EnumerateObject())
                foreach (var rank in targets.Value.EnumerateObject())
                {
                    if (!rank.Value.TryGetProperty("trainable", out var trainable)) continue;
                    var settings = Settings(method, targets.Name, option.Replace("{rank}", rank.Name)) with { Rank = int.Parse(rank.Name) };
                    AdapterMethod.Of(method).Count(Config(model.Value.GetProperty("shape")), settings)
                        .ShouldBe(trainable.GetInt64(), $"{model.Name} {targets.Name} rank {rank.Name}");
                    compared++;
                }

        compared.ShouldBeGreaterThanOrEqualTo(10);
    }

    [Theory]
    [InlineData("IA3 of the same targets", "ia3", "feedforward=")]
    [InlineData("ROAD road_1", "road", "variant=road-1")]
    [InlineData("ROAD road_2", "road", "variant=road-2")]
    [InlineData("ROAD road_4", "road", "variant=road-4")]
    [InlineData("OFT block 32", "oft", "")]
    [InlineData("BOFT block 4", "boft", "block-size=4")]
    [InlineData("C3A block 64", "c3a", "block-size=64")]
    [InlineData("FOURIERFT n=1000", "fourierft", "")]
    [InlineData("WAVEFT n=2592", "waveft", "")]
    public void Counts_without_a_rank_are_those_of_peft(string name, string method, string option)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(GoldenFolder.Require("adapters"), "counts.json")));
        var compared = 0;
        foreach (var model in document.RootElement.GetProperty("models").EnumerateObject())
            foreach (var targets in model.Value.GetProperty("methods").GetProperty(name).EnumerateObject())
            {
                AdapterMethod.Of(method).Count(Config(model.Value.GetProperty("shape")), Settings(method, targets.Name, option))
                    .ShouldBe(targets.Value.GetProperty("trainable").GetInt64(), $"{model.Name} {targets.Name}");
                compared++;
            }

        compared.ShouldBeGreaterThanOrEqualTo(2);
    }

    /// <summary>
    /// PEFT's default targets of a model family, all norms, token rows, and the biases that <c>bias: only</c> trains beside LoRA.
    /// </summary>
    [Theory]
    [InlineData("IA3 default", "ia3", "IA3", "feedforward=down_proj")]
    [InlineData("LN_TUNING default", "ln-tuning", "LN_TUNING", "")]
    [InlineData("LN_TUNING all norms", "ln-tuning", "", "")]
    [InlineData("TRAINABLE_TOKENS 10", "trainable-tokens", "", "tokens=0,1,2,3,4,5,6,7,8,9")]
    public void Counts_of_default_targets_are_those_of_peft(string name, string method, string type, string option)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(GoldenFolder.Require("adapters"), "counts.json")));
        foreach (var model in document.RootElement.GetProperty("models").EnumerateObject())
        {
            var config = Config(model.Value.GetProperty("shape"));
            var targets = type.Length == 0 ? "all-linear" : string.Join(',', PeftTraits.TargetsOf(type, config.ModelType)!);
            AdapterMethod.Of(method).Count(config, Settings(method, targets, option))
                .ShouldBe(model.Value.GetProperty("methods").GetProperty(name).GetProperty("default").GetProperty("trainable").GetInt64(),
                model.Name);
        }
    }

    [Fact]
    public void Biases_of_adapted_layers_count_beside_lora()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(GoldenFolder.Require("adapters"), "counts.json")));
        foreach (var model in document.RootElement.GetProperty("models").EnumerateObject())
            foreach (var targets in model.Value.GetProperty("methods").GetProperty("LORA bias lora_only").EnumerateObject())
            {
                var (config, settings) = (Config(model.Value.GetProperty("shape")), Settings("lora", targets.Name, "") with { Rank = 16 });
                var biases = config.QkvBias
                    ? Targets.Shapes(config, settings)
                    .Where(s => s.Path.Contains(".self_attn.", StringComparison.Ordinal)
                    && !s.Path.EndsWith("o_proj", StringComparison.Ordinal)).Sum(s => s.Outputs) : 0;
                (AdapterMethod.Of("lora").Count(config, settings)!.Value + biases).ShouldBe(targets.Value.GetProperty("16")
                    .GetProperty("trainable").GetInt64(), model.Name);
            }
    }

    /// <summary>No row of the table is left out.</summary>
    [Fact]
    public void Every_row_is_compared()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(GoldenFolder.Require("adapters"), "counts.json")));
        var compared = typeof(GoldenCountTests).GetMethods()
            .SelectMany(m => m.GetCustomAttributes(typeof(InlineDataAttribute), false).Cast<InlineDataAttribute>())
            .Select(d => (string)d.Data[0]!).Append("LORA bias lora_only").ToHashSet();
        foreach (var model in document.RootElement.GetProperty("models").EnumerateObject())
            model.Value.GetProperty("methods").EnumerateObject().Select(m => m.Name).Where(n => !compared.Contains(n)).ShouldBeEmpty();
    }

    private static AdapterSettings Settings(string method, string targets, string options) => new()
    {
        Method = method,
        Targets = targets == "q,v" ? "q_proj,v_proj" : targets,
        Options = AdapterSettings.Texts(options.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(o => o.Split('='))
        .ToDictionary(o => o[0], o => o[1])),
    };

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
