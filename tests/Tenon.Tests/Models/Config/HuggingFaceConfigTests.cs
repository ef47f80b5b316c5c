using System.Text;
using Tenon.Models.Config;

namespace Tenon.Tests.Models.Config;

public class HuggingFaceConfigTests
{
    private const string Sizes =
        "\"hidden_size\":64,\"intermediate_size\":8,\"num_hidden_layers\":2,\"num_attention_heads\":4,\"vocab_size\":9";

    private static ModelConfig Read(string body, string? generation = null) =>
        HuggingFaceConfig.Parse("config.json", Encoding.UTF8.GetBytes($"{{{Sizes},{body}}}"), generation is null ? null
        : Encoding.UTF8.GetBytes(generation));

    [Fact]
    public void Both_layouts_give_the_same_configuration()
    {
        var old = Read("""
            "model_type":"llama","num_key_value_heads":2,"rope_theta":500000.0,"torch_dtype":"bfloat16","max_position_embeddings":512,"rms_norm_eps":1e-5,
            "rope_scaling":{"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":32}
            """);
        var five = Read("""
            "model_type":"llama","num_key_value_heads":2,"dtype":"bfloat16","max_position_embeddings":512,"rms_norm_eps":1e-5,
            "rope_parameters":{"rope_theta":500000.0,"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":32}
            """);
        (five with { EosTokenIds = old.EosTokenIds }).ShouldBe(old);
        (old.RopeTheta, old.RopeScaling.Type, old.RopeScaling.Factor,
            old.RopeScaling.OriginalMaxPositionEmbeddings).ShouldBe((500000, RopeType.Llama3, 8, 32));
        (old.HeadDim, old.QueryDim, old.KeyValueDim, old.RmsNormEps).ShouldBe((16, 64, 32, 1e-5));
    }

    [Theory]
    [InlineData("qwen2", "", true, false, false, 16)]
    [InlineData("llama", "", false, false, false, 16)]
    [InlineData("llama", ",\"attention_bias\":true,\"mlp_bias\":true", true, true, true, 16)]
    [InlineData("qwen3", "", false, false, false, 128)]
    [InlineData("qwen3", ",\"head_dim\":20,\"attention_bias\":true", true, true, false, 20)]
    public void Biases_and_head_size_follow_the_family(string family, string more, bool qkv, bool output, bool mlp, int head)
    {
        var c = Read($"\"model_type\":\"{family}\"{more}");
        (c.QkvBias, c.AttentionOutputBias, c.MlpBias, c.HeadDim, c.QkNorm).ShouldBe((qkv, output, mlp, head, family == "qwen3"));
        (c.NumKeyValueHeads, c.TieWordEmbeddings, c.RopeTheta).ShouldBe((4, false, 10000));
    }

    [Theory]
    [InlineData("\"eos_token_id\":5", null, new[] { 5 })]
    [InlineData("\"eos_token_id\":5", """{"eos_token_id":[7,3,7]}""", new[] { 3, 7 })]
    [InlineData("\"eos_token_id\":[5,6]", """{"temperature":0.6}""", new[] { 5, 6 })]
    [InlineData("\"eos_token_id\":null", """{"eos_token_id":2}""", new[] { 2 })]
    [InlineData("\"x\":1", null, new int[0])]
    public void End_tokens_come_from_the_generation_config_then_from_the_config(string config, string? generation, int[] expected) =>
        Read($"\"model_type\":\"qwen2\",{config}", generation).EosTokenIds.ShouldBe(expected);

    [Fact]
    public void Sampling_defaults_are_what_the_file_says_and_nothing_else()
    {
        Read("\"model_type\":\"qwen2\"",
            """{"do_sample":true,"temperature":0.6,"top_k":20,"top_p":0.95,"repetition_penalty":1.05,"pad_token_id":1}""").Generation
            .ShouldBe(new GenerationDefaults { DoSample = true, Temperature = 0.6, TopK = 20, TopP = 0.95, RepetitionPenalty = 1.05 });
        Read("\"model_type\":\"qwen2\"").Generation.ShouldBe(new GenerationDefaults());
    }

    [Theory]
    [InlineData("\"model_type\":\"mamba\"", "unknown architecture", "llama", "mamba")]
    [InlineData("\"architectures\":[\"GPT2LMHeadModel\"]", "unknown architecture", "Qwen2ForCausalLM", "GPT2LMHeadModel")]
    [InlineData("\"model_type\":\"llama\",\"architectures\":[\"LlamaForSequenceClassification\"]", "unknown architecture",
    "LlamaForCausalLM", "LlamaForSequenceClassification")]
    [InlineData("\"model_type\":\"llama\",\"rope_scaling\":{\"rope_type\":\"longrope\",\"factor\":2}", "unknown rope type", "llama3",
    "longrope")]
    [InlineData("\"model_type\":\"llama\",\"rope_scaling\":{\"type\":\"linear\"}", "no key 'factor'", "linear", "nothing")]
    [InlineData("\"model_type\":\"llama\",\"rope_scaling\":{\"type\":\"linear\",\"factor\":0.5}", "impossible rope scaling", "1 or more",
    "0.5")]
    [InlineData("\"model_type\":\"llama\",\"rope_scaling\":{\"type\":\"llama3\",\"factor\":8}", "low_freq_factor", "llama3", "nothing")]
    [InlineData("\"model_type\":\"llama\",\"hidden_act\":\"gelu\"", "hidden_act", "silu", "gelu")]
    [InlineData("\"model_type\":\"qwen3\",\"layer_types\":[\"full_attention\",\"chunked_attention\"]", "layer_types", "full_attention",
    "chunked_attention")]
    [InlineData("\"model_type\":\"qwen3\",\"layer_types\":[\"full_attention\"]", "layer_types", "one for each of 2 layers", "1")]
    [InlineData("\"model_type\":\"qwen2\",\"eos_token_id\":9", "eos_token_id", "below vocab_size = 9", "9")]
    [InlineData("\"model_type\":\"llama\",\"bos_token_id\":128000", "bos_token_id", "below vocab_size = 9", "128000")]
    [InlineData("\"model_type\":\"llama\",\"pad_token_id\":\"<pad>\"", "pad_token_id", "a whole number", "<pad>")]
    [InlineData("\"model_type\":\"qwen2\",\"quantization_config\":{\"quant_method\":\"gptq\"}", "quantization_config", "GGUF", "gptq")]
    [InlineData("\"model_type\":\"llama\",\"partial_rotary_factor\":0.5", "partial_rotary_factor", "1", "0.5")]
    [InlineData("\"model_type\":\"llama\",\"num_key_value_heads\":3", "num_key_value_heads", "divisor of num_attention_heads = 4", "3")]
    [InlineData("\"model_type\":\"llama\",\"head_dim\":7", "head_dim", "even", "7")]
    [InlineData("\"model_type\":\"llama\",\"head_dim\":\"x\"", "head_dim", "a whole number", "\"x\"")]
    [InlineData("\"model_type\":\"llama\",\"rms_norm_eps\":-1", "rms_norm_eps", "0 to 1", "-1")]
    [InlineData("\"model_type\":\"llama\",\"eos_token_id\":\"</s>\"", "eos_token_id", "a whole number", "</s>")]
    [InlineData("\"model_type\":\"llama\",\"tie_word_embeddings\":1", "tie_word_embeddings", "true or false", "1")]
    [InlineData("\"model_type\":7", "model_type", "a string", "7")]
    public void What_is_not_supported_is_refused_by_name(string body, string what, string expected, string got)
    {
        var message = Should.Throw<TenonException>(() => Read(body)).Message;
        message.ShouldContain("config.json");
        message.ShouldContain(what);
        message.ShouldContain(expected);
        message.ShouldContain(got);
        message.ShouldContain("Hint:");
    }

    [Theory]
    [InlineData("""{"eos_token_id":[2,9]}""", "eos_token_id")]
    [InlineData("""{"bos_token_id":12}""", "bos_token_id")]
    [InlineData("""{"pad_token_id":4096}""", "pad_token_id")]
    public void Ids_of_the_generation_config_belong_to_the_vocabulary(string generation, string key)
    {
        var message = Should.Throw<TenonException>(() => Read("\"model_type\":\"qwen2\"", generation)).Message;
        foreach (var part in (string[])["generation_config.json", key, "below vocab_size = 9"]) message.ShouldContain(part);
    }

    [Theory]
    [InlineData("qwen2", "", null)]
    [InlineData("qwen2", ",\"use_sliding_window\":true,\"sliding_window\":8,\"max_window_layers\":2", null)]
    [InlineData("qwen2", ",\"use_sliding_window\":true", null)]
    [InlineData("qwen2", ",\"use_sliding_window\":true,\"sliding_window\":null,\"max_window_layers\":0", null)]
    [InlineData("qwen2", ",\"use_sliding_window\":false,\"sliding_window\":8,\"max_window_layers\":0", null)]
    [InlineData("qwen3",
    ",\"layer_types\":[\"full_attention\",\"full_attention\"],\"use_sliding_window\":true,\"sliding_window\":8,\"max_window_layers\":0",
    null)]
    [InlineData("qwen2", ",\"use_sliding_window\":true,\"sliding_window\":8,\"max_window_layers\":1", "8: 1")]
    [InlineData("qwen3", ",\"use_sliding_window\":true,\"max_window_layers\":0", "4096: 0, 1")]
    [InlineData("qwen3", ",\"layer_types\":[\"sliding_attention\",\"full_attention\"],\"sliding_window\":16", "16: 0")]
    public void A_sliding_window_is_known_where_it_acts(string family, string more, string? expected)
    {
        var c = Read($"\"model_type\":\"{family}\"{more}");
        (c.SlidingWindow is { } window ? $"{window}: {string.Join(", ", c.SlidingLayers)}" : null).ShouldBe(expected);
    }

    [Theory]
    [InlineData("", "not valid JSON")]
    [InlineData("{\"model_type\":", "not valid JSON")]
    [InlineData("{\"model_type\":\"\\ud800\"}", "not valid JSON")]
    [InlineData("[]", "a JSON object")]
    [InlineData("{\"model_type\":\"llama\"}", "no key 'hidden_size'")]
    [InlineData("{\"model_type\":\"llama\",\"hidden_size\":5,\"num_attention_heads\":2}",
    "no key 'head_dim'|no key 'intermediate_size'|no key 'num_hidden_layers'")]
    public void A_broken_file_is_named(string text, string what)
    {
        var message = Should.Throw<TenonException>(() => HuggingFaceConfig.Parse("some/config.json", Encoding.UTF8.GetBytes(text))).Message;
        message.ShouldContain("some/config.json");
        what.Split('|').Any(message.Contains).ShouldBeTrue(message);
    }
}
