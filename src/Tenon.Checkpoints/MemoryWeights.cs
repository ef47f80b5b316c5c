namespace Tenon.Checkpoints;

/// <summary>
/// Weights that lie in memory as float32 arrays: a model made here, before it is written. NaN and infinity are refused when they are read.
/// </summary>
public sealed class MemoryWeights : IWeightSource
{
    private readonly Dictionary<string, float[]> _values = [];
    private readonly Dictionary<string, WeightInfo> _tensors = [];

    /// <summary>Takes the arrays as they are; <paramref name="location"/> is named in messages.</summary>
    public MemoryWeights(string location, IEnumerable<(string Name, long[] Shape, float[] Values)> tensors)
    {
        Location = location;
        foreach (var (name, shape, array) in tensors)
        {
            var info = new WeightInfo(name, shape, StoredType.F32);
            if (array.Length != info.Count)
                throw new ArgumentException($"tensor '{name}' of shape {info.ShapeText} has {array.Length} values", nameof(tensors));
            _tensors.Add(name, info);
            _values.Add(name, array);
        }
    }

    /// <inheritdoc/>
    public string Location { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, WeightInfo> Tensors => _tensors;

    /// <inheritdoc/>
    public void Read(string name, long row, Span<float> destination)
    {
        _values[name].AsSpan(checked((int)(row * _tensors[name].Columns)), destination.Length).CopyTo(destination);
        FiniteValues.Require(_tensors[name], row, destination, Location);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
