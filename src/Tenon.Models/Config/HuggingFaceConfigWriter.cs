using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Models.Config;

/// <summary>
/// Writes <c>config.json</c> and <c>generation_config.json</c> in the older layout, which every transformers version, vLLM and llama.cpp's
/// converter
/// read. Reading them back gives the same <see cref="ModelConfig"/> (frequency divisors of a GGUF file become the llama3 rule that they
/// came from).
/// </summary>
internal static class HuggingFaceConfigWriter
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, IndentSize = 2, NewLine = "\n" };

    /// <summary>The text of config.json; <paramref name="dtype"/> is the name torch gives the stored type (<c>float32</c>).</summary>
    public static string Config(ModelConfig c, string dtype, string location)
    {
        var json = new JsonObject
        {
            ["architectures"] = new JsonArray(HuggingFaceConfig.Families[c.ModelType]),
            ["attention_dropout"] = Float(0),
            ["bos_token_id"] = c.BosTokenId,
            ["eos_token_id"] = Ids(c.EosTokenIds),
            ["head_dim"] = c.HeadDim,
            ["hidden_act"] = "silu",
            ["hidden_size"] = c.HiddenSize,
            ["initializer_range"] = Float(0.02),
            ["intermediate_size"] = c.IntermediateSize,
            ["max_position_embeddings"] = c.MaxPositionEmbeddings,
            ["model_type"] = c.ModelType,
            ["num_attention_heads"] = c.NumAttentionHeads,
            ["num_hidden_layers"] = c.NumHiddenLayers,
            ["num_key_value_heads"] = c.NumKeyValueHeads,
            ["pad_token_id"] = c.PadTokenId,
            ["rms_norm_eps"] = Float(c.RmsNormEps),
            ["rope_scaling"] = Rope(c, location),
            ["rope_theta"] = Float(c.RopeTheta),
            ["tie_word_embeddings"] = c.TieWordEmbeddings,
            ["torch_dtype"] = dtype,
            ["use_cache"] = true,
            ["vocab_size"] = c.VocabSize,
        };
        var expectedBias = c.ModelType == "qwen2" ? (true, false) : (c.QkvBias, c.QkvBias);
        if ((c.QkvBias, c.AttentionOutputBias) != expectedBias || c.MlpBias && c.ModelType != "llama")
            throw new TenonException($"'{location}' cannot be written as a {c.ModelType} for transformers", c.ModelType == "qwen2"
                ? "biases on q, k and v only" : "biases on q, k, v and o together, or none",
                $"q, k, v: {c.QkvBias}, o: {c.AttentionOutputBias}, feed-forward: {c.MlpBias}",
                "transformers has no such model; use it here from the file it came in.");
        if (c.ModelType != "qwen2") json["attention_bias"] = c.QkvBias;
        if (c.ModelType == "llama") json["mlp_bias"] = c.MlpBias;
        else json["use_sliding_window"] = c.SlidingWindow is not null;
        if (c.SlidingWindow is { } window)
        {
            json["sliding_window"] = window;
            json["max_window_layers"] = c.SlidingLayers.Min();
            json["layer_types"] =
                new JsonArray(
                [.. Enumerable.Range(0, c.NumHiddenLayers)
                .Select(i => (JsonNode)(c.SlidingLayers.Contains(i) ? "sliding_attention" : "full_attention"))]);
        }
        return json.ToJsonString(Indented) + "\n";
    }

    /// <summary>The text of generation_config.json.</summary>
    public static string Generation(ModelConfig c)
    {
        var json = new JsonObject();
        void Add(string key, JsonNode? value)
        {
            if (value is not null) json[key] = value;
        }
        Add("bos_token_id", c.BosTokenId);
        Add("do_sample", c.Generation.DoSample);
        Add("eos_token_id", Ids(c.EosTokenIds));
        Add("min_p", c.Generation.MinP);
        Add("pad_token_id", c.PadTokenId);
        Add("repetition_penalty", c.Generation.RepetitionPenalty);
        Add("temperature", c.Generation.Temperature);
        Add("top_k", c.Generation.TopK);
        Add("top_p", c.Generation.TopP);
        return json.ToJsonString(Indented) + "\n";
    }

    /// <summary>A number with a point (<c>8.0</c>): some transformers versions refuse whole numbers where they expect a float.</summary>
    private static JsonNode Float(double value)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        return JsonNode.Parse(text.AsSpan().ContainsAny('.', 'E') ? text : text + ".0")!;
    }

    private static JsonNode? Ids(IReadOnlyList<int> ids) => ids.Count switch
    {
        0 => null,
        1 => ids[0],
        _ => new JsonArray([.. ids.Select(i => (JsonNode)i)]),
    };

    private static JsonObject? Rope(ModelConfig c, string location)
    {
        var s = c.RopeScaling;
        if (s.Type == RopeType.Divisors)
            s = Llama3Fit.Find(c)
                ?? throw new TenonException($"'{location}' has rotary frequencies that config.json cannot express",
                "divisors of the llama3 rule", "others", "Use the model here from its GGUF file.");
        if (s.Type == RopeType.Default) return null;
        var json = new JsonObject { ["rope_type"] = RopeScaling.Names.First(n => n.Value == s.Type).Key, ["factor"] = Float(s.Factor) };
        if (s.OriginalMaxPositionEmbeddings is { } original) json["original_max_position_embeddings"] = original;
        if (s.Type == RopeType.Llama3)
            (json["low_freq_factor"], json["high_freq_factor"]) = (Float(s.LowFreqFactor), Float(s.HighFreqFactor));
        if (s.Type != RopeType.Yarn) return json;
        (json["beta_fast"], json["beta_slow"]) = (Float(s.BetaFast), Float(s.BetaSlow));
        if (s.AttentionFactor is { } a) json["attention_factor"] = Float(a);
        if (s.Mscale is { } m) json["mscale"] = Float(m);
        if (s.MscaleAllDim is { } all) json["mscale_all_dim"] = Float(all);
        if (!s.Truncate) json["truncate"] = false;
        return json;
    }
}
