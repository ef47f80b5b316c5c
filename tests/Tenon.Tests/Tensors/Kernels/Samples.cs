namespace Tenon.Tests.Tensors.Kernels;

/// <summary>Numbers for kernel tests: from a fixed generator, with the awkward ones mixed in where asked.</summary>
internal static class Samples
{
    private static readonly float[] Awkward =
    [
        0f, -0f, 1f, -1f, float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.Epsilon, -float.Epsilon, 1e-40f, -3e-39f,
            1.1754944e-38f,
        float.MaxValue, float.MinValue, 88.7f, 88.8f, -87.4f, -88f, -103.9f, -104.1f, 1e10f, -1e10f, 0.5f, 3.0517578e-05f, 16777216f,
    ];

    /// <summary>Numbers in [-scale, scale).</summary>
    public static float[] Uniform(int count, uint seed, float scale = 1f)
    {
        var values = new float[count];
        var state = (seed * 2654435769u) + 12345u;
        for (var i = 0; i < count; i++)
        {
            state = (state * 1664525u) + 1013904223u;
            values[i] = ((int)(state >> 8) - (1 << 23)) * (scale / (1 << 23));
        }

        return values;
    }

    /// <summary>The same with one number in three replaced by a zero, NaN, infinity, denormal or huge number.</summary>
    public static float[] WithAwkward(int count, uint seed, float scale = 1f)
    {
        var values = Uniform(count, seed, scale);
        for (var i = (int)(seed % 3); i < count; i += 3) values[i] = Awkward[(i + seed) % Awkward.Length];
        return values;
    }

    /// <summary>Fails unless both hold the same bits; any NaN equals any other.</summary>
    public static void ShouldBeSameBits(this float[] actual, float[] expected, string where)
    {
        actual.Length.ShouldBe(expected.Length, where);
        for (var i = 0; i < actual.Length; i++)
        {
            if (float.IsNaN(actual[i]) && float.IsNaN(expected[i])) continue;
            if (BitConverter.SingleToInt32Bits(actual[i]) != BitConverter.SingleToInt32Bits(expected[i]))
                Assert.Fail($"{where}: element {i} is {actual[i]:R}, expected {expected[i]:R}");
        }
    }
}
