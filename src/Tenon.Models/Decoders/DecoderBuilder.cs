using Tenon.Checkpoints;
using Tenon.Models.Config;
using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;
using Tenon.Tensors.Threads;

namespace Tenon.Models.Decoders;

/// <summary>How a checkpoint is held in memory.</summary>
/// <param name="Precision">
/// f32 keeps every stored value exactly; bf16 rounds matrices to bf16 at load; int8 and int8-a16 take the integers of a GGUF file as they
/// are stored and round all
/// other matrices to integers.
/// </param>
/// <param name="MaxLength">Longest sequence of the run: it fixes rotary frequencies that depend on the length, and the rotary
/// table.</param>
public sealed record LoadOptions(Precision Precision = Precision.F32, int MaxLength = 2048)
{
    /// <summary>Workers for packing; null for the default pool.</summary>
    public WorkerPool? Pool { get; init; }
}

/// <summary>
/// Builds a decoder of the Qwen2, Llama and Qwen3 families from a checkpoint: the three share one block and differ in biases of q, k, v
/// (Qwen2), norms of
/// the heads (Qwen3) and rotary scaling, which <see cref="ModelConfig"/> names. Matrices are packed one by one, so memory holds one copy.
/// </summary>
public static class DecoderBuilder
{
    /// <summary>The model of <paramref name="config"/> with the weights of <paramref name="source"/>.</summary>
    public static CausalModel Build(ModelConfig config, IWeightSource source, LoadOptions options, string fingerprint)
    {
        RequireFullAttention(config, source.Location, options.MaxLength);
        var loader = new Loader(source, options);
        var table = loader.Matrix("model.embed_tokens.weight", config.VocabSize, config.HiddenSize);
        var blocks = new DecoderBlock[config.NumHiddenLayers];
        for (var i = 0; i < blocks.Length; i++) blocks[i] = Block(config, loader, i);
        var norm = loader.Norm(config, "model.norm", config.HiddenSize);
        var headWeight = config.TieWordEmbeddings ? table : loader.Matrix("lm_head.weight", config.VocabSize, config.HiddenSize);
        return new CausalModel(config, new Embedding("model.embed_tokens", table), blocks, norm, new Linear("lm_head", headWeight, null),
            RotaryOf(config, options.MaxLength), fingerprint);
    }

    /// <summary>The rotary angles of sequences up to a length.</summary>
    internal static RotaryTable RotaryOf(ModelConfig config, int maxLength)
    {
        var rotary = RotaryFrequencies.For(config, maxLength);
        return RotaryTable.Create(rotary.InverseFrequencies, rotary.AttentionFactor, maxLength);
    }

    /// <summary>Refuses sequences that a sliding window would cut.</summary>
    internal static void RequireFullAttention(ModelConfig config, string location, int maxLength)
    {
        if (config.SlidingWindow is { } window && maxLength > window)
            throw new TenonException(
                $"'{location}' attends through a sliding window of {window} tokens in {config.SlidingLayers.Count} of "
                + $"{config.NumHiddenLayers} layers, which is not supported",
                $"sequences of at most {window} tokens, in which every token sees all others before it",
                $"up to {maxLength} tokens",
                "Shorten the sequences (in a recipe: rollout.max-prompt-tokens and rollout.max-new-tokens), or take a model with full "
                + "attention.");
    }

    private static DecoderBlock Block(ModelConfig config, Loader loader, int i)
    {
        var at = $"model.layers.{i}.";
        var (hidden, query, keyValue, inner) = (config.HiddenSize, config.QueryDim, config.KeyValueDim, config.IntermediateSize);
        return new DecoderBlock
        {
            Index = i,
            Heads = config.NumAttentionHeads,
            KeyValueHeads = config.NumKeyValueHeads,
            InputNorm = loader.Norm(config, at + "input_layernorm", hidden),
            Query = loader.Linear(at + "self_attn.q_proj", query, hidden, config.QkvBias),
            Key = loader.Linear(at + "self_attn.k_proj", keyValue, hidden, config.QkvBias),
            Value = loader.Linear(at + "self_attn.v_proj", keyValue, hidden, config.QkvBias),
            Output = loader.Linear(at + "self_attn.o_proj", hidden, query, config.AttentionOutputBias),
            QueryNorm = config.QkNorm ? loader.Norm(config, at + "self_attn.q_norm", config.HeadDim) : null,
            KeyNorm = config.QkNorm ? loader.Norm(config, at + "self_attn.k_norm", config.HeadDim) : null,
            PostAttentionNorm = loader.Norm(config, at + "post_attention_layernorm", hidden),
            Gate = loader.Linear(at + "mlp.gate_proj", inner, hidden, config.MlpBias),
            Up = loader.Linear(at + "mlp.up_proj", inner, hidden, config.MlpBias),
            Down = loader.Linear(at + "mlp.down_proj", hidden, inner, config.MlpBias),
        };
    }

    private sealed class Loader(IWeightSource source, LoadOptions options)
    {
        public Linear Linear(string path, int outputs, int inputs, bool bias) =>
            new(path, Matrix(path + ".weight", outputs, inputs), bias ? Vector(path + ".bias", outputs) : null);

        public RmsNorm Norm(ModelConfig config, string path, int size) =>
            new(path, Vector(path + ".weight", size), (float)config.RmsNormEps);

        public FrozenMatrix Matrix(string name, int outputs, int inputs)
        {
            var info = Require(name, [outputs, inputs]);
            if (options.Precision.IsInt8()) return Integers(name, outputs, inputs);
            // f32 keeps what the file says: bf16 files stay bf16 (widened exactly in every product), all others become float32.
            var storage = options.Precision == Precision.Bf16 || info.Storage == StoredType.BF16 ? WeightStorage.BF16 : WeightStorage.F32;
            return FrozenMatrix.Pack(name, outputs, inputs, storage, (row, rows) => source.Read(name, row, rows), options.Pool);
        }

        private FrozenMatrix Integers(string name, int outputs, int inputs)
        {
            var kind = source is IBlockWeights stored ? stored.Blocks(name) : BlockKind.None;
            return kind == BlockKind.None
                ? FrozenMatrix.Pack(name, outputs, inputs, WeightStorage.Int8, (row, rows) => source.Read(name, row, rows), options.Pool)
                : FrozenMatrix.PackBlocks(name, outputs, inputs, kind == BlockKind.Offset, (row, integers, scales, offsets) =>
                    ((IBlockWeights)source).ReadBlocks(name, row, integers, scales, offsets), options.Pool);
        }

        private Parameter Vector(string name, int length)
        {
            Require(name, [length]);
            var values = new float[length];
            source.Read(name, 0, values);
            var vector = Parameter.Create(name, length);
            vector.Set(values);
            vector.Trainable = false;
            return vector;
        }

        private WeightInfo Require(string name, long[] shape)
        {
            if (!source.Tensors.TryGetValue(name, out var info))
                throw new TenonException($"tensor '{name}' of {source.Location}", $"shape [{string.Join(", ", shape)}]", "no such tensor",
                    "the checkpoint is incomplete or of another family than its config says");
            if (!info.Shape.SequenceEqual(shape))
                throw new TenonException($"tensor '{name}' of {source.Location}", $"shape [{string.Join(", ", shape)}] by the config",
                    $"[{string.Join(", ", info.Shape)}]", "config and weights belong to different models");
            return info;
        }
    }
}
