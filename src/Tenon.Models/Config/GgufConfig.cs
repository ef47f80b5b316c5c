using Tenon.Checkpoints.Gguf;
using Tenon.Models.Weights;

namespace Tenon.Models.Config;

/// <summary>
/// Reads the configuration from GGUF metadata (architectures llama, qwen2, qwen3); biases and a tied head are known from the tensors that
/// are there,
/// llama3 scaling from the tensor <c>rope_freqs.weight</c>. What would change the numbers and is not supported is refused by name.
/// </summary>
public static class GgufConfig
{
    /// <summary>The configuration of an opened GGUF model.</summary>
    public static ModelConfig Read(GgufFile file)
    {
        var arch = file.Architecture;
        if (!HuggingFaceConfig.Families.ContainsKey(arch))
            throw new TenonException($"'{file.Location}' is of an unknown architecture", string.Join(", ", HuggingFaceConfig.Families.Keys),
                arch, "Take a model of a supported family; DeepSeek-R1-Distill-Qwen is qwen2, SmolLM2 is llama.");
        RefuseUnsupported(file, arch);
        int hidden = Required(file, $"{arch}.embedding_length"), heads = Heads(file, $"{arch}.attention.head_count")
            ?? throw Missing(file, $"{arch}.attention.head_count");
        var headDim = Int(file, $"{arch}.attention.key_length") ?? (heads > 0 ? hidden / heads : 0);
        if (Int(file, $"{arch}.attention.value_length") is { } v && v != headDim)
            throw Unsupported(file, $"{arch}.attention.value_length", $"{headDim}, the size of a key", $"{v}");
        if (Int(file, $"{arch}.rope.dimension_count") is { } rotated && rotated != headDim)
            throw Unsupported(file, $"{arch}.rope.dimension_count", $"{headDim}, the whole head", $"{rotated}");
        return new ModelConfig
        {
            ModelType = arch,
            HiddenSize = hidden,
            IntermediateSize = Heads(file, $"{arch}.feed_forward_length") ?? throw Missing(file, $"{arch}.feed_forward_length"),
            NumHiddenLayers = Required(file, $"{arch}.block_count"),
            NumAttentionHeads = heads,
            NumKeyValueHeads = Heads(file, $"{arch}.attention.head_count_kv") ?? heads,
            HeadDim = headDim,
            VocabSize = VocabSize(file, arch),
            RmsNormEps = Shortest(file.Number($"{arch}.attention.layer_norm_rms_epsilon")
            ?? throw Missing(file, $"{arch}.attention.layer_norm_rms_epsilon")),
            RopeTheta = Shortest(file.Number($"{arch}.rope.freq_base") ?? 10000),
            RopeScaling = Scaling(file, arch),
            MaxPositionEmbeddings = file.Integer($"{arch}.context_length") ?? throw Missing(file, $"{arch}.context_length"),
            TieWordEmbeddings = !file.Tensors.ContainsKey("output.weight"),
            QkvBias = file.Tensors.ContainsKey("blk.0.attn_q.bias"),
            AttentionOutputBias = file.Tensors.ContainsKey("blk.0.attn_output.bias"),
            MlpBias = file.Tensors.ContainsKey("blk.0.ffn_gate.bias"),
            SlidingWindow = Int(file, $"{arch}.attention.sliding_window") is > 0 and var window ? window : null,
            SlidingLayers = Int(file, $"{arch}.attention.sliding_window") is > 0
            ? [.. Enumerable.Range(0, Math.Min(Required(file, $"{arch}.block_count"), 100_000))] : [],
            BosTokenId = Int(file, "tokenizer.ggml.bos_token_id"),
            PadTokenId = Int(file, "tokenizer.ggml.padding_token_id"),
            EosTokenIds = EndTokens(file),
            Generation = new GenerationDefaults
            {
                Temperature = file.Number("general.sampling.temp") is { } t ? Shortest(t) : null,
                TopK = Int(file, "general.sampling.top_k"),
                TopP = file.Number("general.sampling.top_p") is { } p ? Shortest(p) : null,
                MinP = file.Number("general.sampling.min_p") is { } m ? Shortest(m) : null,
                RepetitionPenalty = file.Number("general.sampling.penalty_repeat") is { } r ? Shortest(r) : null,
            },
        }.Validated(file.Location);
    }

    /// <summary>GGUF keeps float32: 1e-5 is then 9.99999974e-6. The shortest decimal of the float32 is what config.json said.</summary>
    private static double Shortest(double value) =>
        (float)value == value
        ? double.Parse(((float)value).ToString("R", System.Globalization.CultureInfo.InvariantCulture),
        System.Globalization.CultureInfo.InvariantCulture) : value;

    private static int[] EndTokens(GgufFile file)
    {
        string[] keys = ["tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"];
        return [.. keys.Select(k => Int(file, k)).OfType<int>().Distinct().Order()];
    }

    private static int VocabSize(GgufFile file, string arch) =>
        file.Tensors.TryGetValue("token_embd.weight", out var t) && t.Shape.Length == 2 ? checked((int)t.Shape[0])
        : Int(file, $"{arch}.vocab_size") ?? file.Strings("tokenizer.ggml.tokens")?.Length ?? throw Missing(file, $"{arch}.vocab_size");

    private static RopeScaling Scaling(GgufFile file, string arch)
    {
        var divisors = file.Tensors.TryGetValue(GgufNames.RopeFrequencies, out var t) ? new float[t.Count] : null;
        if (divisors is not null) file.Read(GgufNames.RopeFrequencies, 0, divisors);
        var key = $"{arch}.rope.scaling";
        var name = file.String($"{key}.type") ?? (file.Number($"{arch}.rope.scale_linear") is { } s and not 1 ? "linear" : "none");
        var factor = file.Number($"{key}.factor") ?? file.Number($"{arch}.rope.scale_linear");
        if (name == "none" || name == "linear" && factor is null or 1)
            return divisors is null ? RopeScaling.None : new RopeScaling { Type = RopeType.Divisors, Divisors = divisors };
        if (divisors is not null)
            throw Unsupported(file, $"{key}.type", $"none, as {GgufNames.RopeFrequencies} already scales the frequencies", name);
        if (name == "linear") return new RopeScaling { Type = RopeType.Linear, Factor = factor!.Value };
        if (name != "yarn")
            throw new TenonException($"'{file.Location}' has an unknown rope type", "none, linear, yarn", name,
                "Take a model whose rope type is supported.");
        // llama.cpp multiplies its own 0.1 ln(factor) + 1 by these; config.json states the product.
        foreach (var odd in (string[])["attn_factor", "yarn_attn_factor", "yarn_ext_factor"])
            if (file.Number($"{key}.{odd}") is { } n and not 1) throw Unsupported(file, $"{key}.{odd}", "1", $"{n}");
        return new RopeScaling
        {
            Type = RopeType.Yarn,
            Factor = factor ?? throw Missing(file, $"{key}.factor"),
            OriginalMaxPositionEmbeddings = file.Integer($"{key}.original_context_length") ?? file.Integer($"{arch}.context_length"),
            BetaFast = file.Number($"{key}.yarn_beta_fast") ?? 32,
            BetaSlow = file.Number($"{key}.yarn_beta_slow") ?? 1,
        };
    }

    private static void RefuseUnsupported(GgufFile file, string arch)
    {
        if (file.Integer($"{arch}.expert_count") is > 0 and var experts)
            throw Unsupported(file, $"{arch}.expert_count", "a dense model", $"{experts} experts");
    }

    /// <summary>A number, or one number a layer where all are equal.</summary>
    private static int? Heads(GgufFile file, string key)
    {
        if (!file.Metadata.TryGetValue(key, out var v) || v is not long[] list) return Int(file, key);
        if (list.Length == 0 || list.Any(x => x != list[0]))
            throw Unsupported(file, key, "the same number in every layer", string.Join(", ", list.Distinct()));
        return checked((int)list[0]);
    }

    private static int? Int(GgufFile file, string key) => file.Integer(key) is not { } n ? null
        : n is >= 0 and <= int.MaxValue ? (int)n
        : throw new TenonException($"'{file.Location}' has a bad value for '{key}'", "a 32-bit whole number", $"{n}",
        "Download the file again.");

    private static int Required(GgufFile file, string key) => Int(file, key) ?? throw Missing(file, key);

    private static TenonException Missing(GgufFile file, string key) =>
        new($"'{file.Location}' has no key '{key}'", "a number", "nothing", "Take a GGUF file of a whole model.");

    private static TenonException Unsupported(GgufFile file, string key, string expected, string got) =>
        new($"'{file.Location}' asks for something that is not supported: {key}", expected, got, "Take a model without it.");
}
