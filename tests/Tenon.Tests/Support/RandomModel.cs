using Tenon.Checkpoints;
using Tenon.Models;
using Tenon.Models.Config;
using Tenon.Models.Decoders;
using Tenon.Models.Weights;
using Tenon.Tensors;

namespace Tenon.Tests.Support;

/// <summary>A small model with random weights, made in memory, for tests that need a model but no file.</summary>
internal sealed class RandomModel : IWeightSource
{
    private readonly ModelConfig _config;
    private readonly ulong _seed;
    private readonly float _blocks;

    private RandomModel(ModelConfig config, ulong seed, float blocks)
    {
        _config = config;
        _seed = seed;
        _blocks = blocks;
        Tensors = ExpectedTensors.Of(config).ToDictionary(t => t.Name, t => new WeightInfo(t.Name, t.Shape, StoredType.F32));
    }

    public string Location => "random model";

    public IReadOnlyDictionary<string, WeightInfo> Tensors { get; }

    public static ModelConfig SmallConfig(string family = "qwen2", bool tied = true) => new()
    {
        ModelType = family, HiddenSize = 32, IntermediateSize = 48, NumHiddenLayers = 2, NumAttentionHeads = 4, NumKeyValueHeads = 2,
        HeadDim = 8,
        VocabSize = 67, TieWordEmbeddings = tied, QkvBias = family == "qwen2", EosTokenIds = [1], MaxPositionEmbeddings = 512,
    };

    /// <summary>
    /// The model; where <paramref name="blocks"/> is small, what its blocks add is small, and a token mostly depends on the one before.
    /// </summary>
    public static CausalModel Create(ModelConfig? config = null, ulong seed = 7, int maxLength = 256, Precision precision = Precision.F32,
        float blocks = 1)
    {
        config ??= SmallConfig();
        using var source = new RandomModel(config, seed, blocks);
        return DecoderBuilder.Build(config, source, new LoadOptions(precision, maxLength), "random");
    }

    public void Read(string name, long row, Span<float> destination)
    {
        var info = Tensors[name];
        var columns = info.Shape.Length == 1 ? info.Shape[0] : info.Shape[^1];
        var index = (uint)Tensors.Keys.Order(StringComparer.Ordinal).ToList().IndexOf(name);
        var key = new RandomKey(_seed);
        var isNorm = name.Contains("norm", StringComparison.Ordinal);
        var scale = name.Contains("layers", StringComparison.Ordinal) ? 0.25f * _blocks : 0.25f;
        for (var i = 0; i < destination.Length; i++)
        {
            var normal = (float)key.Normal(RandomPurpose.ModelInit, 0, index, 0, (uint)(row * columns + i));
            destination[i] = isNorm ? 1 + 0.1f * normal : normal * scale;
        }
    }

    public void Dispose()
    {
    }
}
