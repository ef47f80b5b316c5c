using Tenon.Adapters;
using Tenon.Checkpoints;
using Tenon.Tensors;

namespace Tenon.Training;

/// <summary>
/// A copy of an adapter's tensors at one moment, and the way to compute with it: for as long as a pass runs the adapter has the copy's
/// values. The bits of both come back whole.
/// </summary>
internal sealed class FrozenPolicy
{
    private readonly Parameter[] _tensors;
    private readonly float[][] _values;

    /// <summary>Copies the adapter as it is.</summary>
    public FrozenPolicy(AdapterSet adapter)
    {
        _tensors = [.. adapter.Tensors.Concat(adapter.PrivateTensors).Select(t => t.Tensor).Distinct()];
        _values = [.. _tensors.Select(t => t.ToArray())];
    }

    /// <summary>What <paramref name="compute"/> gives while the adapter is the copy.</summary>
    public T Under<T>(Func<T> compute)
    {
        var own = _tensors.Select(t => t.ToArray()).ToArray();
        Put(_values, own);
        try
        {
            return compute();
        }
        finally
        {
            Put(own, _values);
        }
    }

    /// <summary>Moves the copy towards the adapter: it keeps the share <paramref name="decay"/> of itself.</summary>
    public void Move(double decay)
    {
        var (kept, taken) = ((float)decay, (float)(1 - decay));
        for (var i = 0; i < _tensors.Length; i++)
        {
            var own = _values[i];
            var now = _tensors[i].Value;
            for (var j = 0; j < own.Length; j++)
                if (own[j] != now[j])
                    own[j] = kept * own[j] + taken * now[j];
        }
    }

    /// <summary>Writes the copy.</summary>
    public void Save(string file) => SafetensorsWriter.Write(file,
        _tensors.Select((t, i) => SafetensorsEntry.FromFloats($"{i}.{t.Name}", [_values[i].Length], _values[i])));

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    public void Load(string path)
    {
        using var file = SafetensorsFile.Open(path);
        for (var i = 0; i < _tensors.Length; i++) file.ReadFloats($"{i}.{_tensors[i].Name}").CopyTo(_values[i], 0);
    }

    // What is the same already keeps its version, so that nothing derived from it is computed again.
    private void Put(float[][] values, float[][] there)
    {
        for (var i = 0; i < _tensors.Length; i++)
            if (!values[i].AsSpan().SequenceEqual(there[i]))
                _tensors[i].Set(values[i]);
    }
}
