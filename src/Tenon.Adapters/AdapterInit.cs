using Tenon.Tensors;

namespace Tenon.Adapters;

/// <summary>
/// Start values as a pure function of seed, layer, tensor and element, the same on any machine and in any order of creation.
/// </summary>
internal static class AdapterInit
{
    /// <summary>Uniform in +-bound.</summary>
    public static void Uniform(Parameter tensor, ulong seed, int layer, int which, double bound)
    {
        var key = new RandomKey(seed);
        tensor.Update(values =>
        {
            for (var i = 0; i < values.Length; i++)
                values[i] = (float)(bound * (2 * key.UniformDouble(RandomPurpose.AdapterInit, 0, (uint)layer, (uint)which, (uint)i) - 1));
        });
    }

    /// <summary>Normal with mean 0.</summary>
    public static void Normal(Parameter tensor, ulong seed, int layer, int which, double deviation)
    {
        var key = new RandomKey(seed);
        tensor.Update(values =>
        {
            for (var i = 0; i < values.Length; i++)
                values[i] = (float)(deviation * key.Normal(RandomPurpose.AdapterInit, 0, (uint)layer, (uint)which, (uint)i));
        });
    }
}
