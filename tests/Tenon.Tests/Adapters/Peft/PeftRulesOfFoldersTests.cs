using System.Text.Json.Nodes;
using Tenon.Adapters;
using Tenon.Adapters.Methods;
using Tenon.Adapters.Peft;
using Tenon.Checkpoints;
using Tenon.Tests.Support;

namespace Tenon.Tests.Adapters.Peft;

/// <summary>What PEFT 0.21.2 makes of a configuration where its documentation would let one expect something else.</summary>
public class PeftRulesOfFoldersTests
{
    /// <summary>The wanted factor stands first although it is the larger one: 16 = 8 x 2 for a factor of 8, and 48 = 8 x 6.</summary>
    [Fact]
    public void Lokr_takes_the_wanted_factor_first()
    {
        var settings =
            new AdapterSettings
            {
                Method = "lokr", Rank = 1,
                Options = AdapterSettings.Texts(new Dictionary<string, string> { ["decompose-factor"] = "8" })
            };
        LokrSizes.Of("v_proj", 16, 48, settings).ShouldBe(new LokrSizes(1, 8, 2, 8, 6, false, true));
    }

    [Fact]
    public void Hira_has_one_rank_whatever_its_pattern_says()
    {
        var set = Made("HIRA", ("r", 3), ("rank_pattern", new JsonObject { ["q_proj"] = 5 }));
        set.Linears.OfType<HiraLayer>().ShouldAllBe(l => l.A.Rows == 3);
        Should.Throw<TenonException>(() => AdapterMethod.Of("hira")
            .Create(RandomModel.Create(),
            new AdapterSettings { Method = "hira", RankPattern = new Dictionary<string, int> { ["q_proj"] = 5 } }));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Rows_of_the_head_may_be_trained_apart_from_the_embeddings(bool tied)
    {
        var both =
            Made("LORA", tied,
            ("trainable_token_indices", new JsonObject { ["embed_tokens"] = new JsonArray(3, 9), ["lm_head"] = new JsonArray(5) }));
        Names(both, "trainable_tokens")
            .ShouldBe(["lm_head.token_adapter.trainable_tokens_delta", "model.embed_tokens.token_adapter.trainable_tokens_delta"]);
        MergedWeights.IsTied(both).ShouldBeFalse();
        Names(Made("LORA", tied, ("trainable_token_indices", new JsonObject { ["lm_head"] = new JsonArray(5) })), "trainable_tokens")
            .ShouldBe(["lm_head.token_adapter.trainable_tokens_delta"]);
        Names(Made("TRAINABLE_TOKENS", tied, ("token_indices", new JsonArray(4)), ("target_modules", new JsonArray("lm_head"))),
            "trainable_tokens").ShouldBe(["lm_head.trainable_tokens_delta"]);
    }

    [Fact]
    public void Weight_tying_trains_one_matrix_for_both_ends()
    {
        var tied = Made("LORA", ("ensure_weight_tying", true), ("modules_to_save", new JsonArray("embed_tokens")));
        Names(tied, "weight").Where(n => !n.Contains("lora")).ShouldBe(["lm_head.weight", "model.embed_tokens.weight"]);
        tied.Trainable.Count.ShouldBe(tied.Tensors.Count() - 1);
        Should.Throw<TenonException>(() =>
            Made("LORA", ("ensure_weight_tying", true),
            ("target_modules", new JsonArray("embed_tokens")))).Message.ShouldContain("ensure_weight_tying");
    }

    [Fact]
    public void Ln_tuning_copies_linear_layers_too()
    {
        var set = Made("LN_TUNING", ("target_modules", new JsonArray("input_layernorm", "k_proj")));
        Names(set, "layers.0")
            .ShouldBe(
            ["model.layers.0.input_layernorm.ln_tuning_layers.weight", "model.layers.0.self_attn.k_proj.ln_tuning_layers.bias",
            "model.layers.0.self_attn.k_proj.ln_tuning_layers.weight"]);
    }

    /// <summary>
    /// PEFT's buffers beside its own tensors make a PSOFT folder readable; without them it is refused, because nobody knows the signs of
    /// its singular vectors.
    /// </summary>
    [Fact]
    public void Psoft_needs_its_factors()
    {
        using var folder = new TempFolder();
        var model = RandomModel.Create();
        var config = Config("PSOFT", ("r", 3), ("psoft_orth", false), ("target_modules", new JsonArray("model.layers.0.self_attn.v_proj")));
        config.Write(folder.Path);
        const string path = "base_model.model.model.layers.0.self_attn.v_proj.";
        List<SafetensorsEntry> own =
            [Entry(path + "psoft_R.vector_a", 3), Entry(path + "psoft_R.vector_b", 3), Entry(path + "psoft_R.weight", 3, 3)];
        SafetensorsWriter.Write(folder[PeftFolder.TensorFile], own);
        Should.Throw<TenonException>(() => PeftFolder.Load(model, folder.Path)).Message.ShouldContain("signs");
        SafetensorsWriter.Write(folder[PeftFolder.TensorFile], [.. own, Entry(path + "psoft_A", 3, 32), Entry(path + "psoft_B", 16, 3)]);
        using var set = PeftFolder.Load(model, folder.Path);
        set.Method.Name.ShouldBe("psoft");
        set.TrainableCount.ShouldBe(15);

        static SafetensorsEntry Entry(string name, params long[] shape) =>
            SafetensorsEntry.FromFloats(name, shape, Enumerable.Repeat(0.5f, (int)shape.Aggregate((a, b) => a * b)).ToArray());
    }

    /// <summary>An adapter that is not called "default" lies in a folder of its name; 16-bit files hold the base's rows rounded.</summary>
    [Fact]
    public void A_folder_of_sixteen_bits_under_its_name_is_read()
    {
        using var folder = new TempFolder();
        var named = Directory.CreateDirectory(folder["second"]).FullName;
        var model = RandomModel.Create(RandomModel.SmallConfig(tied: false));
        using (var set = AdapterMethod.Of("lora").Create(model, new AdapterSettings { Rank = 2, Targets = "embed_tokens,q_proj" }))
            PeftFolder.Save(set, named, "base");
        List<SafetensorsEntry> narrow;
        using (var file = SafetensorsFile.Open(Path.Combine(named, PeftFolder.TensorFile)))
            narrow =
                [.. file.Tensors.Select(t =>
                SafetensorsEntry.FromFloats(t.Key, t.Value.Shape, file.ReadFloats(t.Key), SafetensorsType.BF16))];
        SafetensorsWriter.Write(Path.Combine(named, PeftFolder.TensorFile), narrow);
        Should.Throw<TenonException>(() => PeftFolder.Load(model, folder.Path)).Message.ShouldContain("second");
        using var read = PeftFolder.Load(model, named);
        read.Embeddings.Count.ShouldBe(1);
    }

    private static AdapterSet Made(string type, params (string Field, JsonNode Value)[] fields) => Made(type, tied: true, fields);

    private static AdapterSet Made(string type, bool tied, params (string Field, JsonNode Value)[] fields)
    {
        var model = RandomModel.Create(RandomModel.SmallConfig(tied: tied));
        var settings = PeftSettings.Of(Config(type, fields).Validate(), model, "folder");
        return AdapterMethod.Of(settings.Method).Create(model, settings);
    }

    private static PeftConfig Config(string type, params (string Field, JsonNode Value)[] fields)
    {
        var config = PeftConfig.Create(type, "base");
        foreach (var (field, value) in fields) config[field] = value;
        return config;
    }

    private static List<string> Names(AdapterSet set, string part) =>
        [.. set.Tensors.Select(t => t.Name["base_model.model.".Length..]).Where(n => n.Contains(part, StringComparison.Ordinal)).Distinct()
        .Order(StringComparer.Ordinal)];
}
