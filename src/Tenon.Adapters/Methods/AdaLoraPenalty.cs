using Tenon.Tensors;

namespace Tenon.Adapters.Methods;

/// <summary>
/// AdaLoRA's orthogonality penalty: weight times the mean over all A and B of |A A^T - I|_F and |B^T B - I|_F. Its gradient is 2 P A /
/// |P|_F and 2 B P / |P|_F; where P is
/// zero it is zero. Sums in float64.
/// </summary>
internal static class AdaLoraPenalty
{
    /// <summary>Adds the gradient and returns the penalty.</summary>
    public static double Add(IReadOnlyList<AdaLoraLayer> layers, double weight)
    {
        if (weight == 0 || layers.Count == 0) return 0;
        var share = weight / (2 * layers.Count);
        return share * layers.Sum(l => Rows(l.A, share) + Columns(l.B, share));
    }

    private static double Rows(Parameter a, double share)
    {
        var (rank, inputs) = ((int)a.Rows, (int)a.Columns);
        var values = a.Value;
        var p = Distance(values, rank, inputs, inputs, 1, out var norm);
        if (norm == 0) return 0;
        var gradient = a.GradientOrZero();
        for (var k = 0; k < rank; k++)
            for (var i = 0; i < inputs; i++)
            {
                var sum = 0.0;
                for (var l = 0; l < rank; l++) sum += p[k * rank + l] * values[l * inputs + i];
                gradient[k * inputs + i] += (float)(2 * share / norm * sum);
            }

        return norm;
    }

    private static double Columns(Parameter b, double share)
    {
        var (rank, outputs) = ((int)b.Columns, (int)b.Rows);
        var values = b.Value;
        var p = Distance(values, rank, outputs, 1, rank, out var norm);
        if (norm == 0) return 0;
        var gradient = b.GradientOrZero();
        for (var o = 0; o < outputs; o++)
            for (var k = 0; k < rank; k++)
            {
                var sum = 0.0;
                for (var l = 0; l < rank; l++) sum += values[o * rank + l] * p[l * rank + k];
                gradient[o * rank + k] += (float)(2 * share / norm * sum);
            }

        return norm;
    }

    /// <summary>
    /// The Gram matrix of rank vectors minus the identity, and its Frobenius norm; vector k starts at k * start and its values lie step
    /// apart.
    /// </summary>
    private static double[] Distance(ReadOnlySpan<float> values, int rank, int length, int start, int step, out double norm)
    {
        var p = new double[rank * rank];
        var square = 0.0;
        for (var k = 0; k < rank; k++)
            for (var l = 0; l < rank; l++)
            {
                var sum = k == l ? -1.0 : 0.0;
                for (var i = 0; i < length; i++) sum += (double)values[k * start + i * step] * values[l * start + i * step];
                p[k * rank + l] = sum;
                square += sum * sum;
            }

        norm = Math.Sqrt(square);
        return p;
    }
}
