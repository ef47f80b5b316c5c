using Tenon.Checkpoints;
using Tenon.Models.Config;
using Tenon.Models.Weights;
using Tenon.Tests.Support;
using Tenon.Text.Tokenizers;

namespace Tenon.Tests.Models.Weights;

public class HuggingFaceExportTests
{
    public static TheoryData<ModelConfig> Configurations =>
    [
        TinyModel.Config("qwen2")
            with { PadTokenId = 3, Generation =
            new() { DoSample = true, Temperature = 0.6, TopK = 20, TopP = 0.95, MinP = 0.1, RepetitionPenalty = 1.1 } },
        TinyModel.Config("llama", tied: true)
            with { RopeTheta = 500000, RmsNormEps = 1e-5,
            RopeScaling = new() { Type = RopeType.Llama3, Factor = 8, OriginalMaxPositionEmbeddings = 32 } },
        TinyModel.Config("llama")
            with { QkvBias = true, AttentionOutputBias = true, MlpBias = true, RopeScaling = new() { Type = RopeType.Linear, Factor = 2 } },
        TinyModel.Config("qwen3")
            with { RopeScaling = new() { Type = RopeType.Yarn, Factor = 4, OriginalMaxPositionEmbeddings = 32, AttentionFactor = 1.2,
            BetaFast = 16, Truncate = false } },
        TinyModel.Config("qwen2") with { RopeScaling = new() { Type = RopeType.Dynamic, Factor = 4 }, EosTokenIds = [], BosTokenId = null },
    ];

    [Theory]
    [MemberData(nameof(Configurations))]
    public void The_configuration_reads_back_as_it_was(ModelConfig config)
    {
        using var folder = new TempFolder();
        TinyModel.Write(folder["m"], config);
        using var model = ModelSource.Open(folder["m"]);
        model.Config.EosTokenIds.ShouldBe(config.EosTokenIds);
        model.Config.ShouldBe(config
            with
        {
            EosTokenIds = model.Config.EosTokenIds,
            RopeScaling = config.RopeScaling with { Divisors = model.Config.RopeScaling.Divisors }
        });
    }

    [Fact]
    public void Floats_are_written_with_a_point_as_some_transformers_versions_ask()
    {
        using var folder = new TempFolder();
        TinyModel.Write(folder["m"],
            TinyModel.Config("llama")
            with
            { RmsNormEps = 1e-5, RopeScaling = new() { Type = RopeType.Llama3, Factor = 8, OriginalMaxPositionEmbeddings = 32 } });
        var text = File.ReadAllText(Path.Combine(folder["m"], "config.json"));
        foreach (var part in
            (string[])["\"factor\": 8.0", "\"rope_theta\": 10000.0", "\"rms_norm_eps\": 1E-05", "\"original_max_position_embeddings\": 32",
            "\"low_freq_factor\": 1.0"]) text.ShouldContain(part);
    }

    [Fact]
    public void Bf16_is_the_nearest_value_and_the_same_input_gives_the_same_bytes()
    {
        using var folder = new TempFolder();
        var config = TinyModel.Config("llama");
        foreach (var name in (string[])["a", "b"]) TinyModel.Write(folder[name], config, type: SafetensorsType.BF16);
        foreach (var file in Directory.EnumerateFiles(folder["a"]))
            File.ReadAllBytes(file).ShouldBe(File.ReadAllBytes(Path.Combine(folder["b"], Path.GetFileName(file))));
        using var model = ModelSource.Open(folder["a"]);
        var exact = TinyModel.Weights(config).ReadAll("model.layers.0.mlp.up_proj.weight");
        var stored = model.Weights.ReadAll("model.layers.0.mlp.up_proj.weight");
        for (var i = 0; i < exact.Length; i++) Math.Abs(stored[i] - exact[i]).ShouldBeLessThanOrEqualTo(Math.Abs(exact[i]) / 256);
        File.ReadAllText(Path.Combine(folder["a"], "config.json")).ShouldContain("\"torch_dtype\": \"bfloat16\"");
    }

    [Fact]
    public void The_tokenizer_is_written_into_the_same_folder()
    {
        using var folder = new TempFolder();
        var config = TinyModel.Config("llama");
        Directory.CreateDirectory(folder["from"]);
        File.WriteAllText(Path.Combine(folder["from"], "tokenizer.json"), "{}");
        HuggingFaceExport.Write(folder["m"], config, TinyModel.Weights(config), SafetensorsType.F32,
            to => TokenizerFiles.Copy(folder["from"], to));
        Directory.EnumerateFiles(folder["m"]).Select(Path.GetFileName).Order()
            .ShouldBe(["config.json", "generation_config.json", "model.safetensors", "tokenizer.json"]);
    }

    [Fact]
    public void A_fault_leaves_no_folder_and_an_existing_one_is_never_touched()
    {
        using var folder = new TempFolder();
        var config = TinyModel.Config("llama");
        Should.Throw<InvalidOperationException>(() =>
            HuggingFaceExport.Write(folder["m"], config, TinyModel.Weights(config), SafetensorsType.F32,
            _ => throw new InvalidOperationException()));
        Directory.EnumerateFileSystemEntries(folder.Path).ShouldBeEmpty();
        Directory.CreateDirectory(folder["m"]);
        TinyModel.Write(folder["m"], config);
        var message = Should.Throw<TenonException>(() => TinyModel.Write(folder["m"], config)).Message;
        foreach (var part in (string[])[folder["m"], "does not exist or is empty", "Hint:"]) message.ShouldContain(part);
        ModelSource.Open(folder["m"]).Dispose();
    }

    [Fact]
    public void A_model_that_transformers_does_not_have_is_refused()
    {
        using var folder = new TempFolder();
        var config = TinyModel.Config("llama") with { QkvBias = true };
        Should.Throw<TenonException>(() => TinyModel.Write(folder["m"], config)).Message.ShouldContain("biases on q, k, v and o together");
        var divisors = TinyModel.Config("llama") with { RopeScaling = new RopeScaling { Type = RopeType.Divisors, Divisors = [1, 3, 2] } };
        Should.Throw<TenonException>(() => TinyModel.Write(folder["m"], divisors)).Message.ShouldContain("rotary frequencies");
        Directory.EnumerateFileSystemEntries(folder.Path).ShouldBeEmpty();
    }
}
