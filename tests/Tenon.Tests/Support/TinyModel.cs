using Tenon.Checkpoints;
using Tenon.Models.Config;
using Tenon.Models.Weights;

namespace Tenon.Tests.Support;

/// <summary>Random models of a few thousand weights, made on the spot.</summary>
internal static class TinyModel
{
    /// <summary>A configuration of a family: 2 layers, hidden 24, 4 heads on 2 of size 6 (8 for qwen3), vocabulary 40.</summary>
    public static ModelConfig Config(string family, bool tied = false) => new()
    {
        ModelType = family,
        HiddenSize = 24,
        IntermediateSize = 40,
        NumHiddenLayers = 2,
        NumAttentionHeads = 4,
        NumKeyValueHeads = 2,
        HeadDim = family == "qwen3" ? 8 : 6,
        VocabSize = 40,
        RopeTheta = 10000,
        MaxPositionEmbeddings = 128,
        TieWordEmbeddings = tied,
        QkvBias = family == "qwen2",
        EosTokenIds = [1, 2],
        BosTokenId = 0,
    };

    /// <summary>Random weights for a configuration: norms about 1, the rest about 0.</summary>
    public static MemoryWeights Weights(ModelConfig config, int seed = 7)
    {
        var random = new Random(seed);
        return new MemoryWeights("tiny model", ExpectedTensors.Of(config).Select(t =>
        {
            var values = new float[t.Shape.Aggregate(1L, (a, b) => a * b)];
            for (var i = 0; i < values.Length; i++) values[i] = (float)(random.NextDouble() - 0.5) + (t.Name.Contains("norm") ? 1 : 0);
            return (t.Name, t.Shape, values);
        }));
    }

    /// <summary>Writes such a model as a Hugging Face folder.</summary>
    public static void Write(string folder, ModelConfig config, int seed = 7, SafetensorsType type = SafetensorsType.F32, long shardBytes =
        HuggingFaceExport.DefaultShardBytes) =>
        HuggingFaceExport.Write(folder, config, Weights(config, seed), type, null, shardBytes);

    /// <summary>All values of a tensor.</summary>
    public static float[] ReadAll(this IWeightSource source, string name)
    {
        var result = new float[source.Tensors[name].Count];
        source.Read(name, 0, result);
        return result;
    }
}
