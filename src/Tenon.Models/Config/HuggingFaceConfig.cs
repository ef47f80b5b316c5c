using Tenon.Checkpoints;

namespace Tenon.Models.Config;

/// <summary>
/// Reads <c>config.json</c> and <c>generation_config.json</c>, in the older layout (<c>rope_theta</c>, <c>rope_scaling</c> at the top) and
/// in
/// that of transformers 5 (<c>rope_parameters</c>). What would change the numbers and is not supported is refused by name.
/// Left out: sliding windows shorter than a sequence, mixture of experts, quantised checkpoints, rotation of a part of the head.
/// </summary>
public static class HuggingFaceConfig
{
    /// <summary>The model types that can be read, and the causal architecture of each.</summary>
    internal static readonly IReadOnlyDictionary<string, string> Families = new Dictionary<string, string>
    {
        ["llama"] = "LlamaForCausalLM", ["qwen2"] = "Qwen2ForCausalLM", ["qwen3"] = "Qwen3ForCausalLM",
    };

    private const string GenerationName = "generation_config.json";

    /// <summary>
    /// The configuration of a model folder, or of a bare <c>config.json</c>; <c>generation_config.json</c> beside it is read where it
    /// exists.
    /// </summary>
    public static ModelConfig Read(string path)
    {
        var file = Directory.Exists(path) ? Path.Combine(path, "config.json") : path;
        if (!File.Exists(file))
            throw new TenonException($"There is no file '{file}'", "the config.json of a Hugging Face model", "nothing",
                "Check the path; a model folder holds config.json beside its safetensors files.");
        var generation = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file))!, GenerationName);
        return Read(JsonFields.Load(file), File.Exists(generation) ? JsonFields.Load(generation) : null);
    }

    /// <summary>
    /// The configuration from the contents of the two files (the second may be empty); <paramref name="name"/> is named in messages.
    /// </summary>
    public static ModelConfig Parse(string name, ReadOnlyMemory<byte> config, ReadOnlyMemory<byte> generation = default) =>
        Read(JsonFields.Parse(name, config), generation.IsEmpty ? null : JsonFields.Parse(GenerationName, generation));

    private static ModelConfig Read(JsonFields c, JsonFields? generation)
    {
        var type = Family(c);
        RefuseUnsupported(c);
        int hidden = c.RequiredInt("hidden_size"), heads = c.RequiredInt("num_attention_heads");
        var attentionBias = c.Bool("attention_bias") ?? false;
        if (type == "qwen2" && c.Has("attention_bias") && !attentionBias)
            throw Unsupported(c, "attention_bias", "true, as Qwen2 always has q, k and v biases (or the key left out)", "false");
        var (theta, scaling) = HuggingFaceRope.Read(c);
        int layers = c.RequiredInt("num_hidden_layers"), vocabulary = c.RequiredInt("vocab_size");
        var sliding = HuggingFaceWindow.Read(c, type, layers);
        if (generation is { } begin) Id(begin, "bos_token_id", vocabulary);
        var config = new ModelConfig
        {
            ModelType = type,
            HiddenSize = hidden,
            IntermediateSize = c.RequiredInt("intermediate_size"),
            NumHiddenLayers = layers,
            NumAttentionHeads = heads,
            NumKeyValueHeads = c.Int("num_key_value_heads") ?? heads,
            HeadDim = c.Int("head_dim") ?? DefaultHeadDim(c, type, hidden, heads),
            VocabSize = vocabulary,
            RmsNormEps = c.Number("rms_norm_eps") ?? 1e-6,
            RopeTheta = theta,
            RopeScaling = scaling,
            MaxPositionEmbeddings = c.Long("max_position_embeddings") ?? (type == "llama" ? 2048 : 32768),
            TieWordEmbeddings = c.Bool("tie_word_embeddings") ?? false,
            QkvBias = type == "qwen2" || attentionBias,
            AttentionOutputBias = type != "qwen2" && attentionBias,
            MlpBias = type == "llama" && (c.Bool("mlp_bias") ?? false),
            SlidingWindow = sliding.Window,
            SlidingLayers = sliding.Layers,
            BosTokenId = Id(c, "bos_token_id", vocabulary),
            PadTokenId = generation is { } p && Id(p, "pad_token_id", vocabulary) is { } pad ? pad : Id(c, "pad_token_id", vocabulary),
            EosTokenIds = generation is { } e && Ends(e, vocabulary) is { Length: > 0 } ids ? ids : Ends(c, vocabulary),
            Generation = generation is { } g ? Sampling(g) : new GenerationDefaults(),
        };
        return config.Validated(c.File);
    }

    private static string Family(JsonFields c)
    {
        var type = c.String("model_type");
        string[] architectures = c.Get("architectures") is { } a
            ? a.ValueKind == System.Text.Json.JsonValueKind.Array
            && a.EnumerateArray().All(x => x.ValueKind == System.Text.Json.JsonValueKind.String)
                ? [.. a.EnumerateArray().Select(x => x.GetString()!)]
                : throw c.Wrong("architectures", "a list of names", a)
            : [];
        type ??= Families.FirstOrDefault(f => architectures.Contains(f.Value)).Key;
        var supported = string.Join(", ", Families.Select(f => $"{f.Key} ({f.Value})"));
        if (type is null || !Families.TryGetValue(type, out var architecture))
            throw new TenonException($"'{c.File}' is of an unknown architecture", supported, type
                ?? (architectures.Length > 0 ? string.Join(", ", architectures) : "neither model_type nor architectures"),
                "Take a checkpoint of a supported family; DeepSeek-R1-Distill-Qwen is qwen2, SmolLM2 is llama.");
        if (architectures.Length > 0 && !architectures.Contains(architecture))
            throw new TenonException($"'{c.File}' is of an unknown architecture",
                $"{architecture} (model_type is {type}); supported: {supported}", string.Join(", ", architectures),
                "Take a causal language model of a supported family.");
        return type;
    }

    private static void RefuseUnsupported(JsonFields c)
    {
        if ((c.String("hidden_act") ?? "silu") is var act && act is not ("silu" or "swish"))
            throw Unsupported(c, "hidden_act", "silu", act);
        if (c.Object("quantization_config") is { } q)
            throw Unsupported(c, "quantization_config", "weights in F32, F16 or BF16 (or a GGUF file)", q.String("quant_method")
                ?? "a quantised checkpoint");
    }

    private static int DefaultHeadDim(JsonFields c, string type, int hidden, int heads)
    {
        if (type == "qwen3" && !c.Element.TryGetProperty("head_dim", out _)) return 128; // the default of Qwen3's own configuration class
        if (heads > 0 && hidden % heads == 0) return hidden / heads;
        throw new TenonException($"'{c.File}' has no key 'head_dim'",
            $"hidden_size = {hidden} to be a multiple of num_attention_heads = {heads}",
            $"a remainder of {(heads > 0 ? hidden % heads : hidden)}",
            "Use the config.json that came with the checkpoint.");
    }

    /// <summary>The id of a token that there is; a negative one stands for none.</summary>
    private static int? Id(JsonFields c, string key, int vocabulary) => c.Int(key) is not (>= 0 and var id) ? null
        : id < vocabulary ? id : throw c.Wrong(key, $"an id below vocab_size = {vocabulary}", $"{id}");

    private static int[] Ends(JsonFields c, int vocabulary)
    {
        var ids = c.Ids("eos_token_id");
        return ids.Length == 0 || ids[^1] < vocabulary ? ids
            : throw c.Wrong("eos_token_id", $"ids below vocab_size = {vocabulary}", $"{ids[^1]}");
    }

    private static GenerationDefaults Sampling(JsonFields g) => new()
    {
        DoSample = g.Bool("do_sample"),
        Temperature = g.Number("temperature"),
        TopK = g.Int("top_k"),
        TopP = g.Number("top_p"),
        MinP = g.Number("min_p"),
        RepetitionPenalty = g.Number("repetition_penalty"),
    };

    internal static TenonException Unsupported(JsonFields c, string key, string expected, string got) =>
        new($"'{c.File}' asks for something that is not supported: {key}", expected, got, "Take a checkpoint without it.");
}
