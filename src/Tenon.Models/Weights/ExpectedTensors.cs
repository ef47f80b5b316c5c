using Tenon.Checkpoints;
using Tenon.Models.Config;

namespace Tenon.Models.Weights;

/// <summary>The tensors that a decoder of a configuration has, and the check of a checkpoint against them.</summary>
public static class ExpectedTensors
{
    private const int Listed = 6;

    /// <summary>Names and shapes in the order of the forward pass: embedding, layers, final norm, and the head unless it is tied.</summary>
    public static IEnumerable<(string Name, long[] Shape)> Of(ModelConfig c)
    {
        yield return ("model.embed_tokens.weight", [c.VocabSize, c.HiddenSize]);
        for (var i = 0; i < c.NumHiddenLayers; i++)
        {
            foreach (var (name, shape) in Layer(c)) yield return ($"model.layers.{i}.{name}", shape);
        }
        yield return ("model.norm.weight", [c.HiddenSize]);
        if (!c.TieWordEmbeddings) yield return ("lm_head.weight", [c.VocabSize, c.HiddenSize]);
    }

    private static IEnumerable<(string Name, long[] Shape)> Layer(ModelConfig c)
    {
        IEnumerable<(string, long[])> Linear(string name, long rows, long columns, bool bias)
        {
            yield return ($"{name}.weight", [rows, columns]);
            if (bias) yield return ($"{name}.bias", [rows]);
        }
        (string, long[])[] norms = c.QkNorm ? [("self_attn.q_norm.weight", [c.HeadDim]), ("self_attn.k_norm.weight", [c.HeadDim])] : [];
        return
        [
            ("input_layernorm.weight", [c.HiddenSize]),
            .. Linear("self_attn.q_proj", c.QueryDim, c.HiddenSize, c.QkvBias),
            .. Linear("self_attn.k_proj", c.KeyValueDim, c.HiddenSize, c.QkvBias),
            .. Linear("self_attn.v_proj", c.KeyValueDim, c.HiddenSize, c.QkvBias),
            .. norms,
            .. Linear("self_attn.o_proj", c.HiddenSize, c.QueryDim, c.AttentionOutputBias),
            ("post_attention_layernorm.weight", [c.HiddenSize]),
            .. Linear("mlp.gate_proj", c.IntermediateSize, c.HiddenSize, c.MlpBias),
            .. Linear("mlp.up_proj", c.IntermediateSize, c.HiddenSize, c.MlpBias),
            .. Linear("mlp.down_proj", c.HiddenSize, c.IntermediateSize, c.MlpBias),
        ];
    }

    /// <summary>
    /// Throws unless the source holds the expected tensors in the expected shapes and nothing else that could be part of the model. Empty
    /// tensors and
    /// leftovers of training are passed over: they come back as notices.
    /// </summary>
    /// <param name="source">The checkpoint.</param>
    /// <param name="config">Its configuration.</param>
    /// <param name="passedOver">Names of empty tensors that the source has left out by itself.</param>
    public static IReadOnlyList<string> Check(IWeightSource source, ModelConfig config, IReadOnlyList<string>? passedOver = null)
    {
        var expected = Of(config).ToDictionary(t => t.Name, t => t.Shape);
        var missing = expected.Keys.Where(n => !source.Tensors.ContainsKey(n)).ToArray();
        if (missing.Length > 0)
            throw new TenonException($"'{source.Location}' lacks {Count(missing.Length)}", List(missing), $"{source.Tensors.Count} others",
                missing is ["lm_head.weight"]
                ? "Set tie_word_embeddings to true in config.json if the model has no head of its own."
                : "Check that config.json and the weights belong together and that all shards are there.");
        foreach (var (name, shape) in expected)
        {
            var info = source.Tensors[name];
            if (!info.Shape.AsSpan().SequenceEqual(shape))
                throw new TenonException($"Tensor '{name}' of '{source.Location}' has a wrong shape", $"[{string.Join(", ", shape)}]",
                    info.ShapeText, "Check that config.json and the weights belong together.");
            if (Enum.TryParse<SafetensorsType>(info.Storage.ToString(), out var type)
                && type is not (SafetensorsType.F32 or SafetensorsType.F16 or SafetensorsType.BF16))
                throw new TenonException($"Tensor '{name}' of '{source.Location}' has an unsupported type", "F32, F16 or BF16",
                    $"{info.Storage}", "Convert the checkpoint to one of these types.");
        }
        var surplus = source.Tensors.Values.Where(t => !expected.ContainsKey(t.Name) && !IsCopy(t.Name, config))
            .OrderBy(t => t.Name, StringComparer.Ordinal).ToArray();
        string[] unknown = [.. surplus.Where(t => !Leftovers.Is(t)).Select(t => t.Name)];
        if (unknown.Length > 0)
            throw new TenonException(
                $"'{source.Location}' holds {Count(unknown.Length)} that a {config.ModelType} of this configuration does not have",
                $"{expected.Count} tensors", List(unknown),
                "Check flags such as attention_bias, mlp_bias and num_hidden_layers in config.json.");
        string[] left = [.. surplus.Select(t => t.Name), .. passedOver ?? []];
        return left.Length == 0 ? []
            : [$"'{source.Location}' holds {Count(left.Length)} that {(left.Length == 1 ? "is" : "are")} no part of the model and "
            + $"passed over: {List(left)}"];
    }

    // Old checkpoints store the rotary frequencies, which follow from the configuration; a tied head may be stored beside the embedding.
    private static bool IsCopy(string name, ModelConfig config) =>
        name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal) || name == "lm_head.weight" && config.TieWordEmbeddings;

    private static string Count(int n) => n == 1 ? "a tensor" : $"{n} tensors";

    private static string List(string[] names) => string.Join(", ", names.Take(Listed)) + (names.Length > Listed ? ", ..." : "");
}
