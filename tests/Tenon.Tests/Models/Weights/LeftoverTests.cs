using Tenon.Checkpoints;
using Tenon.Models.Config;
using Tenon.Models.Decoders;
using Tenon.Models.Weights;
using Tenon.Tests.Support;

namespace Tenon.Tests.Models.Weights;

/// <summary>Tensors beside the model's, and sliding windows that do or do not act.</summary>
public class LeftoverTests
{
    private static ModelSource Open(TempFolder folder, params (string Name, long[] Shape)[] more)
    {
        var config = TinyModel.Config("qwen2");
        TinyModel.Write(folder["m"], config);
        var weights = TinyModel.Weights(config);
        SafetensorsWriter.Write(Path.Combine(folder["m"], "model.safetensors"), [
            .. ExpectedTensors.Of(config).Select(t => SafetensorsEntry.FromSource(weights, t.Name, SafetensorsType.F32)),
            .. more.Select(t => SafetensorsEntry.FromFloats(t.Name, t.Shape, new float[t.Shape.Aggregate(1L, (a, b) => a * b)]))]);
        return ModelSource.Open(folder["m"]);
    }

    [Theory]
    [InlineData("model.embed_positions.weight", 0)]
    [InlineData("anything", 0)]
    [InlineData("v_head.summary.weight", 24)]
    [InlineData("score.weight", 24)]
    [InlineData("optimizer.state.0.exp_avg", 24)]
    [InlineData("model.layers.0.self_attn.q_proj.weight.exp_avg_sq", 24)]
    [InlineData("model.layers.1.self_attn.rotary_emb.cos_cached", 24)]
    [InlineData("model.layers.0.self_attn.masked_bias", 1)]
    public void What_is_no_part_of_the_model_is_passed_over_with_a_notice(string name, long count)
    {
        using var folder = new TempFolder();
        using var model = Open(folder, (name, [count]));
        model.Notices.ShouldHaveSingleItem().ShouldContain(name);
        DecoderBuilder.Build(model.Config, model.Weights, new LoadOptions(MaxLength: 16),
            model.Fingerprint).ParameterCount.ShouldBePositive();
    }

    [Theory]
    [InlineData("model.layers.0.self_attn.q_proj.weight_scale")]
    [InlineData("model.layers.2.mlp.up_proj.weight")]
    [InlineData("model.layers.0.self_attn.q_proj.lora_A.weight")]
    [InlineData("model.layers.0.self_attn.o_proj.bias")]
    public void What_could_change_the_numbers_is_refused(string name)
    {
        using var folder = new TempFolder();
        Should.Throw<TenonException>(() => Open(folder, (name, [24]))).Message.ShouldContain(name);
    }

    [Fact]
    public void A_model_without_leftovers_has_no_notice()
    {
        using var folder = new TempFolder();
        using var model = Open(folder);
        model.Notices.ShouldBeEmpty();
    }

    [Fact]
    public void A_window_is_refused_only_for_sequences_that_are_longer()
    {
        var config = TinyModel.Config("qwen2") with { SlidingWindow = 16, SlidingLayers = [1] };
        using var weights = TinyModel.Weights(config);
        DecoderBuilder.Build(config, weights, new LoadOptions(MaxLength: 16), "x").MaxLength.ShouldBe(16);
        var message =
            Should.Throw<TenonException>(() => DecoderBuilder.Build(config, weights, new LoadOptions(MaxLength: 17), "x")).Message;
        foreach (var part in (string[])["sliding window of 16 tokens", "1 of 2 layers", "up to 17", "Hint:"]) message.ShouldContain(part);
    }

    [Fact]
    public void A_window_survives_an_export()
    {
        using var folder = new TempFolder();
        var config = TinyModel.Config("qwen3") with { SlidingWindow = 16, SlidingLayers = [0] };
        TinyModel.Write(folder["m"], config);
        var read = HuggingFaceConfig.Read(folder["m"]);
        (read.SlidingWindow, read.SlidingLayers.Single()).ShouldBe((16, 0));
    }

    [Fact]
    public void The_types_of_both_formats_have_their_names_in_common()
    {
        foreach (var type in Enum.GetValues<SafetensorsType>()) StoredTypes.Of(type).ToString().ShouldBe(type.ToString());
        foreach (var type in Enum.GetValues<Tenon.Checkpoints.Gguf.GgufType>()) StoredTypes.Of(type).ToString().ShouldBe(type.ToString());
    }

    [Fact]
    public void Weights_in_memory_that_are_no_numbers_are_refused_when_they_are_read()
    {
        using var weights = new MemoryWeights("made here", [("w", [2, 2], [1, 2, float.NaN, 4])]);
        weights.Read("w", 0, new float[2]);
        Should.Throw<TenonException>(() => weights.Read("w", 1, new float[2])).Message.ShouldContain("NaN at [1, 0]");
    }
}
