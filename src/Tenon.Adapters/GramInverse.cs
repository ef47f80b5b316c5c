namespace Tenon.Adapters;

/// <summary>The inverse of a small Gram matrix of factors plus a ridge, and its products with gradients; float64 inside, in one fixed order.</summary>
internal sealed class GramInverse(int rank)
{
    private readonly double[] inverse = new double[rank * rank];
    private readonly double[] line = new double[rank];

    /// <summary>factor (A A^T + ridge I)^-1 for A [rank, n].</summary>
    public void OfRows(ReadOnlySpan<float> a, double ridge, double factor = 1) => Of(a, a.Length / rank, 1, ridge, factor);

    /// <summary>factor (B^T B + ridge I)^-1 for B [n, rank].</summary>
    public void OfColumns(ReadOnlySpan<float> b, double ridge, double factor = 1) => Of(b, 1, rank, ridge, factor);

    /// <summary>g [n, rank] becomes g M.</summary>
    public void FromRight(Span<float> gradient)
    {
        for (var start = 0; start < gradient.Length; start += rank)
            Multiply(gradient.Slice(start, rank), 1);
    }

    /// <summary>g [rank, n] becomes M g (M is symmetric).</summary>
    public void FromLeft(Span<float> gradient)
    {
        var columns = gradient.Length / rank;
        for (var start = 0; start < columns; start++) Multiply(gradient[start..], columns);
    }

    private void Multiply(Span<float> values, int stride)
    {
        for (var k = 0; k < rank; k++)
        {
            var sum = 0.0;
            for (var l = 0; l < rank; l++) sum += values[l * stride] * inverse[l * rank + k];
            line[k] = sum;
        }

        for (var k = 0; k < rank; k++) values[k * stride] = (float)line[k];
    }

    // Vector k starts at k * start and its values lie step apart; the matrix is positive definite, so elimination needs no pivots.
    private void Of(ReadOnlySpan<float> values, int start, int step, double ridge, double factor)
    {
        var length = values.Length / rank;
        var m = new double[rank * rank];
        for (var k = 0; k < rank; k++)
            for (var l = 0; l <= k; l++)
            {
                var sum = k == l ? ridge : 0.0;
                for (var i = 0; i < length; i++) sum += (double)values[k * start + i * step] * values[l * start + i * step];
                m[k * rank + l] = m[l * rank + k] = sum;
            }

        Array.Clear(inverse);
        for (var k = 0; k < rank; k++) inverse[k * rank + k] = factor;
        for (var k = 0; k < rank; k++)
        {
            var pivot = m[k * rank + k];
            if (!(pivot > 0)) throw new TenonException("gradient projection", "factors of full rank", $"a Gram matrix with pivot {pivot}", "the factors of a layer have become dependent: lower the learning rate or the rank");
            for (var c = 0; c < rank; c++)
            {
                m[k * rank + c] /= pivot;
                inverse[k * rank + c] /= pivot;
            }

            for (var r = 0; r < rank; r++)
            {
                var share = m[r * rank + k];
                if (r == k || share == 0) continue;
                for (var c = 0; c < rank; c++)
                {
                    m[r * rank + c] -= share * m[k * rank + c];
                    inverse[r * rank + c] -= share * inverse[k * rank + c];
                }
            }
        }
    }
}
