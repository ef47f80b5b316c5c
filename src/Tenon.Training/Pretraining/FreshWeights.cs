using Tenon.Checkpoints;
using Tenon.Models.Config;
using Tenon.Models.Weights;

namespace Tenon.Training.Pretraining;

/// <summary>
/// The weights of a model that has not been trained: matrices normal with mean 0 and a given deviation, norms one, biases zero; residual
/// projections (o_proj, down_proj) shrunk by 1 / sqrt(2 layers) as in GPT-2. Each value is a pure function of seed, tensor and index.
/// </summary>
public sealed class FreshWeights : IWeightSource
{
    private readonly double _deviation;
    private readonly int _layers;
    private readonly ulong _seed;
    private readonly bool _shrinkResidual;
    private readonly Dictionary<string, uint> _order;

    /// <summary>
    /// Fresh weights of a configuration; without <paramref name="shrinkResidual"/> residual projections have the deviation of the others.
    /// </summary>
    public FreshWeights(ModelConfig config, double deviation, ulong seed, bool shrinkResidual = true)
    {
        _shrinkResidual = shrinkResidual;
        _deviation = deviation;
        _seed = seed;
        _layers = config.NumHiddenLayers;
        Tensors = ExpectedTensors.Of(config).ToDictionary(t => t.Name, t => new WeightInfo(t.Name, t.Shape, StoredType.F32));
        _order = Tensors.Keys.Order(StringComparer.Ordinal).Select((name, i) => (name, i)).ToDictionary(t => t.name, t => (uint)t.i);
    }

    /// <inheritdoc/>
    public string Location => "a fresh model";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, WeightInfo> Tensors { get; }

    /// <inheritdoc/>
    public void Read(string name, long row, Span<float> destination)
    {
        if (name.EndsWith("norm.weight", StringComparison.Ordinal) || name.EndsWith("layernorm.weight", StringComparison.Ordinal))
        {
            destination.Fill(1);
            return;
        }

        if (name.EndsWith(".bias", StringComparison.Ordinal))
        {
            destination.Clear();
            return;
        }

        var isResidual = _shrinkResidual
            && (name.EndsWith("o_proj.weight", StringComparison.Ordinal) || name.EndsWith("down_proj.weight", StringComparison.Ordinal));
        var scale = isResidual ? _deviation / Math.Sqrt(2.0 * _layers) : _deviation;
        var key = new RandomKey(_seed);
        var first = row * Tensors[name].Shape[^1];
        for (var i = 0; i < destination.Length; i++)
            destination[i] = (float)(scale * key.Normal(RandomPurpose.ModelInit, 0, _order[name], 0, checked((uint)(first + i))));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
