namespace Tenon.Models.Config;

/// <summary>
/// What a decoder needs to know of its checkpoint: sizes, flags and end tokens, named as in <c>config.json</c> in .NET spelling.
/// Read by <see cref="HuggingFaceConfig"/> (both layouts of <c>config.json</c>) and <see cref="GgufConfig"/> (GGUF metadata). Immutable.
/// </summary>
public sealed record ModelConfig
{
    /// <summary>The family: <c>qwen2</c>, <c>llama</c> or <c>qwen3</c>.</summary>
    public required string ModelType { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Width of the feed-forward block.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Number of decoder layers.</summary>
    public required int NumHiddenLayers { get; init; }

    /// <summary>Query heads.</summary>
    public required int NumAttentionHeads { get; init; }

    /// <summary>Key/value heads; divides <see cref="NumAttentionHeads"/>.</summary>
    public required int NumKeyValueHeads { get; init; }

    /// <summary>Size of one head (even); need not be HiddenSize / NumAttentionHeads.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Rows of the embedding; the tokenizer may use fewer.</summary>
    public required int VocabSize { get; init; }

    /// <summary>Epsilon under the root of every RMS norm.</summary>
    public double RmsNormEps { get; init; } = 1e-6;

    /// <summary>Base of the rotary frequencies.</summary>
    public double RopeTheta { get; init; } = 10000;

    /// <summary>How the rotary frequencies are scaled.</summary>
    public RopeScaling RopeScaling { get; init; } = RopeScaling.None;

    /// <summary>The context length the checkpoint states.</summary>
    public long MaxPositionEmbeddings { get; init; } = 2048;

    /// <summary>True where the head is the embedding (no <c>lm_head.weight</c>).</summary>
    public bool TieWordEmbeddings { get; init; }

    /// <summary>
    /// True where q_proj, k_proj and v_proj have biases (Qwen2 always; Llama and Qwen3 where <c>attention_bias</c> is set).
    /// </summary>
    public bool QkvBias { get; init; }

    /// <summary>True where o_proj has a bias (Llama and Qwen3 with <c>attention_bias</c>).</summary>
    public bool AttentionOutputBias { get; init; }

    /// <summary>True where gate_proj, up_proj and down_proj have biases (Llama with <c>mlp_bias</c>).</summary>
    public bool MlpBias { get; init; }

    /// <summary>True where each query and key head is normed before the rotation (Qwen3).</summary>
    public bool QkNorm => ModelType == "qwen3";

    /// <summary>
    /// Where <see cref="SlidingLayers"/> look back only so many tokens; null where every layer attends to all. Sequences that are not
    /// longer are the same
    /// with and without it.
    /// </summary>
    public int? SlidingWindow { get; init; }

    /// <summary>The layers whose attention slides; empty where none does.</summary>
    public IReadOnlyList<int> SlidingLayers { get; init; } = [];

    /// <summary>
    /// The end tokens, ascending: those of <c>generation_config.json</c> where it names any, else those of <c>config.json</c>.
    /// </summary>
    public IReadOnlyList<int> EosTokenIds { get; init; } = [];

    /// <summary>The begin token, or null.</summary>
    public int? BosTokenId { get; init; }

    /// <summary>The padding token, or null.</summary>
    public int? PadTokenId { get; init; }

    /// <summary>Sampling values that the checkpoint recommends.</summary>
    public GenerationDefaults Generation { get; init; } = new();

    /// <summary>Width of the query projection's output: heads x head size.</summary>
    public int QueryDim => NumAttentionHeads * HeadDim;

    /// <summary>Width of the key and of the value projection's output: key/value heads x head size.</summary>
    public int KeyValueDim => NumKeyValueHeads * HeadDim;

    /// <summary>Throws where sizes contradict each other; <paramref name="location"/> is named in the message.</summary>
    public ModelConfig Validated(string location)
    {
        void Require(bool holds, string key, string expected, object got)
        {
            if (!holds)
                throw new TenonException($"'{location}' describes an impossible model: {key}", expected, $"{got}",
                    "Restore the file that came with the checkpoint.");
        }
        Require(HiddenSize > 0, "hidden_size", "a positive number", HiddenSize);
        Require(IntermediateSize > 0, "intermediate_size", "a positive number", IntermediateSize);
        Require(NumHiddenLayers is > 0 and <= 100_000, "num_hidden_layers", "a number from 1 to 100000", NumHiddenLayers);
        Require(NumAttentionHeads > 0, "num_attention_heads", "a positive number", NumAttentionHeads);
        Require(VocabSize > 0, "vocab_size", "a positive number", VocabSize);
        Require(NumKeyValueHeads > 0
            && NumAttentionHeads % NumKeyValueHeads == 0, "num_key_value_heads", $"a divisor of num_attention_heads = {NumAttentionHeads}",
            NumKeyValueHeads);
        Require(HeadDim > 0 && HeadDim % 2 == 0
            && (long)HeadDim * NumAttentionHeads <= int.MaxValue, "head_dim", "a positive even number", HeadDim);
        Require(RmsNormEps is >= 0 and < 1, "rms_norm_eps", "a number from 0 to 1", RmsNormEps);
        Require(RopeTheta > 0 && double.IsFinite(RopeTheta), "rope_theta", "a positive number", RopeTheta);
        Require(MaxPositionEmbeddings > 0, "max_position_embeddings", "a positive number", MaxPositionEmbeddings);
        foreach (var id in EosTokenIds) Require(id >= 0, "eos_token_id", "ids of 0 or more", id);
        RopeScaling.Validate(location, HeadDim);
        return this;
    }
}
