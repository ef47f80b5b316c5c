namespace Tenon.Adapters;

/// <summary>Dense products of low-rank factors for merging: float64 sums, so that a merged weight is the rounded exact one.</summary>
internal static class LowRank
{
    /// <summary>weight [out, in] += scale * B [out, r] A [r, in].</summary>
    public static void Add(float[] weight, ReadOnlySpan<float> b, ReadOnlySpan<float> a, int outputs, int rank, int inputs, double scale)
    {
        var row = new double[inputs];
        for (var o = 0; o < outputs; o++)
        {
            Array.Clear(row);
            for (var k = 0; k < rank; k++)
            {
                double factor = b[o * rank + k];
                if (factor == 0) continue;
                var source = a.Slice(k * inputs, inputs);
                for (var i = 0; i < inputs; i++) row[i] += factor * source[i];
            }

            var target = weight.AsSpan(o * inputs, inputs);
            for (var i = 0; i < inputs; i++) target[i] = (float)(target[i] + scale * row[i]);
        }
    }

    /// <summary>A copy of values times a scale, rounded once.</summary>
    public static float[] Scaled(ReadOnlySpan<float> values, double scale)
    {
        var result = new float[values.Length];
        for (var i = 0; i < result.Length; i++) result[i] = (float)(values[i] * scale);
        return result;
    }

    /// <summary>B [out, r] times a core [r, r], in float64.</summary>
    public static float[] Product(ReadOnlySpan<float> b, ReadOnlySpan<float> core, int outputs, int rank)
    {
        var result = new float[outputs * rank];
        for (var o = 0; o < outputs; o++)
            for (var k = 0; k < rank; k++)
            {
                var sum = 0.0;
                for (var l = 0; l < rank; l++) sum += (double)b[o * rank + l] * core[l * rank + k];
                result[o * rank + k] = (float)sum;
            }

        return result;
    }
}
